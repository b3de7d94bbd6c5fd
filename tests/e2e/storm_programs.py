# SPDX-License-Identifier: Apache-2.0
"""Builds the programs of the storms, and checks that samples of programs that took each other's
place show only their own function."""

import subprocess
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent


def build_storm(folder, *flags):
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-O2", "-o", folder / "storm", HERE / "storm.c", "-ldl", *flags],
                   check=True)
    return folder / "storm"


def build_children(folder, count, seconds, *flags):
    """Programs who_0, who_1, ...: the same code at the same addresses under other names."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"who_{number}" for number in range(count)]
    for path in paths:
        subprocess.run(["gcc", "-O2", "-fomit-frame-pointer", "-no-pie", *flags,
                        f"-DWHO={path.name}", f"-DSECONDS={seconds}", "-o", path,
                        HERE / "storm_child.c"], check=True)
    return paths


def misattributed(recorded):
    """(samples of the children, those in their function, texts of the wrong ones)."""
    seen = Counter()
    wrong = []
    for stack in recorded:
        # A place in the file without a function is called `who_1+0x1018`: also who_1's.
        names = {frame.name.partition("+")[0] for frame in stack.user
                 if frame.name.startswith("who_")}
        if stack.process.startswith("who_"):
            seen["samples"] += stack.count
            seen["named"] += stack.count if names == {stack.process} else 0
        if names - {stack.process}:
            wrong.append(f"{stack.count} x {stack.process} pid {stack.pid} shows {sorted(names)}, "
                         f"stop={stack.stop}")
    return seen["samples"], seen["named"], wrong
