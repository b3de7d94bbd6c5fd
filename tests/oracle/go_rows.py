# SPDX-License-Identifier: Apache-2.0
"""Rows of Go programs against their .debug_frame: builds a program with each Go that is here and
runs the row oracle on it.

  go_rows.py --oracle PATH --out FOLDER"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

TRUTH = Path(__file__).resolve().parent.parent / "truth"
sys.path.insert(0, str(TRUTH))

from build_programs import ENVIRONMENT  # noqa: E402
from variants import GO, OLD_GO  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    programs = []
    for number, compiler in enumerate((GO, OLD_GO)):
        if not shutil.which(compiler):
            sys.exit(f"{compiler}: not installed (golang-go)")
        program = options.out / f"go_rows_{number}"
        subprocess.run([compiler, "build", "-ldflags=-compressdwarf=false", "-o", program,
                        TRUTH / "programs" / "chain.go"], check=True, env=ENVIRONMENT)
        programs.append(program)
    sys.stdout.flush()
    os.execv(options.oracle, [options.oracle, *map(str, programs)])


if __name__ == "__main__":
    main()
