# SPDX-License-Identifier: Apache-2.0
"""Each third-party library is included in its one wrapper folder only; unknown headers are refused."""

import re

from tree import table

DOC = "docs/architecture.md"
HEADING = "Wrapper folders"
TOP_FOLDERS = ("core", "symbolizer", "exporters", "agent")
INCLUDE = re.compile(r"^\s*#\s*include\s+<([^>]+)>")
# What the C library and the kernel's UAPI provide; C++ headers have no dot.
SYSTEM = re.compile(
    r"^([a-z_0-9]+|(linux|asm|sys|net|netinet|arpa|bits)/[\w/.-]+|cpuid\.h|cxxabi\.h|link\.h|"
    r"(assert|byteswap|ctype|dirent|dlfcn|elf|endian|errno|fcntl|fnmatch|ftw|glob|grp|inttypes|"
    r"langinfo|limits|locale|malloc|math|mntent|netdb|poll|pthread|pwd|sched|setjmp|signal|spawn|"
    r"stdarg|stddef|stdint|stdio|stdlib|string|strings|syscall|syslog|termios|time|ucontext|unistd|"
    r"utime|wchar)\.h)$")
REFUSED = {"regex": "std::regex backtracks without a bound on foreign input"}


def read_table(tree):
    """List of (pattern of a header, folder)."""
    rows = table(tree.text(DOC), HEADING) if tree.exists(DOC) else None
    found = []
    for row in rows or []:
        found += [(pattern.strip(), row[2]) for pattern in row[1].split(",")]
    return found


def owner_of(header, wrappers):
    """The folder that may include `header`: an exact name, or a pattern that ends in a slash."""
    for pattern, folder in wrappers:
        if header == pattern or (pattern.endswith("/") and header.startswith(pattern)):
            return folder
    return None


def check_line(where, path, header, wrappers):
    if header in REFUSED:
        return [f"{where}: <{header}>: {REFUSED[header]}"]
    owner = owner_of(header, wrappers)
    if owner is None:
        if SYSTEM.match(header):
            return []
        return [f"{where}: <{header}> has no row in the table `{HEADING}` of {DOC}"]
    if owner != "any" and not path.startswith(owner + "/"):
        return [f"{where}: <{header}> belongs to {owner} alone"]
    return []


def check(tree):
    wrappers = read_table(tree)
    if not wrappers:
        return [f"{DOC}: no table below a heading `{HEADING}`"]
    findings = []
    for path in tree.sources():
        if path.split("/")[0] not in TOP_FOLDERS:
            continue
        for number, line in tree.lines(path):
            match = INCLUDE.match(line)
            if match:
                findings += check_line(f"{path}:{number}", path, match.group(1), wrappers)
    return findings


GOOD = {
    DOC: "## Wrapper folders\n| library | headers | folder |\n|---|---|---|\n"
         "| zlib | zlib.h | core/compress |\n| libelf | libelf.h, elfutils/ | symbolizer/worker |\n",
    "core/compress/a.cc": "#include <zlib.h>\n#include <vector>\n#include <sys/stat.h>\n",
    "symbolizer/worker/elf/b.cc": "#include <elfutils/libdw.h>\n#include <elf.h>\n",
    "tests/unit/c_test.cc": "#include <zlib.h>\n",
}
BAD = [
    ({"agent/cli/a.cc": "#include <zlib.h>\n"}, "belongs to core/compress alone"),
    ({"agent/cli/a.cc": "#include <elfutils/libdw.h>\n"}, "belongs to symbolizer/worker alone"),
    ({"agent/cli/a.cc": "#include <curl/curl.h>\n"}, "has no row"),
    ({"agent/cli/a.cc": "#include <regex>\n"}, "backtracks"),
    ({DOC: "# nothing\n"}, "no table"),
]
