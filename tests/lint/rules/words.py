# SPDX-License-Identifier: Apache-2.0
"""No notes of unfinished work in the tree, and no names that say nothing (utils, helpers, ...)."""

import pathlib
import re

# Spelled in pieces, so that this file passes its own rule.
NOTE = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
VAGUE = {"util", "utils", "helper", "helpers", "common", "commons", "manager", "managers", "misc",
         "stuff"}
LICENCE_TEXTS = "LICENSES/"


def check(tree):
    findings = []
    for path in tree.paths:
        if path.startswith(LICENCE_TEXTS):
            continue
        for number, line in tree.lines(path):
            if NOTE.search(line):
                findings.append(f"{path}:{number}: a note of unfinished work: {line.strip()[:60]}")
        for part in pathlib.PurePath(path).parts:
            vague = VAGUE & set(re.split(r"[._-]", part.lower()))
            if vague:
                findings.append(f"{path}: `{vague.pop()}` says nothing about what is in it")
    return findings


GOOD = {"core/base/fd.h": "// All done.\nint todo_list;\n", "agent/commonality.h": ""}
BAD = [
    ({"a.cc": "// TO" + "DO: later\n"}, "a.cc:1: a note of unfinished work"),
    ({"docs/a.md": "FIX" + "ME\n"}, "a note of unfinished work"),
    ({"core/string_utils.h": ""}, "`utils` says nothing"),
    ({"agent/helpers/a.h": ""}, "`helpers` says nothing"),
    ({"agent/RingManager.h".lower().replace("ring", "ring_"): ""}, "`manager` says nothing"),
]
