# SPDX-License-Identifier: Apache-2.0
"""Boots Debian kernels in QEMU and lets sonde record truth programs there: the stacks must be
whole and right, and the verifier's instruction counts are printed.

  smoke.py --sonde PATH --work FOLDER [--kernels FOLDER] [--series 6.1,6.12] [--json FILE]"""

import base64
import json
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "truth"))

import capabilities  # noqa: E402
import each_series  # noqa: E402
import guest  # noqa: E402
import guest_kernels  # noqa: E402
import pprof_reader  # noqa: E402
import stacks  # noqa: E402
import tally  # noqa: E402
from build_programs import build_all  # noqa: E402
from truth_matrix import chains_of  # noqa: E402
from variants import BY_NAME  # noqa: E402

PROGRAMS = ("c_nofp", "c_nofp_static", "signal")
SECONDS = 15
HZ = 199
MIN_SAMPLES = 200

SCRIPT = f"""
echo "kernel $(uname -r)"
{{programs}}
sonde record -d {SECONDS} -F {HZ} -o /tmp/out.pb.gz --json >/tmp/out.json 2>/tmp/err &
recorder=$!
: >/tmp/programs
while kill -0 $recorder 2>/dev/null; do
  bpf_programs >/tmp/now
  if [ $(wc -l </tmp/now) -ge $(wc -l </tmp/programs) ]; then cp /tmp/now /tmp/programs; fi
  sleep 1
done
wait $recorder
status=$?
echo BEGIN-PROGRAMS
cat /tmp/programs
echo END-PROGRAMS
echo BEGIN-MESSAGES
cat /tmp/err
echo END-MESSAGES
echo BEGIN-JSON
cat /tmp/out.json
echo END-JSON
[ $status -eq 0 ] || exit $status
echo BEGIN-PROFILE
base64 /tmp/out.pb.gz
echo END-PROFILE
"""


def run_series(options, series, programs):
    """Boots one kernel; returns what was found."""
    begin = time.monotonic()
    vmlinuz, release = guest_kernels.kernel(series, options.kernels)
    files = guest.FileSystem(options.work / series / "root", options.work / "tools")
    files.add(options.sonde, "/usr/bin/sonde")
    commands = []
    for name, path in programs.items():
        files.add(path, f"/truth/{name}")
        commands.append(f"/truth/{name} {SECONDS + 60} >/dev/null &")
    files.write("/script", SCRIPT.replace("{programs}", "\n".join(commands)))
    archive = files.pack(options.work / series / "guest.cpio")
    result = guest.boot(vmlinuz, archive, options.timeout)
    (options.work / series / "serial.log").write_text(result.output, encoding="utf-8")
    if result.status != 0:
        raise guest.GuestError(f"the script ended with {result.status}:\n{result.output[-3000:]}")
    profile = pprof_reader.parse(base64.b64decode(result.between("BEGIN-PROFILE", "END-PROFILE")))
    chains = {name: chains_of(BY_NAME[name], path) for name, path in programs.items()}
    verified = {name: int(count) for name, count in
                re.findall(r"^BPF (\S+) \d+ (\d+)", result.between("BEGIN-PROGRAMS",
                                                                   "END-PROGRAMS"), re.MULTILINE)}
    return {"release": release, "seconds": time.monotonic() - begin, "verified": verified,
            "summary": json.loads(result.between("BEGIN-JSON", "END-JSON")),
            "tallies": tally.tally_all(stacks.from_pprof(profile), chains,
                                       {name for name in programs if BY_NAME[name].is_deep})}


def report(series, found):
    """Prints one kernel's result; returns its failures."""
    print(f"{series}: {found['release']}, {found['seconds']:.0f} s in all")
    print(tally.table(found["tallies"].values()))
    print("verifier:", ", ".join(f"{name} {count}" for name, count in found["verified"].items()))
    failures = []
    for name, one in found["tallies"].items():
        for (stop, text), count in one.bad.most_common(5):
            print(f"  {name}: {count} x stop={stop} {text}")
        failures += [f"{name}: {text}" for text in one.failures(MIN_SAMPLES)]
    if not found["verified"]:
        failures.append("no BPF program was loaded during the recording")
    return failures


def main():
    parser = each_series.arguments(__doc__, "6.1,6.12")
    parser.add_argument("--json")
    options = parser.parse_args()
    capabilities.require("qemu")
    programs = build_all([BY_NAME[name] for name in PROGRAMS], options.work / "programs")
    data = {}

    def test(series):
        found = run_series(options, series, programs)
        data[series] = {**found, "tallies": {name: tally.as_json(one)
                                             for name, one in found["tallies"].items()}}
        return report(series, found)

    failures = each_series.run(options, test)
    if options.json:
        Path(options.json).write_text(json.dumps(data, indent=1), encoding="utf-8")
    each_series.end(failures)


if __name__ == "__main__":
    main()
