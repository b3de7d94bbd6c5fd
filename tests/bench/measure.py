# SPDX-License-Identifier: Apache-2.0
"""Runs a profiler beside a load and says what it cost. Every figure of a profiler is that of its
own processes: user and system time from wait4, peak memory, bytes written, samples."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path


class BenchError(Exception):
    """A program of the benchmark failed; the message holds what it said."""


@dataclass
class Cost:
    """Of one run of a profiler."""

    cpu_s: float = 0.0
    rss_mib: float = 0.0
    output_bytes: int = 0
    samples: int = 0
    seconds: float = 0.0
    bpf_ns_per_run: float = 0.0  # of all its BPF programs, by the kernel's own statistics
    bpf_runs: int = 0
    whole: float = 0.0  # share of whole stacks, as the profiler says
    summary: dict = field(default_factory=dict)

    def percent_of_core(self):
        return 100 * (self.cpu_s + self.bpf_ns_per_run * self.bpf_runs / 1e9) / self.seconds

    def cpu_us_per_sample(self):
        return 1e6 * self.cpu_s / self.samples if self.samples else 0.0


@contextlib.contextmanager
def bpf_statistics():
    """The kernel's BPF run-time statistics are on inside, and as before afterwards."""
    path = Path("/proc/sys/kernel/bpf_stats_enabled")
    before = path.read_text()
    path.write_text("1")
    try:
        yield
    finally:
        path.write_text(before)


class BpfWatch(threading.Thread):
    """Reads the run time of BPF programs while they are loaded (they are gone afterwards)."""

    def __init__(self, tool, names=None):
        super().__init__(daemon=True)
        self.tool, self.names = tool, names
        self.ended = threading.Event()
        self.seen = {}  # name -> (ns, runs)
        self.before = set(self._read())

    def _read(self):
        text = subprocess.run([str(self.tool)], capture_output=True, text=True, check=True).stdout
        return {name: (int(ns), int(runs)) for name, ns, runs in
                re.findall(r"^BPF (\S+) \d+ \d+ (\d+) (\d+)$", text, re.MULTILINE)}

    def _look(self):
        self.seen.update({name: value for name, value in self._read().items()
                          if name not in self.before})

    def run(self):
        while not self.ended.wait(0.5):
            self._look()

    def total(self):
        """(ns, runs) until now over all programs that appeared."""
        self._look()
        return tuple(sum(value[i] for value in self.seen.values()) for i in (0, 1))

    def stop(self):
        """(mean ns of a run, runs) over all programs that appeared."""
        self.ended.set()
        self.join()
        total, runs = (sum(v[i] for v in self.seen.values()) for i in (0, 1))
        return (total / runs if runs else 0.0), runs


def wait_usage(process, timeout):
    """Exit status and rusage (its waited-for children included) of a process."""
    end = time.monotonic() + timeout
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.monotonic() > end:
            process.kill()
            raise BenchError(f"{process.args[0]}: no end after {timeout} s")
        time.sleep(0.05)


def _run(command, folder, seconds, tool):
    watch = BpfWatch(tool)
    watch.start()
    with open(folder / "stdout", "w+") as out, open(folder / "stderr", "w+") as err:
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=err)
        status, usage = wait_usage(process, seconds + 180)
    bpf_ns, bpf_runs = watch.stop()
    said = (folder / "stderr").read_text(errors="replace")
    if status != 0:
        raise BenchError(f"{command[0]} ended with {status}:\n{said[-2000:]}")
    cost = Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, seconds=seconds,
                bpf_ns_per_run=bpf_ns, bpf_runs=bpf_runs)
    return cost, (folder / "stdout").read_text(), said


def sonde(binary, folder, tool, seconds, hz, *more):
    """One `sonde record` of the whole host."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "out.pb.gz"
    cost, text, _ = _run([binary, "record", "-d", seconds, "-F", hz, "-o", output, "--json", *more],
                         folder, seconds, tool)
    cost.summary = json.loads(text)
    cost.output_bytes = output.stat().st_size
    cost.samples = cost.summary["samples"]
    stacks = cost.summary["stacks"]
    cut = sum(stacks["truncated"].values())
    cost.whole = stacks["complete"] / max(stacks["complete"] + cut, 1)
    return cost


def perf(folder, tool, seconds, hz):
    """One `perf record --call-graph dwarf` of the whole host."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "perf.data"
    cost, _, said = _run(["perf", "record", "-a", "-F", hz, "-e", "cpu-clock", "--call-graph",
                          "dwarf", "-o", output, "--", "sleep", seconds], folder, seconds, tool)
    found = re.search(r"\((\d+) samples\)", said)
    if not found:
        raise BenchError(f"perf said nothing of its samples:\n{said}")
    cost.samples = int(found[1])
    cost.output_bytes = output.stat().st_size
    return cost


class Load:
    """Commands that keep the CPUs busy, started again whenever one ends, until `with` ends."""

    def __init__(self, *commands):
        self.commands = [[str(part) for part in command] for command in commands]

    def __enter__(self):
        self.ended = False
        self.processes = [None] * len(self.commands)
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._keep, args=(i,), daemon=True)
                        for i in range(len(self.commands))]
        for thread in self.threads:
            thread.start()
        time.sleep(1)
        return self

    def pids(self):
        """Of the commands that run now."""
        with self.lock:
            return [process.pid for process in self.processes if process]

    def _keep(self, index):
        while True:
            with self.lock:
                if self.ended:
                    return
                self.processes[index] = subprocess.Popen(
                    self.commands[index], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self.processes[index].wait() not in (0, -9):
                return

    def __exit__(self, *unused):
        with self.lock:
            self.ended = True
            for process in self.processes:
                if process:
                    process.kill()
        for thread in self.threads:
            thread.join()


def spread(values, form="{:.1f}"):
    """`median (least to most)` of some runs."""
    values = list(values)
    return (f"{form.format(statistics.median(values))} "
            f"({form.format(min(values))} to {form.format(max(values))})")
