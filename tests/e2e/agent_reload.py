# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: what is valid takes effect without losing a window, what is not changes nothing and is
told; a thousand times do not cost more than one."""

import os
import signal
import time

import agent_program
from agent_program import AgentTest, free_port

RELOADS, LONG_RELOADS = 50, 1000
WARM_UP = 20
MAX_GROWTH = 12 << 20  # bytes: what the host began to run meanwhile, and what malloc keeps
MAX_NEW_FILES = 200    # each program and library that began to run is open
NOTICE_SECONDS = 60


class Reload(AgentTest):
    def config(self, port, rate=19, more=""):
        self.write_config(f"listen: 127.0.0.1:{port}\nrate: {rate}\n{more}")

    def start(self, rate=19):
        port = free_port()
        self.config(port, rate)
        return self.agent("--config", self.path("sonde.yaml"), port=port).wait_until_ready()

    def reload(self, agent, says="configuration reloaded"):
        """Asks for it and waits until the agent has said so."""
        before = agent.said().count(says)
        agent.process.send_signal(signal.SIGHUP)
        agent.wait(says, lambda: agent.said().count(says) > before, NOTICE_SECONDS)

    def test_the_listener_moves_and_the_history_stays(self):
        agent = self.start()
        agent.wait_for_windows(2)
        old, agent.port = agent.port, free_port()
        self.config(agent.port)
        self.reload(agent)
        metrics = agent.metrics()
        self.assertGreaterEqual(metrics.get("sonde_history_windows_total"), 2)
        with self.assertRaises(OSError):
            agent.get("/readyz", port=old)
        agent.wait_for_windows(metrics.get("sonde_history_windows_total") + 2)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        windows = self.history()
        for one, other in zip(windows, windows[1:]):
            self.assertEqual(one["end"], other["begin"], "no gap")

    def test_what_is_wrong_changes_nothing_and_is_told(self):
        agent = self.start()
        self.config(free_port(), 99, "listn: x\n")
        self.reload(agent, f"not reloaded: {self.path('sonde.yaml')}:3: unknown key listn")
        with agent_program.socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.config(taken.getsockname()[1], 99)
            self.reload(agent, "not reloaded: listen: 127.0.0.1")
        os.unlink(self.path("sonde.yaml"))
        self.reload(agent, "not reloaded: ")
        self.assertEqual(agent.get("/readyz")[0], 200)
        self.assertEqual(agent.metrics().get("sonde_sampling_rate_hertz"), 19)
        agent.wait_for_windows(agent.metrics().get("sonde_history_windows_total") + 2)

    def ticks_per_second(self, agent):
        """Of a CPU, over some windows: ticks are counted when their window ends."""
        def ended():
            metrics = agent.metrics()
            return metrics.get("sonde_windows_total"), metrics.sum("sonde_ticks_total")
        agent.wait("a whole window", lambda: ended()[0] >= 2, 60)
        windows, ticks = ended()
        agent.wait("some windows", lambda: ended()[0] >= windows + 5, 60)
        more_windows, more_ticks = ended()
        return (more_ticks - ticks) / ((more_windows - windows) * 0.5) / os.cpu_count()

    def test_another_rate_takes_effect(self):
        for _ in range(os.cpu_count()):  # no CPU sleeps
            self.spinner()
        agent = self.start(rate=19)
        self.assertAlmostEqual(self.ticks_per_second(agent), 19, delta=3)
        self.config(agent.port, 99)
        self.reload(agent)
        self.assertEqual(agent.metrics().get("sonde_sampling_rate_hertz"), 99)
        # The last window of the old rate and the first of the new one are partial.
        windows = agent.metrics().get("sonde_windows_total")
        agent.wait("whole windows", lambda: agent.metrics().get("sonde_windows_total") > windows + 1,
                   60)
        self.assertAlmostEqual(self.ticks_per_second(agent), 99, delta=12)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.assertEqual({window["rate"] for window in self.history()}, {19, 99})

    def settled(self, agent):
        """(files, other descriptors, bytes of memory)."""
        looks = []
        for _ in range(5):
            time.sleep(0.1)
            looks.append((*agent.descriptors(), agent.memory()))
        return [min(values) for values in zip(*looks)]

    def test_many_reloads_cost_nothing_that_stays(self):
        agent = self.start()
        ports = [agent.port, free_port()]
        count = LONG_RELOADS if agent_program.LONG else RELOADS
        before = None
        for number in range(count + WARM_UP):
            if number == WARM_UP:  # what is made once is there
                before = self.settled(agent)
            agent.port = ports[number % 2]
            # A new rate starts sampling anew, which takes longer: each fifth time.
            self.config(agent.port, rate=(19, 29)[number // 5 % 2])
            self.reload(agent)
        after = self.settled(agent)
        grown = [now - then for now, then in zip(after, before)]
        files, others, memory = grown
        print(f"{count} reloads: {files} files, {others} other descriptors, {memory >> 10} KiB more")
        self.assertLess(files, MAX_NEW_FILES)
        self.assertLess(others, 4)  # a chunk of rows for what began to run meanwhile
        self.assertLess(memory, MAX_GROWTH)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.history()


if __name__ == "__main__":
    agent_program.main()
