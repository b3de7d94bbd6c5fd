# SPDX-License-Identifier: Apache-2.0
"""What the agent takes beside a load, from its second minute on, when what runs on the host is
known to it: user and system time of its processes, run time of its BPF programs, and memory."""

import contextlib
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

import measure  # noqa: E402
import sonde_program  # noqa: E402
from agent_program import Agent  # noqa: E402

MIB = 1 << 20
TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """The fields of /proc/PID/stat from the state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _tree(pid):
    pids = [pid]
    for parent in pids:
        for task in Path(f"/proc/{parent}/task").iterdir():
            pids += [int(child) for child in (task / "children").read_text().split()]
    return pids


def _cpu_seconds(pid):
    """Of a process, its children that run, and those of all of them that it waited for."""
    return sum(sum(int(ticks) for ticks in _stat(one)[11:15]) for one in _tree(pid)) / TICK


def _memory(pid, name):
    """MiB of a process and its children."""
    total = 0
    for one in _tree(pid):
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                total += int(line.split()[1])
    return total / 1024


def _host_busy():
    """CPU seconds of everything but idle and iowait."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


@dataclass
class AgentCost:
    """Of one run, between two looks."""

    seconds: float
    cpu_s: float
    bpf_s: float
    bpf_runs: int
    samples: int
    host_s: float
    anonymous_mib: float
    resident_mib: float
    maps_mib: float

    def percent_of_core(self):
        return 100 * (self.cpu_s + self.bpf_s) / self.seconds


class _Look:
    def __init__(self, agent, watch):
        self.time = time.monotonic()
        self.cpu = _cpu_seconds(agent.process.pid)
        self.host = _host_busy()
        self.bpf_ns, self.bpf_runs = watch.total()
        self.samples = agent.metrics().sum("sonde_ticks_total", state="emitted")


def run(binary, tool, hz, load=None, warm_up=60, seconds=600):
    """One agent with windows of its own default, beside a load if there is one."""
    sonde_program.SONDE = str(binary)
    with tempfile.TemporaryDirectory() as folder, load or contextlib.nullcontext():
        watch = measure.BpfWatch(tool)
        agent = Agent(Path(folder) / "state", "--rate", str(hz), window="10s")
        try:
            agent.wait_until_ready()
            time.sleep(warm_up)
            begin = _Look(agent, watch)
            time.sleep(seconds)
            end = _Look(agent, watch)
            pid = agent.process.pid
            return AgentCost(end.time - begin.time, end.cpu - begin.cpu,
                             (end.bpf_ns - begin.bpf_ns) / 1e9, end.bpf_runs - begin.bpf_runs,
                             int(end.samples - begin.samples), end.host - begin.host,
                             _memory(pid, "RssAnon"), _memory(pid, "VmRSS"),
                             agent.metrics().get("sonde_bpf_map_bytes") / MIB)
        finally:
            agent.stop()
            agent.end()
