# SPDX-License-Identifier: Apache-2.0
"""Adds up the JUnit files of several ctest runs: closing_line.py FILE...

Prints what failed and what was skipped, then `N passed, N failed` alone on the last line. Exit
code 1 if something failed, if no test ran, or if a test was skipped that must not be: where
SONDE_REQUIRE is set, a skip has to say `SKIP NAME: why` with a NAME that is not in that list.
"""

import os
import re
import sys
import xml.etree.ElementTree as ElementTree


def results(path):
    """(name, outcome, output) of each test of one file."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        output = case.findtext("system-out") or ""
        status = case.get("status")
        if case.find("skipped") is not None or status in ("notrun", "disabled"):
            ran = case.find("skipped")
            reason = ran.get("message", "") if ran is not None else ""
            broken = "not found" in reason.lower() or "unable to find" in reason.lower()
            yield case.get("name"), "failed" if broken else "skipped", output or reason
        else:
            yield case.get("name"), "passed" if status == "run" else "failed", output


def must_not_skip(output):
    """True if SONDE_REQUIRE forbids this skip."""
    required = set(filter(None, os.environ.get("SONDE_REQUIRE", "").split(",")))
    named = re.search(r"\bSKIP ([\w.-]+):", output)
    return bool(required) and (not named or named.group(1) in required)


def main(paths):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        for name, outcome, output in results(path):
            if outcome == "skipped":
                reason = re.search(r"SKIP [^\n]*", output)
                print(f"skipped: {name}: {reason.group(0) if reason else 'no reason given'}")
                if must_not_skip(output):
                    print(f"failed: {name}: this skip is not allowed here (SONDE_REQUIRE)")
                    outcome = "failed"
            elif outcome == "failed":
                print(f"failed: {name}")
            counts[outcome] += 1
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
