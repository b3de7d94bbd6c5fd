# SPDX-License-Identifier: Apache-2.0
"""Runs sonde for the tests of this folder and holds what they share."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "truth"))

import capabilities  # noqa: E402

SONDE = "build/dev/sonde"
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
ENVIRONMENT.pop("NO_COLOR", None)
ENVIRONMENT.pop("SONDE_CACHE_DIR", None)


class Run:
    """What a finished program left: code, out, err (text), seconds."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def run(*arguments, wrapper=(), timeout=60, text=True, **more):
    """`sonde ARGUMENTS`, with the words of `wrapper` in front."""
    begin = time.monotonic()
    done = subprocess.run([*wrapper, SONDE, *map(str, arguments)], capture_output=True, text=text,
                          timeout=timeout, env=more.pop("env", ENVIRONMENT), **more)
    return Run(done.returncode, done.stdout, done.stderr, time.monotonic() - begin)


def start(*arguments, wrapper=(), **more):
    """The same without waiting: a Popen with both outputs as text pipes."""
    return subprocess.Popen([*wrapper, SONDE, *map(str, arguments)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, **more)


def finish(process, timeout=60):
    out, err = process.communicate(timeout=timeout)
    return Run(process.returncode, out, err, 0)


def wait_until_recording(process):
    """Returns when the clocks run, which sonde says on stderr; fails if it ends first."""
    for line in process.stderr:
        if line.startswith("recording "):
            return
    raise AssertionError(f"ended early: {finish(process)}")


# Burns CPU in as many processes as asked for, at most as long as told, and dies with its parent.
SPIN = """
import os, sys, time
end = time.monotonic() + float(sys.argv[1])
for _ in range(int(sys.argv[2])):
    if os.fork() == 0: break
while time.monotonic() < end: pass
"""


def spin(seconds=60, children=0):
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", SPIN,
                             str(seconds), str(children)])


class SondeTest(unittest.TestCase):
    """A folder of its own for each test, and a spinning process on request."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sonde-cli-"))
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return str(self.folder / name)

    def files(self):
        return sorted(entry.name for entry in self.folder.iterdir())

    def spinner(self, seconds=60):
        """A process that burns CPU."""
        process = spin(seconds)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()

    def public_copy(self):
        """A copy of sonde that any user may execute."""
        copy = self.path("sonde")
        shutil.copy(SONDE, copy)
        os.chmod(copy, 0o755)
        return copy


def main(needs=("bpf",)):
    global SONDE
    parser = argparse.ArgumentParser()
    parser.add_argument("--sonde", default=SONDE)
    options, rest = parser.parse_known_args()
    SONDE = str(Path(options.sonde).resolve())
    capabilities.require(*needs)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
