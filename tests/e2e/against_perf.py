# SPDX-License-Identifier: Apache-2.0
"""sonde and `perf record --call-graph dwarf` at once on real programs: both must find the same
shares of functions, and sonde at least as many whole stacks.

  against_perf.py --sonde PATH --out FOLDER [--peers FOLDER] [--seconds 60] [WORKLOAD...]

Self shares are over all samples of a workload's processes, inclusive shares over the stacks that a
side calls whole. A function counts if either side gives it 5 %. Its shares may differ by two points
or four sigma, whichever is more. Names of one address count as one name."""

import argparse
import contextlib
import json
import math
import os
import re
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
import workloads  # noqa: E402
from recording import Recording, wait_until  # noqa: E402

HZ = 199
# perf's rate: with one rate the two clocks keep their distance for the whole recording, and one of
# them always sees what the other's interrupt leaves behind.
PERF_HZ = 197
LEAST_SHARE = 0.05
POINTS = 0.02
SIGMAS = 4
NO_INCLUSIVE = ("node", "java")  # perf cannot walk what a JIT compiler makes
LEAST_WHOLE = 200  # stacks of perf: its unwinder stops in some programs at once
MOST_LOST = 0.01  # of perf's samples: those lost are not like the others
WARM_UP_SECONDS = 3
MAX_STACK = Path("/proc/sys/kernel/perf_event_max_stack")
# The outermost frames of stacks that reach the end.
# In every whole stack; perf leaves some of them out (stacks.py).
OUTERMOST = ("_start", "__libc_start_main", "__libc_start_main_impl", "__libc_start_call_main")
ROOTS = re.compile(r"^(_start|_dl_start_user|__GI___clone3?|__clone3?|clone3?|_dl_start)$")
PARTS = re.compile(r"( \[clone [^\]]*\])+$|(\.(isra|constprop|part|cold|lto_priv)(\.\d+)?)+$|@plt$")


def debug_file(image):
    """The file with the image's symbols below /usr/lib/debug, as a list of none or one."""
    notes = subprocess.run(["readelf", "-n", image], capture_output=True, text=True,
                           check=False).stdout
    found = re.search(r"Build ID: ([0-9a-f]{2})([0-9a-f]+)", notes)
    path = f"/usr/lib/debug/.build-id/{found[1]}/{found[2]}.debug" if found else ""
    return [path] if os.path.exists(path) else []


class AliasesOf:
    """Every name of one address as the same name, by the symbol tables of each image."""

    def __init__(self):
        self.images = {}

    def _read(self, image, command):
        names = {}
        first = {}
        text = subprocess.run(command, capture_output=True, text=True, check=False,
                              errors="replace").stdout
        for line in text.splitlines():
            parts = line.split(maxsplit=2)
            if len(parts) == 3 and parts[1] in "tTwWiIvV":
                name = parts[2].split("\t")[0].partition("@")[0]
                names[name] = first.setdefault(parts[0], name)
        self.images[image] = names

    def name(self, image, name):
        if image not in self.images:
            if image == "kernel":
                self._read(image, ["cat", "/proc/kallsyms"])
            elif os.path.isfile(image):
                self._read(image, ["sh", "-c", 'for one; do nm -C "$one"; nm -DC "$one"; done',
                                   "sh", image, *debug_file(image)])
            else:
                self.images[image] = {}
        name = name.partition("@")[0]
        return self.images[image].get(name, name)


def without_parameters(name):
    """perf leaves out the parameters of C++ functions, and the return types of templates."""
    name = name.replace("(anonymous namespace)", "{anonymous}")
    if "operator" in name:
        return name.partition("(")[0]
    begin = depth = 0
    for at, letter in enumerate(name):
        depth += (letter == "<") - (letter == ">")
        if depth == 0 and letter == "(":
            return name[begin:at]
        if depth == 0 and letter == " ":
            begin = at + 1
    return name[begin:] if name.endswith(">") else name


class Side:
    """What one profiler saw of a workload."""

    def __init__(self, found, aliases):
        self.samples = self.whole = 0
        self.self_time, self.inclusive = Counter(), Counter()
        for stack, is_whole in found:
            names = [self._canonical(frame, False, aliases) for frame in stack.user
                     if frame.name.partition("@")[0] not in OUTERMOST]
            names += [self._canonical(frame, True, aliases) for frame in stack.kernel]
            if not names:
                continue
            self.samples += stack.count
            self.self_time[names[-1]] += stack.count
            if is_whole:
                self.whole += stack.count
                for name in set(names):
                    self.inclusive[name] += stack.count

    @staticmethod
    def _canonical(frame, is_kernel, aliases):
        image = "kernel" if is_kernel else frame.image
        shown = "kernel" if is_kernel else os.path.basename(image)
        if re.fullmatch(r"perf-\d+\.map", shown):
            shown = "jit"
        if shown.startswith("[anonymous") or shown in ("[jit]", "//anon"):
            shown = "jit"
        if not frame.resolved:
            return f"{shown}: ?"
        return f"{shown}: {without_parameters(PARTS.sub('', aliases.name(image, frame.name)))}"

    def whole_share(self):
        return self.whole / self.samples if self.samples else 0.0


def is_whole_of_sonde(stack):
    """Of a task that has given its memory back there is no user stack, as for perf."""
    return stack.stop in tally.WHOLE or (stack.stop == tally.GONE and not stack.user)


def is_whole_of_perf(stack):
    """Down to a root, which has no name in a stripped program: there libc tells it."""
    if not stack.user or ROOTS.match(stack.user[0].name):
        return True
    return (len(stack.user) > 1 and stack.user[1].name.startswith("__libc_start_main")
            and stack.user[0].image != "[unknown]")


def split_whole(found, is_whole):
    return [(stack, is_whole(stack)) for stack in found]


def compare(what, ours, theirs, ours_total, theirs_total):
    """(rows of a table, failures) for the functions that either side gives 5 %."""
    rows, failures = [], []
    if not ours_total or not theirs_total:
        return rows, [f"{what}: {ours_total} samples of sonde, {theirs_total} of perf"]
    for name in sorted(set(ours) | set(theirs), key=lambda n: -max(ours[n], theirs[n])):
        a, b = ours[name] / ours_total, theirs[name] / theirs_total
        if max(a, b) < LEAST_SHARE:
            continue
        pooled = (ours[name] + theirs[name]) / (ours_total + theirs_total)
        sigma = math.sqrt(pooled * (1 - pooled) * (1 / ours_total + 1 / theirs_total))
        ok = abs(a - b) <= max(POINTS, SIGMAS * sigma)
        rows.append(f"  {what:9} {100 * a:6.1f} % {100 * b:6.1f} %  {'' if ok else 'DIFFERS '}{name}")
        if not ok:
            failures.append(f"{what}: {name}: {100 * a:.1f} % of sonde, {100 * b:.1f} % of perf")
    return rows, failures


@contextlib.contextmanager
def deep_perf_stacks():
    """perf may take deep stacks inside; as before afterwards."""
    before = MAX_STACK.read_text()
    with contextlib.suppress(OSError):  # busy while anybody samples stacks
        MAX_STACK.write_text("1024")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            MAX_STACK.write_text(before)


def perf_environment(folder):
    """Of a perf whose clocks do not tick at once: clocks_apart.c."""
    library = folder / "clocks_apart.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, HERE / "clocks_apart.c"],
                   check=True)
    return {**os.environ, "LD_PRELOAD": str(library.resolve()),
            "CLOCK_PERIOD_NS": str(10**9 // PERF_HZ)}


def samples_lost_by(data):
    """The share of perf's samples that its rings had no room for."""
    text = subprocess.run(["perf", "report", "-i", str(data), "--stats"], capture_output=True,
                          text=True, check=False).stdout.partition("cpu-clock stats:")[2]
    taken, lost = (int(found[1]) if found else 0 for found in (
        re.search(rf"^ *{event} events: *(\d+)", text, re.M) for event in ("SAMPLE", "LOST_SAMPLES")))
    return lost / max(taken + lost, 1)


def record_both(options, folder):
    """(sonde's profile and summary, perf's file) of the whole host during the same time."""
    data = folder / "perf.data"
    environment = perf_environment(folder)
    recording = Recording(options.sonde, folder, "-d", options.seconds, "-F", HZ)
    log = folder / "out.log"
    if not wait_until(lambda: "recording" in log.read_text(errors="replace"), 60):
        raise workloads.WorkloadError("sonde does not record")
    with open(folder / "perf.log", "wb") as said:
        perf = subprocess.run(["perf", "record", "-a", "-F", str(PERF_HZ), "-e", "cpu-clock", "-m",
                               "32M", "--call-graph", "dwarf,65528", "-o", str(data), "--",
                               "sleep", str(options.seconds)], env=environment, stdout=said,
                              stderr=said, check=False)
    profile, summary = recording.finish()
    if perf.returncode != 0:
        raise workloads.WorkloadError("perf: " + (folder / "perf.log").read_text()[-1000:])
    return profile, summary, data


def stacks_of_perf(data):
    """Its stacks. The file, soon of the size of a disk, is removed."""
    try:
        if (lost := samples_lost_by(data)) > MOST_LOST:
            raise workloads.WorkloadError(f"perf lost {100 * lost:.1f} % of its samples")
        return stacks.from_perf(data)
    except subprocess.CalledProcessError as error:  # perf 6.1 gives up at some records of BPF
        raise workloads.WorkloadError(f"perf script: {error.stderr.strip()[-500:]}") from error
    finally:
        data.unlink(missing_ok=True)


def of_workload(found, names, pids):
    return [stack for stack in found if stack.process in names or stack.pid in pids]


def run(options, name, programs, aliases):
    folder = options.out / name
    folder.mkdir(parents=True, exist_ok=True)
    with workloads.run(name, programs) as names:
        time.sleep(WARM_UP_SECONDS)
        profile, summary, data = record_both(options, folder)
    ours, theirs = stacks.from_pprof(profile), stacks_of_perf(data)
    pids = {stack.pid for stack in ours if stack.process in names}
    sonde = Side(split_whole(of_workload(ours, names, pids), is_whole_of_sonde), aliases)
    perf = Side(split_whole(of_workload(theirs, names, pids), is_whole_of_perf), aliases)
    rows, failures = compare("self", sonde.self_time, perf.self_time, sonde.samples, perf.samples)
    if name in NO_INCLUSIVE or perf.whole < LEAST_WHOLE:
        print(f"{name}: inclusive shares are not compared, perf has {perf.whole} whole stacks")
    else:
        more, failed = compare("inclusive", sonde.inclusive, perf.inclusive, sonde.whole,
                               perf.whole)
        rows, failures = rows + more, failures + failed
    if sonde.whole_share() < perf.whole_share():
        failures.append(f"whole stacks: {100 * sonde.whole_share():.2f} % of sonde, "
                        f"{100 * perf.whole_share():.2f} % of perf")
    print(f"{name}: {sonde.samples} samples of sonde, {100 * sonde.whole_share():.2f} % whole; "
          f"{perf.samples} of perf, {100 * perf.whole_share():.2f} % whole; lost {summary['lost']}")
    print("\n".join(rows), flush=True)
    return [f"{name}: {text}" for text in failures], {
        "samples": sonde.samples, "whole": sonde.whole_share(), "perf_samples": perf.samples,
        "perf_whole": perf.whole_share(), "functions": len(rows), "failures": failures}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--peers", default=os.environ.get("SONDE_PEERS"))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json")
    parser.add_argument("workloads", nargs="*", choices=[*workloads.ALL, []])
    options = parser.parse_args()
    capabilities.require("bpf", "perf")
    programs, aliases = workloads.Programs(options.peers), AliasesOf()
    failures, data = [], {}
    with deep_perf_stacks():
        for name in options.workloads or workloads.ALL:
            try:
                failed, data[name] = run(options, name, programs, aliases)
            except workloads.WorkloadError as error:
                failed = [f"{name}: {error}"]
            failures += failed
    if options.json:
        Path(options.json).write_text(json.dumps(data, indent=1), encoding="utf-8")
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
