# SPDX-License-Identifier: Apache-2.0
"""A process with 100,000 executable mappings, before sonde starts and again while it records: its
own stacks are whole, another process's are not held up, time and memory are bounded, and what does
not fit the kernel's table is counted.

  many_mappings.py --sonde PATH --out FOLDER [--count N]"""

import argparse
import contextlib
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "truth"))

import capabilities  # noqa: E402
import stacks  # noqa: E402
import tally  # noqa: E402
from recording import Recording  # noqa: E402

LIMIT = Path("/proc/sys/vm/max_map_count")
SECONDS = 8
HZ = 199
MAX_START_SECONDS = 5
MAX_CPU_SECONDS = 6    # of sonde, for both times 100,000 mappings
MAX_RSS = 250 << 20    # /proc/PID/maps alone is 10 MB of text
MAX_MAP_BYTES = 64 << 20


@contextlib.contextmanager
def map_limit(wanted):
    """vm.max_map_count raised, and restored whatever happens."""
    before = LIMIT.read_text()
    if int(before) < wanted:
        LIMIT.write_text(str(wanted))
    try:
        yield
    finally:
        LIMIT.write_text(before)


def build(folder, source, *names):
    """The program under several names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        subprocess.run(["gcc", "-O2", "-fomit-frame-pointer", "-o", folder / name, HERE / source],
                       check=True)
    return [folder / name for name in names]


def crowd(program, count, seconds):
    """Starts it and waits until all is mapped."""
    process = subprocess.Popen([program, program, str(count), str(seconds)],
                               stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "mapped\n":
        raise AssertionError(f"{program} could not map: {process.wait()}")
    return process


def failures_of(recorded, summary, start_seconds):
    failures = []
    seen, whole, named = Counter(), Counter(), Counter()
    for stack in recorded:
        seen[stack.process] += stack.count
        if stack.stop in tally.WHOLE:
            whole[stack.process] += stack.count
        named[stack.process] += stack.count if any(
            frame.name == "burn_in_the_crowd" for frame in stack.user) else 0
    for name in ("crowd_before", "crowd_meanwhile", "bystander"):
        if named[name] < HZ:
            failures.append(f"{name}: only {named[name]} samples of {seen[name]} in its function")
    # While it still maps, a tick hits mmap itself; its function's stacks must be whole.
    for name in ("crowd_before", "bystander"):
        if whole[name] < 0.97 * seen[name]:
            failures.append(f"{name}: {whole[name]} of {seen[name]} whole")
    if start_seconds > MAX_START_SECONDS:
        failures.append(f"{start_seconds:.1f} s until it recorded")
    cost = summary["agent"]
    if cost["cpu_s"] > MAX_CPU_SECONDS:
        failures.append(f"{cost['cpu_s']:.1f} s of CPU")
    if cost["rss_peak_bytes"] > MAX_RSS:
        failures.append(f"{cost['rss_peak_bytes'] >> 20} MiB RSS")
    if cost["kernel_map_bytes"] > MAX_MAP_BYTES:
        failures.append(f"{cost['kernel_map_bytes'] >> 20} MiB of kernel maps")
    if not summary["notes"].get("ranges_cut"):
        failures.append("ranges_cut was not counted")
    print(f"seen {dict(seen.most_common(8))}\nwhole {dict(whole.most_common(8))}\n"
          f"start {start_seconds:.1f} s, {cost}, notes {summary['notes']}")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100_000)
    options = parser.parse_args()
    capabilities.require("bpf")
    before, meanwhile, bystander = build(options.out / "programs", "mapper.c", "crowd_before",
                                         "crowd_meanwhile", "bystander")
    with map_limit(3 * options.count + 10_000):
        running = [crowd(before, options.count, SECONDS + 8)]
        begin = time.monotonic()
        recording = Recording(options.sonde, options.out, "-d", SECONDS, "-F", HZ)
        log = options.out / "out.log"
        while "recording " not in log.read_text() and recording.running():
            time.sleep(0.05)
        start_seconds = time.monotonic() - begin
        running += [crowd(bystander, 1, SECONDS), crowd(meanwhile, options.count, SECONDS)]
        profile, summary = recording.finish()
        for process in running:
            process.kill()
            process.wait()
            process.stdout.close()
    failures = failures_of(stacks.from_pprof(profile), summary, start_seconds)
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
