# SPDX-License-Identifier: Apache-2.0
"""Processes that the agent samples in another way: those that are opted out, and those that a boost
is about."""

import signal
import time
import urllib.error
import urllib.request

import agent_program
import sonde_program
from agent_program import AgentTest, free_port

RATE = 97


class Targets(AgentTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.one = self.spinner(120)
        self.other = self.spinner(120)

    def config(self, opt_out="off"):
        self.write_config(f"listen: 127.0.0.1:{self.port}\nrate: {RATE}\nopt_out: {opt_out}\n")

    def start(self, **more):
        self.config(**more)
        return self.agent("--config", self.path("sonde.yaml"), port=self.port).wait_until_ready()

    def boost(self, *arguments):
        return sonde_program.run("boost", *arguments, "--listen", f"127.0.0.1:{self.port}")

    def since(self, agent, begin_ms):
        """pid -> (samples, CPU time in ns), of windows that began later."""
        groups = agent.api("series", **{"from": begin_ms, "to": "now", "g": "pid"})["groups"]
        return {int(one["value"]): (one["samples"], one["user"] + one["kernel"])
                for one in groups}

    @staticmethod
    def next_window_ms():
        """Of windows that begin from now on, by the wall clock; a second for what was asked."""
        return int(time.time() * 1000) + 1000

    def more_windows(self, agent, count):
        agent.wait_for_windows(agent.metrics().get("sonde_history_windows_total") + count)

    def weight(self, sums, process):
        samples, cpu_ns = sums[process.pid]
        return cpu_ns / samples

    def test_a_boost_is_of_its_process_alone_until_it_ends(self):
        agent = self.start()
        done = self.boost("-p", str(self.one.pid), "--for", "1m")
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.out, rf"^boost 1: pid={self.one.pid} at {5 * RATE} Hz for 1 min")
        boosts = agent.api("status")["boosts"]
        self.assertEqual([(one["id"], one["match"], one["rate"]) for one in boosts],
                         [(1, f"pid={self.one.pid}", 5 * RATE)])
        self.assertAlmostEqual(boosts[0]["until"], time.time() * 1000 + 60_000, delta=20_000)
        self.assertEqual(agent.metrics().get("sonde_boosts_active"), 1)
        begin = self.next_window_ms()
        self.more_windows(agent, 10)
        sums = self.since(agent, begin)
        self.assertAlmostEqual(self.weight(sums, self.one), 1e9 / (5 * RATE), delta=1e4)
        self.assertAlmostEqual(self.weight(sums, self.other), 1e9 / RATE, delta=1e4)
        done = self.boost("--end", "1")
        self.assertEqual((done.code, done.out), (0, "boost 1 has ended\n"), done)
        self.assertEqual(agent.api("status")["boosts"], [])
        begin = self.next_window_ms()
        self.more_windows(agent, 8)
        sums = self.since(agent, begin)
        for process in (self.one, self.other):
            self.assertAlmostEqual(self.weight(sums, process), 1e9 / RATE, delta=1e4)
        self.assertEqual(self.boost("--end", "1").code, 1, "it has ended")
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.history()

    def test_a_boost_ends_by_itself(self):
        agent = self.start()
        self.assertEqual(self.boost("process=x", "--for", "1s").code, 0)
        agent.wait("its end", lambda: agent.api("status")["boosts"] == [], 20)
        self.assertEqual(agent.metrics().get("sonde_boosts_total"), 1)

    def post(self, query, **headers):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/boost?{query}", data=b"", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    def test_only_who_can_set_the_header_may_ask_for_one(self):
        agent = self.start()
        query = f"match=pid%3D{self.one.pid}"
        self.assertEqual(self.post(query), 403, "a form can send that")
        self.assertEqual(self.post(query, **{"X-Sonde-Request": "1", "Origin": "http://evil.example"}),
                         403)
        self.assertEqual(self.post(query, **{"X-Sonde-Request": "1", "Sec-Fetch-Site": "cross-site"}),
                         403)
        self.assertEqual(self.post(query, **{"X-Sonde-Request": "1", "Host": "evil.example"}), 403)
        self.assertEqual(agent.get(f"/api/v1/boost?{query}")[0], 405)
        self.assertEqual(agent.api("status")["boosts"], [])
        self.assertEqual(self.post(query, **{"X-Sonde-Request": "1"}), 200)

    def test_who_is_opted_out_is_not_there_and_accounted_for(self):
        agent = self.start(opt_out=f"pid={self.one.pid}")
        self.more_windows(agent, 6)
        sums = self.since(agent, "-5m")
        self.assertNotIn(self.one.pid, sums)
        self.assertGreater(sums[self.other.pid][0], 20)
        books = agent.api("health")["books"]
        self.assertGreater(books["filtered"], 20)
        self.assertEqual(books["unaccounted"], 0)
        self.assertEqual(books["lost"], [one for one in books["lost"] if one["reason"] == "missed"])
        self.config()
        agent.process.send_signal(signal.SIGHUP)
        begin = self.next_window_ms()
        self.more_windows(agent, 8)
        self.assertIn(self.one.pid, self.since(agent, begin))
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.history()


if __name__ == "__main__":
    agent_program.main()
