# SPDX-License-Identifier: Apache-2.0
"""Runs the agent (`sonde run`) for the tests of this folder: its page, its metrics, its end, and the
history that it leaves."""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import sonde_program
from sonde_program import SondeTest, capabilities  # noqa: F401

LIST_HISTORY = ""
CHECK_METRICS = ""
LONG = False

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Metrics:
    """A metrics page that was read."""

    def __init__(self, page):
        self.page = page
        self.samples = {}
        for line in page.splitlines():
            if found := SAMPLE.match(line):
                labels = frozenset(LABEL.findall(found[2] or ""))
                self.samples[found[1], labels] = float(found[3])

    def get(self, name, **labels):
        """A sample's value; KeyError if there is none."""
        return self.samples[name, frozenset(labels.items())]

    def sum(self, name, **labels):
        """Of all samples that have these labels."""
        wanted = set(labels.items())
        return sum(value for (sample, has), value in self.samples.items()
                   if sample == name and wanted <= has)


# Of windows of half a second the governor would judge seconds in place of minutes.
UNGOVERNED = {"SONDE_CPU_BUDGET": "off", "SONDE_MEMORY_BUDGET": "off"}


class Agent:
    """A running `sonde run`; stderr goes to `log`."""

    def __init__(self, state_dir, *arguments, window="500ms", port=None, log=None, wrapper=(),
                 governed=False):
        self.port = port or free_port()
        self.state_dir = Path(state_dir)
        self.log = Path(log or f"{state_dir}.log")
        listen = () if "--config" in arguments else ("--listen", f"127.0.0.1:{self.port}")
        with open(self.log, "a", encoding="utf-8") as log_file:
            self.log_begin = log_file.tell()
            self.began = time.monotonic()
            self.process = subprocess.Popen(
                [*wrapper, sonde_program.SONDE, "run", "--state-dir", str(state_dir), "--window",
                 window, *listen, *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log_file,
                env=sonde_program.ENVIRONMENT | ({} if governed else UNGOVERNED))

    def said(self):
        with open(self.log, encoding="utf-8") as log_file:
            log_file.seek(self.log_begin)
            return log_file.read()

    def get(self, path, port=None, timeout=5, **headers):
        """(status, text). OSError while nothing listens."""
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}",
                                         headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def metrics(self):
        status, page = self.get("/metrics")
        assert status == 200, page
        return Metrics(page)

    def api(self, path, **parameters):
        """The JSON that /api/v1/PATH answers."""
        status, text = self.get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=30)
        assert status == 200, text
        return json.loads(text)

    def wait(self, what, condition, seconds):
        """Asks until `condition()` is true and returns what it said; fails after `seconds`. While
        nothing listens it is not."""
        end = time.monotonic() + seconds
        while True:
            try:
                if answer := condition():
                    return answer
            except OSError:
                pass
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode} before {what}:\n"
                                     + self.said())
            if time.monotonic() > end:
                raise AssertionError(f"not in {seconds} s: {what}\n" + self.said())
            time.sleep(0.02)

    def wait_until_ready(self, seconds=60):
        self.wait("ready", lambda: self.get("/readyz")[0] == 200, seconds)
        return self

    def wait_for_windows(self, count, seconds=60):
        """Until so many windows are on the disk."""
        self.wait(f"{count} windows",
                  lambda: self.metrics().get("sonde_history_windows_total") >= count, seconds)

    def stop(self, number=signal.SIGTERM, timeout=60):
        """(exit code, seconds it took)."""
        begin = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout)
        return code, time.monotonic() - begin

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def descriptors(self):
        """(those of files, which are mostly programs that run on the host; others)."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        links = []
        for link in folder.iterdir():
            try:
                links.append(os.readlink(link))
            except FileNotFoundError:  # closed meanwhile
                continue
        files = sum(link.startswith("/") for link in links)
        return files, len(links) - files

    def memory(self):
        """Bytes of it that no file backs."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) << 10


class AgentTest(SondeTest):
    """A state directory for each test, and agents that end with it."""

    def setUp(self):
        super().setUp()
        self.state_dir = self.path("state")

    def agent(self, *arguments, state_dir=None, **more):
        agent = Agent(state_dir or self.state_dir, *arguments, log=self.path("agent.log"), **more)
        self.addCleanup(agent.end)
        return agent

    def write_config(self, text):
        Path(self.path("sonde.yaml")).write_text(text, encoding="utf-8")
        return self.path("sonde.yaml")

    def history(self, state_dir=None):
        """What the disk holds now that no agent runs: list_history's answer. Nothing of it is
        damaged, and its books have nothing that they cannot explain."""
        done = subprocess.run([LIST_HISTORY, f"{state_dir or self.state_dir}/history"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual((found["unreadable"], found["damaged"]), (0, 0))
        for window in found["windows"]:
            self.assertNotIn("unaccounted", window["notes"], window)
        return found["windows"]

    def assert_distinct(self, windows):
        """Windows follow one another in time, and none is there twice."""
        for before, after in zip(windows, windows[1:]):
            self.assertLessEqual(before["end"], after["begin"])


def main(needs=("bpf",)):
    global LIST_HISTORY, CHECK_METRICS, LONG
    parser = argparse.ArgumentParser()
    parser.add_argument("--list-history", required=True)
    parser.add_argument("--check-metrics", default="")
    parser.add_argument("--long", action="store_true")
    options, rest = parser.parse_known_args()
    LIST_HISTORY, CHECK_METRICS, LONG = options.list_history, options.check_metrics, options.long
    sys.argv[1:] = rest
    sonde_program.main(needs)
