# SPDX-License-Identifier: Apache-2.0
"""Storms of process life: exec, forked workers, pids that are used again, libraries that are loaded
and unloaded, a parallel build. During each sonde records; at the end the books balance exactly, no
sample is attributed to another program, and memory, descriptors and kernel maps are back at what
they were before the storm.

  storms.py --sonde PATH --out FOLDER [--long] [STORM...]"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "truth"))

import capabilities  # noqa: E402
import stacks  # noqa: E402
import storm_programs  # noqa: E402
from recording import Recording  # noqa: E402

HZ = 199
SHORT, LONG = 8, 60    # seconds of a storm
SETTLE = 3             # seconds before, and after, in which nothing happens
MAX_RSS_GROWTH = 24 << 20   # what was recorded, and what malloc keeps
MAX_MAP_GROWTH = 24 << 20   # six chunks of rows, for whatever else began to run meanwhile
MAX_NEW_FILES = 200    # each program and library that was mapped somewhere stays open
CHILDREN = 24


def state_of(pid):
    """(RssAnon in bytes, files open, other descriptors, bytes of BPF maps) of sonde itself."""
    status = Path(f"/proc/{pid}/status").read_text()
    rss = int(re.search(r"RssAnon:\s+(\d+)", status)[1]) * 1024
    maps, files, others = 0, 0, 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        is_file = os.readlink(link).startswith("/")
        files, others = files + is_file, others + (not is_file)
        found = re.search(r"^memlock:\s+(\d+)",
                          Path(f"/proc/{pid}/fdinfo/{link.name}").read_text(), re.M)
        maps += int(found[1]) if found else 0
    return rss, files, others, maps


def books(summary, profile):
    """What does not add up."""
    ticks, lost = summary["ticks"], summary["lost"]
    failures = []
    parts = sum(ticks[part] for part in ("idle", "filtered", "thinned", "emitted"))
    if ticks["run"] != parts + lost.get("ring_full", 0):
        failures.append(f"run {ticks['run']} is not the sum of its parts {parts}: {lost}")
    if ticks["expected"] != ticks["run"] + ticks["missed"]:
        failures.append(f"expected {ticks['expected']} is not run + missed")
    stored = sum(sample.values[0] for sample in profile.samples)
    if ticks["emitted"] != stored + lost.get("damaged_record", 0) + lost.get("stack_limit", 0):
        failures.append(f"emitted {ticks['emitted']} but {stored} stored: {lost}")
    by_wall = summary["duration_s"] * HZ * summary["cpus"]
    found = ticks["expected"] + summary["notes"].get("ticks_slept", 0)
    if abs(found - by_wall) > 2 * summary["cpus"] + 0.002 * by_wall:
        failures.append(f"{found} ticks expected, {by_wall:.0f} by the clock on the wall")
    return failures


def run_storm(options, name, command, **more):
    """Records one storm; returns (failures, stacks, what the storm printed)."""
    recording = Recording(options.sonde, options.out / name, "-d", 600, "-F", HZ)
    time.sleep(1.5 + SETTLE)
    before = state_of(recording.pid)
    storm = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, text=True, check=False,
                           **more)
    time.sleep(SETTLE)
    after = state_of(recording.pid)
    recording.process.send_signal(2)
    profile, summary = recording.finish(300)
    failures = books(summary, profile)
    if storm.returncode != 0:
        failures.append(f"the storm ended with {storm.returncode}")
    rss, files, others, maps = (now - then for now, then in zip(after, before))
    if rss > MAX_RSS_GROWTH:
        failures.append(f"memory grew by {rss / 1048576:.1f} MiB")
    chunks = maps // (4 << 20) + 1  # each has a descriptor
    if files > MAX_NEW_FILES or others > chunks:
        failures.append(f"{files} more files and {others} more other descriptors are open")
    if maps > MAX_MAP_GROWTH:
        failures.append(f"kernel maps grew by {maps / 1048576:.1f} MiB")
    printed = storm.stdout.strip().splitlines()[-1:] or [""]
    print(f"{name}: {printed[0]}; {summary['duration_s']:.0f} s, {summary['samples']} samples, "
          f"lost {summary['lost']}, whole {summary['stacks']['whole_share']:.2%}, "
          f"cpu {summary['agent']['cpu_s']:.1f} s\n  grew: {rss >> 10} KiB, {files} files, "
          f"{others} descriptors, {maps >> 10} KiB of maps; notes {summary['notes']}")
    return [f"{name}: {text}" for text in failures], stacks.from_pprof(profile), printed[0]


def at_least(name, printed, wanted):
    made = int(printed) if printed.isdigit() else 0
    return [] if made >= wanted else [f"{name}: only {made} of {wanted}"]


def attribution(name, recorded, min_samples):
    samples, named, wrong = storm_programs.misattributed(recorded)
    print(f"  {samples} samples of the children, {named} in their function, {len(wrong)} wrong")
    failures = [f"{name}: {text}" for text in wrong[:5]]
    return failures + ([] if named >= min_samples else [f"{name}: only {named} samples prove it"])


def exec_storm(options, seconds):
    children = storm_programs.build_children(options.out / "brief", CHILDREN, 0.0001)
    failures, recorded, printed = run_storm(
        options, "exec", [options.storm, "exec", 1000, seconds, *children])
    # Two busy CPUs do not always start 1,000 a second.
    return failures + at_least("exec", printed, 300 * seconds) + attribution("exec", recorded, 20)


def fork_storm(options, seconds):
    failures, recorded, printed = run_storm(options, "fork",
                                            [options.storm, "fork", 500, seconds])
    workers = [stack for stack in recorded if stack.process == "storm"
               and any(frame.name.startswith("work") for frame in stack.user)]
    count = sum(stack.count for stack in workers)
    whole = sum(stack.count for stack in workers if stack.stop in ("complete", ""))
    print(f"  {count} samples of workers, {whole} whole")
    if count < seconds * HZ / 8 or whole < 0.97 * count:
        failures.append(f"fork: {whole} whole stacks of {count} of the workers")
    return failures + at_least("fork", printed, 250 * seconds)


def reuse_storm(options, seconds):
    children = storm_programs.build_children(options.out / "reuse_programs", CHILDREN, 0.003)
    count = 150 * seconds
    failures, recorded, printed = run_storm(
        options, "reuse", [options.storm, "reuse", count, 30_000, *children])
    return failures + at_least("reuse", printed, count) + \
        attribution("reuse", recorded, seconds * HZ / 8)


def load_storm(options, seconds):
    kinds = ("crypt", "lzma", "z.", "expat", "pcre2", "zstd", "ssl", "sqlite3", "gmp", "xml2")
    libraries = [str(path) for path in sorted(Path("/usr/lib/x86_64-linux-gnu").glob("lib*.so.*"))
                 if any(f"lib{kind}" in path.name for kind in kinds)][:24]
    failures, _, printed = run_storm(options, "load", [options.storm, "load", seconds, *libraries])
    return failures + at_least("load", printed, 50 * seconds)


def build_storm(options, seconds):
    """`make -j4` of a tree of small C files, as many as take about that long."""
    tree = options.out / "tree"
    tree.mkdir(parents=True, exist_ok=True)
    names = [f"part{number}" for number in range(25 * seconds)]
    for name in names:
        (tree / f"{name}.c").write_text(
            "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n" +
            "".join(f"int {name}_{i}(int x) {{ return printf(\"%d\", x * {i}) + abs(x); }}\n"
                    for i in range(30)))
    objects = " ".join(f"{name}.o" for name in names)
    (tree / "Makefile").write_text(f"all: lib.a\nlib.a: {objects}\n\tar rcs $@ $^\n"
                                   "%.o: %.c\n\tgcc -O1 -c -o $@ $<\n"
                                   "clean:\n\trm -f *.o lib.a\n")
    subprocess.run(["make", "-s", "-C", tree, "clean"], check=True)
    failures, recorded, _ = run_storm(options, "build", ["make", "-s", "-j4", "-C", tree])
    compilers = sum(stack.count for stack in recorded if stack.process == "cc1")
    print(f"  {compilers} samples of cc1")
    return failures + ([] if compilers >= 50 else [f"build: only {compilers} samples of cc1"])


STORMS = {"exec": exec_storm, "fork": fork_storm, "reuse": reuse_storm, "load": load_storm,
          "build": build_storm}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("storms", nargs="*", default=list(STORMS))
    options = parser.parse_args()
    capabilities.require("bpf")
    options.storm = storm_programs.build_storm(options.out / "storm")
    failures = []
    for name in options.storms:
        failures += STORMS[name](options, LONG if options.long else SHORT)
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
