# SPDX-License-Identifier: Apache-2.0
"""Recorded stacks in one form, from a pprof that sonde wrote or from `perf script`."""

import re
import subprocess
from dataclasses import dataclass

from chains import Frame

KERNEL_IMAGES = ("[kernel", "[guest.kernel")
UNRESOLVED = re.compile(r"\+0x[0-9a-f]+$|^0x[0-9a-f]+$|^\[unknown\]$|^$")


@dataclass
class Stack:
    """`user` and `kernel` frames root first; `stop` as sonde names it ("" from perf)."""

    process: str
    pid: int
    stop: str
    user: tuple
    kernel: tuple
    count: int

    def leaf_resolved(self):
        frames = self.kernel or self.user
        return bool(frames) and frames[-1].resolved


def _is_kernel(image):
    return image.startswith(KERNEL_IMAGES) or re.fullmatch(r"\[[a-z0-9_]+\]", image) \
        and image not in ("[vdso]", "[vsyscall]", "[heap]", "[stack]", "[unknown]", "[jit]",
                          "[anonymous]")


def _split(frames, kernel_flags):
    user = tuple(f for f, k in zip(frames, kernel_flags) if not k)
    kernel = tuple(f for f, k in zip(frames, kernel_flags) if k)
    return user, kernel


def from_pprof(profile):
    """Stacks of a pprof_reader.Profile written by sonde; the first value is the sample count."""
    result, known = [], {}
    for sample in profile.samples:
        frames, flags = [], []
        for location in reversed(sample.locations):
            if id(location) not in known:
                names = location.names or [""]
                known[id(location)] = (
                    [Frame(name, location.mapping, not UNRESOLVED.search(name))
                     for name in reversed(names)], bool(_is_kernel(location.mapping)))
            made, is_kernel = known[id(location)]
            frames += made
            flags += [is_kernel] * len(made)
        user, kernel = _split(frames, flags)
        labels = sample.labels
        result.append(Stack(str(labels.get("process", "")), int(labels.get("pid", 0) or 0),
                            str(labels.get("stop", "")), user, kernel, sample.values[0]))
    return result


_HEADER = re.compile(r"^(?P<comm>.+?)\s+(?P<pid>\d+)(?:/\d+)?(?:\s|$)")
_FRAME = re.compile(r"^\s+(?P<ip>[0-9a-f]+) (?P<name>.*) \((?P<image>.*)\)$")


def _with_root(frames):
    """perf unwinds no libc in some of the processes that it sees begin (truth_matrix.py): the
    outermost frames are put back, so that the rest of the stack can be judged."""
    for name, root in (("__libc_start_call_main", ("_start", "__libc_start_main_impl")),
                       ("start_thread", ("clone3",))):
        if frames and frames[0].name.startswith(name):
            own = next((f.image for f in frames if f.name == "main"), "")
            return [Frame(text, own if text == "_start" else frames[0].image)
                    for text in root] + frames
    return frames


def from_perf(path):
    """Stacks of a perf.data file with DWARF call graphs. perf has no stop reasons."""
    command = ["perf", "script", "-i", str(path), "-F", "comm,pid,ip,sym,dso", "--no-inline",
               "--max-stack", "1000"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    result = []
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        header = _HEADER.match(lines[0].strip())
        if not header:
            continue
        frames, flags = [], []
        for line in reversed(lines[1:]):
            match = _FRAME.match(line)
            if match:
                name = match["name"]
                frames.append(Frame(name, match["image"], not UNRESOLVED.search(name)))
                flags.append(bool(_is_kernel(match["image"])) or match["ip"].startswith("ffffff"))
        frames = _with_root(frames)
        flags = [False] * (len(frames) - len(flags)) + flags
        user, kernel = _split(frames, flags)
        result.append(Stack(header["comm"], int(header["pid"]), "", user, kernel, 1))
    return result
