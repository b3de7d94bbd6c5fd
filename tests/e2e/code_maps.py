# SPDX-License-Identifier: Apache-2.0
"""Names of code that real runtimes make: node and java say them in perf maps. Once on the host,
once in mount and process id namespaces of their own with another /tmp.

  code_maps.py --sonde PATH --out FOLDER"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "truth"))

import capabilities  # noqa: E402
import pprof_reader  # noqa: E402
import stacks  # noqa: E402

SECONDS = 4
MIN_NAMED = 0.9  # of the samples whose leaf is code of the runtime's making

NODE = """
function hot(n) { let x = n; for (let i = 0; i < n; i++) { x = (x * 3 + (x >> 7)) | 0 } return x }
function middle(n) { return hot(n) + 1 }
const end = Date.now() + %d; let s = 0
while (Date.now() < end) s += middle(300000 + (s & 1))
console.log(s)
"""

JAVA = """
public class Made {
  static long hot(long n) { long x = n; for (long i = 0; i < n; i++) { x = x * 3 + (x >> 7); } return x; }
  static long middle(long n) { return hot(n) + 1; }
  public static void main(String[] a) {
    long end = System.currentTimeMillis() + %d, s = 0;
    while (System.currentTimeMillis() < end) s += middle(300000 + (s & 1));
    System.out.println(s);
  }
}
"""

# Before the runtime starts: namespaces and a /tmp of its own. They outlive the runtime, so that
# what it writes at its end is there; or not, and what it wrote before must do.
APART = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c"]
OUTLIVED = [*APART, "mount -t tmpfs none /tmp && \"$@\"; sleep 5", "sh"]
GONE = [*APART, "mount -t tmpfs none /tmp && exec \"$@\"", "sh"]


def start_node(folder, milliseconds, before):
    script = folder / "made.js"
    script.write_text(NODE % milliseconds, encoding="utf-8")
    return subprocess.Popen([*before, "node", "--perf-basic-prof", str(script)],
                            stdout=subprocess.DEVNULL)


def start_java(folder, milliseconds, before):
    """Frame pointers are kept on request; the map is written on request or at the end."""
    source = folder / "Made.java"
    source.write_text(JAVA % milliseconds, encoding="utf-8")
    subprocess.run(["javac", "-d", str(folder), str(source)], check=True)
    return subprocess.Popen([*before, "java", "-XX:+PreserveFramePointer", "-XX:+UseSerialGC",
                             "-XX:+UnlockDiagnosticVMOptions", "-XX:+DumpPerfMapAtExit",
                             "-cp", str(folder), "Made"], stdout=subprocess.DEVNULL)


def record(sonde, comm, output):
    subprocess.run([sonde, "record", "-d", str(SECONDS), "-F", "499", "-o",
                    str(output)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return [s for s in stacks.from_pprof(pprof_reader.read(output)) if s.process == comm]


def judge(name, found, hot):
    """Failures: too few samples, names or whole stacks."""
    made = [s for s in found if s.user and s.user[-1].image in ("[jit]", "[anonymous]")]
    samples = sum(s.count for s in made)
    named = sum(s.count for s in made if any(hot in f.name for f in s.user))
    whole = sum(s.count for s in found if s.stop == "complete")
    everything = sum(s.count for s in found)
    print(f"{name}: {everything} samples, {whole} whole, {samples} in made code, "
          f"{named} of them in {hot}")
    failures = []
    if samples < 200:
        failures.append(f"{name}: only {samples} samples in made code")
    elif named / samples < MIN_NAMED:
        failures.append(f"{name}: only {named} of {samples} samples are named")
    if everything and whole / everything < 0.97:
        failures.append(f"{name}: only {whole} of {everything} stacks are whole")
    return failures


def run(options, name, start, comm, hot, before):
    # Not in /tmp, which the programs apart do not see.
    folder = Path(tempfile.mkdtemp(prefix="code_maps_", dir="/var/tmp"))
    try:
        return run_in(options, folder, name, start, comm, hot, before)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_in(options, folder, name, start, comm, hot, before):
    # It ends while it is recorded: java writes its map then, and its namespaces are gone.
    process = start(folder, int((1.5 + SECONDS - 0.5) * 1000), before)
    try:
        time.sleep(1.5)
        found = record(options.sonde, comm, options.out / f"{name}.pb.gz")
        process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()
        for left in Path("/tmp").glob(f"perf-{process.pid}.map"):
            left.unlink()
    return judge(name, found, hot)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    capabilities.require("bpf")
    options.out.mkdir(parents=True, exist_ok=True)
    options.sonde = os.path.abspath(options.sonde)
    failures = []
    for where, before in (("host", []), ("apart", OUTLIVED)):
        failures += run(options, f"node_{where}", start_node, "node", "hot", before)
        failures += run(options, f"java_{where}", start_java, "java", "Made.", before)
    failures += run(options, "node_gone", start_node, "node", "hot", GONE)
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
