# SPDX-License-Identifier: Apache-2.0
"""What the agent says where it cannot run: exit code, cause and fix, and that it leaves alone what
others have."""

import socket

import agent_program
import sonde_program
from agent_program import AgentTest
from cli_denied import NOBODY


class Refusals(AgentTest):
    def refused(self, code, *arguments, words=(), **more):
        done = sonde_program.run("run", "--window", "500ms", *arguments, timeout=60, **more)
        self.assertEqual((done.code, done.out), (code, ""), done)
        said = " ".join(done.err.split())
        for word in words:
            self.assertIn(word, said)
        return said

    def test_a_second_one_on_the_same_state_directory(self):
        first = self.agent().wait_until_ready()
        self.refused(1, "--state-dir", self.state_dir, "--listen", "127.0.0.1:0",
                     words=("another sonde", self.state_dir, "fix:", "--state-dir"))
        first.wait_for_windows(first.metrics().get("sonde_history_windows_total") + 2)
        self.assertEqual(first.stop()[0], 0, first.said())
        self.history()

    def test_a_port_that_another_one_has(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.refused(1, "--state-dir", self.state_dir, "--listen", address,
                         words=(address, "in use", "fix:", "--listen"))

    def test_a_user_without_rights(self):
        copy = self.public_copy()
        self.folder.chmod(0o777)
        before, sonde_program.SONDE = sonde_program.SONDE, copy
        self.addCleanup(setattr, sonde_program, "SONDE", before)
        self.refused(3, "--state-dir", self.path("state"), "--listen", "127.0.0.1:0",
                     wrapper=NOBODY, words=("run as root", "setcap"))

    def test_a_wrong_configuration(self):
        path = self.write_config("rate: 19\nlistn: 127.0.0.1:7663\nrate_hz: 20\n")
        self.refused(1, "--config", path, words=(f"{path}:2: unknown key listn", f"{path}:3: "))
        self.assertEqual(self.files(), ["sonde.yaml"])

    def test_a_state_directory_that_is_a_file_is_told_and_stops_no_sampling(self):
        agent = self.agent(state_dir=self.write_config("")).wait_until_ready()
        agent.wait("the trouble is told", lambda: "windows stay in memory" in agent.said(), 60)
        self.assertIn("Not a directory", agent.said())
        agent.wait("windows wait", lambda: agent.metrics().get("sonde_history_waiting_windows") > 1,
                   60)
        self.assertEqual(agent.stop()[0], 1, "they are lost")
        self.assertRegex(agent.said(), r"windows that are lost.*: [2-9]")


if __name__ == "__main__":
    agent_program.main()
