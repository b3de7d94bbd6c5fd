# SPDX-License-Identifier: Apache-2.0
"""What a user without rights, or on a kernel without the parts, is told: cause, fix, exit code."""

import unittest

import sonde_program
from sonde_program import SondeTest, run

NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


def only(*capabilities):
    """Root with these capabilities alone."""
    kept = ",".join(f"+{name}" for name in capabilities)
    return ("setpriv", "--bounding-set", "-all" + ("," + kept if kept else ""),
            "--inh-caps", "-all")


class Denied(SondeTest):
    def setUp(self):
        super().setUp()
        sonde_program.SONDE, self.before = self.public_copy(), sonde_program.SONDE
        self.addCleanup(setattr, sonde_program, "SONDE", self.before)

    def refused(self, done, code, *words):
        self.assertEqual(done.code, code, done)
        for word in words:
            self.assertIn(word, done.err)
        self.assertEqual(done.out, "")

    def test_not_root(self):
        self.refused(run("record", "-d", "1", wrapper=NOBODY), 3, "setcap", "run as root")

    def test_not_root_never_starts_the_command(self):
        self.folder.chmod(0o777)
        done = run("record", "--", "touch", self.path("ran"), wrapper=NOBODY)
        self.refused(done, 3, "setcap")
        self.assertEqual(self.files(), ["sonde"])

    def test_a_missing_capability(self):
        self.refused(run("record", "-d", "1", wrapper=only("sys_ptrace")), 3, "cap_bpf")

    def test_perf_refused(self):
        # BPF is allowed, the clock is not.
        self.refused(run("record", "-d", "1", wrapper=only("bpf", "sys_ptrace", "dac_override")), 3,
                     "cap_perfmon")

    def test_a_kernel_without_type_information(self):
        done = run("record", "-d", "1", wrapper=(
            "unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf; exec "$@"', "sh"))
        self.refused(done, 4, "BTF", "CONFIG_DEBUG_INFO_BTF")

    def test_another_pid_namespace(self):
        done = run("record", "-d", "1", wrapper=("unshare", "--pid", "--fork", "--mount-proc"))
        self.assertEqual(done.code, 1, done)
        self.assertIn("--pid=host", done.err)

    def test_no_sys_resource_no_tracefs_no_debugfs(self):
        script = ("umount /sys/kernel/tracing /sys/kernel/debug 2>/dev/null; "
                  "mount -t tmpfs -o ro none /sys/kernel/debug 2>/dev/null; "
                  'ulimit -l 64; exec setpriv --bounding-set -sys_resource "$@"')
        busy = ("--", "sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
        done = run("record", *busy, wrapper=("unshare", "-m", "sh", "-c", script, "sh"))
        self.assertEqual(done.code, 0, done)
        self.assertIn("stacks", done.out)

    def test_kernel_functions_without_names(self):
        done = run("record", "-d", "0.5", wrapper=(
            "unshare", "-m", "sh", "-c", 'mount --bind /dev/null /proc/kallsyms; exec "$@"', "sh"))
        self.assertEqual(done.code, 0, done)
        self.assertIn("kernel functions have no names", done.err.replace("\n    ", " "))
        self.assertIn("CAP_SYSLOG", done.err)

    def test_an_unwritable_output_is_told_before_the_missing_right(self):
        done = run("record", "-o", "/proc/x.svg", "-d", "1", wrapper=NOBODY)
        self.refused(done, 1, "cannot write /proc/x.svg")


if __name__ == "__main__":
    sonde_program.main()
