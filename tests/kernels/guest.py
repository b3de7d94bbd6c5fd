# SPDX-License-Identifier: Apache-2.0
"""Boots a kernel in QEMU (no KVM, no disk) with a file system of chosen programs in memory, runs
a shell script in it and returns what it printed."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /tmp
ifconfig lo up
export PATH=/bin:/usr/bin HOME=/tmp TERM=dumb
sh /script 2>&1
status=$?
echo "GUEST-EXIT status=$status"
guest_exit $status
"""


class GuestError(Exception):
    """The guest did not come up or did not end by itself."""


@dataclass
class Result:
    status: int
    output: str

    def between(self, begin, end):
        """The text between two lines."""
        match = re.search(rf"^{begin}\r?$(.*?)^{end}\r?$", self.output, re.MULTILINE | re.DOTALL)
        if not match:
            raise GuestError(f"the guest printed no {begin}:\n{self.output[-3000:]}")
        return match[1]


def _run(command, **more):
    return subprocess.run(command, check=True, capture_output=True, **more)


def build_tool(name, folder):
    """One of the static helper programs beside this file."""
    source, output = HERE / f"{name}.c", Path(folder) / name
    if not output.exists() or output.stat().st_mtime < source.stat().st_mtime:
        output.parent.mkdir(parents=True, exist_ok=True)
        _run(["gcc", "-O2", "-static", "-o", output, source])
    return output


def _libraries(program):
    """Every shared library of a program, at the paths its loader uses."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return re.findall(r"(/[^\s)]+) \(0x", done.stdout)


class FileSystem:
    """The guest's files: busybox, the helpers, and what is added."""

    def __init__(self, root, tools):
        self.root = Path(root)
        shutil.rmtree(self.root, ignore_errors=True)
        for name in ("bin", "proc", "sys", "dev", "tmp", "etc", "usr/bin"):
            (self.root / name).mkdir(parents=True)
        busybox = shutil.copy2(shutil.which("busybox"), self.root / "bin/busybox")
        names = set(_run([busybox, "--list"], text=True).stdout.split()) - {"busybox"}
        for name in names:
            (self.root / "bin" / name).symlink_to("busybox")
        for name in ("guest_exit", "bpf_programs"):
            shutil.copy2(build_tool(name, tools), self.root / "bin" / name)
        self.write("/init", INIT)

    def write(self, path, text):
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(0o755)

    def add(self, source, path=None):
        """Copies a program with its libraries; `path` is where the guest sees it."""
        source = Path(source).resolve()
        files = {str(path or source): source}
        files.update({library: Path(library) for library in _libraries(source)})
        for where, what in files.items():
            target = self.root / where.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copy2(what.resolve(), target)

    def pack(self, output):
        """One uncompressed cpio archive."""
        names = subprocess.run(["find", "."], cwd=self.root, capture_output=True, check=True).stdout
        with open(output, "wb") as archive:
            subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], cwd=self.root, input=names,
                           stdout=archive, stderr=subprocess.DEVNULL, check=True)
        return output


def boot(vmlinuz, archive, timeout, memory_mib=1024, cpus=2):
    """Runs the guest to its end. QEMU's status is 2 * guest status + 1; an even one means that
    the kernel panicked or the machine was reset."""
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max,cx16=off",
               "-smp", str(cpus), "-m", str(memory_mib), "-nodefaults", "-no-user-config",
               "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", str(vmlinuz),
               "-initrd", str(archive), "-append", "console=ttyS0 quiet panic=-1",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=0x4"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode("utf-8", "replace")
        raise GuestError(f"no end after {timeout} s; it printed:\n{output[-3000:]}") from error
    output = done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    if done.returncode < 0 or done.returncode % 2 == 0:
        raise GuestError(f"QEMU ended with {done.returncode}: {done.stderr.decode()[-500:]}\n"
                         f"{output[-3000:]}")
    return Result((done.returncode - 1) // 2, output)


def default_work_folder():
    return Path(os.environ.get("SONDE_KERNELS_DIR", "build/peers/kernels"))
