# SPDX-License-Identifier: Apache-2.0
"""The metrics page as others read it: promtool's lint finds nothing, and a Prometheus server, which
asks for OpenMetrics, stores what the page says. Run with the program that serves the page:

  metrics_scrapers.py --server PROGRAM
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "truth"))

import capabilities  # noqa: E402

SERVER = ""

CONFIGURATION = """
scrape_configs:
  - job_name: sonde
    scrape_interval: 1s
    static_configs: [{targets: ["ADDRESS"]}]
"""


def fetch(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode(), answer.headers


class Scrapers(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True)
        self.addCleanup(self.end, self.server)
        self.address = self.server.stdout.readline().strip()

    @staticmethod
    def end(process):
        process.communicate(timeout=10)

    @staticmethod
    def terminate(process):
        process.terminate()
        process.communicate(timeout=30)

    def test_promtool_has_nothing_to_say(self):
        page, _ = fetch(f"http://{self.address}/metrics")
        self.assertGreater(len(page.splitlines()), 50)
        done = subprocess.run([capabilities.peer("prometheus", "promtool"), "check", "metrics"],
                              input=page, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def start_prometheus(self):
        """A Prometheus server on a port of its own; its address."""
        folder = tempfile.mkdtemp(prefix="sonde-prometheus-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        config = Path(folder) / "prometheus.yml"
        config.write_text(CONFIGURATION.replace("ADDRESS", self.address), encoding="utf-8")
        process = subprocess.Popen(
            [capabilities.peer("prometheus", "prometheus"), f"--config.file={config}",
             f"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:0",
             "--log.level=info"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.addCleanup(self.terminate, process)
        address = ""
        for line in process.stderr:
            if "Listening on" in line:
                address = line.split("address=")[-1].split()[0]
            if "ready to receive web requests" in line:
                return address
        return self.fail("prometheus ended")

    def query(self, prometheus, expression):
        """metric name -> value of every series."""
        text, _ = fetch(f"http://{prometheus}/api/v1/query?"
                        + urllib.parse.urlencode({"query": expression}))
        return {tuple(sorted(row["metric"].items())): float(row["value"][1])
                for row in json.loads(text)["data"]["result"]}

    def test_prometheus_stores_what_the_page_says(self):
        prometheus = self.start_prometheus()
        end = time.monotonic() + 30
        while not self.query(prometheus, "sonde_scrape_duration_seconds_count > 1"):
            self.assertLess(time.monotonic(), end, "no two scrapes in 30 s")
            time.sleep(0.2)
        self.assertEqual(list(self.query(prometheus, "up").values()), [1])
        page, _ = fetch(f"http://{self.address}/metrics")
        samples = [line for line in page.splitlines() if not line.startswith("#")]
        self.assertEqual(list(self.query(prometheus, "scrape_samples_scraped").values()),
                         [len(samples)])
        self.assertEqual(len(self.query(prometheus, 'count({job="sonde"}) by (__name__)')),
                         len({line.split("{")[0].split(" ")[0] for line in samples}) + 5)
        self.assertEqual(list(self.query(prometheus, "sonde_build_info").values()), [1])
        types, _ = fetch(f"http://{prometheus}/api/v1/metadata?metric=sonde_build")
        self.assertEqual(json.loads(types)["data"]["sonde_build"][0]["type"], "info",
                         "OpenMetrics was negotiated")

    def test_an_answer_is_compressed_for_those_who_ask(self):
        _, headers = fetch(f"http://{self.address}/metrics")
        self.assertIsNone(headers["Content-Encoding"])
        request = urllib.request.Request(f"http://{self.address}/metrics",
                                         headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.assertEqual(answer.headers["Content-Encoding"], "gzip")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    options, rest = parser.parse_known_args()
    SERVER = options.server
    capabilities.require("prometheus")
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
