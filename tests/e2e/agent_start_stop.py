# SPDX-License-Identifier: Apache-2.0
"""The agent is there soon after it starts, fills its history, and ends soon and without losing a
window, the one that was being filled included."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

import agent_program
from agent_program import AgentTest
from recording import children

START_SECONDS = 5
STOP_SECONDS = 5


class StartStop(AgentTest):
    def test_page_metrics_and_readiness_are_there_and_windows_follow(self):
        agent = self.agent(window="1s")
        agent.wait_until_ready(START_SECONDS)
        status, page = agent.get("/")
        self.assertEqual(status, 200)
        self.assertIn("<!DOCTYPE html>", page)
        self.assertEqual(agent.get("/healthz")[0], 200)
        self.assertIn("sonde_build_info", agent.metrics().page)
        self.assertLess(time.monotonic() - agent.began, START_SECONDS)
        time.sleep(max(0, agent.began + 12 - time.monotonic()))
        metrics = agent.metrics()
        self.assertGreaterEqual(metrics.get("sonde_history_windows_total"), 6)
        self.assertGreater(metrics.sum("sonde_ticks_total"), 0)
        self.assertEqual(metrics.sum("sonde_history_waiting_windows"), 0)
        self.assertEqual(agent.stop()[0], 0, agent.said())

    def ends_whole(self, number):
        self.spinner()
        agent = self.agent(window="1s")
        agent.wait_until_ready()
        agent.wait_for_windows(2)
        time.sleep(0.3)  # into a window
        asked = time.time()
        before = agent.metrics()
        code, seconds = agent.stop(number)
        self.assertEqual(code, 0, agent.said())
        self.assertLess(seconds, STOP_SECONDS)
        windows = self.history()
        self.assert_distinct(windows)
        # Those that had ended, perhaps one that did meanwhile, and the last one, which is partial.
        self.assertIn(len(windows) - before.get("sonde_windows_total"), (1, 2), windows)
        self.assertGreaterEqual(windows[-1]["end"], asked * 1e9)
        for one, other in zip(windows, windows[1:]):
            self.assertEqual(one["end"], other["begin"], "no gap")
        self.assertGreater(windows[-1]["samples"], 0)
        return windows

    @staticmethod
    def books(agent):
        return agent.api("health", **{"from": "-1h"})["books"]

    def test_sigterm_loses_no_window_and_the_next_one_goes_on(self):
        windows = self.ends_whole(signal.SIGTERM)
        agent = self.agent(window="1s")
        agent.wait_until_ready()
        agent.wait("all are served",
                   lambda: agent.api("status")["history"]["windows"] >= len(windows), 30)
        first = agent.api("status")["history"]["first"]
        self.assertEqual(first, windows[0]["begin"] // 1_000_000)
        # Times that move count from the begin of the open window, which may be that of the last.
        expected = sum(window["expected"] for window in windows)
        agent.wait("the books have every window",
                   lambda: self.books(agent)["expected"] >= expected, 5)
        self.assertEqual(self.books(agent)["unaccounted"], 0)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.assertEqual(self.history()[:len(windows)], windows)

    def test_sigint_is_the_same(self):
        self.ends_whole(signal.SIGINT)

    def new_program(self, number):
        """A program that no worker has seen, burning CPU."""
        copy = self.path(f"program{number}")
        shutil.copy(shutil.which("md5sum"), copy)
        with open(copy, "ab") as file:
            file.write(os.urandom(16))
        process = subprocess.Popen([copy, "/dev/zero"])
        self.addCleanup(self.end, process)

    def stop_workers(self, agent):
        """Until they are killed. Returns how many there are."""
        workers = [pid for pid, command in children(agent.process.pid).items()
                   if command.endswith(" worker")]
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):  # killed meanwhile
                os.kill(pid, signal.SIGSTOP)
        return len(workers)

    def test_a_worker_that_does_not_answer_holds_up_no_end(self):
        agent = self.agent().wait_until_ready()
        agent.wait_for_windows(2)
        self.assertGreaterEqual(self.stop_workers(agent), 1)
        self.new_program(1)
        for _ in range(250):
            time.sleep(0.01)
            self.stop_workers(agent)  # the second one too, once it is there
        before = agent.metrics().get("sonde_windows_total")
        code, seconds = agent.stop()
        self.assertEqual(code, 0, agent.said())
        self.assertLess(seconds, STOP_SECONDS)
        windows = self.history()
        self.assertGreater(len(windows), before)
        for one, other in zip(windows, windows[1:]):
            self.assertEqual(one["end"], other["begin"], "no gap")

    def test_two_signals_in_a_row_are_one(self):
        agent = self.agent()
        agent.wait_until_ready()
        agent.wait_for_windows(1)
        agent.process.send_signal(signal.SIGTERM)  # as timeout(1) does
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.history()

    def test_a_signal_during_the_start_ends_it(self):
        for delay in (0.05, 0.2, 0.5):
            agent = self.agent()
            time.sleep(delay)
            code, seconds = agent.stop()
            self.assertIn(code, (0, -signal.SIGTERM), agent.said())  # before it takes signals
            self.assertLess(seconds, STOP_SECONDS)
        self.history()


if __name__ == "__main__":
    agent_program.main()
