# SPDX-License-Identifier: Apache-2.0
"""Builds the truth programs into a folder, two at a time, again only what changed:
  build_programs.py OUT [NAME...]"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from variants import BY_NAME, FORTRAN, GO, OLD_GO, PLUGINS, RUST, VARIANTS

SOURCES = Path(__file__).resolve().parent / "programs"

INSPECT = {
    "frames": ["readelf", "--debug-dump=frames"],
    "code": ["objdump", "-d"],
    "sections": ["readelf", "-SW"],
    "segments": ["readelf", "-lW"],
}


class BuildError(Exception):
    """A compiler is missing or failed, or the result is not what the variant is there for."""


# Go's own settings of a developer must not reach what is built here.
ENVIRONMENT = dict(os.environ, GOFLAGS="", GOTOOLCHAIN="local", GO111MODULE="off")


def _run(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              env=ENVIRONMENT)
    except FileNotFoundError as error:
        raise BuildError(f"{command[0]}: not installed") from error
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{done.stderr.strip()[:2000]}")
    return done.stdout


def _commands(variant, folder):
    """The compiler calls of a variant, the program's own first."""
    source = str(SOURCES / variant.source)
    output = str(folder / variant.name)
    if variant.compiler == RUST:
        return [[RUST, "--edition=2021", *variant.flags, "-o", output, source]]
    if variant.compiler == FORTRAN:
        return [[FORTRAN, "-w", *variant.flags, "-J", str(folder), "-o", output, source,
                 str(SOURCES / "fortran_main.c")]]
    if variant.compiler in (GO, OLD_GO):
        return [[variant.compiler, "build", *variant.flags, "-o", output, source]]
    language = ["-std=gnu++17"] if source.endswith(".cc") else ["-std=gnu11"]
    common = [variant.compiler, *language, "-w", *variant.flags]
    commands = [[*common, "-o", output, source, "-pthread", "-ldl"]]
    if variant.source == "dynamic.c":
        for suffix, padding in PLUGINS:
            commands.append([*common, "-shared", "-fPIC", "-fvisibility=hidden",
                             f"-DSUFFIX={suffix}", f"-DPADDING={padding}", "-o",
                             str(folder / f"plugin_{suffix}.so"), str(SOURCES / "plugin.c")])
    return commands


def _digest(commands):
    digest = hashlib.sha256(json.dumps(commands).encode())
    for path in sorted({part for command in commands for part in command
                        if part.startswith(str(SOURCES))} | {str(SOURCES / "truth.h")}):
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()


def _check(variant, program):
    for tool, pattern in variant.must_show:
        if not re.search(pattern, _run([*INSPECT[tool], str(program)])):
            raise BuildError(f"{variant.name}: {' '.join(INSPECT[tool])} does not show {pattern}")


def _split_debug(program):
    """Moves the symbols into PROGRAM.debug beside it, found by .gnu_debuglink."""
    debug = str(program) + ".debug"
    _run(["objcopy", "--only-keep-debug", str(program), debug])
    _run(["strip", "--strip-all", str(program)])
    _run(["objcopy", f"--add-gnu-debuglink={debug}", str(program)])


def _strip(program):
    """Takes the symbols; PROGRAM.full keeps them for the judge."""
    shutil.copy2(program, str(program) + ".full")
    _run(["strip", "--strip-all", str(program)])


def _lay_out_anew(program):
    """Blocks in reverse, every function's blocks but the first in sections of their own."""
    before = str(program) + ".before"
    os.rename(program, before)
    _run(["llvm-bolt-16", before, "-o", str(program), "--reorder-blocks=reverse",
          "--split-functions", "--split-strategy=all"])


def _behead(program):
    """Takes the section headers too."""
    _run(["llvm-strip-14", "--strip-sections", str(program)])


AFTER = {"behead": _behead, "split": _split_debug, "strip": _strip, "bolt": _lay_out_anew}


def _code_bias(program):
    """What to take from an address of the program's code to get its offset in the file."""
    segments = _run([*INSPECT["segments"], str(program)])
    offset, address = re.search(r"LOAD +(0x\w+) (0x\w+) .*R E", segments).groups()
    return int(address, 16) - int(offset, 16)


def functions_by_start(program):
    """name that a profile gives a function of a stripped file -> its name."""
    full, result = Path(str(program) + ".full"), {}
    if full.exists():
        bias = _code_bias(full)
        for line in _run(["nm", "-C", "--defined-only", str(full)]).splitlines():
            address, kind, name = line.split(" ", 2)
            if kind in "tTwW":
                result[f"{Path(program).name}+{int(address, 16) - bias:#x}"] = name
    return result


def build(variant, out):
    """Builds one variant; returns the path of its program."""
    folder = Path(out) / variant.name
    program = folder / variant.name
    commands = _commands(variant, folder)
    stamp, digest = folder / "stamp", _digest(commands)
    if program.exists() and stamp.exists() and stamp.read_text() == digest:
        return program
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for command in commands:
        _run(command)
    if variant.after in AFTER:
        AFTER[variant.after](program)
    _check(variant, program)
    stamp.write_text(digest)
    return program


def build_all(variants, out):
    """name -> path of the program; raises BuildError with every failure."""
    failures, programs = [], {}

    def one(variant):
        try:
            programs[variant.name] = build(variant, out)
        except BuildError as error:
            failures.append(str(error))

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        list(pool.map(one, variants))
    if failures:
        raise BuildError("\n".join(failures))
    return programs


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    chosen = [BY_NAME[name] for name in sys.argv[2:]] or VARIANTS
    try:
        programs = build_all(chosen, sys.argv[1])
    except BuildError as error:
        sys.exit(str(error))
    print(f"{len(programs)} truth programs in {sys.argv[1]}")


if __name__ == "__main__":
    main()
