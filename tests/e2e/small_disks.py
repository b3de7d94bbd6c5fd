# SPDX-License-Identifier: Apache-2.0
"""Small real disks in a mount namespace of the test process, gone with it: what fills up, becomes
read-only or fails here fails for nobody else. Needs root."""

import ctypes
import fcntl
import os
import struct
import subprocess

CLONE_NEWNS = 0x20000
EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
WITHOUT_FLUSHING = 2


def enter_own_mounts():
    """Mounts of this process, and of those that it starts from here on, are its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    mount("--make-rprivate", "/")


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


class Tmpfs:
    """Of so many KiB, over a new directory."""

    def __init__(self, path, kib):
        self.path = path
        os.mkdir(path)
        mount("-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "none", path)

    def resize(self, kib):
        mount("-o", f"remount,size={kib}k", self.path)

    def set_read_only(self, read_only):
        """Refused by the kernel while a file is open for writing."""
        mount("-o", "remount," + ("ro" if read_only else "rw"), self.path)

    def end(self):
        subprocess.run(["umount", "-l", self.path], check=False)


class LoopDisk:
    """An ext4 file system of so many MiB on a loop device over a file."""

    def __init__(self, file, path, mib):
        self.file, self.path = file, path
        os.mkdir(path)
        with open(file, "wb") as backing:
            backing.truncate(mib << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", file], check=True)
        mount("-o", "loop", file, path)

    def become_read_only(self):
        """For good: as after an error that it found on the disk."""
        mount("-o", "remount,abort", self.path)

    def fail(self):
        """From now on everything fails with EIO, as on a disk that was pulled out."""
        root = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(root, EXT4_IOC_SHUTDOWN, struct.pack("I", WITHOUT_FLUSHING))
        finally:
            os.close(root)

    def freeze(self):
        """From now on whoever writes waits, as for a disk that hangs, until thaw()."""
        subprocess.run(["fsfreeze", "-f", self.path], check=True)

    def thaw(self):
        """Nothing happens if it is not frozen."""
        subprocess.run(["fsfreeze", "-u", self.path], check=False, stderr=subprocess.DEVNULL)

    def repair(self):
        """Nothing on it may be open."""
        subprocess.run(["umount", self.path], check=True)
        self.mount()

    def unmount(self):
        """True unless something on it is open."""
        return subprocess.run(["umount", self.path], check=False, capture_output=True).returncode == 0

    def mount(self):
        mount("-o", "loop", self.file, self.path)

    def end(self):
        subprocess.run(["umount", "-l", self.path], check=False)
