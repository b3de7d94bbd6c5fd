# SPDX-License-Identifier: Apache-2.0
"""C and C++ sources are as clang-format 14 writes them."""

import re
import subprocess
import shutil


def check(tree):
    tool = shutil.which("clang-format-14") or "clang-format"
    paths = tree.sources()
    if not paths:
        return []
    result = subprocess.run([tool, "--dry-run", *paths], cwd=tree.root, capture_output=True, text=True)
    named = re.findall(r"^([^:\n]+):(\d+):\d+: (?:warning|error): ", result.stderr, re.M)
    first = {path: line for path, line in reversed(named)}
    findings = [f"{path}:{line}: not as clang-format writes it (./dev fmt)"
                for path, line in sorted(first.items())]
    if result.returncode != 0 and not findings:
        findings = [f"clang-format failed: {result.stderr.strip()[:200]}"]
    return findings


GOOD = {".clang-format": "BasedOnStyle: Google\n", "a.cc": "int f(int x) { return x; }\n"}
BAD = [
    ({"a.cc": "int f( int x ) { return x; }\n"}, "a.cc:1"),
    ({".clang-format": "BasedOnStyle: Nobody\n"}, "clang-format"),
]
