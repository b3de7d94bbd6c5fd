# SPDX-License-Identifier: Apache-2.0
"""The command line of a test that runs in guests, and its turns: one kernel series after another."""

import argparse
import sys
from pathlib import Path

import guest
import guest_kernels


def arguments(doc, series):
    """A parser with what every such test takes; `series` is the default."""
    parser = argparse.ArgumentParser(description=doc,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", default="build/release/sonde")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kernels", type=Path, default=guest.default_work_folder())
    parser.add_argument("--series", default=series)
    parser.add_argument("--timeout", type=int, default=150, help="seconds for one guest")
    return parser


def run(options, test):
    """Calls `test(series)`, which returns its failures, for each series; returns all of them."""
    failures = []
    for series in options.series.split(","):
        try:
            failures += [f"{series}: {text}" for text in test(series)]
        except (guest.GuestError, guest_kernels.KernelError) as error:
            failures.append(f"{series}: {error}")
    return failures


def end(failures):
    """Prints them and ends the test."""
    for failure in failures:
        print("FAIL", failure)
    sys.exit(1 if failures else 0)
