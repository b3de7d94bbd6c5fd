# SPDX-License-Identifier: Apache-2.0
"""Our own headers are included along the table `Allowed includes` of docs/architecture.md only."""

import pathlib
import re

from tree import table

DOC = "docs/architecture.md"
HEADING = "Allowed includes"
TOP_FOLDERS = ("bpf", "core", "symbolizer", "exporters", "agent", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def read_table(tree):
    """folder -> set of folders it may include; an entry without a slash or ending in /* stands
    for everything below it."""
    rows = table(tree.text(DOC), HEADING) if tree.exists(DOC) else None
    if rows is None:
        return None
    allowed = {}
    for row in rows:
        allowed[row[0]] = {entry.strip() for entry in row[1].split(",") if entry.strip() != "-"}
    return allowed


def resolve(tree, header):
    """The header's path in the tree: bpf/include is on the include path of BPF programs."""
    inside = "bpf/include/" + header
    return inside if header.split("/")[0] not in TOP_FOLDERS and tree.exists(inside) else header


def folder_of(path, allowed):
    """The longest folder of the table that contains `path`."""
    parents = [str(parent) for parent in pathlib.PurePath(path).parents]
    return next((parent for parent in parents if parent in allowed), None)


def may_include(source, target, allowed):
    if source == target:
        return True
    for entry in allowed[source]:
        stem = entry.removesuffix("/*")
        if target == stem or (target.startswith(stem + "/") and stem != entry):
            return True
    return False


def cycle_in(allowed):
    """One folder that reaches itself through the table, or None."""
    def reach(start):
        seen, todo = set(), [start]
        while todo:
            here = todo.pop()
            for there in allowed:
                if there != here and may_include(here, there, allowed) and there not in seen:
                    seen.add(there)
                    todo.append(there)
        return seen
    return next((folder for folder in allowed if folder in reach(folder)), None)


def check_file(tree, path, allowed):
    source = folder_of(path, allowed)
    if source is None:
        return [f"{path}: its folder is not in the table `{HEADING}` of {DOC}"]
    findings = []
    for number, line in tree.lines(path):
        match = INCLUDE.match(line)
        if not match or "/" not in match.group(1):
            continue
        header = match.group(1)
        target = folder_of(resolve(tree, header), allowed)
        if target is None:
            findings.append(f"{path}:{number}: {header} is in no folder of the table in {DOC}")
        elif not may_include(source, target, allowed):
            findings.append(f"{path}:{number}: {source} must not include {target} ({header})")
    return findings


def check(tree):
    allowed = read_table(tree)
    if not allowed:
        return [f"{DOC}: no table below a heading `{HEADING}`"]
    findings = []
    for folder, entries in allowed.items():
        for name in {folder} | entries:
            if not tree.exists(name.removesuffix("/*")):
                findings.append(f"{DOC}: {HEADING}: there is no folder {name}")
    loop = cycle_in(allowed)
    if loop:
        findings.append(f"{DOC}: {HEADING}: {loop} reaches itself: the table has a cycle")
    for path in tree.sources():
        if path.split("/")[0] in TOP_FOLDERS[:-1]:
            findings += check_file(tree, path, allowed)
    return findings


_TABLE = """# Architecture
## Allowed includes
| folder | may include |
|---|---|
| bpf/abi | - |
| core/base | bpf/abi |
| symbolizer/client | core/* |
| agent/engine | symbolizer/client, core/* |
| bpf/include | bpf/abi |
| bpf | bpf/include |
"""
GOOD = {
    DOC: _TABLE,
    "bpf/abi/a.h": "#include <linux/types.h>\n",
    "bpf/include/unwind/u.h": '#include "bpf/abi/a.h"\n#include "near.h"\n',
    "bpf/x.bpf.c": '#include "unwind/u.h"\n',
    "core/base/b.h": '#include "bpf/abi/a.h"\n',
    "symbolizer/client/c.h": '#include "core/base/b.h"\n',
    "agent/engine/e.cc": '#include "symbolizer/client/c.h"\n#include "core/base/b.h"\n',
}
BAD = [
    ({"core/base/b.h": '#include "agent/engine/e.h"\n'}, "core/base must not include agent/engine"),
    ({"agent/other/o.cc": "int x;\n"}, "its folder is not in the table"),
    ({"core/base/b.h": '#include "third/party.h"\n'}, "in no folder of the table"),
    ({"core/base/b.h": '#include "unwind/u.h"\n'}, "core/base must not include bpf/include"),
    ({"core/base/b.h": '#include "tests/support/t.h"\n'}, "in no folder of the table"),
    ({DOC: _TABLE.replace("| bpf/abi | - |", "| bpf/abi | core/base |")}, "cycle"),
    ({DOC: _TABLE + "| agent/gone | core/* |\n"}, "there is no folder agent/gone"),
    ({DOC: "# Architecture\n"}, "no table"),
]
