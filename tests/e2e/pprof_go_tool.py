# SPDX-License-Identifier: Apache-2.0
"""`go tool pprof` reads what sonde writes, and its figures are those of the file.

  pprof_go_tool.py --sonde PATH --out FOLDER"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "truth"))

import capabilities  # noqa: E402
import pprof_reader  # noqa: E402
from build_programs import build_all  # noqa: E402
from recording import Recording  # noqa: E402
from variants import BY_NAME  # noqa: E402

# Debian's Go, not one that the host may have in front of it.
GO = next((path for path in ("/usr/lib/go-1.19/bin/go", "/usr/bin/go") if os.path.exists(path)), "")
LABELS = ("process", "pid", "stop", "origin")


class Checks:
    def __init__(self):
        self.failed = False

    def __call__(self, condition, what):
        print("ok  " if condition else "FAIL", what)
        self.failed |= not condition


def pprof(out, *arguments):
    environment = dict(os.environ, HOME=str(out), PPROF_TMPDIR=str(out), GOFLAGS="-mod=mod",
                       GOCACHE=str(out / "gocache"), PPROF_BINARY_PATH="/nonexistent")
    done = subprocess.run([GO, "tool", "pprof", *map(str, arguments)], capture_output=True,
                          text=True, env=environment, check=False, timeout=120)
    if done.returncode != 0:
        sys.exit(f"FAIL go tool pprof {arguments[0]} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def check_raw(check, text, profile):
    check(re.search(r"^PeriodType: cpu nanoseconds", text, re.MULTILINE), "period type")
    period = re.search(r"^Period: (\d+)", text, re.MULTILINE)
    check(period and int(period[1]) == profile.period, f"period {profile.period}")
    samples = text.partition("Samples:\n")[2].partition("\nLocations\n")[0]
    check(samples.startswith("samples/count cpu/nanoseconds"), "sample types")
    rows = re.findall(r"^ +(\d+) +(\d+): ", samples, re.MULTILINE)
    check(len(rows) == len(profile.samples), f"{len(profile.samples)} samples")
    for index, what in ((0, "samples"), (1, "nanoseconds")):
        total = sum(s.values[index] for s in profile.samples)
        check(sum(int(row[index]) for row in rows) == total, f"{total} {what} in all")
    for label in LABELS:
        check(re.search(rf"^ +(.* )?{label}:\[", samples, re.MULTILINE), f"label {label}")
    mappings = text.partition("\nMappings\n")[2]
    check(len(mappings.strip().split("\n")) >= len(profile.mappings), "mappings")
    with_build_id = [m for m in profile.mappings if m[1]]
    check(with_build_id and all(m[1] in mappings for m in with_build_id), "build ids")


def check_views(check, out, path, profile):
    top = pprof(out, "-top", "-nodecount=10000", "-sample_index=samples", path)
    leaf = sum(s.values[0] for s in profile.samples
               if s.locations and s.locations[0].names[:1] == ["leaf_registers"])
    row = re.search(r"^ *(\d+) .* leaf_registers$", top, re.MULTILINE)
    check(leaf > 0 and row and int(row[1]) == leaf, f"-top: leaf_registers {leaf} samples")
    check("Duration:" in top and "Type: samples" in top, "-top: duration and type")
    traces = pprof(out, "-traces", path)
    check(re.search(r"leaf_registers\n +delta\n +gamma_\n +beta\n +alpha\n +main\n", traces),
          "-traces: the whole chain")
    focused = pprof(out, "-top", "-tagfocus=process=c_nofp", path)
    check("leaf_registers" in focused, "-tagfocus=process=")
    check("main" in pprof(out, "-peek=^alpha$", path), "-peek")
    again = out / "again.pb.gz"
    pprof(out, "-proto", f"-output={again}", path)
    copy = pprof_reader.read(again)
    check(sum(s.values[0] for s in copy.samples) == sum(s.values[0] for s in profile.samples),
          "-proto: nothing lost on the way through")
    merged = pprof(out, "-top", "-sample_index=samples", path, path)
    check("Type: samples" in merged, "two files merge")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    capabilities.require("bpf")
    if not GO:
        sys.exit("FAIL Debian's golang-go is not installed")
    out = options.out.resolve()
    program = build_all([BY_NAME["c_nofp"]], out / "programs")["c_nofp"]
    running = subprocess.Popen([str(program), "8"])
    time.sleep(0.3)
    recording = Recording(options.sonde, out, "-d", 5)
    profile, summary = recording.finish()
    running.wait()
    check = Checks()
    check(profile.samples, f"{len(profile.samples)} distinct samples were recorded")
    check(sum(s.values[0] for s in profile.samples) == summary["samples"],
          f"the summary counts the same {summary['samples']} samples")
    check_raw(check, pprof(out, "-raw", recording.output), profile)
    check_views(check, out, recording.output, profile)
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
