# SPDX-License-Identifier: Apache-2.0
"""The QEMU harness itself: a guest boots, runs programs with their libraries, and its status and
output come back; a guest that panics or hangs is an error.

  harness_test.py --work FOLDER [--kernels FOLDER]"""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "truth"))

import capabilities  # noqa: E402
import guest  # noqa: E402
import guest_kernels  # noqa: E402


def check(condition, what):
    print("ok  " if condition else "FAIL", what)
    if not condition:
        sys.exit(1)


def fails(vmlinuz, archive, timeout):
    try:
        guest.boot(vmlinuz, archive, timeout)
    except guest.GuestError:
        return True
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kernels", type=Path, default=guest.default_work_folder())
    options = parser.parse_args()
    capabilities.require("qemu")
    for series in ("6.1", "6.12"):
        vmlinuz, release = guest_kernels.kernel(series, options.kernels)
        files = guest.FileSystem(options.work / "root", options.work / "tools")
        files.add("/usr/bin/env")  # dynamically linked
        files.write("/script", "echo BEGIN\nuname -r\n/usr/bin/env X=1 sh -c 'echo $X'\n"
                               "bpf_programs\nls /sys/kernel/btf/vmlinux\necho END\nexit 42\n")
        archive = files.pack(options.work / "guest.cpio")
        result = guest.boot(vmlinuz, archive, 60)
        lines = result.between("BEGIN", "END").split()
        check(result.status == 42, f"{series}: the script's status comes back")
        check(lines[:2] == [release, "1"], f"{series}: {release} ran a program with its libraries")
        check("/sys/kernel/btf/vmlinux" in lines, f"{series}: the kernel has type information")
    files.write("/script", "echo c >/proc/sysrq-trigger\n")
    check(fails(vmlinuz, files.pack(archive), 60), "a panic is an error")
    files.write("/script", "sleep 1000\n")
    check(fails(vmlinuz, files.pack(archive), 15), "a hang is an error")


if __name__ == "__main__":
    main()
