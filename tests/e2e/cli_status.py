# SPDX-License-Identifier: Apache-2.0
"""`sonde status` where no agent runs, and of programs that are no agent."""

import http.server
import json
import socket
import threading

import sonde_program
from sonde_program import SondeTest, run


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class WithoutAnAgent(SondeTest):
    def test_it_is_not_running(self):
        address = f"127.0.0.1:{free_port()}"
        done = run("status", "--listen", address)
        self.assertEqual(done.code, 1, done)
        self.assertEqual(done.out, "")
        self.assertEqual(done.err, f"sonde: sonde is not running (no answer on {address})\n")
        done = run("status", "--listen", address, "--json")
        self.assertEqual(done.code, 1, done)
        self.assertFalse(json.loads(done.out)["running"])

    def test_the_address_comes_from_the_configuration(self):
        port = free_port()
        with open(self.path("x.yaml"), "w", encoding="utf-8") as file:
            file.write(f"listen: 127.0.0.1:{port}\n")
        self.assertIn(f"no answer on 127.0.0.1:{port}",
                      run("status", "--config", self.path("x.yaml")).err)
        self.assertIn("must be", run("status", "--config", "/dev/null", "--rate", "x").err)

    def test_another_program_on_the_port_is_no_agent(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), Silent)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        done = run("status", "--listen", f"127.0.0.1:{server.server_port}")
        self.assertEqual(done.code, 1, done)
        self.assertIn("is no sonde agent (HTTP 404)", done.err)

    def test_a_port_that_the_agent_chooses_has_to_be_named(self):
        done = run("status", "--listen", "127.0.0.1:0")
        self.assertEqual(done.code, 1, done)
        self.assertIn("--listen ADDRESS says which", done.err)


if __name__ == "__main__":
    sonde_program.main(needs=())
