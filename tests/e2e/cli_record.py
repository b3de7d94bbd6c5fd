# SPDX-License-Identifier: Apache-2.0
"""Recordings without a command: how they end, and what a reader of their figures may rely on."""

import json
import signal
import time

import sonde_program
from sonde_program import SondeTest, finish, run, start, wait_until_recording


class Record(SondeTest):
    def test_the_json_object_holds_the_promised_figures(self):
        self.spinner()
        done = run("record", "-d", "1.5", "-o", self.path("x.pb.gz"), "--json")
        self.assertEqual(done.code, 0, done)
        found = json.loads(done.out)
        self.assertEqual(done.out.count("\n"), 1)
        self.assertGreater(found["samples"], 0)
        for key in ("expected", "missed", "idle", "filtered", "thinned", "emitted"):
            self.assertIsInstance(found["ticks"][key], int)
        self.assertIsInstance(found["lost"], dict)
        self.assertIsInstance(found["stacks"]["truncated"], dict)
        self.assertLessEqual(found["stacks"]["complete"], found["samples"])
        self.assertLessEqual(found["frames"]["unresolved_leaf"], found["frames"]["total"])
        for key in ("cpu_s", "rss_peak_bytes", "bpf_ns_per_sample", "kernel_map_bytes"):
            self.assertIn(key, found["agent"])
        for key in ("function", "image", "self", "total"):
            self.assertIn(key, found["top"][0])
        ticks = found["ticks"]
        self.assertEqual(ticks["expected"], ticks["missed"] + ticks["run"])
        self.assertEqual(found["output"]["error"], None)

    def test_the_report_shows_the_same_screen_as_the_recording(self):
        self.spinner()
        done = run("record", "-d", "1.5", "-o", self.path("x.pb.gz"))
        self.assertEqual(done.code, 0, done)
        self.assertIn(f"wrote {self.path('x.pb.gz')} (", done.out.replace("\n    ", " "))
        report = run("report", self.path("x.pb.gz"))
        self.assertEqual(report.code, 0, report)
        recorded = done.out[:done.out.rindex("wrote ")]
        for line in report.out.splitlines()[:3]:
            self.assertIn(line, recorded)

    def test_without_a_file_it_says_how_to_get_one(self):
        done = run("record", "-d", "0.5")
        self.assertIn("sonde record -o cpu.html", done.out)

    def test_ctrl_c_writes_what_there_is(self):
        self.spinner()
        process = start("record", "-d", "600", "-o", self.path("x.pb.gz"))
        wait_until_recording(process)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        done = finish(process)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.files(), ["x.pb.gz"])
        self.assertEqual(run("report", self.path("x.pb.gz")).code, 0)

    def test_sigterm_writes_too(self):
        self.spinner()
        process = start("record", "-d", "600", "-o", self.path("x.folded"))
        wait_until_recording(process)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(finish(process).code, 0)
        self.assertEqual(self.files(), ["x.folded"])

    def test_timeout_ends_a_recording_that_writes_its_file(self):
        # To the process, then to its group: two signals.
        self.spinner()
        done = run("record", "-o", self.path("x.folded"), wrapper=("timeout", "5"))
        self.assertEqual(self.files(), ["x.folded"], done)

    def test_ctrl_c_twice_quits_and_leaves_nothing(self):
        self.spinner()
        process = start("record", "-d", "600", "-o", self.path("x.pb.gz"))
        wait_until_recording(process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        # Two signals of one kind may be merged: send another until it is gone.
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.001)
        done = finish(process)
        if done.code == 130:
            self.assertEqual(self.files(), [])
            self.assertIn("nothing was written", done.err)
        else:  # it was faster than our second signal
            self.assertEqual((done.code, self.files()), (0, ["x.pb.gz"]), done)

    def test_stopped_before_the_first_sample_is_130(self):
        process = start("record", "--comm", "nobody-is-calle", "-d", "600", "-o",
                        self.path("x.pb.gz"))
        wait_until_recording(process)
        process.send_signal(signal.SIGINT)
        done = finish(process)
        self.assertEqual(done.code, 130, done)
        self.assertIn("before the first sample", done.err)
        self.assertEqual(self.files(), [])

    def test_an_idle_choice_is_said_not_failed(self):
        done = run("record", "--comm", "nobody-is-calle", "-d", "0.5")
        self.assertEqual(done.code, 0, done)
        self.assertIn("Nothing that was asked for ran", done.out)

    def test_it_stops_when_its_process_ends(self):
        target = self.spinner(seconds=5)
        begin = time.monotonic()
        process = start("record", "-p", target.pid, "-d", "100", "-o", self.path("x.pb.gz"))
        done = finish(process, timeout=110)
        self.assertEqual(done.code, 0, done)
        self.assertLess(time.monotonic() - begin, 60)
        self.assertIn(f"process {target.pid} ended", done.err)
        self.assertEqual(self.files(), ["x.pb.gz"])

    def test_only_the_process_and_its_children_are_recorded(self):
        other = self.spinner()
        target = sonde_program.spin(seconds=20, children=1)
        self.addCleanup(self.end, target)
        done = run("record", "-p", target.pid, "-d", "1", "--json")
        self.assertEqual(done.code, 0, done)
        pids = {pid for process in json.loads(done.out)["processes"] for pid in process["pids"]}
        self.assertIn(target.pid, pids)
        self.assertEqual(len(pids), 2, done.out)
        self.assertNotIn(other.pid, pids)

    def test_no_kernel_means_no_kernel_frames(self):
        self.spinner()
        done = run("record", "-d", "1", "--no-kernel", "--json")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(json.loads(done.out)["origins"]["kernel"], 0)

    def test_a_damaged_recording_tells_the_byte(self):
        self.spinner()
        self.assertEqual(run("record", "-d", "1", "-o", self.path("x.pb.gz")).code, 0)
        whole = (self.folder / "x.pb.gz").read_bytes()
        (self.folder / "cut.pb.gz").write_bytes(whole[:len(whole) * 2 // 3])
        done = run("report", self.path("cut.pb.gz"))
        self.assertEqual(done.code, 1, done)
        self.assertRegex(done.err, r"byte \d+|\d+ bytes|offset \d+")


if __name__ == "__main__":
    sonde_program.main()
