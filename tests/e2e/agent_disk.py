# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, read-only or failing stops no sampling: windows wait in memory, counted, and
reach the disk soon after it works again. Each disk is a real one, in mounts of this test alone."""

import os
import signal
import time

import agent_program
import small_disks
from agent_program import AgentTest
from small_disks import LoopDisk, Tmpfs

BACK_SECONDS = 30
LATE_SECONDS = 60  # until a disk that is full is noticed


class Disk(AgentTest):
    def mounted(self, disk):
        self.addCleanup(disk.end)
        return disk

    def waits(self, agent, more=3):
        """Returns once so many more windows wait for the disk, while ticks go on."""
        before = agent.metrics()
        wanted = before.get("sonde_history_waiting_windows") + more
        agent.wait("windows wait for the disk",
                   lambda: agent.metrics().get("sonde_history_waiting_windows") >= wanted,
                   LATE_SECONDS)
        after = agent.metrics()
        self.assertEqual(agent.get("/readyz")[0], 200)
        self.assertGreater(after.sum("sonde_ticks_total"), before.sum("sonde_ticks_total"))
        self.assertGreater(after.get("sonde_history_memory_bytes"), 0)
        self.assertIn("windows stay in memory until the disk takes them", agent.said())

    def comes_back(self, agent):
        """All that waited is on the disk in time, and nothing was lost."""
        ended = agent.metrics().get("sonde_windows_total")
        agent.wait("nothing waits any more",
                   lambda: agent.metrics().get("sonde_history_windows_total") >= ended,
                   BACK_SECONDS)
        metrics = agent.metrics()
        self.assertEqual(metrics.sum("sonde_lost_total", stage="history"), 0)
        self.assertEqual(metrics.sum("sonde_lost_total", stage="journal"), 0)
        agent.wait("that is told", lambda: "the disk takes windows again" in agent.said(), 5)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        windows = self.history()
        self.assertGreaterEqual(len(windows), ended)
        for one, other in zip(windows, windows[1:]):
            self.assertEqual(one["end"], other["begin"], "no gap")

    def test_a_disk_that_fills_up_and_has_space_again(self):
        disk = self.mounted(Tmpfs(self.state_dir, 9_000))  # the journal's first segment has 8 MiB
        agent = self.agent().wait_until_ready()
        with open(f"{self.state_dir}/filler", "wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass
        self.waits(agent)
        disk.resize(64_000)
        self.comes_back(agent)

    def test_a_disk_that_is_full_from_the_start(self):
        disk = self.mounted(Tmpfs(self.state_dir, 64))
        agent = self.agent().wait_until_ready()
        self.waits(agent)
        disk.resize(64_000)
        self.comes_back(agent)

    def test_a_disk_that_is_read_only_and_becomes_writable(self):
        disk = self.mounted(Tmpfs(self.state_dir, 64_000))
        first = self.agent().wait_until_ready()
        first.wait_for_windows(2)
        self.assertEqual(first.stop()[0], 0, first.said())
        before = self.history()
        disk.set_read_only(True)
        agent = self.agent().wait_until_ready()
        self.waits(agent)
        disk.set_read_only(False)
        agent.wait("nothing waits any more",
                   lambda: agent.metrics().get("sonde_history_waiting_windows") == 0, BACK_SECONDS)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.assertEqual(self.history()[:len(before)], before)
        self.assertGreater(len(self.history()), len(before) + 3)

    def test_a_file_system_that_goes_read_only_for_good(self):
        disk = self.mounted(LoopDisk(self.path("image"), self.state_dir, 64))
        agent = self.agent().wait_until_ready()
        agent.wait_for_windows(2)
        disk.become_read_only()
        self.waits(agent)
        code, seconds = agent.stop()
        self.assertEqual(code, 1, "windows are lost, and that is said")
        self.assertIn("windows that are lost", agent.said())
        self.assertLess(seconds, 5)

    def test_a_disk_that_fails_and_is_repaired(self):
        disk = self.mounted(LoopDisk(self.path("image"), self.state_dir, 64))
        agent = self.agent().wait_until_ready()
        agent.wait_for_windows(2)
        disk.fail()
        self.waits(agent)
        self.assertIn("Input/output error", agent.said())
        code, seconds = agent.stop()
        self.assertEqual(code, 1, "windows are lost, and that is said")
        self.assertLess(seconds, 5)
        disk.repair()
        agent = self.agent().wait_until_ready()
        agent.wait_for_windows(2)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.assertGreaterEqual(len(self.history()), 2)

    def test_a_disk_that_fails_and_is_repaired_under_the_agent(self):
        disk = self.mounted(LoopDisk(self.path("image"), self.state_dir, 64))
        agent = self.agent().wait_until_ready()
        agent.wait_for_windows(2)
        disk.fail()
        self.waits(agent)
        self.assertGreater(
            agent.metrics().sum("sonde_journal_refused_total", reason="disk_error"), 0)
        agent.wait("nothing of it is open", disk.unmount, BACK_SECONDS)
        waiting = agent.metrics().get("sonde_history_waiting_windows")
        agent.wait("windows wait for the disk to be back",
                   lambda: agent.metrics().get("sonde_history_waiting_windows") > waiting,
                   LATE_SECONDS)
        self.assertEqual(os.listdir(self.state_dir), [], "nothing is put in its place")
        disk.mount()
        agent.wait("nothing waits any more",
                   lambda: agent.metrics().get("sonde_history_waiting_windows") == 0, BACK_SECONDS)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.assertGreaterEqual(len(self.history()), 3)

    def test_a_disk_that_is_slow_at_the_end_loses_nothing(self):
        disk = self.mounted(LoopDisk(self.path("image"), self.state_dir, 64))
        agent = self.agent().wait_until_ready()
        agent.wait_for_windows(4)
        disk.freeze()
        self.addCleanup(disk.thaw)
        stored = agent.metrics().get("sonde_history_windows_total")
        agent.wait("some windows wait",
                   lambda: agent.metrics().get("sonde_windows_total") > stored + 3, LATE_SECONDS)
        ended = agent.metrics().get("sonde_windows_total")
        agent.process.send_signal(signal.SIGTERM)
        for _ in range(2):  # now and then something gets through; three seconds in all
            time.sleep(1.5)
            disk.thaw()
            time.sleep(0.03)
            disk.freeze()
        time.sleep(0.5)
        disk.thaw()
        self.assertEqual(agent.process.wait(30), 0, agent.said())
        windows = self.history()
        self.assertGreater(len(windows), ended)
        for one, other in zip(windows, windows[1:]):
            self.assertEqual(one["end"], other["begin"], "no gap")


if __name__ == "__main__":
    if os.geteuid() == 0:
        small_disks.enter_own_mounts()
    agent_program.main()
