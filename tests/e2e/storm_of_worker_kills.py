# SPDX-License-Identifier: Apache-2.0
"""Kills sonde's worker again and again during a recording, while new programs keep it busy: no
sample may be lost, and sonde must end as if nothing had happened.

  storm_of_worker_kills.py --sonde PATH --out FOLDER [--kills N] [--seconds N]"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "truth"))

import capabilities  # noqa: E402
import stacks  # noqa: E402
import tally  # noqa: E402
from build_programs import build_all  # noqa: E402
from recording import Recording, children  # noqa: E402
from truth_matrix import chains_of  # noqa: E402
from variants import BY_NAME  # noqa: E402

WATCHED = "c_nofp"


class NewPrograms(threading.Thread):
    """Starts copies of a program, each with contents of its own: the worker has to parse each."""

    def __init__(self, program, folder):
        super().__init__(daemon=True)
        self.program, self.folder = program, folder
        self.stop = threading.Event()
        self.count = 0
        folder.mkdir(parents=True, exist_ok=True)

    def run(self):
        while not self.stop.is_set():
            copy = self.folder / f"copy{self.count % 50}"
            copy.unlink(missing_ok=True)
            shutil.copy2(self.program, copy)
            with open(copy, "ab") as file:
                file.write(os.urandom(16))
            subprocess.run([str(copy), "0.01"], check=False)
            self.count += 1


def is_worker(command_line):
    return command_line.endswith(" worker") or " worker " in command_line


def kill_workers(recording, wanted, deadline):
    """Kills every worker that appears; returns how many."""
    kills, last = 0, 0
    while kills < wanted and recording.running() and time.monotonic() < deadline:
        found = False
        for pid, command_line in children(recording.pid).items():
            if is_worker(command_line) and pid != last:
                os.kill(pid, signal.SIGKILL)
                kills, last, found = kills + 1, pid, True
        if not found:
            time.sleep(0.002)
    return kills


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    capabilities.require("bpf")
    program = build_all([BY_NAME[WATCHED]], options.out / "programs")[WATCHED]
    watched = subprocess.Popen([str(program), str(options.seconds + 2)])
    recording = Recording(options.sonde, options.out, "-d", options.seconds)
    new_programs = NewPrograms(program, options.out / "copies")
    new_programs.start()
    kills = kill_workers(recording, options.kills, time.monotonic() + options.seconds - 6)
    time.sleep(3)
    new_programs.stop.set()
    new_programs.join()
    profile, summary = recording.finish(options.seconds + 120)
    watched.kill()
    watched.wait()

    recorded = sum(sample.values[0] for sample in profile.samples)
    # `missed` are ticks that another BPF program held back: no worker has a part in them.
    lost = {reason: n for reason, n in summary["lost"].items() if n and reason != "missed"}
    print(f"{kills} kills, {new_programs.count} new programs, {recorded} samples, lost: {lost}, "
          f"ticks: {summary['ticks']}")
    chains = {WATCHED: chains_of(BY_NAME[WATCHED], program)}
    tallies = tally.tally_all(stacks.from_pprof(profile), chains)
    print(tally.table(tallies.values()))
    failures = []
    if kills < options.kills:
        failures.append(f"only {kills} workers appeared to be killed, {options.kills} wanted")
    if lost:
        failures.append(f"samples were lost: {lost}")
    if recorded != summary["ticks"]["emitted"]:
        failures.append(f"{recorded} samples in the file, {summary['ticks']['emitted']} emitted")
    if tallies[WATCHED].samples == 0:
        failures.append(f"no sample of {WATCHED}")
    if tallies[WATCHED].correct == 0:
        failures.append(f"no stack of {WATCHED} was whole once the kills ended")
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
