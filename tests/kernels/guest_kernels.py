# SPDX-License-Identifier: Apache-2.0
"""Debian kernels for QEMU guests: finds the newest package of a series, downloads and unpacks it
below a folder. Nothing is installed; a kernel that is already there is used again."""

import re
import subprocess
from pathlib import Path

# Series that bookworm and its updates carry, and those of another release.
SERIES = {
    "6.1": (r"linux-image-6\.1\.0-\d+-cloud-amd64", None),
    "6.12": (r"linux-image-6\.12\.\d+\+deb12-cloud-amd64", None),
    "5.10": (r"linux-image-5\.10\.0-\d+-cloud-amd64", "bullseye"),
}


class KernelError(Exception):
    """No such kernel can be had; the message says why."""


def _run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise KernelError(f"{' '.join(map(str, command))}: {done.stderr.strip()[:800]}")
    return done.stdout


def _mirrors():
    """The mirrors that this machine's apt uses: (of releases, of their security updates)."""
    lines = _run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)",
                  "Created-By: Packages"]).splitlines()
    found = {label: uri for uri, _, label in (line.partition(" ") for line in lines)}
    if "Debian" not in found:
        raise KernelError("apt has no Debian mirror: run apt-get update first")
    return found["Debian"], found.get("Debian-Security")


def _private_apt(folder, release):
    """An apt configuration of its own for another release; returns its options."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("lists/partial", "cache/archives/partial", "parts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    keyring = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    releases, security = _mirrors()
    sources = [f"deb {keyring} {releases} {release} main\n"]
    if security:
        sources.append(f"deb {keyring} {security} {release}-security main\n")
    (folder / "sources.list").write_text("".join(sources))
    (folder / "status").touch()
    options = ["-o", f"Dir::Etc::SourceList={folder}/sources.list",
               "-o", f"Dir::Etc::SourceParts={folder}/parts",
               "-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}/cache",
               "-o", f"Dir::State::Status={folder}/status", "-o", "Acquire::Check-Valid-Until=false"]
    _run(["apt-get", *options, "update"])
    return options


def _newest(names):
    return max(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])


def kernel(series, folder):
    """(path of vmlinuz, release name) of the newest kernel of the series below `folder`."""
    folder = Path(folder).resolve() / series
    found = sorted(folder.glob("boot/vmlinuz-*"))
    if found:
        return found[-1], found[-1].name.removeprefix("vmlinuz-")
    pattern, release = SERIES[series]
    options = _private_apt(folder / "apt", release) if release else []
    names = re.findall(f"^{pattern}$", _run(["apt-cache", *options, "pkgnames", "linux-image-"]),
                       re.MULTILINE)
    if not names:
        raise KernelError(f"no package {pattern}: run apt-get update first")
    folder.mkdir(parents=True, exist_ok=True)
    _run(["apt-get", *options, "download", _newest(names)], cwd=folder)
    (package,) = folder.glob("linux-image-*.deb")
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as tar:
        _run(["tar", "x", "-C", folder, "./boot"], stdin=tar.stdout)
    package.unlink()
    return kernel(series, folder.parent)
