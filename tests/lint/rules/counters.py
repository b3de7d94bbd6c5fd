# SPDX-License-Identifier: Apache-2.0
"""Every counter and reason is explained in docs/losses.md, and a test that it names forces it.

The source of the names are the X-macro rows of bpf/abi/*.h, of every loss.h and of reason.h.
`forced by` names a gtest (`Suite.Name`) whose body, or a script whose text, says the counter.
"""

import re

from tree import strip_comments, table

DOC = "docs/losses.md"
SECTIONS = ("Ticks", "Stops", "Samples", "Processes", "Tables", "Names", "History", "Requests",
            "Accounting")
ROW = re.compile(r'^\s*X\(\s*(\w+)\s*,\s*"(\w+)"\s*,', re.M)
TEST = re.compile(r"^(?:TEST|TEST_F|TEST_P|TYPED_TEST)\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.M)


def declared(tree):
    """name -> (identifier, file), from the X-macro tables."""
    found = {}
    for path in tree.sources(".h"):
        if path.startswith("bpf/abi/") or path.endswith(("/loss.h", "/reason.h")):
            for identifier, name in ROW.findall(tree.text(path)):
                found[name] = (identifier, path)
    return found


def documented(tree):
    """name -> (explanation, forced by), from every table of the page."""
    rows = {}
    for heading in SECTIONS:
        for row in table(tree.text(DOC), heading) or []:
            rows[row[0]] = (row[1], row[-1])
    return rows


def test_bodies(tree):
    """`Suite.Name` -> text up to the closing brace in the first column."""
    bodies = {}
    for path in tree.sources(".cc"):
        if not path.startswith("tests/"):
            continue
        text = strip_comments(tree.text(path))
        for match in TEST.finditer(text):
            end = text.find("\n}", match.end())
            bodies[f"{match.group(1)}.{match.group(2)}"] = text[match.end():end]
    return bodies


def names_it(text, name, identifier):
    return re.search(rf"""["']{name}["']|\bk?{identifier}\b|\bSONDE_\w*_{identifier}\b""", text)


def check_forced(tree, name, identifier, forced, bodies):
    """Finding about the `forced by` cell of one row, or None."""
    if forced in bodies:
        return None if names_it(bodies[forced], name, identifier) else f"{forced} does not name it"
    if "/" in forced and forced.startswith("tests/"):
        if not tree.exists(forced):
            return f"{forced} does not exist"
        return None if names_it(tree.text(forced), name, identifier) else f"{forced} does not name it"
    near = [test for test, body in bodies.items() if names_it(body, name, identifier)]
    hint = f"; these name it: {', '.join(sorted(near)[:4])}" if near else ""
    return f"`{forced}` is no test that forces it{hint}"


def check(tree):
    if not tree.exists(DOC):
        return [f"{DOC} is missing"]
    findings = []
    rows = documented(tree)
    bodies = test_bodies(tree)
    names = declared(tree)
    for name, (identifier, path) in names.items():
        if name not in rows:
            findings.append(f"{DOC}: no row for {name} ({path})")
            continue
        explanation, forced = rows[name]
        if len(explanation) < 10:
            findings.append(f"{DOC}: {name} is not explained")
        wrong = check_forced(tree, name, identifier, forced, bodies)
        if wrong:
            findings.append(f"{DOC}: {name}: {wrong}")
    for name in rows:
        if name not in names and not name.endswith("*"):
            findings.append(f"{DOC}: {name} is no counter or reason of the code")
    return findings


_COUNTERS = '#define C(X) \\\n\tX(RING_FULL, "ring_full", "help")\n'
_DOC = ("## Ticks\n| name | meaning | forced by |\n|---|---|---|\n"
        "| `ring_full` | the ring had no room | `Sampler.Counts` |\n")
_TEST = 'TEST(Sampler, Counts) {\n  EXPECT_GT(read("ring_full"), 0);\n}\nTEST(Sampler, Other) {\n}\n'
GOOD = {"bpf/abi/counters.h": _COUNTERS, DOC: _DOC, "tests/bpf/a_test.cc": _TEST}
BAD = [
    ({"agent/pipeline/loss.h": '#define L(X) \\\n  X(kLate, "late", "help")\n'}, "no row for late"),
    ({DOC: _DOC.replace("Sampler.Counts", "Sampler.Other")}, "Sampler.Other does not name it"),
    ({DOC: _DOC.replace("`Sampler.Counts`", "-")}, "these name it: Sampler.Counts"),
    ({DOC: _DOC.replace("Sampler.Counts", "tests/bpf/gone.py")}, "does not exist"),
    ({DOC: _DOC.replace("the ring had no room", "")}, "is not explained"),
    ({DOC: _DOC + "| `gone` | nobody counts this | `Sampler.Counts` |\n"}, "gone is no counter"),
    ({"tests/bpf/a_test.cc": _TEST.replace('EXPECT_GT(read("ring_full"), 0)', "// ring_full")},
     "does not name it"),
    ({DOC: None}, "is missing"),
]
