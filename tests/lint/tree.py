# SPDX-License-Identifier: Apache-2.0
"""The files that the lint rules read: those of the repository, or of a fixture in memory."""

import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE_SUFFIXES = (".cc", ".h", ".c")


class Tree:
    """Paths relative to `root`, with their text. Files that are not UTF-8 have no text."""

    def __init__(self, root=ROOT):
        self.root = pathlib.Path(root)
        self.paths = sorted(p for p in self._listed() if (self.root / p).is_file())
        self._texts = {}

    def _listed(self):
        if (self.root / ".git").exists():
            command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            listed = subprocess.run(command, cwd=self.root, check=True, capture_output=True)
            return set(filter(None, listed.stdout.decode().split("\0")))
        return {str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file()}

    def text(self, path):
        if path not in self._texts:
            try:
                self._texts[path] = (self.root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                self._texts[path] = ""
        return self._texts[path]

    def lines(self, path):
        """(number, line) from 1."""
        return enumerate(self.text(path).splitlines(), 1)

    def exists(self, path):
        return (self.root / path).exists()

    def sources(self, *suffixes):
        """Paths with one of the suffixes; C and C++ by default."""
        return [p for p in self.paths if p.endswith(suffixes or SOURCE_SUFFIXES)]

    def scripts(self):
        """Shell scripts: by suffix or by their first line."""
        found = []
        for path in self.paths:
            plain = "." not in pathlib.PurePath(path).name
            if path.endswith(".sh") or (plain and re.match(r"#!.*\b(ba)?sh\b", self.text(path))):
                found.append(path)
        return found


def in_memory(files):
    """A Tree over {path: text}, written to a folder that goes away with the returned handle."""
    handle = tempfile.TemporaryDirectory(prefix="sonde-lint-")
    for path, text in files.items():
        target = pathlib.Path(handle.name) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return handle, Tree(handle.name)


def table(text, heading):
    """Rows of the first markdown table below a heading that contains `heading`; cells without
    backticks. The header and the ruler are left out; None if there is no such table."""
    section = re.search(rf"^#+ [^\n]*{re.escape(heading)}[^\n]*\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    rows = re.findall(r"^\|(.+)\|\s*$", section.group(1), re.M) if section else []
    if len(rows) < 2:
        return None
    return [[cell.strip().replace("`", "") for cell in row.split("|")] for row in rows[2:]]


def strip_comments(text):
    """C, C++ or JavaScript text with comments blanked, lines and strings kept."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\'(?:\\.|[^\'\\\n])*\''

    def blank(match):
        found = match.group(0)
        return re.sub(r"[^\n]", " ", found) if found.startswith("/") else found

    return re.sub(pattern, blank, text, flags=re.S)
