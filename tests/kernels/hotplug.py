# SPDX-License-Identifier: Apache-2.0
"""A CPU that is off when sonde starts, comes, goes, comes back, and goes and comes faster than
sonde looks: what runs on it is sampled with whole stacks each time, the books balance, and the
time without a clock is stated.

  hotplug.py --sonde PATH --work FOLDER [--kernels FOLDER] [--series 6.1,6.12]"""

import base64
import json
import re
import sys
from collections import Counter
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
from variants import BY_NAME  # noqa: E402

HZ = 199
SECONDS = 4                          # of each stretch with the CPU on
PHASES = ("came", "back", "flicker")  # a program of this name runs on CPU 1 meanwhile
MAX_GAP_SECONDS = 0.5                # two looks each time, and one second where it flickers
SILENCE_SECONDS = 1.3

SCRIPT = f"""
cpu=/sys/devices/system/cpu/cpu1/online
at() {{ echo "AT $1 $(cut -d' ' -f1 /proc/uptime)" >>/tmp/times; }}
on_cpu1() {{ taskset 2 /truth/$1 $2 >/dev/null; }}
echo 0 >$cpu || exit 3
for name in {" ".join(PHASES)}; do ln /truth/still /truth/$name; done
echo "CPU 1 is off"
sonde record -d 600 -F {HZ} -o /tmp/out.pb.gz --json >/tmp/out.json 2>/tmp/err &
recorder=$!
until grep -q ^recording /tmp/err; do
  kill -0 $recorder || exit 4
  sleep 1
done
echo recording
at start
/truth/still 600 >/dev/null &
sleep 4
echo 1 >$cpu; at on; on_cpu1 came {SECONDS}
echo came
at off; echo 0 >$cpu; sleep 2
echo 1 >$cpu; at on; on_cpu1 back {SECONDS}
echo back
echo 0 >$cpu; echo 1 >$cpu; on_cpu1 flicker {2 * SECONDS}
echo flicker
at off; echo 0 >$cpu; sleep 1
at end; kill -TERM $recorder
wait $recorder
echo ended
status=$?
for part in times err out.json; do echo BEGIN-$part; cat /tmp/$part; echo END-$part; done
[ $status -eq 0 ] || exit $status
echo BEGIN-profile
base64 /tmp/out.pb.gz
echo END-profile
"""


def run_series(options, series, program):
    vmlinuz, release = guest_kernels.kernel(series, options.kernels)
    files = guest.FileSystem(options.work / series / "root", options.work / "tools")
    files.add(options.sonde, "/usr/bin/sonde")
    files.add(program, "/truth/still")
    files.write("/script", SCRIPT)
    result = guest.boot(vmlinuz, files.pack(options.work / series / "guest.cpio"), options.timeout)
    (options.work / series / "serial.log").write_text(result.output, encoding="utf-8")
    if result.status != 0:
        raise guest.GuestError(f"the script ended with {result.status}:\n{result.output[-3000:]}")
    profile = pprof_reader.parse(base64.b64decode(result.between("BEGIN-profile", "END-profile")))
    times = [(what, float(at)) for what, at in
             re.findall(r"^AT (\w+) ([\d.]+)", result.between("BEGIN-times", "END-times"), re.M)]
    return (release, times, json.loads(result.between("BEGIN-out.json", "END-out.json")),
            stacks.from_pprof(profile))


def expected_ticks(times):
    """Ticks of CPU 0 all the time and of CPU 1 while it was on."""
    begin, end = dict(times)["start"], dict(times)["end"]
    online = sum(off - on for on, off in zip([t for w, t in times if w == "on"],
                                             [t for w, t in times if w == "off"]))
    return (end - begin + online) * HZ


def failures_of(times, summary, recorded):
    failures = []
    seen, whole = Counter(), Counter()
    for stack in recorded:
        if stack.stop != tally.GONE:
            seen[stack.process] += stack.count
            whole[stack.process] += stack.count if stack.stop in tally.WHOLE else 0
    for name in (*PHASES, "still"):
        # Emulated CPUs are slow and share the host: a quarter of the ticks is proof enough.
        if seen[name] < SECONDS * HZ / 4:
            failures.append(f"{name}: only {seen[name]} samples")
        # Nor is the emulated sonde always in time for what the first ticks left to be walked.
        if whole[name] < 0.8 * seen[name]:
            failures.append(f"{name}: {whole[name]} of {seen[name]} whole")
    ticks, lost, notes = summary["ticks"], summary["lost"], summary["notes"]
    if ticks["expected"] != ticks["run"] + ticks["missed"]:
        failures.append("expected is not run + missed")
    if ticks["run"] != sum(ticks[part] for part in ("idle", "filtered", "thinned", "emitted")) + \
            lost.get("ring_full", 0):
        failures.append("the parts of run do not add up")
    if notes.get("cpus_came", 0) < 3 or notes.get("cpus_went", 0) < 3:
        failures.append(f"came {notes.get('cpus_came')}, went {notes.get('cpus_went')}")
    gap = notes.get("cpu_gap_ticks", 0)
    if not 0 < gap <= (2 * MAX_GAP_SECONDS + SILENCE_SECONDS + MAX_GAP_SECONDS) * HZ:
        failures.append(f"{gap} ticks without a clock")
    wanted = expected_ticks(times)
    found = ticks["expected"] + notes.get("ticks_slept", 0)
    if not 0.93 * wanted <= found <= 1.07 * wanted + HZ:
        failures.append(f"{found} ticks expected, {wanted:.0f} by the clock on the wall")
    print(f"  seen {dict(seen)}, expected {found} of {wanted:.0f}, gap {gap} ticks")
    return failures


def main():
    options = each_series.arguments(__doc__, "6.1,6.12").parse_args()
    capabilities.require("qemu")
    program = build_all([BY_NAME["c_nofp"]], options.work / "programs")["c_nofp"]

    def test(series):
        release, times, summary, recorded = run_series(options, series, program)
        print(f"{series}: {release}, ticks {summary['ticks']}, notes {summary['notes']}")
        return failures_of(times, summary, recorded)

    each_series.end(each_series.run(options, test))


if __name__ == "__main__":
    main()
