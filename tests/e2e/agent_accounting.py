# SPDX-License-Identifier: Apache-2.0
"""What samples account for of the CPU that the kernel charged: for cgroups of the test's own, busy
all the time and half of it, nested, and removed meanwhile; and for the host."""

import math
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import agent_program
import sonde_program
from agent_program import AgentTest

# Burns CPU for the share of the time that it is told, in slices of no fixed length.
LOAD = """
import random, sys, time
share = float(sys.argv[1])
while True:
    busy = random.uniform(0.004, 0.03)
    end = time.monotonic() + busy
    while time.monotonic() < end: pass
    if share < 1: time.sleep(busy * (1 - share) / share)
"""
RATE = 199
WINDOW = 1


def mounts(kind, option=None):
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, point, system, options, *_ = line.split()
        if system == kind and (option is None or option in options.split(",")):
            return Path(point)
    return None


def hierarchies():
    """Where cgroups have to be made so that the agent knows them and the kernel charges them; the
    file that the agent reads then."""
    memory, cpuacct = mounts("cgroup", "memory"), mounts("cgroup", "cpuacct")
    if memory is None:
        return [mounts("cgroup2")], "cpu.stat"
    return [memory, cpuacct or mounts("cgroup2")], "cpuacct.usage" if cpuacct else "cpu.stat"


class Cgroup:
    """Made in every hierarchy that it has to be in."""

    def __init__(self, path):
        self.path = path
        self.folders = [Path(f"{mount}{path}") for mount in hierarchies()[0]]
        for folder in self.folders:
            folder.mkdir()
        self.processes = []

    def run(self, share):
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", LOAD,
                                    str(share)], preexec_fn=self.enter)
        self.processes.append(process)

    def enter(self):
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")

    def remove(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()
        for folder in self.folders:
            for _ in range(100):  # the kernel is not done with them at once
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)
                    continue
                break


class Accounting(AgentTest):
    def setUp(self):
        super().setUp()
        self.root = f"/sonde-test-{os.getpid()}-{random.randrange(10**6)}"

    def cgroup(self, path):
        one = Cgroup(path)
        self.addCleanup(one.remove)
        return one

    def start(self):
        return self.agent("--rate", str(RATE), window=f"{WINDOW}s").wait_until_ready()

    def accounting(self, running, cgroup=None, **more):
        if cgroup is not None:
            more["f"] = f"cgroup{cgroup}"
        return running.api("health", **{"from": "-10m", **more})["accounting"]

    def until_counted(self, running, windows, cgroup=None):
        def counted():
            found = self.accounting(running, cgroup)
            return found if found["windows"] >= windows else None
        return running.wait(f"{windows} windows are accounted for", counted, 90)

    def until_stored(self, running, begin):
        """A window that began then or later (Unix ms)."""
        running.wait("a later window is stored",
                     lambda: running.api("status")["history"]["last"] >= begin, 60)

    def assert_accounts(self, found):
        """Within four standard deviations."""
        self.assertGreater(found["samples"], 200, found)
        self.assertAlmostEqual(found["sigma_ns"], found["sampled_ns"] / math.sqrt(found["samples"]),
                               delta=found["sampled_ns"] / 100)
        self.assertLess(abs(found["sampled_ns"] - found["kernel_ns"]), 4 * found["sigma_ns"], found)

    def test_busy_cgroups_within_four_sigma(self):
        outer, inner = self.cgroup(self.root), self.cgroup(f"{self.root}/inner")
        outer.run(1.0)
        inner.run(0.5)
        running = self.start()
        of_inner = self.until_counted(running, 12, f"={inner.path}")
        of_outer = self.accounting(running, f"={outer.path}")
        of_both = self.accounting(running, f"=~{self.root}.*")
        for found, count in ((of_inner, 1), (of_outer, 1), (of_both, 2)):
            self.assertEqual((found["of"], found["cgroups"]), ("cgroups", count))
            self.assertEqual(found["source"], hierarchies()[1])
            self.assert_accounts(found)
        self.assertGreater(of_outer["kernel_ns"], of_inner["kernel_ns"],
                           "what is charged below it is not its own")

    def test_of_the_host_and_of_what_selects_no_whole_cgroups(self):
        self.spinner()
        running = self.start()
        of_host = self.until_counted(running, 8)
        self.assertEqual((of_host["of"], of_host["source"]), ("host", "/proc/stat"))
        self.assert_accounts(of_host)
        of_process = self.accounting(running, f="process=nothing")
        self.assertEqual(of_process["of"], "host")
        self.assertGreaterEqual(of_process["kernel_ns"], of_host["kernel_ns"])
        words = sonde_program.run("status", "--listen", f"127.0.0.1:{running.port}").out
        self.assertRegex(words, r"samples account for \d+(\.\d+)? % of the CPU charged to the host")

    def test_a_removed_cgroup_keeps_its_past_and_is_counted(self):
        one = self.cgroup(self.root)
        one.run(1.0)
        running = self.start()
        self.until_counted(running, 4, f"={one.path}")
        one.remove()
        removed = time.time() * 1000
        self.until_stored(running, removed)
        before = self.accounting(running, f"={one.path}")
        self.assert_accounts(before)
        self.until_stored(running, removed + 3000 * WINDOW)
        self.assertEqual(self.accounting(running, f"={one.path}"), before)
        self.assertEqual(running.stop()[0], 0, running.said())
        gone = sum(window["notes"].get("cgroup_gone", 0) for window in self.history())
        self.assertGreater(gone, 0)


if __name__ == "__main__":
    agent_program.main(needs=("bpf", "cgroup"))
