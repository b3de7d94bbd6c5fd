# SPDX-License-Identifier: Apache-2.0
"""What happens to processes and their files: exec in place, a main thread that is gone, a binary
that is deleted, replaced or seen in its own mount namespace only, a library that is truncated
while it is read, another pid namespace, 500 forked workers. Every program keeps whole stacks and
its own names.

  process_life.py --sonde PATH --out FOLDER"""

import argparse
import os
import shutil
import subprocess
import sys
import threading
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
SECONDS = 10
WORKERS = 500
MAX_MAPPINGS = 3000  # what the workers alone would need if each had its own
MIN_SAMPLES = 25
MIN_WHOLE = 0.97
NAMES = ("leaderless", "execs", "becomes", "deleted", "replaced", "mounted", "pidns", "loads",
         "crowd")


def build(folder, name, output=None):
    """A program whose burning function is called life_NAME."""
    target = folder / (output or name)
    target.unlink(missing_ok=True)
    subprocess.run(["gcc", "-O2", "-fomit-frame-pointer", f"-DWHO=life_{name}", "-o", target,
                    HERE / "process_life.c", "-lpthread", "-ldl"], check=True)
    return target


def truncate_again_and_again(library, data, stop):
    """Until told to stop: half a library, an empty one, a whole one."""
    while not stop.wait(0.03):
        for size in (len(data) // 2, 0):
            os.truncate(library, size)
            time.sleep(0.01)
        library.write_bytes(data)


def start_before(programs, folder):
    """Those that run when sonde starts."""
    running = [subprocess.Popen([programs["leaderless"], "leaderless", str(SECONDS)]),
               subprocess.Popen([programs["deleted"], "burn", str(SECONDS)]),
               subprocess.Popen([programs["replaced"], "burn", str(SECONDS)])]
    time.sleep(0.3)
    programs["deleted"].unlink()
    newer = build(folder, "newer")
    os.rename(newer, programs["replaced"])
    return running


def start_meanwhile(programs, folder, library):
    """Those that start later; `replaced` again, which is another program by now."""
    tmpfs = folder / "tmpfs"
    tmpfs.mkdir(exist_ok=True)
    half = str(SECONDS / 2)
    return [
        subprocess.Popen([programs["replaced"], "burn", half]),
        subprocess.Popen([programs["execs"], "exec", str(SECONDS / 4), programs["becomes"]]),
        subprocess.Popen(["unshare", "-m", "sh", "-c", f"mount -t tmpfs none {tmpfs} && "
                          f"cp {programs['mounted']} {tmpfs}/ && exec {tmpfs}/mounted burn {half}"]),
        subprocess.Popen(["unshare", "-p", "-f", "--mount-proc", programs["pidns"], "burn", half]),
        subprocess.Popen([programs["loads"], "load", half, library]),
        subprocess.Popen([programs["crowd"], "crowd", half, str(WORKERS)],
                         start_new_session=True)]


def judge(recorded):
    """(process, function) -> samples; process -> whole ones; texts of samples in two functions."""
    seen, whole, mixed = Counter(), Counter(), []
    for stack in recorded:
        names = {frame.name for frame in stack.user if frame.name.startswith("life_")}
        for name in names:
            seen[(stack.process, name)] += stack.count
        if len(names) > 1:
            mixed.append(f"{stack.count} x {stack.process} shows {sorted(names)}")
        if names and stack.stop in tally.WHOLE:
            whole[stack.process] += stack.count
    return seen, whole, mixed


def failures_of(recorded, summary):
    seen, whole, failures = judge(recorded)
    expected = {(name, f"life_{name}") for name in NAMES} | {("replaced", "life_newer")}
    for process, function in sorted(expected):
        count = seen[(process, function)]
        if count < MIN_SAMPLES:
            failures.append(f"{process}: only {count} samples in {function}")
    for process, function in sorted(set(seen) - expected):
        failures.append(f"{seen[(process, function)]} samples of {process} in {function}")
    for name in NAMES:
        total = sum(count for (process, _), count in seen.items() if process == name)
        if whole[name] < MIN_WHOLE * total:
            failures.append(f"{name}: {whole[name]} whole of {total}")
    for counter in ("table_full", "processes_evicted"):
        if summary["notes"].get(counter):
            failures.append(f"{counter}: {summary['notes'][counter]}: workers do not share")
    print({f"{process} {function}": count for (process, function), count in sorted(seen.items())},
          f"\nlost {summary['lost']}, notes {summary['notes']}")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    capabilities.require("bpf")
    folder = options.out / "programs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    programs = {name: build(folder, name) for name in NAMES}
    library = folder / "libtorn.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-DWHO=life_torn", "-o", library,
                    HERE / "process_life.c"], check=True)
    running = start_before(programs, folder)
    recording = Recording(options.sonde, options.out, "-d", SECONDS, "-F", HZ,
                          "--max-mappings", MAX_MAPPINGS)
    time.sleep(1.5)
    stop = threading.Event()
    torn = folder / "other" / "libtorn.so"
    torn.parent.mkdir()
    shutil.copy2(library, torn)
    tearing = threading.Thread(target=truncate_again_and_again,
                               args=(torn, library.read_bytes(), stop))
    tearing.start()
    running += start_meanwhile(programs, folder, library)
    # Maps the torn library without running anything of it: who touches a torn page dies.
    mapper = subprocess.Popen([sys.executable, "-c", MAP_AGAIN, str(torn), str(SECONDS / 2)])
    profile, summary = recording.finish()
    stop.set()
    tearing.join()
    for process in [*running, mapper]:
        process.kill()
        process.wait()
    failures = failures_of(stacks.from_pprof(profile), summary)
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


MAP_AGAIN = """
import mmap, os, sys, time
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    fd = os.open(sys.argv[1], os.O_RDONLY)
    try:
        mmap.mmap(fd, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC).close()
    except (OSError, ValueError):
        pass  # it is empty just now
    os.close(fd)
    time.sleep(0.04)
"""


if __name__ == "__main__":
    main()
