# SPDX-License-Identifier: Apache-2.0
"""The kernel's tables are smaller than what runs: what was not used for longest makes room, each
eviction is counted, and a program that runs has whole stacks all the same.

  full_tables.py --sonde PATH --out FOLDER"""

import argparse
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

HZ = 199
FUNCTIONS, PUSHES = 14000, 20  # of the filler: a row each push and pop, 560,000 in all
MAX_ROWS = 1_100_000           # one such program, and what else the command and sonde map
MAX_MAPPINGS = 120             # some 20 processes
SLEEPERS = 40
IN_USE = 10.5                  # seconds after which rows are cold
RUN = 2
MIN_WHOLE = 0.97


def filler():
    """Functions with a large unwind table."""
    lines = [".text"]
    for number in range(FUNCTIONS):
        lines += [f"filler{number}:", ".cfi_startproc"]
        lines += ["push %rax", ".cfi_adjust_cfa_offset 8"] * PUSHES
        lines += ["pop %rax", ".cfi_adjust_cfa_offset -8"] * PUSHES
        lines += ["ret", ".cfi_endproc"]
    return "\n".join([*lines, '.section .note.GNU-stack,"",@progbits', ""])


def build(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "filler.s").write_text(filler())
    subprocess.run(["gcc", "-O2", "-fomit-frame-pointer", "-o", folder / "program",
                    HERE / "full_tables.c", folder / "filler.s"], check=True)
    data = (folder / "program").read_bytes()
    for name in names:
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(data + f"{name} {time.time_ns()}".encode())
        (folder / name).chmod(0o755)
    return [folder / name for name in names]


def shares(profile):
    """process -> (samples, whole ones)."""
    seen, whole = Counter(), Counter()
    for stack in stacks.from_pprof(profile):
        if stack.stop == tally.GONE:
            continue
        seen[stack.process] += stack.count
        names = [frame.name for frame in stack.user]
        if stack.stop in tally.WHOLE and names[:1] == ["_start"]:
            whole[stack.process] += stack.count
    return {name: (count, whole[name]) for name, count in seen.items()}


def failures_of(what, found, names, notes, counters):
    failures = []
    print(f"{what}: {({name: found.get(name) for name in names})}, notes {notes}")
    for name in names:
        samples, whole = found.get(name, (0, 0))
        if samples < RUN * HZ / 4:
            failures.append(f"{what}: {name} has only {samples} samples")
        elif whole < MIN_WHOLE * samples:
            failures.append(f"{what}: {name} has {whole} whole stacks of {samples}")
    failures += [f"{what}: {name} was not counted" for name in counters if not notes.get(name)]
    return failures


def rows(options, programs):
    """One program at a time, with so long between them that the one before is cold, but for two
    that come while the second is still in use: one that only sleeps, so that no tick asks for its
    rows, and one that runs."""
    first, second, third, idle = programs
    script = (f"{first} {RUN}; sleep {IN_USE}; {second} {RUN}; {idle} 0 2; {third} {RUN}; "
              f"sleep {IN_USE}; {first} {RUN}")
    # As a command: what else runs on the host must not count as in use.
    recording = Recording(options.sonde, options.out / "rows", "-F", HZ,
                          "--max-unwind-rows", MAX_ROWS, "--", "sh", "-c", script)
    profile, summary = recording.finish()
    return failures_of("rows", shares(profile), [first.name, second.name], summary["notes"],
                       ["rows_left_out", "rows_evicted", "rows_over_budget"])


def processes(options, program):
    """More processes than the table of ranges holds; the one that runs comes last."""
    sleepers = [subprocess.Popen(["sleep", "60"]) for _ in range(SLEEPERS)]
    try:
        recording = Recording(options.sonde, options.out / "processes", "-d", 60, "-F", HZ,
                              "--max-mappings", MAX_MAPPINGS)
        time.sleep(1.5)
        subprocess.run([program, str(RUN + 2)], check=True)
        recording.process.send_signal(2)
        profile, summary = recording.finish()
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
    return failures_of("processes", shares(profile), [program.name], summary["notes"],
                       ["table_full", "processes_evicted"])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    capabilities.require("bpf")
    programs = build(options.out / "programs", 
                     ["table_first", "table_second", "table_third", "table_idle"])
    failures = processes(options, programs[0]) + rows(options, programs)
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
