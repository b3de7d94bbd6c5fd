# SPDX-License-Identifier: Apache-2.0
"""Records every truth program at once and checks each stack against what the program says of
itself. Of sonde's programs half run before the recording starts, half are started during it.

  truth_matrix.py --out FOLDER [--sonde PATH] [--recorder sonde|perf] [--seconds N] [--hz N]
                  [--json FILE] [NAME...]"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import capabilities
import pprof_reader
import stacks
import tally
from build_programs import BuildError, build_all, functions_by_start
from chains import Chains
from variants import BY_NAME, VARIANTS

HERE = Path(__file__).resolve().parent
PER_RECORDING = 20  # programs that share the CPUs in one recording


def chains_of(variant, program):
    """The chains a program states."""
    text = subprocess.run([str(Path(program).resolve()), "--truth"], capture_output=True, text=True,
                          check=True, cwd=Path(program).parent)
    is_static = variant.is_static or "-static-pie" in variant.flags
    truth = json.loads(text.stdout)
    return Chains(truth["chains"], variant.name, is_static, tuple(truth.get("callees", ())),
                  functions_by_start(program))


def start_program(variant, program, run_folder, seconds):
    """Starts a program; the file is deleted or replaced under it if the variant says so."""
    path = Path(program)
    if variant.after in ("delete", "replace"):
        path = Path(run_folder) / variant.name
        shutil.copy2(program, path)
    # One thread each, as the others, so that the CPUs are shared fairly.
    process = subprocess.Popen([str(path.resolve()), str(seconds)], stdout=subprocess.DEVNULL,
                               cwd=run_folder, env=dict(os.environ, GOMAXPROCS="1"))
    if variant.after in ("delete", "replace"):
        time.sleep(0.05)  # the exec has read the file's name
        if variant.after == "delete":
            path.unlink()
        else:
            other = path.with_suffix(".new")
            shutil.copy2("/bin/true", other)
            os.replace(other, path)
    return process


def recorder_command(options, output, seconds):
    if options.recorder == "perf":
        return ["perf", "record", "-q", "-a", "-F", str(options.hz), "-e", "cpu-clock",
                "--call-graph", f"dwarf,{options.perf_stack}", "-o", str(output), "--",
                "sleep", str(seconds)]
    return [options.sonde, "record", "-d", str(seconds), "-F", str(options.hz), "-o", str(output)]


def record(options, variants, programs, folder):
    """One recording with all `variants` running; returns the stacks."""
    output = folder / ("perf.data" if options.recorder == "perf" else "truth.pb.gz")
    seconds = options.seconds
    early, late = variants[::2], variants[1::2]
    if options.recorder == "perf":
        # Of a process that it sees begin, perf keeps the mappings from before the exec and takes a
        # library's lowest one for its base: by chance the parent's, and nothing in it is unwound.
        early, late = variants, []
    running = [start_program(v, programs[v.name], folder, seconds + 1.5) for v in early]
    time.sleep(0.3)
    log = open(folder / "recorder.log", "w", encoding="utf-8")
    recorder = subprocess.Popen(recorder_command(options, output, seconds), stdout=log, stderr=log)
    time.sleep(1.0)
    running += [start_program(v, programs[v.name], folder, seconds) for v in late]
    status = recorder.wait(timeout=seconds + 120)
    for process in running:
        process.wait(timeout=60)
        Path(f"/tmp/perf-{process.pid}.map").unlink(missing_ok=True)
    log.close()
    if status != 0:
        sys.exit(f"the recorder ended with {status}:\n{(folder / 'recorder.log').read_text()}")
    if options.recorder == "perf":
        return stacks.from_perf(output)
    return stacks.from_pprof(pprof_reader.read(output))


def run(options):
    """name -> Tally for the chosen variants."""
    chosen = [BY_NAME[name] for name in options.names] or list(VARIANTS)
    out = Path(options.out)
    programs = build_all(chosen, out / "programs")
    result = {}
    # Neighbours in the list are alike: deal them out over the recordings.
    batches = -(-len(chosen) // PER_RECORDING)
    for number in range(batches):
        batch = chosen[number::batches]
        folder = out / f"recording_{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(f"recording {number + 1} of {batches}: {len(batch)} programs, "
              f"{options.seconds} s at {options.hz} Hz", flush=True)
        recorded = record(options, batch, programs, folder)
        chains = {v.name: chains_of(v, programs[v.name]) for v in batch}
        deep = {v.name for v in batch if v.is_deep}
        result.update(tally.tally_all(recorded, chains, deep))
    for variant in chosen:
        result[variant.name].min_correct = variant.min_correct
        result[variant.name].max_outside = variant.max_outside
    return {variant.name: result[variant.name] for variant in chosen}


def report(options, tallies):
    """Prints the table and the stacks that are wrong; returns the failures."""
    print(tally.table(tallies.values()))
    everything = tally.total(tallies.values())
    print(tally.table([everything]).split("\n")[1])
    failures = []
    for one in tallies.values():
        for (stop, text), count in one.bad.most_common(options.show):
            print(f"  {one.name}: {count} x stop={stop or '-'} {text}")
        for leaf, count in one.unknown.most_common(2):
            print(f"  {one.name}: {count} x unknown leaf {leaf}")
        failures += [f"{one.name}: {text}" for text in one.failures(options.min_samples)]
    if everything.share(everything.unknown_leaves) >= tally.MAX_UNKNOWN_LEAVES:
        failures.append(f"{everything.share(everything.unknown_leaves):.2%} unknown leaves in all")
    if options.json:
        data = {name: tally.as_json(one) for name, one in tallies.items()}
        Path(options.json).write_text(json.dumps(data, indent=1), encoding="utf-8")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--recorder", choices=("sonde", "perf"), default="sonde")
    parser.add_argument("--seconds", type=int, default=36)
    parser.add_argument("--hz", type=int, default=499)
    parser.add_argument("--perf-stack", type=int, default=16384)
    parser.add_argument("--min-samples", type=int, default=400)
    parser.add_argument("--show", type=int, default=5, help="wrong stacks printed per program")
    parser.add_argument("--json")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    capabilities.require("perf" if options.recorder == "perf" else "bpf")
    try:
        tallies = run(options)
    except BuildError as error:
        sys.exit(str(error))
    failures = report(options, tallies)
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
