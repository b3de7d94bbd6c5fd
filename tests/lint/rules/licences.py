# SPDX-License-Identifier: Apache-2.0
"""Every source file names its licence in one of its first two lines: Apache-2.0, BPF GPL-2.0."""

SUFFIXES = (".cc", ".h", ".c", ".js", ".mjs", ".css", ".html", ".py", ".sh", ".cmake", ".proto",
            ".in", ".rs", ".go")
MARK = "SPDX-License-" + "Identifier:"


BOTH = "GPL-2.0-only OR Apache-2.0"


def expected(path):
    """What both sides of the fence compile (record layouts, the unwinder's steps) has both."""
    if path.startswith(("bpf/abi/", "bpf/include/unwind/")):
        return BOTH
    if path.endswith(".bpf.c") or (path.startswith("bpf/") and path.endswith((".c", ".h"))):
        return "GPL-2.0-only"
    return "Apache-2.0"


def check(tree):
    findings = []
    wanted = [p for p in tree.paths if p.endswith(SUFFIXES) or p.endswith("CMakeLists.txt")]
    for path in wanted + [p for p in tree.scripts() if p not in wanted]:
        if path.startswith("tests/") and "/fixtures/" in path:
            continue
        head = tree.text(path).splitlines()[:2]
        line = next((line for line in head if MARK in line), None)
        licence = line.split(MARK)[1].strip(" */->") if line else None
        if licence is None:
            findings.append(f"{path}:1: no {MARK} line")
        elif licence != expected(path):
            findings.append(f"{path}:1: licence {licence}, expected {expected(path)}")
    return findings


GOOD = {
    "core/a.h": "// SPDX-License-" + "Identifier: Apache-2.0\n",
    "bpf/a.bpf.c": "// SPDX-License-" + "Identifier: GPL-2.0-only\n",
    "bpf/abi/a.h": "/* SPDX-License-" + "Identifier: " + BOTH + " */\n",
    "dev": "#!/usr/bin/env bash\n# SPDX-License-" + "Identifier: Apache-2.0\n",
}
BAD = [
    ({"core/a.h": "int x;\n"}, "core/a.h:1: no "),
    ({"bpf/a.bpf.c": "// SPDX-License-" + "Identifier: Apache-2.0\n"}, "expected GPL-2.0-only"),
    ({"dev": "#!/usr/bin/env bash\nset -e\n"}, "dev:1: no "),
]
