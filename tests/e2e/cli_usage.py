# SPDX-License-Identifier: Apache-2.0
"""Mistakes end with exit code 2 (or 1 for what only the host can tell), at once, with a sentence
that says what would be right. Needs no privileges."""

import json
import threading

import sonde_program
from sonde_program import SondeTest, run


class Usage(SondeTest):
    def mistake(self, *arguments, code=2):
        done = run(*arguments)
        self.assertEqual(done.code, code, done)
        self.assertEqual(done.out, "", done)
        self.assertLess(done.seconds, 5, done)
        return done.err

    def test_an_agent_setting_that_is_wrong(self):
        self.assertIn("--rate 0", self.mistake("--rate", "0"))

    def test_help_is_on_stdout(self):
        for arguments in (["--help"], ["record", "--help"], ["report", "-h"]):
            done = run(*arguments)
            self.assertEqual(done.code, 0, done)
            self.assertIn("sonde", done.out)
            self.assertEqual(done.err, "")

    def test_version(self):
        self.assertRegex(run("version").out, r"^sonde \d+\.\d+\.\d+\n$")
        self.assertIn("version", json.loads(run("version", "--json").out))

    def test_unknown_extension_lists_the_known_ones(self):
        said = self.mistake("record", "-o", self.path("cpu.pdf"))
        for extension in (".pb.gz", ".folded", ".svg", ".html", ".speedscope.json"):
            self.assertIn(extension, said)
        self.assertEqual(self.files(), [])

    def test_a_pid_that_is_no_number(self):
        self.assertIn("abc", self.mistake("record", "-p", "abc"))

    def test_a_pid_that_does_not_exist(self):
        said = self.mistake("record", "-p", "4194303", code=1)
        self.assertIn("there is no process with the id 4194303", said)

    def test_a_thread_is_no_process(self):
        tid = []
        done = threading.Event()
        thread = threading.Thread(target=lambda: (tid.append(threading.get_native_id()),
                                                  done.wait()))
        thread.start()
        try:
            said = self.mistake("record", "-p", tid[0], code=1)
        finally:
            done.set()
            thread.join()
        self.assertRegex(said, rf"{tid[0]} is a thread of process \d+: use -p")

    def test_output_in_a_missing_directory(self):
        said = self.mistake("record", "-o", self.path("missing/cpu.svg"), code=1)
        self.assertIn(f"mkdir -p {self.folder}/missing/", said)

    def test_output_is_a_directory(self):
        (self.folder / "cpu.svg").mkdir()
        self.assertIn("it is a directory", self.mistake("record", "-o", self.path("cpu.svg"), code=1))

    def test_a_hostile_name_in_a_message_is_made_harmless(self):
        said = self.mistake("report", "\x1b[2Jevil", code=1)
        self.assertNotIn("\x1b", said)
        self.assertIn("\\x1b[2Jevil", said)

    def test_report_of_a_missing_file(self):
        self.assertIn("No such file", self.mistake("report", self.path("no.pb.gz"), code=1))

    def test_report_of_something_else(self):
        (self.folder / "x.pb.gz").write_bytes(b"#!/bin/sh\necho no profile\n")
        said = self.mistake("report", self.path("x.pb.gz"), code=1)
        self.assertIn("not a readable pprof profile", said)


if __name__ == "__main__":
    sonde_program.main(needs=())
