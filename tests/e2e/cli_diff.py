# SPDX-License-Identifier: Apache-2.0
"""`sonde diff` over files that other tools could have written: what changed, what is refused and
with which exit code. Needs no privileges."""

import json

import pprof_writer
import sonde_program
from cli_terminal import on_a_terminal
from sonde_program import ENVIRONMENT, SondeTest, run

OLD = {"main;walk": 300, "main;scan": 600, "main;read": 100}
NEW = {"main;walk": 400, "main;scan": 500, "main;cache": 100}
HEAP = (("alloc_objects", "count"), ("alloc_space", "bytes"))


class Diff(SondeTest):
    def write(self, name, stacks, **more):
        return pprof_writer.write(self.folder / name, stacks, **more)

    def two(self, *options, old=OLD, new=NEW, **more):
        return run("diff", self.write("old.pb.gz", old, **more),
                   self.write("new.pb", new, compress=False, **more), *options)

    def refused(self, *arguments):
        done = run("diff", *arguments)
        self.assertEqual(done.code, 1, done)
        self.assertEqual(done.out, "", done)
        return done.err

    def test_gzip_and_bare_files_of_another_tool(self):
        done = self.two()
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.out, r"\+10\.0 ± 4\.\d +30\.0 % +40\.0 % +walk +app")
        self.assertRegex(done.out, r"−10\.0 ± 4\.\d +60\.0 % +50\.0 % +scan +app")
        self.assertRegex(done.out, r"\+10\.0 ± \d\.\d +new +10\.0 % +cache")
        self.assertRegex(done.out, r"−10\.0 ± \d\.\d +10\.0 % +gone +read")

    def test_report_against_an_older_file_is_the_same(self):
        old, new = self.write("o.pb.gz", OLD), self.write("n.pb.gz", NEW)
        self.assertEqual(run("report", new, "--diff", old).out, run("diff", old, new).out)

    def test_several_files_of_a_side_are_one_recording(self):
        half = {stack: count // 2 for stack, count in OLD.items()}
        halves = [self.write(f"{i}.pb.gz", half, duration=5_000_000_000) for i in range(2)]
        new = self.write("new.pb.gz", NEW)
        one = json.loads(run("diff", self.write("old.pb.gz", OLD), new, "--json").out)
        both = json.loads(run("diff", "--before", *halves, "--after", new, "--json").out)
        self.assertEqual(both["changes"], one["changes"])
        self.assertEqual(both["before"]["files"], halves)
        self.assertEqual(both["before"]["duration_s"], 10)

    def test_the_same_file_twice_has_no_change(self):
        done = self.two("--json", new=OLD)
        self.assertEqual(json.loads(done.out)["beyond_error"], 0, done)
        self.assertIn("No change is outside the error", self.two(new=OLD).out)

    def test_absolute_sees_what_shares_hide(self):
        twice = {stack: 2 * count for stack, count in OLD.items()}
        self.assertIn("No change", self.two(new=twice).out)
        done = self.two("--absolute", new=twice)
        self.assertRegex(done.out, r"\+0\.600 ± 0\.\d+ +0\.600 +1\.200 +scan")

    def test_paths(self):
        self.assertRegex(self.two("--paths").out, r"60\.0 % +50\.0 % +main ▸ scan\n")

    def test_fail_above_ends_with_6_and_says_which(self):
        done = self.two("--fail-above", "5%")
        self.assertEqual(done.code, 6, done)
        self.assertIn("2 functions grew by more than 5.0 %", done.err)
        self.assertIn("walk (app)", done.err)
        self.assertIn("cache (app)", done.err)
        self.assertNotIn("scan", done.err)
        self.assertIn("walk", done.out)
        for limit in ("10.1%", "50"):
            self.assertEqual(self.two("--fail-above", limit).code, 0)
        self.assertEqual(self.two("--fail-above", "0%", new=OLD).code, 0)

    def test_a_change_by_chance_does_not_fail(self):
        few = {"main;walk": 30, "main;scan": 60}
        more = {"main;walk": 38, "main;scan": 52}
        self.assertEqual(self.two("--fail-above", "5%", old=few, new=more).code, 0)

    def test_a_damaged_file_says_where(self):
        good = self.write("good.pb.gz", OLD)
        data = pprof_writer.encode(OLD)
        (self.folder / "cut.pb").write_bytes(data[:-3])
        self.assertRegex(self.refused(good, self.path("cut.pb")),
                         r"cut\.pb is not a readable pprof profile: byte \d+: .*3 samples")
        zipped = (self.folder / "good.pb.gz").read_bytes()
        (self.folder / "cut.pb.gz").write_bytes(zipped[: len(zipped) // 2])
        self.assertRegex(self.refused(self.path("cut.pb.gz"), good), r"byte \d+")
        self.assertIn("No such file", self.refused(good, self.path("no.pb.gz")))

    def test_what_is_no_cpu_time_is_refused(self):
        good = self.write("good.pb.gz", OLD)
        heap = self.write("heap.pb.gz", {"main": (1, 4096)}, types=HEAP)
        self.assertIn("holds alloc_space/bytes, not CPU time", self.refused(good, heap))
        counts = self.write("counts.pb.gz", OLD, types=(("samples", "count"),), period=0)
        self.assertIn("CPU time in", self.refused(good, counts))
        self.assertIn("not CPU time", self.refused("--absolute", counts, counts))
        self.assertEqual(run("diff", counts, counts).code, 0)

    def test_an_empty_side_is_refused(self):
        good = self.write("good.pb.gz", OLD)
        empty = self.write("empty.pb.gz", {})
        self.assertIn("empty.pb.gz holds no samples", self.refused(empty, good))
        negative = self.write("minus.pb.gz", {"main": -5})
        self.assertIn("is it a difference already?", self.refused(good, negative))

    def test_absolute_needs_durations(self):
        untimed = self.write("untimed.pb.gz", OLD, duration=0)
        self.assertIn("how long", self.refused("--absolute", untimed, untimed))
        self.assertEqual(run("diff", untimed, untimed).code, 0)

    def test_colours_are_for_terminals_without_no_color(self):
        old, new = self.write("o.pb.gz", OLD), self.write("n.pb.gz", NEW)
        self.assertNotIn("\x1b", run("diff", old, new).out)
        self.assertIn("\x1b[33m", run("diff", old, new, "--color", "always").out)
        for more, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            _, said = on_a_terminal("diff", old, new, env={**ENVIRONMENT, **more})
            self.assertEqual("\x1b[33m+10.0" in said, coloured, said)


if __name__ == "__main__":
    sonde_program.main(needs=())
