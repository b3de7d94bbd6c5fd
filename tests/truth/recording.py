# SPDX-License-Identifier: Apache-2.0
"""One recording by sonde: starts it, waits until it records, and reads what it wrote."""

import json
import subprocess
import time
from pathlib import Path

import pprof_reader


class RecordingError(Exception):
    """sonde failed; the message holds what it said."""


class Recording:
    """`arguments` follow `sonde record`. The files lie in `folder`: out.pb.gz, out.json, out.log."""

    def __init__(self, sonde, folder, *arguments):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.output = self.folder / "out.pb.gz"
        self.output.unlink(missing_ok=True)
        self._json = open(self.folder / "out.json", "w", encoding="utf-8")
        self._log = open(self.folder / "out.log", "w", encoding="utf-8")
        options, command = arguments, ()
        if "--" in arguments:
            split = arguments.index("--")
            options, command = arguments[:split], arguments[split:]
        self.process = subprocess.Popen(
            [str(sonde), "record", "-o", str(self.output), "--json", *map(str, options),
             *map(str, command)], stdout=self._json, stderr=self._log)

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def finish(self, timeout=180):
        """Waits for the end; returns (pprof_reader.Profile, the --json object)."""
        status = self.process.wait(timeout=timeout)
        self._json.close()
        self._log.close()
        said = (self.folder / "out.log").read_text(encoding="utf-8", errors="replace")
        if status != 0:
            raise RecordingError(f"sonde record ended with {status}:\n{said[-4000:]}")
        text = (self.folder / "out.json").read_text(encoding="utf-8")
        # A recorded command shares stdout: the object is the last line that begins one.
        begin = text.rfind("\n{\n") + 1 if "\n{\n" in text else max(text.find('{"'), 0)
        return pprof_reader.read(self.output), json.loads(text[begin:])


def children(pid):
    """pid -> command line of the live children of a process."""
    result = {}
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                line = Path(f"/proc/{child}/cmdline").read_bytes()
                result[int(child)] = line.replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            continue  # it ended meanwhile
    return result


def wait_until(condition, seconds):
    """True once `condition()` is; False after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
