# SPDX-License-Identifier: Apache-2.0
"""Every test file is named by a CMakeLists.txt; unit tests mirror the file they test."""

import pathlib
import re

TEST_FILE = re.compile(r"(_test|_fuzz|_bench)\.(cc|c|py|sh|js|mjs)$|\.test\.m?js$|(^|/)test_\w+\.py$")


def is_named(tree, path):
    """True if a CMakeLists.txt at or above the file names it relative to itself."""
    for folder in pathlib.PurePath(path).parents:
        lists = str(folder / "CMakeLists.txt")
        relative = str(pathlib.PurePath(path).relative_to(folder))
        if tree.exists(lists) and re.search(rf"(?<![\w./-]){re.escape(relative)}(?![\w.-])",
                                            re.sub(r"#.*", "", tree.text(lists))
                                            .replace("${CMAKE_CURRENT_SOURCE_DIR}/", " ")):
            return True
    return False


def mirrored(tree, path):
    """What a unit test tests, or None if there is no such file."""
    base = path.removeprefix("tests/unit/").removesuffix("_test.cc")
    endings = (".cc", ".h", ".c", ".bpf.c", ".bpf.h")
    return next((base + end for end in endings if tree.exists(base + end)), None)


def check(tree):
    findings = []
    for path in tree.paths:
        if not path.startswith("tests/") or not TEST_FILE.search(path):
            continue
        if not is_named(tree, path):
            findings.append(f"{path}: no CMakeLists.txt registers it")
        if path.startswith("tests/unit/") and path.endswith("_test.cc") and not mirrored(tree, path):
            findings.append(f"{path}: tests no file of the same path outside tests/unit/")
    return findings


GOOD = {
    "core/base/fd.h": "",
    "tests/unit/core/CMakeLists.txt": "sonde_test(x SOURCES base/fd_test.cc)\n",
    "tests/unit/core/base/fd_test.cc": "",
    "tests/e2e/CMakeLists.txt": "add(${CMAKE_CURRENT_SOURCE_DIR}/record_test.py)\n",
    "tests/e2e/record_test.py": "",
}
BAD = [
    ({"tests/unit/core/CMakeLists.txt": "sonde_test(x SOURCES base/other_fd_test.cc)\n"},
     "fd_test.cc: no CMakeLists.txt registers it"),
    ({"tests/unit/core/CMakeLists.txt": "# base/fd_test.cc\n"}, "no CMakeLists.txt registers it"),
    ({"tests/e2e/late_test.sh": ""}, "late_test.sh: no CMakeLists.txt"),
    ({"tests/fuzz/maps_fuzz.cc": ""}, "maps_fuzz.cc: no CMakeLists.txt"),
    ({"core/base/fd.h": None}, "tests no file of the same path"),
]
