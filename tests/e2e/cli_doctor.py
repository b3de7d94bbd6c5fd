# SPDX-License-Identifier: Apache-2.0
"""`sonde doctor` as root, as nobody, and on hosts with a part missing."""

import fcntl
import json
import os
import socket

import sonde_program
from cli_denied import NOBODY, only
from sonde_program import SondeTest, run


class Doctor(SondeTest):
    def setUp(self):
        super().setUp()
        sonde_program.SONDE, self.before = self.public_copy(), sonde_program.SONDE
        self.addCleanup(setattr, sonde_program, "SONDE", self.before)

    def agent(self):
        """Options for an agent that no other one is in the way of."""
        return "--listen", "127.0.0.1:0", "--state-dir", self.path("state")

    def check(self, done, name):
        for check in json.loads(done.out)["checks"]:
            if check["name"] == name:
                return check
        self.fail(f"no check {name}: {done}")

    def test_as_root_everything_works(self):
        done = run("doctor", *self.agent())
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
        done = run("doctor", "--json", "--cache-dir", "/proc/nothing/here", *self.agent())
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.check(done, "cache of unwind rows")["status"], "limited")

    def test_perf_refused(self):
        done = run("doctor", "--json", wrapper=only("bpf", "sys_ptrace"))
        self.assertEqual(done.code, 3, done)
        self.assertIn("perf_event_paranoid", self.check(done, "perf_event_open")["fix"])

    # The rest is what the agent needs besides.

    def agent_line(self, name, *arguments, wrapper=()):
        """The check of that name; whether it failed shows in code and verdict."""
        agent = self.agent()[2:] if "--listen" in arguments else self.agent()
        done = run("doctor", "--json", *agent, *arguments, wrapper=wrapper)
        check = self.check(done, name)
        ends_agent = check["status"] == "failed"
        self.assertEqual(done.code, 5 if ends_agent else 0, done)
        self.assertEqual(json.loads(done.out)["agent_can_start"], not ends_agent)
        self.assertFalse(os.path.exists(self.path("state/rows")))
        return check

    def test_a_port_in_use_names_a_free_one(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            check = self.agent_line("listen address", "--listen", f"127.0.0.1:{port}")
            self.assertEqual(check["status"], "failed")
            self.assertIn(f"another program listens on 127.0.0.1:{port}", check["cause"])
            fix = check["fix"].split("\n")[0]
            self.assertRegex(fix, r"^sonde run --listen 127\.0\.0\.1:\d+$")
            free = int(fix.split(":")[1])
            socket.create_server(("127.0.0.1", free)).close()
        check = self.agent_line("telemetry address", "--telemetry-listen", "192.0.2.1:9")
        self.assertIn("192.0.2.1 is no address of this host", check["cause"])

    def test_a_configuration_that_is_wrong(self):
        with open(self.path("x.yaml"), "w", encoding="utf-8") as file:
            file.write("rat: 19\n")
        done = run("doctor", "--json", "--config", self.path("x.yaml"))
        self.assertIn("unknown key rat", self.check(done, "configuration")["cause"])
        self.assertEqual(self.check(done, "state directory")["status"], "not tried")
        self.assertEqual(done.code, 5, done)

    def test_a_state_directory_that_is_there_or_not_yet(self):
        self.assertEqual(self.agent_line("state directory")["status"], "ok")
        self.assertFalse(os.path.exists(self.path("state")))
        os.makedirs(self.path("state/history"), mode=0o700)
        self.assertEqual(self.agent_line("state directory")["status"], "ok")
        os.chmod(self.path("state/history"), 0o777)
        check = self.agent_line("state directory")
        self.assertEqual(check["status"], "failed")
        self.assertIn("chmod", check["fix"])

    def test_a_state_directory_that_cannot_be_written_is_a_limit(self):
        os.mkdir(self.path("state"))
        check = self.agent_line("state directory", wrapper=(
            "unshare", "-m", "sh", "-c",
            f'mount -t tmpfs -o ro none {self.path("state")}; exec "$@"', "sh"))
        self.assertEqual(check["status"], "limited")
        self.assertEqual(check["until"], "profiles stay in memory only")

    def test_another_agent_in_the_state_directory_is_found(self):
        os.makedirs(self.path("state/history"), mode=0o700)
        directory = os.open(self.path("state/history"), os.O_RDONLY)
        self.addCleanup(os.close, directory)
        fcntl.flock(directory, fcntl.LOCK_EX)
        check = self.agent_line("state directory")
        self.assertEqual(check["status"], "failed")
        self.assertIn("another sonde keeps its history", check["cause"])


if __name__ == "__main__":
    sonde_program.main()
