# SPDX-License-Identifier: Apache-2.0
"""`sonde record -- COMMAND`: the command behaves as without sonde."""

import json
import os
import signal
import time

import sonde_program
from sonde_program import SondeTest, finish, run, start

WAIT_FOR_SIGNALS = r"""
import signal, sys, time
def name(number, frame):
    print("got", signal.Signals(number).name, flush=True)
    if number == signal.SIGTERM: sys.exit(9)
for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, name)
print("ready", flush=True)
while True: time.sleep(0.01)
"""


class Command(SondeTest):
    def test_its_exit_code_is_returned(self):
        self.assertEqual(run("record", "--", "sh", "-c", "exit 7").code, 7)
        self.assertEqual(run("record", "--", "true").code, 0)

    def test_a_signal_is_128_and_its_number(self):
        self.assertEqual(run("record", "--", "sh", "-c", "kill -KILL $$").code, 137)

    def test_a_missing_command_is_127(self):
        done = run("record", "-o", self.path("x.svg"), "--", "no-such-command-anywhere")
        self.assertEqual(done.code, 127, done)
        self.assertIn("no-such-command-anywhere: command not found", done.err)
        self.assertEqual(self.files(), [])

    def test_a_file_that_cannot_be_executed_is_126(self):
        done = run("record", "--", "/etc/passwd")
        self.assertEqual(done.code, 126, done)
        self.assertIn("cannot execute /etc/passwd: Permission denied", done.err)

    def test_it_is_recorded_with_its_children_and_nothing_else(self):
        self.spinner()
        burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
        done = run("record", "-F", "499", "--json", "--", "sh", "-c", f"({burn})& {burn}; wait")
        self.assertEqual(done.code, 0, done)
        found = json.loads(done.out[done.out.index('{"'):])
        self.assertEqual([process["name"] for process in found["processes"]], ["sh"], done.out)
        self.assertEqual(len(found["processes"][0]["pids"]), 2)

    def test_its_input_output_and_environment_are_its_own(self):
        done = run("record", "--", "sh", "-c", "cat; echo $MARK; echo e >&2",
                   input="from stdin\n", env={**sonde_program.ENVIRONMENT, "MARK": "from env"})
        self.assertTrue(done.out.startswith("from stdin\nfrom env\n"), done)
        self.assertIn("e\n", done.err)

    def test_it_inherits_no_descriptor_and_no_blocked_signal(self):
        done = run("record", "--", "sh", "-c",
                   "echo $(ls /proc/self/fd); grep -E 'SigBlk|SigIgn' /proc/self/status")
        # 3 is the folder that ls reads.
        self.assertTrue(done.out.startswith("0 1 2 3\n"), done)
        self.assertIn("SigBlk:\t0000000000000000", done.out)
        self.assertIn("SigIgn:\t0000000000000000", done.out.replace("0000000001000000", "0" * 16))

    def test_duration_ends_the_recording_not_the_command(self):
        done = run("record", "-d", "0.5", "--json", "--", "sh", "-c",
                   "end=$(($(date +%s)+3)); while [ $(date +%s) -lt $end ]; do :; done; exit 5")
        self.assertEqual(done.code, 5, done)
        self.assertGreater(done.seconds, 1.9)
        self.assertLess(json.loads(done.out[done.out.index('{"'):])["duration_s"], 1.5)

    def test_nothing_is_started_if_the_output_cannot_be_written(self):
        done = run("record", "-o", self.path("missing/x.svg"), "--", "touch", self.path("ran"))
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.files(), [])

    def test_signals_are_passed_on(self):
        process = start("record", "--", "python3", "-c", WAIT_FOR_SIGNALS)
        self.assertEqual(process.stdout.readline(), "ready\n")
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGINT):
            process.send_signal(number)
            self.assertEqual(process.stdout.readline(), f"got {number.name}\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.stdout.readline(), "got SIGTERM\n")
        self.assertEqual(finish(process).code, 9)

    def test_the_second_ctrl_c_stops_the_recording_and_the_command_goes_on(self):
        process = start("record", "-o", self.path("x.folded"), "--", "python3", "-c",
                        WAIT_FOR_SIGNALS)
        self.assertEqual(process.stdout.readline(), "ready\n")
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.stdout.readline(), "got SIGINT\n")
        end = time.monotonic() + 20
        while not os.path.exists(self.path("x.folded")) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.files(), ["x.folded"])
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(finish(process).code, 9)


if __name__ == "__main__":
    sonde_program.main()
