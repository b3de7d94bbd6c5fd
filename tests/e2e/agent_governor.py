# SPDX-License-Identifier: Apache-2.0
"""The agent stays within its budgets: it keeps fewer ticks and says so, sums of CPU time stay, and the
rate comes back. With windows of 500 ms averages are of 3 s."""

import os
import signal

import agent_program
import sonde_program
from agent_program import AgentTest, free_port

AVERAGE = 3  # seconds
TOTALS = 4   # sigma


class Governor(AgentTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()

    def config(self, cpu="off", memory="off", more=""):
        self.write_config(f"listen: 127.0.0.1:{self.port}\nrate: 97\ncpu_budget: {cpu}\n"
                          f"memory_budget: {memory}\n{more}")

    def start(self, **budgets):
        self.config(**budgets)
        return self.agent("--config", self.path("sonde.yaml"), port=self.port,
                          governed=True).wait_until_ready()

    def reload(self, agent, **budgets):
        self.config(**budgets)
        agent.process.send_signal(signal.SIGHUP)

    def budget(self, agent, name):
        budgets = agent.api("health")["budgets"]
        return next(one for one in budgets if one["name"] == name)

    def test_cpu_over_its_budget_lowers_the_rate_and_keeps_the_sums(self):
        for _ in range(os.cpu_count()):  # no CPU is idle
            self.spinner(120)
        agent = self.start()
        agent.wait_for_windows(8)
        self.assertEqual(agent.api("status")["divisor"], 1)
        self.assertEqual(self.budget(agent, "rate")["words"], "")
        self.reload(agent, cpu="0.001")
        agent.wait("a lower rate", lambda: agent.api("status")["divisor"] >= 2, 60)
        self.assertRegex(self.budget(agent, "rate")["words"],
                         r"^CPU .* of 0.001 %, memory .*: one tick of \d+ is kept$")
        self.assertIn("is kept", agent.said(), "it is told")
        metrics = agent.metrics()
        self.assertGreaterEqual(metrics.get("sonde_governor_steps_total", step="rate_lowered"), 1)
        self.assertGreaterEqual(metrics.get("sonde_sampling_divisor"), 2)
        done = sonde_program.run("status", "--listen", f"127.0.0.1:{self.port}")
        self.assertRegex(done.out, r" of 97 Hz")
        self.assertIn("is kept\n", done.out)
        windows = agent.metrics().get("sonde_windows_total")
        agent.wait("windows of fewer ticks",
                   lambda: agent.metrics().get("sonde_windows_total") >= windows + 6, 60)
        # Without a budget every tick counts again, at once.
        self.reload(agent)
        agent.wait("the full rate", lambda: agent.api("status")["divisor"] == 1, 60)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.check_sums([one for one in self.history() if one["end"] - one["begin"] == 500_000_000])

    def check_sums(self, windows):
        """Of whole windows: all CPU time is there, whatever the divisor was."""
        period = 1e9 / 97
        whole = os.cpu_count() * 500e6
        thinned = 0
        for window in windows:
            thinned += window["thinned"] > 0
            found = window["cpu_ns"] + (window["idle"] + window["missed"]) * period
            divisor = (window["emitted"] + window["thinned"]) / max(1, window["emitted"])
            # A window's ends, and a change in its middle, cost up to a tick kept on each CPU.
            self.assertAlmostEqual(found / whole, 1, msg=window,
                                   delta=0.03 + 2 * divisor * period * os.cpu_count() / whole)
        self.assertGreater(thinned, 3)
        self.assertGreater(len(windows) - thinned, 3)

    def test_memory_over_its_budget_drops_caches_first(self):
        agent = self.start(memory="16MiB")
        steps = ("caches_dropped", "rate_lowered")

        def done():
            metrics = agent.metrics()
            return [metrics.get("sonde_governor_steps_total", step=step) for step in steps]
        agent.wait("caches are dropped", lambda: done()[0] >= 1, 60)
        self.assertEqual(done()[1], 0, "they come first")
        agent.wait("that was not enough", lambda: done()[1] >= 1, 60)
        self.assertRegex(agent.said(), r"memory .* of 16 MiB in the last 3 s: caches are dropped")
        self.assertGreater(self.budget(agent, "rss")["now"], 16 << 20)
        agent.wait_for_windows(agent.metrics().get("sonde_history_windows_total") + 2)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.history()


if __name__ == "__main__":
    agent_program.main()
