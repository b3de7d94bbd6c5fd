# SPDX-License-Identifier: Apache-2.0
"""Truth programs run while other programs start, end, load and unload libraries and map code, so
that the unwinder's tables are rewritten all the time: no truth program may show a wrong frame.

  truth_under_churn.py --sonde PATH --out FOLDER [--seconds N]"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "truth"))

import capabilities  # noqa: E402
import stacks  # noqa: E402
import tally  # noqa: E402
from build_programs import build_all  # noqa: E402
from chains import OTHER  # noqa: E402
from recording import Recording  # noqa: E402
from truth_matrix import chains_of  # noqa: E402
from variants import BY_NAME, C, Variant  # noqa: E402

WATCHED = ("c_nofp", "c_nofp_static", "cxx_nofp", "dynamic", "signal", "recurse")
CHURN = Variant("churn", C, "churn.c", ("-O2",))
STARTED = ("c_nofp_o0", "c_clang", "qsort_static", "throw", "alloca", "tail", "c_lld_nopie")
MIN_SAMPLES = 150


def libraries():
    """System libraries of different sizes to load and unload."""
    found = sorted(Path("/usr/lib/x86_64-linux-gnu").glob("lib*.so.*"))
    kinds = ("crypt", "lzma", "z.", "expat", "pcre2", "zstd", "ssl", "sqlite3", "gmp", "xml2")
    return [str(path) for path in found if any(f"lib{kind}" in path.name for kind in kinds)][:24]


def copies(programs, folder):
    """Each program under several names and contents, so that its tables are never known yet."""
    folder.mkdir(parents=True, exist_ok=True)
    result = []
    for turn in range(12):
        for name, path in programs.items():
            copy = folder / f"{name[:12]}{turn}"
            shutil.copy2(path, copy)
            with open(copy, "ab") as file:
                file.write(f"copy {turn}".encode())
            result.append(str(copy))
    return result


def wrong_stacks(recorded, chains):
    """name -> stacks with a frame that the program cannot have, or in an impossible order."""
    wrong = {}
    for stack in recorded:
        known = chains.get(stack.process)
        if known is None or stack.stop in tally.NOT_YET:
            continue
        letters = [known.letter(frame) for frame in stack.user]
        verdict = known.judge(stack.user)
        impossible = stack.stop == "complete" and verdict.inside and not verdict.correct
        if OTHER in letters or impossible:
            wrong.setdefault(stack.process, []).append(stack)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    capabilities.require("bpf")
    programs = build_all([*(BY_NAME[n] for n in WATCHED + STARTED), CHURN],
                         options.out / "programs")
    started = copies({name: programs[name] for name in STARTED}, options.out / "copies")
    recording = Recording(options.sonde, options.out, "-d", options.seconds, "-F", 499)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
            for _ in range(os.cpu_count())]
    time.sleep(1)
    lasting = options.seconds - 1
    running = [subprocess.Popen([str(programs[n]), str(lasting)]) for n in WATCHED]
    churn = subprocess.run([str(programs["churn"]), str(lasting - 1), *started, "--", *libraries()],
                           capture_output=True, text=True, check=False)
    profile, summary = recording.finish()
    for process in running:
        process.wait()
    for process in busy:
        process.kill()
        process.wait()
    print("meanwhile:", churn.stderr.replace("\n", ", ").strip(", "))

    recorded = stacks.from_pprof(profile)
    chains = {name: chains_of(BY_NAME[name], programs[name]) for name in WATCHED}
    tallies = tally.tally_all(recorded, chains)
    print(tally.table(tallies.values()))
    print("lost:", summary["lost"], "ticks:", summary["ticks"])
    events = ("sideband_lost", "process_events_lost", "rescans")
    print("events:", {name: summary["notes"].get(name, 0) for name in events})
    failures = [] if churn.returncode == 0 else [f"churn ended with {churn.returncode}"]
    for name, found in wrong_stacks(recorded, chains).items():
        failures.append(f"{name}: {sum(s.count for s in found)} samples with wrong frames")
        for stack in found[:5]:
            failures.append(f"  {stack.count} x stop={stack.stop} {tally.describe(stack)}")
    for name, one in tallies.items():
        if one.samples < MIN_SAMPLES:
            failures.append(f"{name}: only {one.samples} samples")
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
