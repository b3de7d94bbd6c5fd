#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the lint rules: run.py [RULE...]. Each rule first proves on bad fixtures that it can fail.

A rule is a module of rules/ with a docstring (its first line is printed), check(tree) -> list of
`path:line: what is wrong`, GOOD = {path: text} that passes, and BAD = list of ({path: text that
replaces or adds to GOOD, None removes}, text expected in a finding).
"""

import importlib
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import tree as trees  # noqa: E402  (needs the path above)


def self_test(rule):
    """Findings about the rule itself: empty if it accepts GOOD and refuses every BAD."""
    wrong = []
    handle, good = trees.in_memory(rule.GOOD)
    with handle:
        wrong += [f"self-test: refuses its good fixture: {line}" for line in rule.check(good)]
    for number, (changes, expected) in enumerate(rule.BAD, 1):
        files = {p: t for p, t in {**rule.GOOD, **changes}.items() if t is not None}
        handle, bad = trees.in_memory(files)
        with handle:
            found = rule.check(bad)
        if not any(expected in line for line in found):
            wrong.append(f"self-test: bad fixture {number} passes: no finding with {expected!r}, "
                         f"only {found}")
    if not rule.BAD:
        wrong.append("self-test: no bad fixture")
    return wrong


def run(name, tree):
    started = time.monotonic()
    rule = importlib.import_module(f"rules.{name}")
    findings = self_test(rule) or rule.check(tree)
    for line in findings:
        print(line)
    verdict = "ok" if not findings else f"{len(findings)} findings"
    seconds = time.monotonic() - started
    print(f"lint {name}: {verdict} ({seconds:.1f} s)  {rule.__doc__.splitlines()[0]}", flush=True)
    return not findings


def main(arguments):
    every = sorted(p.stem for p in (HERE / "rules").glob("*.py") if p.stem != "__init__")
    unknown = set(arguments) - set(every)
    if unknown:
        sys.exit(f"no such rule: {', '.join(sorted(unknown))}; there are: {', '.join(every)}")
    tree = trees.Tree()
    passed = [run(name, tree) for name in arguments or every]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
