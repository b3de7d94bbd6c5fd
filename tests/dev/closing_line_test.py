# SPDX-License-Identifier: Apache-2.0
"""The closing line of CI counts every run and refuses skips that SONDE_REQUIRE forbids."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / ".ci" / "closing_line.py"
PASSED = '<testcase name="a" status="run"/>'
FAILED = '<testcase name="b" status="fail"><failure message=""/></testcase>'
SKIPPED = ('<testcase name="c" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>'
           "<system-out>SKIP {}: not root</system-out></testcase>")
MISSING = ('<testcase name="d" status="notrun"><skipped message="Unable to find executable"/>'
           "</testcase>")


class ClosingLineTest(unittest.TestCase):
    def close(self, *files, require=""):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for number, cases in enumerate(files):
                path = pathlib.Path(folder) / f"{number}.xml"
                path.write_text(f'<testsuite name="x">{cases}</testsuite>', encoding="utf-8")
                paths.append(str(path))
            done = subprocess.run([sys.executable, str(SCRIPT), *paths], capture_output=True,
                                  text=True, check=False,
                                  env={**os.environ, "SONDE_REQUIRE": require})
        return done.returncode, done.stdout.strip().splitlines()[-1]

    def test_several_runs_are_added_up(self):
        self.assertEqual(self.close(PASSED, PASSED + PASSED), (0, "3 passed, 0 failed"))

    def test_one_failure_fails_the_whole(self):
        self.assertEqual(self.close(PASSED, FAILED), (1, "1 passed, 1 failed"))

    def test_no_test_at_all_is_a_failure(self):
        self.assertEqual(self.close(""), (1, "0 passed, 0 failed"))

    def test_a_skip_is_counted_apart(self):
        self.assertEqual(self.close(PASSED + SKIPPED.format("bpf")),
                         (0, "1 passed, 0 failed, 1 skipped"))

    def test_a_skip_for_a_required_capability_is_a_failure(self):
        self.assertEqual(self.close(PASSED + SKIPPED.format("bpf"), require="bpf,qemu"),
                         (1, "1 passed, 1 failed"))

    def test_a_skip_for_another_reason_stays_a_skip(self):
        self.assertEqual(self.close(PASSED + SKIPPED.format("cgroup-v1"), require="bpf"),
                         (0, "1 passed, 0 failed, 1 skipped"))

    def test_a_skip_without_a_reason_is_a_failure_where_something_is_required(self):
        nameless = SKIPPED.replace("SKIP {}: ", "")
        self.assertEqual(self.close(PASSED + nameless, require="bpf"), (1, "1 passed, 1 failed"))

    def test_a_test_that_was_not_built_is_a_failure(self):
        self.assertEqual(self.close(PASSED + MISSING), (1, "1 passed, 1 failed"))


if __name__ == "__main__":
    unittest.main()
