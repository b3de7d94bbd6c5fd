# SPDX-License-Identifier: Apache-2.0
"""`sonde validate` and `sonde config print` over real files, variables and flags. Needs no
privileges."""

import json
import os

import sonde_program
from sonde_program import ENVIRONMENT, SondeTest, run


class Config(SondeTest):
    def write(self, text):
        path = self.path("sonde.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_a_valid_file(self):
        path = self.write("rate: 49\nlisten: '[::1]:7663'\n")
        for arguments in (["validate", path], ["validate", "--config", path]):
            done = run(*arguments)
            self.assertEqual((done.code, done.out, done.err), (0, f"{path} is valid.\n", ""), done)

    def test_a_typo_names_the_line_and_the_nearest_key(self):
        path = self.write("rate: 19\nlistn: 127.0.0.1:7663\n")
        done = run("validate", path)
        self.assertEqual(done.code, 1, done)
        self.assertIn(f"{path}:2: unknown key listn; the nearest is listen\n", done.out)
        said = json.loads(run("validate", path, "--json").out)
        self.assertEqual(said["valid"], False)
        self.assertEqual(said["problems"],
                         [f"{path}:2: unknown key listn; the nearest is listen"])

    def test_flags_win_over_variables_and_those_over_the_file(self):
        path = self.write("rate: 20\nstate_dir: /file\n")
        env = {**ENVIRONMENT, "SONDE_CONFIG": path, "SONDE_RATE": "30", "SONDE_STATE_DIR": "/env"}
        done = run("config", "print", "--json", "--rate", "40", env=env)
        self.assertEqual(done.code, 0, done)
        said = json.loads(done.out)
        self.assertEqual(said["rate"], {"value": "40", "source": "--rate"})
        self.assertEqual(said["state_dir"], {"value": "/env", "source": "SONDE_STATE_DIR"})
        self.assertEqual(said["listen"]["source"], "default")

    def test_what_is_printed_can_be_used_again(self):
        first = run("config", "print", "--config", self.write("rate: 20\n"), "--listen",
                    "127.0.0.1:1")
        self.assertEqual(first.code, 0, first)
        again = run("config", "print", "--json", "--config", self.write(first.out))
        self.assertEqual(json.loads(again.out)["listen"]["value"], "127.0.0.1:1")

    def test_print_refuses_what_is_not_valid(self):
        done = run("config", "print", "--config", self.write("rate: 0\nrat: 1\n"))
        self.assertEqual((done.code, done.out), (1, ""), done)
        self.assertIn(":1: rate must be a whole number", done.err)
        self.assertIn(":2: unknown key rat; the nearest is rate", done.err)

    def test_a_wrong_flag_is_a_mistake_of_usage(self):
        for arguments in (["--rate", "0"], ["--listen", "here"], ["--state-dir", "x"],
                          ["--telemetry-listen", "no"], ["--lissten", "127.0.0.1:1"]):
            done = run("validate", *arguments)
            self.assertEqual((done.code, done.out), (2, ""), done)
            self.assertIn(arguments[0], done.err)

    def test_the_verbs_alone_and_two_files(self):
        self.assertEqual(run("config").code, 2)
        self.assertEqual(run("config", "show").code, 2)
        self.assertIn("config print", run("config", "--help").out)
        self.assertIn("config print", run("config", "print", "--help").out)
        path = self.write("")
        self.assertEqual(run("validate", path, "--config", path).code, 2)
        self.assertIn("the nearest is validate", run("valdate", path).err)

    def test_a_typo_in_a_variable(self):
        done = run("validate", self.write(""), env={**ENVIRONMENT, "SONDE_LISTN": "127.0.0.1:1"})
        self.assertEqual(done.code, 1, done)
        self.assertIn("SONDE_LISTN: unknown variable; the nearest is SONDE_LISTEN", done.out)

    def test_a_file_that_is_a_pipe_does_not_hold_anybody_up(self):
        os.mkfifo(self.path("pipe"))
        done = run("validate", self.path("pipe"), timeout=10)
        self.assertEqual(done.code, 1, done)
        self.assertIn("not a file", done.out)


if __name__ == "__main__":
    sonde_program.main(needs=())
