# SPDX-License-Identifier: Apache-2.0
"""Counts, per truth program, how many of its stacks are whole and right, and prints the table."""

from collections import Counter
from dataclasses import dataclass, field

from chains import Chains, Frame

# Stop reasons of samples taken before the tables of a process or a range were published.
NOT_YET = ("no_mapping", "no_process")
# Of such a program whose stacks are deeper than what is kept of them until then.
CUT_COPY = "stack_copy"
# The task had given its memory back (exit, exec): there is no stack left to be walked.
GONE = "memory_gone"
WHOLE = ("complete", "")

MIN_CORRECT = 0.99
MAX_UNKNOWN_LEAVES = 0.005
MAX_OUTSIDE = 0.05
MAX_GONE = 0.08  # short-lived processes and threads spend some per cent of their time ending
MIN_CHAIN_SHARE = 0.002  # of its program: a rare one is about 0.5 %


@dataclass
class Tally:
    """`samples` are those in the ratio; `outside` hold no function of the program's chains;
    `not_yet` were taken before the tables were published, `gone` when the program was ending."""

    name: str
    chains: Chains
    min_correct: float = MIN_CORRECT
    is_deep: bool = False
    max_outside: float = MAX_OUTSIDE
    samples: int = 0
    whole: int = 0
    correct: int = 0
    outside: int = 0
    not_yet: int = 0
    gone: int = 0
    unknown_leaves: int = 0
    unknown_own_leaves: int = 0
    full: Counter = field(default_factory=Counter)  # chain index -> samples
    bad: Counter = field(default_factory=Counter)  # (stop, stack as text) -> samples
    unknown: Counter = field(default_factory=Counter)  # leaf name -> samples

    def add(self, stack):
        if stack.stop in NOT_YET or (self.is_deep and stack.stop == CUT_COPY):
            self.not_yet += stack.count
            return
        if stack.stop == GONE:
            self.gone += stack.count
            return
        verdict = self.chains.judge(stack.user)
        is_whole = stack.stop in WHOLE
        if not verdict.inside and (is_whole or not stack.user):
            self.outside += stack.count
            return
        self.samples += stack.count
        self.whole += stack.count if is_whole else 0
        if is_whole and verdict.correct:
            self.correct += stack.count
        else:
            self.bad[(stack.stop, describe(stack))] += stack.count
        for index in verdict.full:
            self.full[index] += stack.count
        leaf = (stack.kernel or stack.user or (Frame("(none)", ""),))[-1]
        if not leaf.resolved and leaf.name not in self.chains.stripped:
            self.unknown_leaves += stack.count
            self.unknown[f"{leaf.name} ({leaf.image})"] += stack.count
            if leaf.image.endswith("/" + self.chains.image):
                self.unknown_own_leaves += stack.count

    def share(self, count):
        return count / self.samples if self.samples else 0.0

    def failures(self, min_samples):
        """What is wrong with this program's stacks; empty if nothing."""
        result = []
        if self.samples < min_samples:
            result.append(f"only {self.samples} samples of {min_samples}")
        if self.share(self.correct) <= self.min_correct:
            result.append(f"{self.share(self.correct):.2%} whole and correct")
        if self.share(self.unknown_own_leaves) >= MAX_UNKNOWN_LEAVES:
            result.append(f"{self.share(self.unknown_own_leaves):.2%} unknown leaves in its image")
        everything = self.samples + self.outside + self.not_yet + self.gone
        if everything and self.outside / everything > self.max_outside:
            result.append(f"{self.outside} of {everything} samples outside its functions")
        if everything and self.gone / everything > MAX_GONE:
            result.append(f"{self.gone} of {everything} samples after the memory was given back")
        for index, text in enumerate(self.chains.texts):
            if self.chains.required(index) and self.share(self.full[index]) < MIN_CHAIN_SHARE:
                result.append(f"chain seen {self.full[index]} times: {text}")
        return result


def describe(stack):
    """A stack on one line, root first, runs of one function counted."""
    parts, last, run = [], None, 0
    for frame in (*stack.user, *stack.kernel[-1:]):
        text = f"{frame.image.rpartition('/')[2]}!{frame.name}"
        if text == last:
            run += 1
            parts[-1] = f"{text} x{run}"
        else:
            parts.append(text)
            last, run = text, 1
    return " > ".join(parts) if parts else "(no frames)"


def tally_all(stacks, programs, deep=()):
    """programs: process name -> Chains; `deep`: those with stacks deeper than what is kept of them
    while their tables are loaded. Returns name -> Tally."""
    result = {name: Tally(name, chains, is_deep=name in deep) for name, chains in programs.items()}
    for stack in stacks:
        if stack.process in result:
            result[stack.process].add(stack)
    return result


def table(tallies):
    """The result as text, one line per program."""
    lines = [f"{'program':16s} {'samples':>8s} {'whole':>8s} {'correct':>8s} {'outside':>8s} "
             f"{'not yet':>8s} {'gone':>6s} {'unknown leaf':>13s}"]
    for tally in tallies:
        lines.append(
            f"{tally.name:16s} {tally.samples:8d} {tally.share(tally.whole):8.2%} "
            f"{tally.share(tally.correct):8.2%} {tally.outside:8d} {tally.not_yet:8d} "
            f"{tally.gone:6d} {tally.share(tally.unknown_leaves):13.2%}")
    return "\n".join(lines)


def total(tallies):
    """All programs as one Tally."""
    result = Tally("all", Chains([], ""))
    for tally in tallies:
        for key in ("samples", "whole", "correct", "outside", "not_yet", "gone",
                    "unknown_leaves", "unknown_own_leaves"):
            setattr(result, key, getattr(result, key) + getattr(tally, key))
    return result


def as_json(tally):
    return {
        "samples": tally.samples, "whole": tally.whole, "correct": tally.correct,
        "outside": tally.outside, "not_yet": tally.not_yet, "gone": tally.gone,
        "unknown_leaves": tally.unknown_leaves,
        "unknown_leaves_in_own_image": tally.unknown_own_leaves,
        "chains": {text: tally.full[i] for i, text in enumerate(tally.chains.texts)},
        "bad": [{"samples": n, "stop": stop, "stack": text}
                for (stop, text), n in tally.bad.most_common(10)],
        "unknown": dict(tally.unknown.most_common(10)),
    }
