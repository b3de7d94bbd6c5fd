# SPDX-License-Identifier: Apache-2.0
"""Where a recording is written to: every format, stdout, devices, and a disk that fills up."""

import gzip
import json
import os
import subprocess
import xml.dom.minidom

import sonde_program
from sonde_program import SondeTest, run

# Mounts a small file system in a mount namespace of its own, leaves FREE bytes of it, and runs the
# rest of the arguments with the folder as the last word.
SMALL_DISK = r"""set -e
folder=$1; free=$2; shift 2
mount -t tmpfs -o size=256k small "$folder"
head -c $((262144 - free)) /dev/zero > "$folder/filler"
code=0; "$@" || code=$?
ls -A "$folder" > "$folder.left"
exit $code
"""


class Output(SondeTest):
    def setUp(self):
        super().setUp()
        self.spinner()

    def record(self, *arguments, **more):
        return run("record", "-d", "0.7", *arguments, **more)

    def test_every_extension_gives_its_format(self):
        checks = {
            "x.pb.gz": lambda data: gzip.decompress(data),
            "x.pprof": lambda data: gzip.decompress(data),
            "x.folded": lambda data: self.assertRegex(data.decode(), r"(?m)^[^\n]+ \d+$"),
            "x.svg": lambda data: xml.dom.minidom.parseString(data),
            "x.html": lambda data: self.assertIn(b"<!doctype html>", data.lower()),
            "x.speedscope.json": json.loads,
            "x.json": json.loads,
        }
        for name, check in checks.items():
            with self.subTest(name):
                done = self.record("-o", self.path(name))
                self.assertEqual(done.code, 0, done)
                check((self.folder / name).read_bytes())

    def test_stdout_holds_the_file_alone(self):
        done = self.record("-o", "-", "--format", "pprof", text=False)
        self.assertEqual(done.code, 0, done)
        gzip.decompress(done.out)
        self.assertIn(b"stacks", done.err)

    def test_a_device_is_never_replaced(self):
        done = self.record("-o", "/dev/null", "--format", "svg")
        self.assertEqual(done.code, 0, done)
        self.assertTrue(os.path.exists("/dev/null"))
        self.assertEqual(subprocess.run(["stat", "-c", "%F", "/dev/null"], capture_output=True,
                                        text=True, check=True).stdout,
                         "character special file\n")

    def test_a_full_device(self):
        done = self.record("-o", "/dev/full", "--format", "folded")
        self.assertEqual(done.code, 1, done)
        self.assertRegex(done.err, r"no room for /dev/full: it needs .* \([\d,]+ bytes\)")

    def test_a_disk_that_fills_up_while_writing(self):
        disk = self.folder / "disk"
        disk.mkdir()
        done = self.record("-o", disk / "cpu.html", wrapper=(
            "unshare", "-m", "sh", "-c", SMALL_DISK, "sh", str(disk), "4096"))
        self.assertEqual(done.code, 1, done)
        self.assertIn(f"no room for {disk}/cpu.html", done.err)
        self.assertRegex(done.err, r"\([\d,]+ bytes\), .* are free")
        self.assertIn("stacks", done.out, "the summary is still printed")
        self.assertEqual((self.folder / "disk.left").read_text(), "filler\n")

    def test_a_read_only_file_system(self):
        disk = self.folder / "disk"
        disk.mkdir()
        done = self.record("-o", disk / "cpu.html", wrapper=(
            "unshare", "-m", "sh", "-c", 'mount -t tmpfs -o ro small "$1"; shift; exec "$@"', "sh",
            str(disk)))
        self.assertEqual(done.code, 1, done)
        self.assertIn("Read-only file system", done.err)
        self.assertLess(done.seconds, 0.7)

    def test_stdout_closed_early_still_writes_the_file(self):
        process = subprocess.run(
            ["sh", "-c", f"{sonde_program.SONDE} record -d 0.7 -o {self.path('x.svg')} | true"],
            check=False, capture_output=True, text=True, timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.files(), ["x.svg"])


if __name__ == "__main__":
    sonde_program.main()
