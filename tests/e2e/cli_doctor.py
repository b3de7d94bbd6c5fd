# SPDX-License-Identifier: Apache-2.0
"""`sonde doctor` as root, as nobody, and on hosts with a part missing."""

import json

import sonde_program
from cli_denied import NOBODY, only
from sonde_program import SondeTest, run


class Doctor(SondeTest):
    def setUp(self):
        super().setUp()
        sonde_program.SONDE, self.before = self.public_copy(), sonde_program.SONDE
        self.addCleanup(setattr, sonde_program, "SONDE", self.before)

    def check(self, done, name):
        for check in json.loads(done.out)["checks"]:
            if check["name"] == name:
                return check
        self.fail(f"no check {name}: {done}")

    def test_as_root_everything_works(self):
        done = run("doctor")
        self.assertEqual(done.code, 0, done)
        self.assertIn("✓ own stack: 14 of 14 frames as expected\n", done.out)
        self.assertIn("sonde can record everything here.\n", done.out)

    def test_nobody_is_told_cause_and_fix(self):
        done = run("doctor", wrapper=NOBODY)
        self.assertEqual(done.code, 3, done)
        self.assertRegex(done.out, r"(?m)^✗ perf_event_open\n    cause  .*\n    fix    .*setcap")
        self.assertIn("- own stack: not tried\n", done.out)
        self.assertIn("sonde cannot record here", done.out)

    def test_json_says_the_same(self):
        done = run("doctor", "--json", wrapper=NOBODY)
        self.assertEqual(json.loads(done.out)["exit_code"], done.code)
        self.assertEqual(self.check(done, "own stack")["status"], "not tried")
        self.assertEqual(self.check(done, "perf_event_open")["status"], "failed")
        self.assertIn("setcap", self.check(done, "perf_event_open")["fix"])

    def test_without_type_information(self):
        done = run("doctor", "--json", wrapper=(
            "unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf; exec "$@"', "sh"))
        self.assertEqual(done.code, 4, done)
        self.assertIn("CONFIG_DEBUG_INFO_BTF", self.check(done, "kernel types (BTF)")["fix"])

    def test_without_other_users_it_can_start_degraded(self):
        user = ("setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-all")
        other = self.spinner_of_nobody()
        done = run("doctor", "--json", wrapper=user)
        check = self.check(done, "read maps of other users' processes")
        self.assertIsNone(other.poll())
        self.assertEqual((done.code, check["status"]), (5, "failed"), done)
        self.assertIn("CAP_SYS_PTRACE", check["cause"])

    def spinner_of_nobody(self):
        import subprocess
        process = subprocess.Popen([*NOBODY, "sleep", "60"])
        self.addCleanup(self.end, process)
        return process

    def test_a_cache_that_cannot_be_written_is_a_limit(self):
        done = run("doctor", "--json", "--cache-dir", "/proc/nothing/here")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.check(done, "cache of unwind rows")["status"], "limited")

    def test_perf_refused(self):
        done = run("doctor", "--json", wrapper=only("bpf", "sys_ptrace"))
        self.assertEqual(done.code, 3, done)
        self.assertIn("perf_event_paranoid", self.check(done, "perf_event_open")["fix"])


if __name__ == "__main__":
    sonde_program.main()
