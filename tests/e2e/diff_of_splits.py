# SPDX-License-Identifier: Apache-2.0
"""`sonde diff` on real recordings: of the same load twice nothing differs at 4 sigma; of a load
that went from 60/30/10 to 50/40/10 by its own account the change is found, within 4 sigma of the
account, in its own files and in what `go tool pprof -proto` makes of them.

  diff_of_splits.py --sonde PATH --out FOLDER [--seconds N] [--hz N]"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "truth"))

import capabilities  # noqa: E402
import pprof_go_tool  # noqa: E402
from build_programs import build  # noqa: E402
from variants import C, Variant  # noqa: E402

FLAGS = ("-O2", "-fomit-frame-pointer")
# One name in two folders, as two builds of a program are.
OLD = Variant("split", C, "split.c", FLAGS)
NEW = Variant("split", C, "split.c", (*FLAGS, "-DSPLIT_SHARES=50,40,10"))
FUNCTIONS = ("spend_60", "spend_30", "spend_10")
SIGMAS = 4


class Load:
    """One run of a program with its recording: the file, and its own account in shares."""

    def __init__(self, name, program, options):
        self.file = options.out / f"{name}.pb.gz"
        done = subprocess.run([options.sonde, "record", "-F", str(options.hz), "-o", self.file,
                               "--", program, str(options.seconds)], capture_output=True,
                              text=True, timeout=options.seconds + 60, check=False)
        if done.returncode != 0:
            sys.exit(f"FAIL sonde record ended with {done.returncode}:\n{done.stderr}")
        # The program shares stdout with sonde and is the first to write.
        account = json.loads(done.stdout.split("\n")[0])
        self.shares = {function: account[function] / sum(account.values())
                       for function in FUNCTIONS}


class Checks:
    def __init__(self, sonde):
        self.failed = False
        self.sonde = sonde

    def __call__(self, good, what):
        self.failed |= not good
        print("ok  " if good else "FAIL", what)

    def diff(self, *arguments, code=0):
        done = subprocess.run([self.sonde, "diff", *map(str, arguments)], capture_output=True,
                              text=True, timeout=60, check=False)
        self(done.returncode == code, f"exit code {done.returncode} of sonde diff with "
             f"{' '.join(Path(str(argument)).name for argument in arguments)}")
        if done.returncode != code:
            print(done.stderr)
        return done

    def changes(self, *arguments):
        done = self.diff(*arguments, "--all", "-n", "0", "--json")
        return json.loads(done.stdout)["changes"]

    def no_change(self, before, after):
        """Of the program's own functions with all they call: what the kernel does in their name
        depends on what else the machine does."""
        rows = [row for row in self.changes(before.file, after.file)
                if row["image"].endswith("/split")]
        self({row["function"] for row in rows} >= set(FUNCTIONS), "the program's functions are seen")
        for row in rows:
            sigmas = row["total"]["sigmas"]
            enough = max(row["total"]["before_samples"], row["total"]["after_samples"]) >= 20
            self(sigmas < SIGMAS or not enough, f"{row['function']}: {sigmas:.2f} sigma apart")

    def change(self, before, after, files):
        rows = {row["function"]: row["total"] for row in self.changes(*files)
                if row["function"] in FUNCTIONS}
        for function in FUNCTIONS:
            truth = after.shares[function] - before.shares[function]
            found = rows[function]["share_change"]
            allowed = SIGMAS * rows[function]["share_sigma"]
            self(abs(found - truth) <= allowed,
                 f"{function}: {truth:+.2%} by its own clock, {found:+.2%} found, {allowed:.2%} allowed")
        for function, sign in (("spend_60", -1), ("spend_30", 1)):
            row = rows[function]
            self(row["share_change"] * sign > 0 and row["beyond_error"],
                 f"{function} changed by {row['sigmas']:.1f} sigma")


def samples_of(changes):
    return sorted((row["function"], row["total"]["before_samples"]) for row in changes)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--hz", type=int, default=499)
    options = parser.parse_args()
    capabilities.require("bpf")
    options.out = options.out.resolve()
    old = build(OLD, options.out / "old")
    new = build(NEW, options.out / "new")
    before, again = Load("before", old, options), Load("again", old, options)
    after = Load("after", new, options)
    check = Checks(str(Path(options.sonde).resolve()))
    check.no_change(before, again)
    check.change(before, after, (before.file, after.file))
    check.change(before, after, ("--before", before.file, again.file, "--after", after.file))
    grown = check.diff(before.file, after.file, "--fail-above", "3%", code=6)
    check("spend_30 (split)" in grown.stderr, "--fail-above 3% names spend_30")
    check.diff(before.file, again.file, "--fail-above", "3%")
    check.diff(before.file, after.file, "--fail-above", "20%")
    if pprof_go_tool.GO:
        others = []
        for load in (before, after):
            others.append(options.out / f"go_{load.file.name}")
            pprof_go_tool.pprof(options.out, "-proto", f"-output={others[-1]}", load.file)
        check.change(before, after, others)
        # Several files by one of another tool.
        merged = options.out / "merged.pb.gz"
        pprof_go_tool.pprof(options.out, "-proto", f"-output={merged}", before.file, again.file)
        own = check.changes("--before", before.file, again.file, "--after", after.file)
        theirs = check.changes(merged, after.file)
        check(samples_of(own) == samples_of(theirs),
              "two files are compared as go tool pprof merges them")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
