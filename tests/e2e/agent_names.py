# SPDX-License-Identifier: Apache-2.0
"""Names reach the disk while the agent runs: kill -9 leaves those of programs that are gone. And a
disk that takes no names holds up no sampling."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import agent_program
import small_disks
import sonde_program
from agent_program import AgentTest
from small_disks import LoopDisk

FUNCTION = "_PyEval_EvalFrameDefault"  # of any Python program that computes
SAVED_SECONDS = 30


class Names(AgentTest):
    def own_python(self):
        """A spinning program that nothing else runs, and that can be removed."""
        program = self.path("own-python")
        shutil.copy(sys.executable, program)
        process = subprocess.Popen([program, "-c", sonde_program.SPIN, "120", "0"],
                                   env={**os.environ, "PYTHONHOME": sys.base_prefix})
        self.addCleanup(self.end, process)
        return program, process

    @staticmethod
    def waiting(agent):
        """Windows that ended and are not on the disk."""
        metrics = agent.metrics()
        return (metrics.get("sonde_windows_total") - metrics.get("sonde_history_windows_total")
                - metrics.sum("sonde_lost_total", stage="writer"))

    def tables(self):
        return list(Path(self.state_dir, "names").glob("*.names"))

    def test_kill_9_leaves_the_names_of_a_program_that_is_gone(self):
        program, process = self.own_python()
        agent = self.agent().wait_until_ready()
        agent.wait("tables are on the disk", self.tables, SAVED_SECONDS)
        time.sleep(8)  # each is due after three
        agent.stop(signal.SIGKILL)
        self.end(process)
        os.remove(program)
        agent = self.agent().wait_until_ready()
        status, folded = agent.get("/api/v1/profile?format=folded&from=-1h", timeout=30)
        self.assertEqual(status, 200, folded)
        of_program = [line for line in folded.splitlines() if line.startswith("own-python;")]
        self.assertTrue(of_program, folded)
        named = [line for line in of_program if f";{FUNCTION};" in line or f";{FUNCTION} " in line]
        self.assertGreater(len(named), len(of_program) / 4, of_program[:10])
        self.assertEqual(agent.stop()[0], 0, agent.said())

    def test_names_that_hang_hold_up_no_sampling(self):
        os.mkdir(self.state_dir, 0o700)
        disk = LoopDisk(self.path("image"), f"{self.state_dir}/names", 64)
        self.addCleanup(disk.end)
        agent = self.agent().wait_until_ready()
        disk.freeze()
        self.addCleanup(disk.thaw)
        time.sleep(5)  # a table is due after three
        before = agent.metrics()
        ended = before.get("sonde_windows_total")
        agent.wait("the writer hangs, and windows go on ending",
                   lambda: agent.metrics().get("sonde_windows_total") >= ended + 6
                   and self.waiting(agent) > 3, SAVED_SECONDS)
        after = agent.metrics()
        self.assertGreater(after.sum("sonde_ticks_total"), before.sum("sonde_ticks_total"))
        disk.thaw()
        agent.wait_for_windows(after.get("sonde_windows_total"), 30)
        self.assertEqual(agent.metrics().sum("sonde_lost_total", stage="writer"), 0)
        self.assertEqual(agent.stop()[0], 0, agent.said())
        self.assertTrue(self.tables())


if __name__ == "__main__":
    if os.geteuid() == 0:
        small_disks.enter_own_mounts()
    agent_program.main()
