# SPDX-License-Identifier: Apache-2.0
"""Runs the agent for a while beside whatever this host does, and prints what it takes and how that
changes: memory, descriptors, kernel maps, disk, and CPU per window. Slopes are least squares over
the samples after the first fifth, in which tables fill. Not a test: what the host starts meanwhile
is in the numbers. Needs root.

  agent_soak.py --sonde PATH [--minutes N] [--window 10s] [--every SECONDS]"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

import sonde_program  # noqa: E402
from agent_program import Agent  # noqa: E402

MIB = 1 << 20


def look(agent):
    """What it takes now, by name."""
    metrics = agent.metrics()
    files, others = agent.descriptors()
    return {
        "own memory, MiB": agent.memory() / MIB,
        "RSS, MiB": metrics.get("process_resident_memory_bytes") / MIB,
        "files": files,
        "other descriptors": others,
        "kernel maps, MiB": metrics.get("sonde_bpf_map_bytes") / MIB,
        "history, MiB": metrics.get("sonde_history_disk_bytes") / MIB,
        "names in memory, MiB": metrics.get("sonde_names_memory_bytes") / MIB,
        "cpu": metrics.get("sonde_cpu_seconds_total"),
        "windows": metrics.get("sonde_windows_total"),
    }


def cpu_per_window(looks):
    """ms of CPU for each window between two looks at which one ended; at the later one's time."""
    out, last = [], looks[0]
    for now in looks[1:]:
        if now[1]["windows"] > last[1]["windows"]:
            more = now[1]["windows"] - last[1]["windows"]
            out.append((now[0], 1000 * (now[1]["cpu"] - last[1]["cpu"]) / more))
            last = now
    return out


def slope(points):
    """Least squares, per second."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    below = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / below if below else 0.0


def report(name, points):
    settled = [point for point in points if point[0] >= points[-1][0] / 5]
    if len(settled) < 3:
        return
    values = [value for _, value in settled]
    print(f"{name:22} {values[0]:9.2f} -> {values[-1]:9.2f}   least {min(values):9.2f}   "
          f"most {max(values):9.2f}   {3600 * slope(settled):+9.2f} per hour")


def watch(agent, seconds, every):
    looks = []
    while (passed := time.monotonic() - agent.began) < seconds:
        looks.append((passed, look(agent)))
        time.sleep(every)
    return looks


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--window", default="10s")
    parser.add_argument("--every", type=float, default=5)
    options = parser.parse_args()
    sonde_program.SONDE = str(Path(options.sonde).resolve())
    folder = tempfile.mkdtemp(prefix="sonde-soak-")
    agent = Agent(f"{folder}/state", window=options.window)
    try:
        agent.wait_until_ready()
        looks = watch(agent, 60 * options.minutes, options.every)
        metrics = agent.metrics()
        code, seconds = agent.stop()
    finally:
        agent.end()
    print(f"{options.minutes} minutes, {looks[-1][1]['windows']:.0f} windows of {options.window}, "
          f"{metrics.sum('sonde_ticks_total'):.0f} ticks, "
          f"{metrics.sum('sonde_lost_total', stage='agent'):.0f} samples lost; "
          f"ended with {code} in {seconds:.2f} s")
    for name in looks[0][1]:
        if name not in ("cpu", "windows"):
            report(name, [(when, one[name]) for when, one in looks])
    report("CPU per window, ms", cpu_per_window(looks))
    shutil.rmtree(folder)
    sys.exit(code)


if __name__ == "__main__":
    main()
