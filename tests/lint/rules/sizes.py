# SPDX-License-Identifier: Apache-2.0
"""A function has at most 60 lines, a source file at most 500."""

import json
import re
import subprocess

MAX_FUNCTION = 60
MAX_FILE = 500
SUFFIXES = (".cc", ".h", ".c", ".js", ".mjs", ".py", ".sh")
KINDS = {"function", "member"}
# ctags 5.9 gives no last line for JavaScript: a function there ends at the first closing brace
# that is indented as its first line.
SCRIPT_FUNCTION = re.compile(
    r"^(\s*)(?!(?:if|for|while|switch|catch|with)\b)"
    r"(?:.*\bfunction\b\*?\s*(\w*).*|.*?(\w*)\s*[=(,].*=>\s*|"
    r"(?:(?:static|async|get|set)\s+)*\*?([\w#]+)\(.*\)\s*)\{$")


def script_functions(tree, path):
    lines = tree.text(path).splitlines()
    for first, line in enumerate(lines):
        match = SCRIPT_FUNCTION.match(line)
        if not match:
            continue
        close = match.group(1) + "}"
        last = next((n for n in range(first + 1, len(lines)) if lines[n].startswith(close)), None)
        if last is not None:
            name = match.group(2) or match.group(3) or match.group(4) or "a function"
            yield path, name, first + 1, last + 1


def functions(tree, paths):
    """(path, name, first line, last line) of every function."""
    for path in paths:
        if path.endswith((".js", ".mjs")):
            yield from script_functions(tree, path)
    command = ["ctags", "--output-format=json", "--fields=+neK",
               "--languages=C,C++,Python,Sh", "--langmap=C++:.cc.h,C:.c", "-f", "-", "-L", "-"]
    result = subprocess.run(command, input="\n".join(paths), cwd=tree.root, check=True,
                            capture_output=True, text=True)
    for line in result.stdout.splitlines():
        tag = json.loads(line)
        if tag.get("kind") in KINDS and "end" in tag:
            yield tag["path"], tag["name"], tag["line"], tag["end"]


def check(tree):
    paths = [p for p in tree.paths if p.endswith(SUFFIXES)]
    findings = []
    for path in paths + [p for p in tree.scripts() if p not in paths]:
        count = tree.text(path).count("\n")
        if count > MAX_FILE:
            findings.append(f"{path}: {count} lines, at most {MAX_FILE}")
    for path, name, first, last in functions(tree, paths) if paths else ():
        if last - first + 1 > MAX_FUNCTION:
            findings.append(f"{path}:{first}: {name} has {last - first + 1} lines, "
                            f"at most {MAX_FUNCTION}")
    return findings


def _lines(count, line="  x = x + 1;\n"):
    return line * count


GOOD = {
    "a.cc": "int f(int x) {\n" + _lines(57) + "  return x;\n}\n",
    "a.h": "int x;\n" * 500,
    "b.bpf.c": "static int g(int x)\n{\n" + _lines(56) + "  return x;\n}\n",
    "c.js": "export function h(x) {\n" + _lines(57) + "  return x;\n}\n",
}
BAD = [
    ({"a.cc": "int f(int x) {\n" + _lines(58) + "  return x;\n}\n"}, "a.cc:1: f has 61 lines"),
    ({"a.h": "struct S {\n int f(int x) {\n" + _lines(58) + "  return x;\n}\n};\n"},
     "a.h:2: f has 61 lines"),
    ({"a.cc": "TEST(Suite, Name) {\n" + _lines(59) + "}\n"}, "has 61 lines"),
    ({"b.bpf.c": "SEC(\"perf_event\")\nint g(void *x)\n{\n" + _lines(58) + "  return x;\n}\n"},
     "lines, at most 60"),
    ({"c.js": "class A {\n  h(x) {\n" + _lines(59) + "  }\n}\n"}, "c.js:2: h has 61"),
    ({"c.js": "function h(x) {\n" + _lines(60) + "}\n"}, "c.js:1: h has 62"),
    ({"c.js": "const h = (x) => {\n" + _lines(60) + "};\n"}, "c.js:1: h has 62"),
    ({"c.js": "a.addEventListener('x', (e) => {\n" + _lines(60) + "});\n"}, "has 62"),
    ({"d.py": "def f(x):\n" + "    x = x + 1\n" * 60}, "d.py:1: f has 61 lines"),
    ({"a.h": "int x;\n" * 501}, "a.h: 501 lines"),
]
