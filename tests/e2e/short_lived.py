# SPDX-License-Identifier: Apache-2.0
"""Programs that live for some 10 ms, most of them never seen before: whole and named stacks from
their first tick, under their own name.

  short_lived.py --sonde PATH --out FOLDER"""

import argparse
import shutil
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

COPIES = 20  # files that differ: their tables are not known
RUNS = 8     # of each
MIN_SAMPLES = 300
MIN_WHOLE = 0.99
MIN_DEFERRED = 30
ROOTS = ("_start", "_dl_start_user")  # of the program and of its loader
CHAIN = ["main", "middle_call", "leaf_work"]


def build(folder):
    """Paths of the copies, each named short-N."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "short"
    subprocess.run(["gcc", "-O2", "-fomit-frame-pointer", "-o", program, HERE / "short_lived.c"],
                   check=True)
    result = []
    for number in range(COPIES):
        copy = folder / f"short-{number}"
        shutil.copy2(program, copy)
        with open(copy, "ab") as file:
            file.write(f"{time.time_ns()} {number}".encode())  # unknown to the cache too
        result.append(copy)
    return result


def judge(recorded):
    """Counter of what became of the samples of the short programs, and examples of the bad."""
    seen, bad = Counter(), []
    for stack in recorded:
        if not stack.process.startswith("short-"):
            continue
        names = [frame.name for frame in stack.user]
        if stack.stop == tally.GONE:
            verdict = "gone"
        elif stack.stop not in tally.WHOLE:
            verdict = "cut"
        elif not names or names[0] not in ROOTS:
            verdict = "wrong"
        else:
            verdict = "whole"
            seen["named"] += stack.count if names[-3:] == CHAIN else 0
        seen[verdict] += stack.count
        if verdict in ("cut", "wrong"):
            bad.append(f"{stack.count} x {verdict} stop={stack.stop} {tally.describe(stack)}")
    return seen, bad


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    capabilities.require("bpf")
    copies = build(options.out / "programs")
    recording = Recording(options.sonde, options.out, "-d", 60, "-F", 499)
    time.sleep(1.5)
    for _ in range(RUNS):
        for copy in copies:
            subprocess.run([copy], check=True)
    recording.process.send_signal(2)  # SIGINT: write what there is
    profile, summary = recording.finish()
    seen, bad = judge(stacks.from_pprof(profile))
    total = seen["whole"] + seen["cut"] + seen["wrong"]
    deferred = summary["notes"].get("deferred", 0)
    print(f"{total} samples of {COPIES * RUNS} short programs: {dict(seen)}; {deferred} deferred")
    failures = []
    if total < MIN_SAMPLES:
        failures.append(f"only {total} samples")
    if seen["whole"] < MIN_WHOLE * total:
        failures.append(f"{seen['whole'] / max(total, 1):.2%} whole")
    if seen["wrong"]:
        failures.append(f"{seen['wrong']} samples that begin in no program's first function")
    if seen["named"] * 2 < seen["whole"]:
        failures.append("fewer than half show the work itself")
    if deferred < MIN_DEFERRED:
        failures.append(f"only {deferred} deferred samples: this proves nothing")
    for line in bad[:8]:
        print(" ", line)
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
