# SPDX-License-Identifier: Apache-2.0
"""Every file that docs/architecture.md names (in backticks, with a slash) exists."""

import re

STRICT = "docs/architecture.md"
# Any other page: only what begins with a folder of the tree is taken for a file of the tree.
PAGES = ("README.md", "CONTRIBUTING.md", "docs/")
TOKEN = re.compile(r"`([^`\s]+/[^`\s]*)`")


def expand(token):
    """`a/{b,c}/d` -> a/b/d, a/c/d."""
    match = re.search(r"\{([^{}]*)\}", token)
    if not match:
        return [token]
    return [name for choice in match.group(1).split(",")
            for name in expand(token[:match.start()] + choice + token[match.end():])]


def matches(tree, name):
    if "*" in name:
        return any(tree.root.glob(name.rstrip("/")))
    return tree.exists(name)


def is_of_the_tree(tree, name, strict):
    if name.startswith(("/", "build/", "<", "$", "~", "http", "..")):
        return False
    if strict:
        return True
    if re.search(r"(^|/)[A-Z]{3,}(/|_|\.|$)", name.removesuffix(".md")):
        return False  # a placeholder: tests/unit/PATH/FILE_test.cc
    top = name.split("/")[0]
    return bool(top) and (tree.root / top).is_dir()


def check(tree):
    findings = []
    if not tree.exists(STRICT):
        findings.append(f"{STRICT} is missing")
    for path in tree.paths:
        if not path.endswith(".md") or not path.startswith(PAGES):
            continue
        for number, line in tree.lines(path):
            for token in TOKEN.findall(line):
                for name in expand(token.rstrip(".,;:")):
                    if is_of_the_tree(tree, name, path == STRICT) and not matches(tree, name):
                        findings.append(f"{path}:{number}: names {name}, which does not exist")
    return findings


GOOD = {
    STRICT: "A tick is taken in `core/base/fd.h`, see `/proc/PID/maps`, `build/release/x`, "
            "`core/{base,base}/*.h`.\n",
    "README.md": "`cpu/nanoseconds`, `core/base/`, `core/PATH/x.h`.\n",
    "core/base/fd.h": "",
}
BAD = [
    ({STRICT: "See `core/base/gone.h`.\n"}, "names core/base/gone.h"),
    ({STRICT: "See `cor/base/fd.h`.\n"}, "names cor/base/fd.h"),
    ({STRICT: "See `core/{base,gone}/fd.h`.\n"}, "names core/gone/fd.h"),
    ({"README.md": "See `core/gone.h`.\n"}, "README.md:1: names core/gone.h"),
    ({STRICT: None}, "is missing"),
]
