# SPDX-License-Identifier: Apache-2.0
"""The metrics of a running agent, in both formats, as strict readers see them; and that they move
with what they count."""

import subprocess
import time

import agent_program
from agent_program import AgentTest, capabilities

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


class MetricsPage(AgentTest):
    def setUp(self):
        super().setUp()
        self.spinner()
        self.running = self.agent("--telemetry-listen", f"127.0.0.1:{agent_program.free_port()}")
        self.running.wait_until_ready()
        self.running.wait_for_windows(3)

    def checked(self, page, form):
        done = subprocess.run([agent_program.CHECK_METRICS, form], input=page, text=True,
                              capture_output=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), page)

    def test_both_formats_are_correct(self):
        self.checked(self.running.metrics().page, "text")
        status, page = self.running.get("/metrics", Accept=OPEN_METRICS)
        self.assertEqual(status, 200)
        self.assertTrue(page.endswith("# EOF\n"))
        self.checked(page, "openmetrics")

    def test_promtool_has_nothing_to_say(self):
        done = subprocess.run([capabilities.peer("prometheus", "promtool"), "check", "metrics"],
                              input=self.running.metrics().page, capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_counters_only_grow_and_the_books_hold(self):
        before = self.running.metrics()
        time.sleep(3)
        after = self.running.metrics()
        for (name, labels), value in before.samples.items():
            if name.endswith("_total"):
                self.assertGreaterEqual(after.samples[name, labels], value, name)
        for name in ("sonde_windows_total", "sonde_history_windows_total",
                     "sonde_cpu_seconds_total"):
            self.assertGreater(after.sum(name), before.sum(name), name)
        self.assertGreater(after.get("sonde_ticks_total", state="emitted"),
                           before.get("sonde_ticks_total", state="emitted"), "a CPU is busy")
        self.assertEqual(after.sum("sonde_lost_total", stage="agent"), 0)
        books = self.running.api("health", **{"from": "-1h"})["books"]
        self.assertEqual(books["unaccounted"], 0)
        self.assertEqual(books["expected"], books["missed"] + books["run"])
        self.assertEqual(books["run"], books["idle"] + books["filtered"] + books["thinned"]
                         + books["emitted"])
        self.assertGreater(books["stored"], 0)
        self.assertEqual(self.running.stop()[0], 0, self.running.said())
        windows = self.history()  # and nothing in them that the books cannot explain
        ticks = sum(window["expected"] for window in windows)
        self.assertGreaterEqual(ticks, after.sum("sonde_ticks_total"))


if __name__ == "__main__":
    agent_program.main(needs=("bpf", "prometheus"))
