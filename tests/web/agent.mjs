// SPDX-License-Identifier: Apache-2.0
// A real agent for tests of its page, on a port and with a history of its own, beside a program that
// always has something to do.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SONDE = process.env.SONDE_PROGRAM ?? 'build/dev/sonde';
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SONDE_')));

function freePort() {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const spin = () => spawn('nice', ['bash', '-c', 'while :; do :; done'], { stdio: 'ignore' });

const ended = (child) => new Promise((resolve) => {
  if (child.exitCode !== null || child.signalCode !== null) resolve();
  else child.once('exit', resolve);
});

export class Agent {
  static async make() {
    const agent = new Agent();
    agent.port = await freePort();
    agent.address = `http://127.0.0.1:${agent.port}`;
    agent.folder = mkdtempSync(join(tmpdir(), 'sonde-agent-'));
    agent.log = join(agent.folder, 'log');
    agent.spinner = spin();
    return agent;
  }

  start(...flags) {
    this.child = spawn(SONDE, ['run', '--state-dir', join(this.folder, 'state'), '--listen', `127.0.0.1:${this.port}`, ...flags],
      { env: environment, stdio: ['ignore', 'ignore', openSync(this.log, 'a')] });
  }

  // Does not run for a while, in which all CPUs are busy.
  async pause(ms) {
    const busy = cpus().map(spin);
    this.child.kill('SIGSTOP');
    await new Promise((done) => setTimeout(done, ms));
    for (const one of busy) one.kill('SIGKILL');
    this.child.kill('SIGCONT');
  }

  async kill() {
    this.child.kill('SIGKILL');
    await ended(this.child);
  }

  // The answer as text; null while nothing listens.
  async get(path) {
    try {
      const answer = await fetch(this.address + path);
      return await answer.text();
    } catch {
      return null;
    }
  }

  async api(path) {
    return JSON.parse(await this.get(`/api/v1/${path}`));
  }

  // Asks until `condition()` holds and returns what it said.
  async until(what, condition, ms = 30_000) {
    const end = performance.now() + ms;
    for (;;) {
      const found = await condition();
      if (found) return found;
      if (this.child.exitCode !== null || performance.now() > end) {
        throw new Error(`not in ${ms} ms: ${what}\n${readFileSync(this.log, 'utf8')}`);
      }
      await new Promise((done) => setTimeout(done, 25));
    }
  }

  // What a verb of the command line printed, asked of this agent.
  async say(verb, ...flags) {
    const { stdout } = await promisify(execFile)(SONDE, [verb, '--listen', `127.0.0.1:${this.port}`, ...flags], { env: environment })
      .catch((failed) => failed); // an exit code says how the agent is
    return stdout;
  }

  async close() {
    this.spinner.kill('SIGKILL');
    if (this.child) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
