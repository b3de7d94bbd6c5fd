# SPDX-License-Identifier: Apache-2.0
"""Shell scripts pass shellcheck and stop at the first failure (set -euo pipefail)."""

import re
import subprocess


def check(tree):
    findings = []
    scripts = tree.scripts()
    for path in scripts:
        shell = tree.text(path).splitlines()[:1]
        bash = bool(shell) and "bash" in shell[0]
        wanted = "set -euo pipefail" if bash else "set -eu"
        if shell and shell[0].startswith("#!") and not re.search(rf"^{wanted}$", tree.text(path), re.M):
            findings.append(f"{path}: `{wanted}` is missing")
    if scripts:
        command = ["shellcheck", "--format=gcc", "--external-sources", "--source-path=SCRIPTDIR",
                   *scripts]
        result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
        findings += (result.stdout + result.stderr).splitlines()
        if result.returncode != 0 and not findings:
            findings.append(f"shellcheck failed with exit code {result.returncode}")
    return findings


GOOD = {"dev": '#!/usr/bin/env bash\nset -euo pipefail\necho "$1"\n'}
BAD = [
    ({"dev": '#!/usr/bin/env bash\necho "$1"\n'}, "is missing"),
    ({"a.sh": "#!/usr/bin/env bash\nset -euo pipefail\nrm -r $1\n"}, "SC2086"),
    ({"init": "#!/bin/sh\nset -eu\nif [ $1 == x ]; then :; fi\n"}, "init:3"),
]
