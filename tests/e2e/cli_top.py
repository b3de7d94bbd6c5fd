# SPDX-License-Identifier: Apache-2.0
"""`sonde top` over real programs: on a terminal of its own, in pipes, as JSON; and what the terminal
is like after every way out."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import sonde_program
from sonde_program import ENVIRONMENT, SondeTest, finish, run, start

ENTER = b"\x1b[?1049h"
LEAVE = b"\x1b[?1049l"

HOT = """
def inner():
    for _ in range(1000): pass
while True: inner()
"""


class Terminal:
    """A terminal with `sonde top` on it; also the other end of what it shows."""

    def __init__(self, *arguments, columns=80, lines=24, env=None):
        self.leader, follower = pty.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(follower)
        self.follower = follower
        self.text = b""
        self.process = subprocess.Popen(
            [sonde_program.SONDE, "top", *map(str, arguments)], stdin=follower, stdout=follower,
            stderr=follower, env=env or ENVIRONMENT,
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))

    def resize(self, columns, lines):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys):
        os.write(self.leader, keys)

    def read(self, seconds):
        """Whatever comes within that time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.leader], [], [], left)[0]:
                break
            try:
                self.text += os.read(self.leader, 65536)
            except OSError:
                break

    def wait_for(self, pattern, seconds=20):
        """Until what is on the screen matches; the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.1)
            if re.search(pattern, self.screen(), re.S):
                return self.screen()
        raise AssertionError(f"no {pattern!r} on the screen:\n{self.screen()}")

    def screen(self):
        """The last whole picture, without colours."""
        pictures = self.text.split(b"\x1b[H")
        text = pictures[-1].decode(errors="replace")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")

    def end(self, seconds=20):
        """Waits; the exit code."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        self.read(0.3)
        return self.process.wait(timeout=1)

    def is_as_before(self):
        """The modes of the terminal, and that the alternate screen was left: soon after the end."""
        for _ in range(50):
            if (termios.tcgetattr(self.follower) == self.before
                    and self.text.rfind(LEAVE) > self.text.rfind(ENTER)):
                return True
            self.read(0.1)
        return False

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.leader)
        os.close(self.follower)


class OnATerminal(SondeTest):
    def top(self, *arguments, **more):
        terminal = Terminal(*arguments, **more)
        self.addCleanup(terminal.close)
        return terminal

    def setUp(self):
        super().setUp()
        self.spinner()

    def test_the_screen_has_24_lines_of_80_columns_and_q_quits(self):
        top = self.top()
        screen = top.wait_for(r"PROCESS.*python3.*q quit$")
        lines = screen.split("\n")
        self.assertEqual(len(lines), 24, screen)
        for line in lines:
            self.assertLessEqual(len(line), 80, line)
        self.assertRegex(lines[0], r"^\S+ \d\d:\d\d:\d\d live 2 s   CPU [█░]{15} \d+\.\d\d of \d+$")
        self.assertRegex(lines[1], r"^stacks [\d.]+ % whole, \d+ lost   [\d,]+ samples at 99 Hz$")
        self.assertRegex(screen, r"\nsonde +\d+ +\d\.\d\d")
        self.assertRegex(lines[-1], r"^p processes  c cgroups .* q quit$")
        top.press(b"q")
        self.assertEqual(top.end(), 0)
        self.assertTrue(top.is_as_before(), top.text)

    def test_the_figures_are_those_of_the_load(self):
        top = self.top()
        screen = top.wait_for(r"python3")
        row = re.search(r"python3\S*( ×\d+)? +\d+ +(\d+\.\d\d) +(\d+\.\d\d)  (\S+)", screen)
        self.assertIsNotNone(row, screen)
        self.assertGreater(float(row.group(2)), 0.05, "a process that spins")

    def test_keys_change_the_table(self):
        top = self.top("--window", "500ms")
        top.wait_for(r"PROCESS")
        top.press(b"f")
        top.wait_for(r"FUNCTION.*SELF.*TOTAL.*WHERE.*q quit$")
        top.press(b"c")
        top.wait_for(r"CGROUP.*PROCS")
        top.press(b"p")
        top.wait_for(r"PROCESS.*python3")
        top.press(b"s")
        top.wait_for(r"s sort: KERN")
        top.press(b"/pyth")
        top.wait_for(r"/ pyth_")
        top.press(b"\r")
        top.wait_for(r"\d+ others?")
        top.press(b"\r")
        top.wait_for(r"python3.* cores, .* samples\n.* %  .*Esc back")
        top.press(b"\x1b")
        top.wait_for(r"PROCESS")
        top.press(b"k")
        top.wait_for(r"kernel off")
        top.press(b" ")
        held = top.wait_for(r"held.*q quit$")
        top.read(1.5)
        self.assertEqual(top.screen(), held)
        top.press(b"q")
        self.assertEqual(top.end(), 0)

    def test_another_size_is_drawn_at_once(self):
        top = self.top()
        top.wait_for(r"PROCESS")
        top.resize(130, 30)
        screen = top.wait_for(r"WHOLE +TREND +HOTTEST FUNCTION +WHERE.*q quit$")
        self.assertEqual(len(screen.split("\n")), 30)
        self.assertLessEqual(max(map(len, screen.split("\n"))), 130)

    def ends(self, how, code):
        top = self.top()
        top.wait_for(r"PROCESS")
        how(top)
        self.assertEqual(top.end(), code)
        self.assertTrue(top.is_as_before(), top.text[-2000:])

    def test_every_way_out_gives_the_terminal_back(self):
        self.ends(lambda top: top.press(b"\x03"), 0)
        for number, code in ((signal.SIGTERM, 0), (signal.SIGHUP, 0),
                             (signal.SIGKILL, -signal.SIGKILL), (signal.SIGSEGV, -signal.SIGSEGV),
                             (signal.SIGQUIT, -signal.SIGQUIT)):
            with self.subTest(number):
                self.ends(lambda top: top.process.send_signal(number), code)

    def test_a_worker_that_is_killed_changes_nothing(self):
        top = self.top("--window", "500ms")
        top.wait_for(r"PROCESS")
        workers = subprocess.run(["pgrep", "-P", str(top.process.pid), "sonde-worker"],
                                 capture_output=True, text=True).stdout.split()
        self.assertEqual(len(workers), 1)
        os.kill(int(workers[0]), signal.SIGKILL)
        top.read(1)
        top.text = b""
        top.wait_for(r"PROCESS.*python3.*q quit$")
        top.press(b"q")
        self.assertEqual(top.end(), 0)
        self.assertTrue(top.is_as_before())

    def test_stop_and_continue(self):
        top = self.top()
        top.wait_for(r"PROCESS")
        top.process.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        top.text = b""
        top.process.send_signal(signal.SIGCONT)
        top.wait_for(r"PROCESS")
        self.assertIn(ENTER, top.text)

    def test_colour_only_where_it_is_wanted(self):
        colours = re.compile(rb"\x1b\[\d*m")
        top = self.top()
        top.wait_for(r"PROCESS")
        self.assertRegex(top.text, colours)
        top = self.top(env={**ENVIRONMENT, "NO_COLOR": "1"})
        top.wait_for(r"PROCESS")
        self.assertNotRegex(top.text, colours)

    def test_a_dumb_terminal_gets_frames(self):
        top = self.top("-n", "1", env={**ENVIRONMENT, "TERM": "dumb"})
        self.assertEqual(top.end(), 0)
        self.assertNotIn(b"\x1b", top.text)
        self.assertIn(b"PROCESS", top.text)


class InAPipe(SondeTest):
    def setUp(self):
        super().setUp()
        self.spinner()

    def test_a_count_of_frames(self):
        done = run("top", "-n", "2", "--window", "1s")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.out.count("PROCESS"), 2, done)
        self.assertIn("python3", done.out)
        self.assertNotIn("\x1b", done.out)
        self.assertLessEqual(max(map(len, done.out.split("\n"))), 80)

    def test_json_has_an_object_a_window_and_its_figures_agree(self):
        done = run("top", "-n", "2", "--json", "--window", "1s")
        self.assertEqual(done.code, 0, done)
        windows = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual(len(windows), 2)
        self.assertEqual(windows[0]["begin_ns"] + windows[0]["duration_ns"], windows[1]["begin_ns"])
        for window in windows:
            rows = {row["name"]: row for row in window["rows"]}
            spinner = next(row for name, row in rows.items() if name.startswith("python3"))
            self.assertGreater(spinner["cpu_cores"], 0.05)
            self.assertEqual(sum(window["lost"].get(name, 0) for name in ("ring_full",)), 0)
            used = (sum(row["cpu_cores"] for row in window["rows"]) + window["others"]["cpu_cores"])
            self.assertLessEqual(used, window["busy_cores"] + 0.01)
            self.assertGreater(used, window["busy_cores"] * 0.5)
            self.assertNotIn(window["sonde"]["pid"], [row["pid"] for row in window["rows"]])
            self.assertGreater(window["whole_share"], 0.9)

    def test_functions_by_total(self):
        done = run("top", "-n", "1", "--by", "function", "--sort", "total", "--window", "1s", "--json")
        self.assertEqual(done.code, 0, done)
        window = json.loads(done.out)
        totals = [row["total_cores"] for row in window["rows"]]
        self.assertEqual(totals, sorted(totals, reverse=True))
        self.assertTrue(any(row["process"].startswith("python3") for row in window["rows"]))

    def test_ascii_without_utf8(self):
        done = run("top", "-n", "1", "--window", "1s", env={**ENVIRONMENT, "LC_ALL": "C"})
        self.assertTrue(done.out.isascii(), done.out)

    def test_a_hostile_name_is_shown_escaped(self):
        script = self.folder / "hot.py"
        script.write_text(f"import ctypes\nctypes.CDLL(None).prctl(15, b'\\x1b[2Jevil', 0, 0, 0)\n{HOT}")
        hostile = subprocess.Popen(["python3", script])
        self.addCleanup(self.end, hostile)
        time.sleep(0.3)
        done = run("top", "-n", "1", "--window", "1s")
        self.assertNotIn("\x1b", done.out)
        self.assertIn("\\x1b[2Jevil", done.out)

    def test_who_reads_no_more_ends_it(self):
        process = start("top", "--window", "500ms")
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=20), 1)
        self.assertIn("cannot write to stdout", process.stderr.read())
        process.stderr.close()

    def test_stopped_before_the_first_window(self):
        process = start("top", "--window", "20s")
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        done = finish(process)
        self.assertEqual(done.code, 130, done)
        self.assertIn("stopped before the first window", done.err)

    def test_mistakes(self):
        for arguments, said in ((("--by", "pod"), "process, cgroup, function"),
                                (("--sort", "total"), "cpu, kernel, name"), (("-n", "0"), "0"),
                                (("-F", "x"), "whole number"), (("x",), "not expected")):
            done = run("top", *arguments)
            self.assertEqual(done.code, 2, done)
            self.assertIn(said, done.err)

    def test_beside_a_recording(self):
        with contextlib.ExitStack() as stack:
            recording = start("record", "-d", "4")
            stack.callback(recording.stderr.close)
            stack.callback(recording.stdout.close)
            done = run("top", "-n", "1", "--window", "1s")
            self.assertEqual(done.code, 0, done)
            self.assertEqual(recording.wait(timeout=30), 0)


if __name__ == "__main__":
    sonde_program.main()
