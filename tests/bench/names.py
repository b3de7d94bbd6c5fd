# SPDX-License-Identifier: Apache-2.0
"""Function names of the same addresses by sonde, llvm-symbolizer and addr2line: addresses a second
without what each needs to read the file, peak memory, and in how many names they agree."""

import random
import re
import statistics
import subprocess
import tempfile
import time

from measure import BenchError, wait_usage

COUNT = 20000
FEW = 100  # addresses of the run that is taken as the cost of reading the file


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
        status, usage = wait_usage(process, 600)
        seconds = time.perf_counter() - begin
        if status != 0:
            raise BenchError(f"{command[0]} ended with {status}")
        out.seek(0)
        return out.read(), seconds, usage.ru_maxrss / 1024


def llvm(path, places):
    text, seconds, mib = _timed(["llvm-symbolizer-14", "--obj=" + path, "--no-inlines",
                                 "--functions=linkage", "--demangle"],
                                [hex(address) for _, address in places])
    return [block.split("\n")[0] for block in text.strip().split("\n\n")], seconds, mib


def addr2line(path, places):
    text, seconds, mib = _timed(["addr2line", "-f", "-C", "-e", path],
                                [hex(address) for _, address in places])
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


def rows_of(tool, path, rounds):
    """Rows of the table for one file; each figure is the median of the rounds."""
    runs = {"sonde": [], "llvm-symbolizer": [], "addr2line": []}
    agree = {}
    for seed in range(rounds):
        many, few = code_addresses(path, COUNT, seed), code_addresses(path, FEW, seed)
        ours, first, second, mib = sonde(tool, path, many)
        runs["sonde"].append((COUNT / second, first, mib))
        for name, run in (("llvm-symbolizer", llvm), ("addr2line", addr2line)):
            theirs, seconds, mib = run(path, many)
            _, start, _ = run(path, few)
            rate = (COUNT - FEW) / max(seconds - start, 1e-6)
            runs[name].append((rate, seconds, mib))
            agree[name] = agreement(ours, theirs)
    rows = []
    for name, found in runs.items():
        rates = sorted(one[0] for one in found)
        rows.append((path.rsplit("/", 1)[-1], name,
                     f"{statistics.median(rates):,.0f} ({rates[0]:,.0f} to {rates[-1]:,.0f})",
                     f"{1000 * statistics.median(one[1] for one in found):.0f}",
                     f"{statistics.median(one[2] for one in found):.0f}",
                     "-" if name == "sonde" else f"{agree[name]:.2%}"))
    return rows
