# SPDX-License-Identifier: Apache-2.0
"""Function names of the same addresses by sonde, llvm-symbolizer and addr2line: addresses a second
when a process is asked for the first and for the second time, peak memory, and in how many names
they agree."""

import os
import random
import re
import statistics
import subprocess
import tempfile
import threading
import time

from measure import BenchError

COUNT = 20000
PASSES = 6  # over the addresses in one process: the first, and the mean of the others
SLOW = 10  # addr2line gets each tenth of them: it needs seconds for so many


def code_addresses(path, count, seed):
    """(file offset, virtual address) of `count` places in the file's code, ascending."""
    text = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True,
                          check=True).stdout
    found = re.search(r"\] \.text\s+PROGBITS\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", text)
    if not found:
        raise BenchError(f"{path}: no .text")
    address, offset, size = (int(part, 16) for part in found.groups())
    places = sorted(random.Random(seed).sample(range(size), count))
    return [(offset + place, address + place) for place in places]


def _timed(command, lines):
    """(output, seconds, peak MiB) of a tool that reads addresses from stdin."""
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as out:
        given.write("\n".join(lines) + "\n")
        given.seek(0)
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=out, stderr=subprocess.DEVNULL)
        stop = threading.Timer(600, process.kill)
        stop.start()
        _, status, usage = os.wait4(process.pid, 0)  # at once when it ends: runs are short
        seconds = time.perf_counter() - begin
        stop.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if status != 0:
            raise BenchError(f"{command[0]} ended with {status}")
        out.seek(0)
        return out.read(), seconds, usage.ru_maxrss / 1024


def llvm(path, places, times):
    text, seconds, mib = _timed(["llvm-symbolizer-14", "--obj=" + path, "--no-inlines",
                                 "--functions=linkage", "--demangle"],
                                [hex(address) for _, address in places] * times)
    return [block.split("\n")[0] for block in text.strip().split("\n\n")], seconds, mib


def addr2line(path, places, times):
    text, seconds, mib = _timed(["addr2line", "-f", "-C", "-e", path],
                                [hex(address) for _, address in places] * times)
    return text.strip().split("\n")[::2], seconds, mib


def sonde(tool, path, places):
    done = subprocess.run([str(tool), path], input="\n".join(str(o) for o, _ in places),
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(done.stderr)
    first, second, mib = (float(part) for part in done.stderr.split()[-3:])
    return done.stdout.strip().split("\n"), first / 1000, second / 1000, mib


def _plain(name):
    return name.split("@")[0]


def agreement(ours, theirs):
    """Share of equal names among the addresses that both name."""
    both = [(a, b) for a, b in zip(ours, theirs) if a != "??" and b != "??"]
    return sum(_plain(a) == _plain(b) for a, b in both) / max(len(both), 1)


def _spread(values):
    if min(values) <= 0:
        return "-"  # a pass takes less than runs differ by
    ordered = sorted(values)
    return f"{statistics.median(ordered):,.0f} ({ordered[0]:,.0f} to {ordered[-1]:,.0f})"


def rows_of(tool, path, rounds):
    """Rows of the table for one file; each figure is the median of the rounds."""
    runs = {"sonde": [], "llvm-symbolizer": [], "addr2line": []}
    agree = {}
    for seed in range(rounds):
        places = code_addresses(path, COUNT, seed)
        ours, first, second, mib = sonde(tool, path, places)
        runs["sonde"].append((COUNT / first, COUNT / second, mib))
        for name, run, step in (("llvm-symbolizer", llvm, 1), ("addr2line", addr2line, SLOW)):
            asked = places[::step]
            theirs, once, _ = run(path, asked, 1)
            _, all_passes, mib = run(path, asked, PASSES)
            later = (all_passes - once) / (PASSES - 1)
            runs[name].append((len(asked) / once, len(asked) / later, mib))
            agree[name] = agreement(ours[::step], theirs)
    return [(path.rsplit("/", 1)[-1], name, _spread([one[0] for one in found]),
             _spread([one[1] for one in found]),
             f"{statistics.median(one[2] for one in found):.0f}",
             "-" if name == "sonde" else f"{agree[name]:.2%}")
            for name, found in runs.items()]
