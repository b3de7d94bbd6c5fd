# SPDX-License-Identifier: Apache-2.0
"""Real programs under a load of their own, to be profiled: each runs in a new folder, on loopback
alone, until `with` ends. Those that are not installed come from a folder of unpacked packages."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

NOBODY = 65534

JAVA_SOURCE = """
import java.util.*;
public class Load {
  static long mix(long x) { x ^= x << 13; x ^= x >>> 7; return x ^ (x << 17); }
  static long sort(int[] data) { Arrays.sort(data); return data[data.length / 2]; }
  static long words(Map<String, Integer> counts, long seed) {
    for (int i = 0; i < 2000; ++i) {
      seed = mix(seed);
      counts.merge("word" + (seed & 1023), 1, Integer::sum);
    }
    return seed;
  }
  public static void main(String[] arguments) {
    long seed = 88172645463325252L;
    int[] data = new int[20000];
    while (true) {
      for (int i = 0; i < data.length; ++i) { seed = mix(seed); data[i] = (int) seed; }
      seed += sort(data);
      seed = words(new HashMap<>(), seed);
    }
  }
}
"""

NODE_SOURCE = """
function tokens(text) { return text.split(' ').map((word) => word.length); }
function tree(depth) { return depth === 0 ? null : { left: tree(depth - 1), right: tree(depth - 1) }; }
function count(node) { return node === null ? 0 : 1 + count(node.left) + count(node.right); }
const text = 'the quick brown fox jumps over the lazy dog '.repeat(2000);
let sum = 0;
for (;;) sum += tokens(text).length + count(tree(14)) + JSON.stringify(tree(8)).length;
"""

PYTHON_SOURCE = """
import hashlib, json, re
words = [f"word{i}" for i in range(3000)]
while True:
    text = json.dumps({word: [i, str(i)] for i, word in enumerate(words)})
    found = re.findall(r"word(\\d+)", text)
    total = sum(int(one) for one in found) + len(json.loads(text))
    hashlib.sha256(text.encode()).digest()
    sorted(found, key=lambda one: one[::-1])
"""

CXX_SOURCE = """
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>
int main() {
  std::map<std::string, std::vector<std::variant<int, std::string>>> all;
  std::regex pattern("[a-z]+([0-9]*)");
  std::unordered_map<std::string, std::function<int(int)>> functions;
  all["a"].push_back(1);
  std::sort(all["a"].begin(), all["a"].end());
  std::cout << std::regex_match("abc1", pattern) << functions.size();
}
"""

NGINX_CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  gzip on; gzip_types text/plain; default_type text/plain;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


class WorkloadError(Exception):
    """A program could not be started; the message says which and why."""


class Programs:
    """Finds programs on the PATH or in folders of unpacked packages."""

    def __init__(self, peers):
        self.peers = Path(peers) if peers else None

    def find(self, name, package=None, under="usr/bin"):
        """(path, environment) of a program; raises WorkloadError if it is nowhere."""
        folder = self.peers / package if self.peers and package else None
        if folder and (folder / under / name).exists():
            libraries = [str(path) for path in (folder / "usr/lib/x86_64-linux-gnu",
                                                folder / "lib/x86_64-linux-gnu") if path.exists()]
            return str(folder / under / name), {**os.environ,
                                                "LD_LIBRARY_PATH": ":".join(libraries)}
        found = shutil.which(name)
        if not found:
            raise WorkloadError(f"{name} is not here (package {package or name})")
        return found, dict(os.environ)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for_port(port, process):
    for _ in range(200):
        if process.poll() is not None:
            raise WorkloadError(f"{process.args[0]} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise WorkloadError(f"{process.args[0]} does not listen on port {port}")


class Running:
    """Processes in sessions of their own, ended together with all that they started."""

    def __init__(self, folder):
        self.folder, self.started = Path(folder), []

    def start(self, command, environment=None, user=None, repeat=False):
        """`repeat`: again and again, by a shell loop."""
        if repeat:
            command = ["sh", "-c", 'while "$@"; do :; done', "sh", *command]
        log = open(self.folder / f"{len(self.started)}.log", "wb")
        process = subprocess.Popen([str(part) for part in command], env=environment, user=user,
                                   group=user, extra_groups=[] if user else None, cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True)
        self.started.append(process)
        return process

    def stop(self):
        for process in reversed(self.started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def redis(programs, running):
    port = free_port()
    server, environment = programs.find("redis-server", "redis-server")
    process = running.start([server, "--port", port, "--bind", "127.0.0.1", "--save", ""],
                            environment)
    wait_for_port(port, process)
    client, environment = programs.find("redis-benchmark", "redis-tools")
    running.start([client, "-h", "127.0.0.1", "-p", port, "-l", "-q", "-r", "100000", "-t",
                   "set,get,lpush,lrange_100,zadd"], environment)
    return {"redis-server"}


def nginx(programs, running):
    port = free_port()
    server, environment = programs.find("nginx", "nginx", "usr/sbin")
    (running.folder / "www").mkdir()
    (running.folder / "www/page.txt").write_text("a page of some size\n" * 2000)
    os.chmod(running.folder, 0o755)
    configuration = running.folder / "nginx.conf"
    configuration.write_text("user root;" +
                             NGINX_CONFIGURATION.format(folder=running.folder, port=port))
    process = running.start([server, "-c", configuration, "-p", running.folder], environment)
    wait_for_port(port, process)
    client, environment = programs.find("wrk", "wrk")
    running.start([client, "-t1", "-c16", "-d600", "-H", "Accept-Encoding: gzip",
                   f"http://127.0.0.1:{port}/page.txt"], environment)
    return {"nginx"}


def postgres(programs, running):
    under = "usr/lib/postgresql/15/bin"
    port = free_port()
    os.chown(running.folder, NOBODY, NOBODY)
    data = running.folder / "data"
    initdb, environment = programs.find("initdb", "postgresql-15", under)
    share = Path(initdb).parents[4] / "share/postgresql/15"
    # A package that is unpacked elsewhere looks for its files beside itself, as built.
    made = running.start([initdb, "-D", data, "-L", share, "-A", "trust", "-U", "postgres",
                          "--no-locale"], environment, NOBODY)
    if made.wait(120) != 0:
        raise WorkloadError("initdb failed: " + (running.folder / "0.log").read_text())
    server, environment = programs.find("postgres", "postgresql-15", under)
    process = running.start([server, "-D", data, "-p", port, "-h", "127.0.0.1", "-k",
                             running.folder, "-c", "fsync=off"], environment, NOBODY)
    wait_for_port(port, process)
    bench, environment = programs.find("pgbench", "postgresql-15", under)
    client = [bench, "-h", "127.0.0.1", "-p", port, "-U", "postgres"]
    for _ in range(50):
        if running.start([*client, "-i", "-q", "-s", "5", "postgres"], environment).wait(120) == 0:
            break
        time.sleep(0.2)
    running.start([*client, "-c", "2", "-S", "-T", "600", "postgres"], environment)
    return {"postgres"}


def python3(programs, running):
    program, environment = programs.find("python3")
    running.start([os.path.realpath(program), "-c", PYTHON_SOURCE], environment)
    return {os.path.basename(os.path.realpath(program))[:15]}


def node(programs, running):
    program, environment = programs.find("node", "nodejs")
    running.start([os.path.realpath(program), "--perf-basic-prof", "-e", NODE_SOURCE], environment)
    return {"node", "MainThread"}


def xz(programs, running):
    program, environment = programs.find("xz", "xz-utils")
    data = running.folder / "data"
    data.write_bytes(os.urandom(1 << 16) * 40 + b"".join(b"line %d\n" % i for i in range(900000)))
    running.start([program, "-k", "-T1", "-6", "-f", "-c", data], environment, repeat=True)
    return {"xz"}


def java(programs, running):
    compiler, environment = programs.find("javac", "openjdk-17-jdk-headless")
    (running.folder / "Load.java").write_text(JAVA_SOURCE)
    if running.start([compiler, "Load.java"], environment).wait(60) != 0:
        raise WorkloadError("javac failed")
    program, environment = programs.find("java", "openjdk-17-jdk-headless")
    process = running.start([program, "-XX:+PreserveFramePointer", "-XX:+UseSerialGC",
                             "-XX:TieredStopAtLevel=1", "-cp", running.folder, "Load"], environment)
    time.sleep(5)  # until the compilers are done
    jcmd, _ = programs.find("jcmd", "openjdk-17-jdk-headless")
    subprocess.run([jcmd, str(process.pid), "Compiler.perfmap"], check=True, capture_output=True)
    return {"java"}


def build(programs, running):
    compiler, environment = programs.find("g++")
    for i in (1, 2):
        source = running.folder / f"{i}.cc"
        source.write_text(CXX_SOURCE)
        running.start([compiler, "-O2", "-c", source, "-o", running.folder / f"{i}.o"],
                      environment, repeat=True)
    return {"cc1plus", "as", "g++"}


ALL = {one.__name__: one for one in (redis, nginx, postgres, python3, node, xz, java, build)}


@contextlib.contextmanager
def run(name, programs):
    """Runs a workload; gives the names (comm) of the processes that are it."""
    folder = Path(tempfile.mkdtemp(prefix=f"workload-{name}-"))
    folder.chmod(0o755)  # postgres does not run as root
    running = Running(folder)
    try:
        yield ALL[name](programs, running)
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)
