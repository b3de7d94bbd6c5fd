# SPDX-License-Identifier: Apache-2.0
"""Runs the command that follows, where BPF programs can be loaded; elsewhere it is a skipped test."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "truth"))

import capabilities  # noqa: E402

capabilities.require("bpf")
os.execvp(sys.argv[1], sys.argv[1:])
