# SPDX-License-Identifier: Apache-2.0
"""A program spends 60, 30 and 10 % of its CPU time in three functions by its own account: sonde
must find the same split, within two points or four standard errors.

  split_60_30_10.py --sonde PATH --out FOLDER [--seconds N] [--hz N]"""

import argparse
import json
import math
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "truth"))

import capabilities  # noqa: E402
import stacks  # noqa: E402
from build_programs import build_all  # noqa: E402
from recording import Recording  # noqa: E402
from variants import C, Variant  # noqa: E402

PROGRAM = Variant("split", C, "split.c", ("-O2", "-fomit-frame-pointer"))
FUNCTIONS = ("spend_60", "spend_30", "spend_10")


def cpu_seconds(pid):
    """CPU time of a process so far, from its scheduler statistics."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def leaf_counts(recorded):
    """Samples and CPU nanoseconds per function of the program, by the innermost own frame."""
    counts = dict.fromkeys(FUNCTIONS, 0)
    everything = 0
    for stack in recorded:
        if stack.process != PROGRAM.name:
            continue
        everything += stack.count
        for frame in reversed(stack.user):
            if frame.name in counts:
                counts[frame.name] += stack.count
                break
    return counts, everything


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--hz", type=int, default=199)
    options = parser.parse_args()
    capabilities.require("bpf")
    program = build_all([PROGRAM], options.out / "programs")[PROGRAM.name]
    running = subprocess.Popen([str(program), str(options.seconds + 4)], stdout=subprocess.PIPE)
    time.sleep(0.5)
    before, begin = cpu_seconds(running.pid), time.monotonic()
    profile, _ = Recording(options.sonde, options.out, "-d", options.seconds, "-F",
                           options.hz).finish()
    spent_per_second = (cpu_seconds(running.pid) - before) / (time.monotonic() - begin)
    account = json.loads(running.communicate()[0])
    recorded = stacks.from_pprof(profile)
    counts, everything = leaf_counts(recorded)

    failed = False
    total, accounted = sum(counts.values()), sum(account.values())
    for name in FUNCTIONS:
        truth, found = account[name] / accounted, counts[name] / max(total, 1)
        allowed = max(0.02, 4 * math.sqrt(truth * (1 - truth) / max(total, 1)))
        good = abs(found - truth) <= allowed
        failed |= not good
        print(f"{'ok  ' if good else 'FAIL'} {name}: {truth:.2%} by its own clock, {found:.2%} of "
              f"{total} samples, {allowed:.2%} allowed")
    # The weights must add up to the CPU time that the kernel accounts to the program.
    weight = sum(s.values[1] for s in profile.samples if s.labels.get("process") == PROGRAM.name)
    expected = spent_per_second * profile.duration_nanos
    ratio = weight / expected
    allowed = max(0.03, 4 / math.sqrt(max(everything, 1)))
    good = abs(ratio - 1) <= allowed
    failed |= not good
    print(f"{'ok  ' if good else 'FAIL'} weights: {weight / 1e9:.3f} s for {expected / 1e9:.3f} s "
          f"of CPU ({ratio:.2%}), {allowed:.2%} allowed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
