# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, again and again on one state directory: the next one has everything but
the window that was being filled and the one that was being written, and nothing is damaged."""

import random
import signal
import time

import agent_program
from agent_program import AgentTest

KILLS, LONG_KILLS = 20, 200
MOST_SECONDS = 1.5  # from start, or from the first answer, to kill


class Kills(AgentTest):
    def one_life(self, seconds, answers_first):
        """Ends in kill -9, so long after the start or after the first answer; (begin, windows that
        had ended, of them on the disk)."""
        agent = self.agent()
        begin, ended, stored = time.time_ns(), 0, 0
        if answers_first:
            agent.wait("an answer", agent.metrics, 60)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                metrics = agent.metrics()
            except OSError:  # not there yet
                time.sleep(0.01)
                continue
            self.assertEqual(metrics.get("sonde_lost_total", stage="journal", reason="damaged"), 0)
            self.assertEqual(metrics.get("sonde_history_index_rebuilds_total"), 0)
            ended = metrics.get("sonde_windows_total")
            stored = metrics.get("sonde_history_windows_total")
            time.sleep(0.05)
        self.assertIsNone(agent.process.poll(), agent.said())
        agent.stop(signal.SIGKILL)
        return begin, ended, stored

    def test_each_restart_has_all_but_what_was_being_made(self):
        self.spinner(600)
        chance = random.Random()
        lives = [self.one_life(chance.uniform(0.05, MOST_SECONDS), number % 2 == 0)
                 for number in range(LONG_KILLS if agent_program.LONG else KILLS)]
        last = self.agent().wait_until_ready()
        last.wait_for_windows(1)
        self.assertEqual(
            last.metrics().get("sonde_lost_total", stage="journal", reason="damaged"), 0)
        served = last.api("status")["history"]["windows"]
        self.assertGreaterEqual(served, sum(stored for _, _, stored in lives))
        self.assertEqual(last.api("health", **{"from": "-1h"})["books"]["unaccounted"], 0)
        self.assertEqual(last.stop()[0], 0, last.said())
        windows = self.history()
        self.assert_distinct(windows)
        ends = [begin for begin, _, _ in lives[1:]] + [time.time_ns()]
        prompt = 0
        for (begin, ended, stored), end in zip(lives, ends):
            found = sum(begin <= window["begin"] < end for window in windows)
            self.assertGreaterEqual(found, stored, "what was on the disk is there")
            prompt += found >= ended - 1
        total = sum(stored for _, _, stored in lives)
        print(f"{len(lives)} kills, {total:.0f} windows said to be stored, {len(windows)} found; "
              f"{prompt} lost one or none that had ended")
        self.assertGreater(total, len(lives) / 4, "lives long enough to prove anything")
        # The names of files that nobody had seen may hold up a few: such windows are half a second.
        self.assertGreaterEqual(prompt, 0.8 * len(lives))


if __name__ == "__main__":
    agent_program.main()
