# SPDX-License-Identifier: Apache-2.0
"""The checker itself: right stacks pass, and every kind of wrong stack is seen."""

import unittest

import pprof_reader
from chains import Chains, Frame, normalize
from stacks import Stack, UNRESOLVED
from tally import Tally, total
from variants import VARIANTS

OWN = "/build/prog/prog"
LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"
ROOT = [("_start", OWN), ("__libc_start_main_impl", LIBC), ("libc.so.6+0x2724a", LIBC)]


def frames(*items):
    """Frames root first; a bare name is one of the program."""
    return tuple(Frame(item, OWN, not UNRESOLVED.search(item)) if isinstance(item, str)
                 else Frame(item[0], item[1], not UNRESOLVED.search(item[0])) for item in items)


def chains(*texts, **more):
    return Chains(list(texts), "prog", **more)


class PlainChain(unittest.TestCase):
    def setUp(self):
        self.chains = chains("[start] main a b c", "?[start] main [libc*] [vdso*]")

    def correct(self, *names):
        return self.chains.judge(frames(*ROOT, *names)).correct

    def test_the_whole_chain_is_correct_and_full(self):
        verdict = self.chains.judge(frames(*ROOT, "main", "a", "b", "c"))
        self.assertTrue(verdict.correct and verdict.inside)
        self.assertEqual(verdict.full, (0,))

    def test_a_sample_in_the_middle_of_the_chain_is_correct_but_not_full(self):
        verdict = self.chains.judge(frames(*ROOT, "main", "a"))
        self.assertTrue(verdict.correct)
        self.assertEqual(verdict.full, ())

    def test_a_lost_frame_is_wrong(self):
        self.assertFalse(self.correct("main", "a", "c"))
        self.assertFalse(self.correct("main", "b", "c"))

    def test_a_repeated_frame_is_wrong(self):
        self.assertFalse(self.correct("main", "a", "a", "b", "c"))

    def test_a_swapped_frame_is_wrong(self):
        self.assertFalse(self.correct("main", "b", "a", "c"))

    def test_a_stack_that_does_not_reach_the_root_is_wrong(self):
        self.assertFalse(self.chains.judge(frames("main", "a", "b", "c")).correct)
        self.assertFalse(self.chains.judge(frames(*ROOT[1:], "main", "a", "b", "c")).correct)

    def test_a_library_frame_is_wrong_where_the_chain_has_none(self):
        self.assertFalse(self.correct("main", "a", ("qsort", LIBC), "b", "c"))
        self.assertFalse(self.correct("main", "a", ("read", LIBC)))
        self.assertTrue(self.correct("main", ("clock_gettime", LIBC), ("x", "[vdso]")))

    def test_a_frame_of_an_unknown_file_is_wrong(self):
        self.assertFalse(self.correct("main", "a", "b", "c", ("x", "/usr/lib/libz.so.1")))

    def test_a_function_of_another_image_with_the_same_name_does_not_count(self):
        self.assertFalse(self.correct("main", ("a", "/usr/lib/libz.so.1"), "b", "c"))

    def test_a_jump_stub_may_be_the_leaf(self):
        self.assertTrue(self.correct("main", "a", "prog+0x1030"))
        self.assertFalse(self.correct("main", "prog+0x1030", "a"))

    def test_a_stack_without_a_named_function_is_outside(self):
        self.assertFalse(self.chains.judge(frames(*ROOT)).inside)


class Repetition(unittest.TestCase):
    def test_the_depth_must_be_exact(self):
        one = chains("[start] main down{5} leaf")
        for depth in (4, 6):
            self.assertFalse(one.judge(frames(*ROOT, "main", *["down"] * depth, "leaf")).correct)
        self.assertTrue(one.judge(frames(*ROOT, "main", *["down"] * 5, "leaf")).correct)
        self.assertTrue(one.judge(frames(*ROOT, "main", *["down"] * 3)).correct)
        self.assertFalse(one.judge(frames(*ROOT, "main", *["down"] * 6)).correct)

    def test_a_group_alternates(self):
        one = chains("[start] main (ping pong){3} leaf")
        self.assertTrue(one.judge(frames(*ROOT, "main", *["ping", "pong"] * 3, "leaf")).correct)
        self.assertFalse(one.judge(frames(*ROOT, "main", "ping", "ping", "pong", "leaf")).correct)

    def test_a_range_takes_any_depth_in_it(self):
        one = chains("[start] main down{1,3} leaf")
        self.assertTrue(one.judge(frames(*ROOT, "main", "down", "leaf")).correct)
        self.assertFalse(one.judge(frames(*ROOT, "main", "leaf")).correct)


class SpecialFrames(unittest.TestCase):
    def test_a_signal_frame_is_one_frame_of_libc(self):
        one = chains("[start] main f [signal] handler")
        restore = ("__restore_rt", LIBC)
        self.assertTrue(one.judge(frames(*ROOT, "main", "f", restore, "handler")).correct)
        self.assertFalse(one.judge(frames(*ROOT, "main", "f", "handler")).correct)

    def test_plugins_are_told_apart_by_their_file(self):
        one = chains("[start] main plugin_a!entry", "[start] main plugin_b!other")
        self.assertTrue(one.judge(frames(*ROOT, "main", ("entry", "/x/plugin_a.so"))).correct)
        self.assertFalse(one.judge(frames(*ROOT, "main", ("entry", "/x/plugin_b.so"))).correct)

    def test_a_static_program_has_its_libraries_in_its_own_image(self):
        one = chains("[start] main f [libc+] g", is_static=True)
        root = frames("_start", "__libc_start_main_impl", "__libc_start_call_main")
        self.assertTrue(one.judge(root + frames("main", "f", "qsort_r", "g")).correct)
        self.assertFalse(one.judge(root + frames("main", "f", "g")).correct)

    def test_callees_may_follow_any_function_but_not_precede_it(self):
        one = chains("[start] main f", callees=("own",))
        self.assertTrue(one.judge(frames(*ROOT, "main", "core::num::add")).correct)
        self.assertFalse(one.judge(frames(*ROOT, "main", "core::num::add", "f")).correct)

    def test_a_deleted_file_is_still_the_programs_own(self):
        one = chains("[start] main f")
        root = (Frame("_start", OWN + " (deleted)"), *frames(*ROOT[1:]))
        mine = [Frame(name, OWN + " (deleted)") for name in ("main", "f")]
        self.assertTrue(one.judge((*root, *mine)).correct)


class Names(unittest.TestCase):
    def test_parameters_templates_hashes_and_clone_suffixes_are_dropped(self):
        for given, expected in (
                ("unsigned long site::twice<unsigned long>(unsigned long)", "site::twice"),
                ("Guard::~Guard()", "Guard::~Guard"),
                ("foo.cold", "foo"),
                ("foo(int) [clone .cold]", "foo"),
                ("(anonymous namespace)::f(int)", "(anonymous namespace)::f"),
                ("f()::{lambda(int)#1}::operator()(int) const", "f()::{lambda(int)#1}::operator()"),
                ("chain::site::generic::<u64>", "chain::site::generic"),
                ("chain::site::leaf::h0123456789abcdef", "chain::site::leaf"),
                ("<a::Square as a::Shape>::area", "<a::Square as a::Shape>::area")):
            self.assertEqual(normalize(given), expected)

    def test_program_names_fit_into_a_process_name(self):
        for variant in VARIANTS:
            self.assertLessEqual(len(variant.name), 15)


class Counting(unittest.TestCase):
    def setUp(self):
        self.tally = Tally("prog", chains("[start] main a"))

    def add(self, stop, user, count=1, kernel=()):
        self.tally.add(Stack("prog", 1, stop, user, kernel, count))

    def test_a_cut_stack_is_in_the_ratio_even_if_its_frames_are_right(self):
        self.add("read_fault", frames(*ROOT, "main", "a"), 3)
        self.add("complete", frames(*ROOT, "main", "a"), 7)
        self.assertEqual((self.tally.samples, self.tally.whole, self.tally.correct), (10, 7, 7))

    def test_a_complete_but_wrong_stack_is_whole_and_not_correct(self):
        self.add("complete", frames("a"), 2)
        self.assertEqual((self.tally.whole, self.tally.correct), (2, 0))

    def test_samples_before_publication_and_outside_are_apart(self):
        self.add("no_mapping", frames("a"), 4)
        self.add("complete", frames(("_dl_start", "/lib64/ld-linux-x86-64.so.2")), 5)
        self.assertEqual((self.tally.samples, self.tally.not_yet, self.tally.outside), (0, 4, 5))

    def test_a_cut_stack_without_a_named_function_is_not_hidden_outside(self):
        self.add("read_fault", frames(("memcpy", LIBC)), 6)
        self.assertEqual((self.tally.samples, self.tally.outside), (6, 0))

    def test_an_unresolved_leaf_is_counted(self):
        self.add("complete", frames(*ROOT, "main", "a", "prog+0x1030"), 2)
        self.assertEqual((self.tally.unknown_leaves, self.tally.unknown_own_leaves), (2, 2))

    def test_the_gates_fail_below_their_limits(self):
        self.add("complete", frames(*ROOT, "main", "a"), 990)
        self.add("complete", frames("a"), 10)
        self.assertTrue(any("whole and correct" in text for text in self.tally.failures(1)))
        self.add("complete", frames(*ROOT, "main", "a"), 1000)
        self.assertEqual(self.tally.failures(1), [])
        self.assertTrue(self.tally.failures(5000))
        self.assertEqual(total([self.tally, self.tally]).samples, 4000)

    def test_a_chain_that_never_shows_is_a_failure(self):
        self.tally = Tally("prog", chains("[start] main a", "[start] main b"))
        self.add("complete", frames(*ROOT, "main", "a"), 1000)
        self.assertTrue(any("seen 0 times" in text for text in self.tally.failures(1)))


def _message(*parts):
    """A protobuf message of (field, int or bytes) with small values."""
    out = b""
    for number, value in parts:
        if isinstance(value, int):
            out += bytes([number << 3, value])
        else:
            out += bytes([number << 3 | 2, len(value)]) + value
    return out


class Pprof(unittest.TestCase):
    STRINGS = [(6, text) for text in (b"", b"samples", b"count", b"f", b"prog", b"stop", b"depth")]
    TABLES = [(1, _message((1, 1), (2, 2))), (3, _message((1, 1), (5, 4))),
              (5, _message((1, 1), (2, 3))),
              (4, _message((1, 1), (2, 1), (3, 9), (4, _message((1, 1)))))]

    def parse(self, sample):
        return pprof_reader.parse(_message(*self.STRINGS, *self.TABLES, (2, sample)))

    def test_a_sample_comes_back_with_its_frames_and_labels(self):
        profile = self.parse(_message((1, b"\x01\x01"), (2, b"\x07"), (3, _message((1, 5), (2, 6)))))
        (sample,) = profile.samples
        self.assertEqual((sample.values, sample.labels), ([7], {"stop": "depth"}))
        self.assertEqual([l.names for l in sample.locations], [["f"], ["f"]])
        self.assertEqual(sample.locations[0].mapping, "prog")

    def test_dangling_ids_and_missing_values_are_refused(self):
        for sample in (_message((1, b"\x02"), (2, b"\x07")), _message((1, b"\x01"))):
            with self.assertRaises(pprof_reader.PprofError):
                self.parse(sample)

    def test_a_cut_file_is_refused(self):
        with self.assertRaises(pprof_reader.PprofError):
            pprof_reader.parse(_message(*self.STRINGS)[:-2])


if __name__ == "__main__":
    unittest.main()
