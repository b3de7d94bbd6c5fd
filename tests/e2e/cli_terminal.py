# SPDX-License-Identifier: Apache-2.0
"""What the terminal gets: progress in place, colours, width, and their absence in a pipe."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import tempfile
import termios
import time

import sonde_program
from sonde_program import ENVIRONMENT, SondeTest, run


def width_of(line):
    """Columns of printable text; the tests' own output has no wide characters."""
    return len(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line))


def on_a_terminal(*arguments, columns=80, keys=b"", env=None):
    """Everything sonde writes to a terminal of its own, and its exit code. `keys` are pressed a
    moment after the first progress line."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([sonde_program.SONDE, *map(str, arguments)], stdin=follower,
                               stdout=follower, stderr=follower, env=env or ENVIRONMENT,
                               preexec_fn=lambda: (os.setsid(),
                                                   fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
    os.close(follower)
    text = b""
    while True:
        if keys and b"recording" in text:
            time.sleep(1)
            os.write(leader, keys)
            keys = b""
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(leader)
    return process.wait(timeout=30), text.decode()


class ReportOnATerminal(SondeTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.TemporaryDirectory(prefix="sonde-cli-")
        cls.addClassCleanup(cls.shared.cleanup)
        cls.file = os.path.join(cls.shared.name, "x.pb.gz")
        spinning = sonde_program.spin(20)
        try:
            recorded = run("record", "-d", "1", "-o", cls.file)
        finally:
            cls.end(spinning)
        assert recorded.code == 0, recorded

    def test_a_wide_terminal_is_used(self):
        for columns in (60, 80, 120):
            _, text = on_a_terminal("report", self.file, columns=columns)
            widest = max(map(width_of, text.replace("\r\n", "\n").split("\n")))
            self.assertLessEqual(widest, columns, text)
        self.assertRegex(text, r"function {60,}where")

    def test_colour_only_on_a_terminal_and_never_with_no_color(self):
        report = ("report", self.file)
        self.assertIn("\x1b[", on_a_terminal(*report)[1])
        self.assertNotIn("\x1b", on_a_terminal(*report, env={**ENVIRONMENT, "NO_COLOR": "1"})[1])
        self.assertNotIn("\x1b", on_a_terminal(*report, env={**ENVIRONMENT, "TERM": "dumb"})[1])
        self.assertNotIn("\x1b", run(*report).out)
        self.assertIn("\x1b[", run(*report, "--color", "always").out)
        self.assertNotIn("\x1b", on_a_terminal(*report, "--color", "never")[1])

    def test_ascii_without_utf8(self):
        done = run("report", self.file, env={**ENVIRONMENT, "LC_ALL": "C"})
        self.assertTrue(done.out.isascii(), done.out)
        self.assertIn("#", done.out)


class RecordOnATerminal(SondeTest):
    def setUp(self):
        super().setUp()
        self.spinner()

    def test_progress_is_one_line_rewritten_and_wiped(self):
        code, text = on_a_terminal("record", "-d", "2")
        self.assertEqual(code, 0, text)
        lines = [part for part in text.split("\r") if "recording all processes" in part]
        self.assertGreaterEqual(len(lines), 3, text)
        for line in lines:
            self.assertNotIn("\n", line)
            self.assertLessEqual(width_of(line), 80)
            self.assertRegex(line, r"recording all processes, 99 Hz  [█░]{15} [\d.]+/2 s  [\d,]+ "
                                   r"samples  \d+ lost")

    def test_the_screen_has_24_lines_of_80_columns(self):
        code, text = on_a_terminal("record", "-d", "1", "-o", self.path("x.pb.gz"))
        self.assertEqual(code, 0, text)
        screen = text.rsplit("\x1b[K", 1)[-1].replace("\r\n", "\n")
        self.assertLessEqual(screen.count("\n"), 24, screen)
        for line in screen.split("\n"):
            self.assertLessEqual(width_of(line), 80, line)

    def test_in_a_pipe_progress_is_a_line_each_10_s(self):
        done = run("record", "-d", "10.5")
        self.assertEqual(re.findall(r"(?m)^recording all processes, 99 Hz +(?:[^ ]+ )?(\d+)\.", done.err),
                         ["0", "10"], done)
        self.assertNotIn("\r", done.err)

    def test_the_key_ctrl_c_stops_and_writes(self):
        code, text = on_a_terminal("record", "-d", "600", "-o", self.path("x.pb.gz"), keys=b"\x03")
        self.assertEqual(code, 0, text)
        self.assertEqual(self.files(), ["x.pb.gz"])

    def test_the_key_ctrl_c_reaches_a_command_once(self):
        script = self.folder / "count.py"
        script.write_text("import signal, sys, time\n"
                          "count = 0\n"
                          "def more(*_):\n"
                          "    global count\n"
                          "    count += 1\n"
                          "signal.signal(signal.SIGINT, more)\n"
                          "end = time.monotonic() + 5\n"
                          "while time.monotonic() < end: time.sleep(0.05)\n"
                          "sys.exit(40 + count)\n")
        code, text = on_a_terminal("record", "--", "python3", script, keys=b"\x03")
        self.assertEqual(code, 41, text)


if __name__ == "__main__":
    sonde_program.main()
