# SPDX-License-Identifier: Apache-2.0
"""Pids that are used again all the time, in a guest with a small pid_max: the programs that follow
each other under one pid have other names for the same code, and no sample may show another's.

  pid_wrap.py --sonde PATH --work FOLDER [--kernels FOLDER] [--series 6.1] [--count N]"""

import base64
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "truth"), str(HERE.parent / "e2e")]

import capabilities  # noqa: E402
import each_series  # noqa: E402
import guest  # noqa: E402
import guest_kernels  # noqa: E402
import pprof_reader  # noqa: E402
import stacks  # noqa: E402
import storm_programs  # noqa: E402

PID_MAX = 400
HZ = 499
CHILDREN = 40

SCRIPT = f"""
echo {PID_MAX} >/proc/sys/kernel/pid_max || exit 3
sonde record -d 20000 -F {HZ} -o /tmp/out.pb.gz --json >/tmp/out.json 2>/tmp/err &
recorder=$!
until grep -q ^recording /tmp/err; do kill -0 $recorder || exit 4; sleep 1; done
/storm/storm reuse COUNT 0 PROGRAMS >/tmp/made
kill -TERM $recorder
wait $recorder
status=$?
for part in made err out.json; do echo BEGIN-$part; cat /tmp/$part; echo END-$part; done
[ $status -eq 0 ] || exit $status
echo BEGIN-profile
base64 /tmp/out.pb.gz
echo END-profile
"""


def run_series(options, series):
    vmlinuz, release = guest_kernels.kernel(series, options.kernels)
    folder = options.work / series
    files = guest.FileSystem(folder / "root", options.work / "tools")
    files.add(options.sonde, "/usr/bin/sonde")
    files.add(storm_programs.build_storm(folder / "programs", "-static",
                                         "-Wl,--no-warnings"), "/storm/storm")
    # Static: in an emulated CPU a loader would take longer than the program.
    children = storm_programs.build_children(folder / "programs", CHILDREN, 0.004, "-static")
    for child in children:
        files.add(child, f"/storm/{child.name}")
    files.write("/script", SCRIPT.replace("COUNT", str(options.count)).replace(
        "PROGRAMS", " ".join(f"/storm/{child.name}" for child in children)))
    result = guest.boot(vmlinuz, files.pack(folder / "guest.cpio"), options.timeout)
    (folder / "serial.log").write_text(result.output, encoding="utf-8")
    if result.status != 0:
        raise guest.GuestError(f"the script ended with {result.status}:\n{result.output[-3000:]}")
    profile = pprof_reader.parse(base64.b64decode(result.between("BEGIN-profile", "END-profile")))
    made = int(result.between("BEGIN-made", "END-made"))
    summary = json.loads(result.between("BEGIN-out.json", "END-out.json"))
    samples, named, wrong = storm_programs.misattributed(stacks.from_pprof(profile))
    print(f"{series}: {release}, {made} processes in {PID_MAX} pids, {samples} samples, {named} in "
          f"their function, {len(wrong)} wrong; lost {summary['lost']}, notes {summary['notes']}")
    failures = wrong[:5]
    if made < options.count:
        failures.append(f"only {made} processes")
    if named < options.count / 10:
        failures.append(f"only {named} samples prove it")
    return failures


def main():
    parser = each_series.arguments(__doc__, "6.1")
    parser.add_argument("--count", type=int, default=1500)
    options = parser.parse_args()
    capabilities.require("qemu")
    each_series.end(each_series.run(options, lambda series: run_series(options, series)))


if __name__ == "__main__":
    main()
