# SPDX-License-Identifier: Apache-2.0
"""Shows the code and the unwind rule at each frame of the wrong stacks of a recording:

  explain.py OUT.pb.gz PROCESS PROGRAM [STACKS]

PROGRAM is the path of the truth program; STACKS how many different wrong stacks are shown."""

import re
import subprocess
import sys
from collections import Counter

import pprof_reader
import stacks
import tally
from truth_matrix import chains_of
from variants import BY_NAME


def _run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def segments(path):
    """(file offset, address, size) of the executable segments."""
    found = re.findall(r"LOAD\s+0x(\w+) 0x(\w+) 0x\w+ 0x(\w+) 0x\w+ R E", _run("readelf", "-lW", path))
    return [tuple(int(value, 16) for value in item) for item in found]


def to_address(path, file_offset):
    for offset, address, size in segments(path):
        if offset <= file_offset < offset + size:
            return file_offset - offset + address
    return None


def rule_at(path, address):
    """The row of `readelf --debug-dump=frames-interp` in force at an address."""
    inside, head, row = False, "", ""
    for line in _run("readelf", "--debug-dump=frames-interp", path).splitlines():
        fde = re.search(r"FDE .*pc=(\w+)\.\.(\w+)", line)
        if fde:
            if inside:
                break
            inside = int(fde[1], 16) <= address < int(fde[2], 16)
        elif inside and line.lstrip().startswith("LOC"):
            head = line
        elif inside and re.match(r"[0-9a-f]{16} ", line) and int(line[:16], 16) <= address:
            row = line
    return f"{head}\n{row}" if row else "no unwind information"


def code_at(path, address):
    return "\n".join(_run("objdump", "-d", "--no-show-raw-insn", f"--start-address={address - 16}",
                          f"--stop-address={address + 16}", path).splitlines()[6:])


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    recording, process, program = sys.argv[1:4]
    wanted = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    profile = pprof_reader.read(recording)
    chains = chains_of(BY_NAME[process], program)
    seen = Counter()
    samples = {}
    for stack, sample in zip(stacks.from_pprof(profile), profile.samples):
        verdict = chains.judge(stack.user)
        if stack.process == process and stack.stop not in tally.NOT_YET and not (
                stack.stop == "complete" and (verdict.correct or not verdict.inside)):
            key = (stack.stop, tally.describe(stack))
            seen[key] += stack.count
            samples[key] = sample
    for (stop, text), count in seen.most_common(wanted):
        print(f"==== {count} x stop={stop} {text}")
        for location in samples[(stop, text)].locations:
            name = location.names[0] if location.names else "?"
            print(f"-- {name} {location.mapping} {location.address:#x}")
            if location.mapping.startswith("/"):
                address = to_address(location.mapping, location.address)
                if address is not None:
                    print(f"   address {address:#x}\n{rule_at(location.mapping, address)}\n"
                          f"{code_at(location.mapping, address)}")


if __name__ == "__main__":
    main()
