# SPDX-License-Identifier: Apache-2.0
"""What a test needs from the machine. A missing capability is a skip that says what is missing,
or a failure where SONDE_REQUIRE (comma separated) names it."""

import os
import shutil
import sys

SKIP = 77  # SKIP_RETURN_CODE of the tests

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_NEEDS_QEMU = ("qemu-system-x86_64", "busybox", "dpkg-deb", "apt-get")


def _missing_bpf():
    if os.geteuid() != 0:
        return "not root (run as root to load BPF programs)"
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "no kernel type information (/sys/kernel/btf/vmlinux)"
    return ""


def _missing_cgroup():
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        lines = [line.split() for line in mounts]
    memory = [line[1] for line in lines if line[2] == "cgroup" and "memory" in line[3].split(",")]
    unified = [line[1] for line in lines if line[2] == "cgroup2"]
    if not memory and not unified:
        return "no cgroup hierarchy is mounted"
    mount = (memory or unified)[0]
    return "" if os.access(mount, os.W_OK) else f"{mount} cannot be written to"


def _missing_tools(*tools):
    gone = [tool for tool in tools if shutil.which(tool) is None]
    return f"not installed: {', '.join(gone)}" if gone else ""


def peer(package, program):
    """Path of a program of a package that is unpacked, not installed."""
    folder = os.environ.get("SONDE_PEERS") or os.path.join(_ROOT, "build", "peers")
    return os.path.join(folder, package, "usr", "bin", program)


def missing(capability):
    """Why the capability is not there; empty if it is."""
    if capability == "bpf":
        return _missing_bpf()
    if capability == "cgroup":
        return _missing_cgroup()
    if capability == "perf":
        return _missing_tools("perf") or _missing_bpf()
    if capability == "qemu":
        return _missing_tools(*_NEEDS_QEMU)
    if capability == "prometheus":
        there = os.path.exists(peer("prometheus", "promtool"))
        return "" if there else "not unpacked into build/peers (./dev deps peers)"
    raise ValueError(capability)


def require(*capabilities):
    """Ends the test if one is missing: with 1 if SONDE_REQUIRE names it, else as a skip."""
    required = os.environ.get("SONDE_REQUIRE", "").split(",")
    for capability in capabilities:
        why = missing(capability)
        if not why:
            continue
        if capability in required:
            sys.exit(f"FAIL {capability} is required here: {why}")
        print(f"SKIP {capability}: {why}")
        sys.exit(SKIP)
