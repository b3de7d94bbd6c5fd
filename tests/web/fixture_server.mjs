// SPDX-License-Identifier: Apache-2.0
// A server with the page's files out of the binary and the fixed fixture behind the interface of
// docs/api.md. Tests change `server.fixture` to reach each state; its clock stands still.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { belowPath, foldedTo } from './fixture_folds.mjs';
import { FixtureStore } from './fixture_store.mjs';
import { ROOT, payloadOf } from './support.mjs';
import { readFilter } from '../../exporters/text/web/url.js';
import { readTime } from '../../exporters/text/web/range.js';

const PAGE_FILES = process.env.SONDE_PAGE_FILES ?? 'build/dev/tests/support/page_files';
export const NOW = Date.UTC(2025, 5, 13, 12, 17, 12); // 14:17:12 in Berlin

function pageFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'sonde-page-'));
  execFileSync(PAGE_FILES, [folder], { cwd: ROOT });
  const { policy, files } = JSON.parse(readFileSync(join(folder, 'files.json'), 'utf8'));
  const byPath = new Map(files.map(({ path, name, type }) =>
    [path, { type, bytes: readFileSync(join(folder, name)) }]));
  rmSync(folder, { recursive: true, force: true });
  return { policy, byPath };
}

const IDLE = 8988; // ticks
const sumOf = (reasons) => reasons.reduce((sum, [, , count]) => sum + count, 0);

// What the fixture says of itself; tests replace parts.
function statusOf(fixture) {
  const { store, now } = fixture;
  const windows = store.first > 0 ? (store.last - store.first) / store.windowMs + 1 : 0;
  return { v: 1, host: fixture.host, version: fixture.version, kernel: '6.1.0-18-amd64', now, started: fixture.started,
    ncpu: 2, rate: 19, divisor: 1, boosts: [], window_ms: store.windowMs,
    history: { first: store.first, last: store.first > 0 ? store.last : 0, windows, bytes: windows * 5000,
      limit_bytes: 512 * 1024 * 1024, cut: fixture.cut },
    open: { from: store.last + store.windowMs, samples: 30 },
    types: fixture.types,
    degraded: fixture.degraded, ready: true, ready_why: '' };
}

// The equations of docs/losses.md, from what was stored and lost.
function booksOf(stored, lost, missed) {
  const lostAt = (side) => lost.reduce((sum, one) => sum + (one.side === side ? one.samples : 0), 0);
  const emitted = stored + lostAt('user');
  const run = IDLE + emitted + lostAt('kernel');
  return { expected: run + missed, missed, slept: 0, run, idle: IDLE, filtered: 0, thinned: 0, emitted, stored, unaccounted: 0, lost };
}

// The same figures as /flame and /series have, with an invented rest.
function healthOf({ now, started, lostReasons, missed }, { from, to, trust: stored, samples }, { groups }) {
  const inWindows = stored.lost - missed - sumOf(lostReasons);
  const reasons = inWindows > 0 ? [...lostReasons, ['ring_full', 'kernel', inWindows]] : lostReasons;
  const lost = reasons.map(([reason, side, count]) => ({ reason, side, samples: count, last: to - 1000 }));
  const lostSamples = lost.reduce((sum, one) => sum + one.samples, 0);
  const all = stored.produced - stored.lost;
  const trust = { ...stored, samples, lost: lostSamples + missed, produced: all + lostSamples + missed };
  const executables = groups.map((one) => ({ path: `/usr/bin/${one.value}`, samples: one.samples, whole: one.whole,
    early: 0, stops: { complete: one.whole, no_row: one.samples - one.whole } }))
    .sort((a, b) => a.whole / a.samples - b.whole / b.samples);
  return { v: 1, from, to, now, host: 'web-7', trust,
    books: booksOf(all, lost, missed),
    accounting: { of: 'host', source: '/proc/stat', sampled_ns: 993e9, kernel_ns: 1000e9, sigma_ns: 8e9, samples: 18867, windows: 88, cgroups: 0 },
    executables,
    executables_more: { executables: 47, samples: 1440, whole: 1439, early: 0 },
    explain: { no_row: 'no unwind row covers the code' }, advice: { no_row: 'its .eh_frame is stripped: rebuild' },
    reasons: { ring_full: { meaning: 'the ring had no room', help: 'a lower rate' } },
    budgets: [{ name: 'cpu', unit: 'percent', now: 0.27, limit: 1, peak: 0.41, words: '' },
      { name: 'rss', unit: 'bytes', now: 48_700_000, limit: 83_886_080, peak: 53_700_000, words: '' },
      { name: 'kernel_maps', unit: 'bytes', now: 24_200_000, limit: 67_108_864, peak: 24_200_000, words: '' },
      { name: 'history', unit: 'bytes', now: 327_000_000, limit: 536_870_912, peak: 327_000_000, words: '' },
      { name: 'rate', unit: 'hertz', now: 19, limit: 19, peak: 19, words: '' }],
    exporters: [], programs: [{ name: 'cpu_sample', hook: 'perf event, 2 CPUs', runs_per_s: 38, ns_per_run: 3410,
      cpu_percent: 0.013, state: 'ok', words: 'loop, window reads' }],
    agent: { version: '0.4.0', build: 'g++ 12, clang 14', kernel: '6.1.0-18-amd64', started, restarts: 0, pid: 4011,
      capabilities: ['bpf', 'perfmon', 'sys_ptrace'], features: ['BTF', 'bpf_loop'],
      symbols: { full: 198, dynamic: 11, none: 3 } } };
}

class Question {
  constructor(fixture, url) {
    this.fixture = fixture;
    this.url = url;
    this.filters = url.searchParams.getAll('f').map(readFilter);
    this.live = url.searchParams.get('live') === '1';
  }

  span(from = 'from', to = 'to') {
    const { store, now } = this.fixture;
    const end = this.live ? now : Math.floor(now / store.windowMs) * store.windowMs;
    const time = (name, fallback) => {
      const text = this.url.searchParams.get(name) ?? fallback;
      return /^\d+$/.test(text) ? Number(text) : readTime(text, end, true);
    };
    return { from: time(from, '-5m'), to: time(to, 'now') };
  }

  windows(span) {
    return this.fixture.store.windowsIn(span.from, span.to, this.live);
  }

  answer() {
    const { store, now } = this.fixture;
    const path = this.url.pathname.replace('/api/v1/', '');
    const span = this.span();
    const label = /^label\/([^/]+)\/values$/.exec(path);
    if (label) {
      const values = store.values(label[1], this.windows(span), this.filters, this.url.searchParams.get('q') ?? '');
      return { v: 1, name: label[1], values: values.slice(0, 50), more: Math.max(0, values.length - 50) };
    }
    switch (path) {
      case 'status': return statusOf(this.fixture);
      case 'labels': return { v: 1, labels: ['process', 'pid', 'cgroup'].map((name) =>
        ({ name, values: store.values(name, this.windows(span), this.filters, '').length })) };
      case 'series': return { now, ...store.series(span, this.filters,
        Number(this.url.searchParams.get('points') ?? 500), this.url.searchParams.get('g'), this.live) };
      case 'flame': return this.flame(span);
      case 'health': return { ...healthOf(this.fixture, this.flame(span),
        store.series(span, this.filters, 500, 'process', this.live)), ...this.fixture.healthChanges };
      default: return null;
    }
  }

  flame(span) {
    const { store } = this.fixture;
    const before = this.url.searchParams.has('afrom') ? this.span('afrom', 'ato') : null;
    const answer = store.flame(this.windows(span), this.filters, span,
      before && { windows: this.windows(before), span: before });
    const { whole, early, lost: inWindows } = answer.trust; // the rest is of all samples of the range
    const all = store.counts(this.windows(span), []).reduce((sum, samples) => sum + samples, 0);
    const lost = inWindows + this.fixture.missed + sumOf(this.fixture.lostReasons);
    answer.trust = { produced: all + lost, lost, missed: this.fixture.missed, expected: IDLE + all + lost, whole, early };
    const below = belowPath(answer, this.url.searchParams.get('root'));
    const max = Number(this.url.searchParams.get('max') ?? this.fixture.maxNodes);
    return { ...foldedTo(below, max), ...this.fixture.flameChanges };
  }
}

function respond(response, status, type, bytes, headers = {}) {
  response.writeHead(status, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Resource-Policy': 'same-origin', ...headers });
  response.end(bytes);
}

// {address, fixture, asked, close()}. asked: paths of all requests so far.
export async function startServer(profile = 'node', windowMs = 10_000) {
  const files = pageFiles();
  const last = Math.floor(NOW / windowMs) * windowMs - windowMs;
  const store = new FixtureStore(payloadOf(profile), { windowMs, first: last - 359 * windowMs, last });
  const fixture = { store, now: NOW, started: NOW - 3_600_000, cut: '', degraded: [], flameChanges: {}, healthChanges: {}, lostReasons: [], version: '0.4.0',
    refuse: {}, withheld: [], delay: 0, gone: false, missed: 0, maxNodes: 120_000, host: 'web-7',
    types: [{ id: 'cpu', on: true }, { id: 'offcpu', on: false, why: 'not in this version' }] };
  const asked = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://fixture');
    asked.push(request.url);
    if (fixture.gone) return request.socket.destroy();
    const file = files.byPath.get(url.pathname);
    if (file && !fixture.withheld.includes(url.pathname)) {
      const policy = url.pathname === '/' ? { 'Content-Security-Policy': files.policy } : {};
      return respond(response, 200, file.type, file.bytes, policy);
    }
    const path = url.pathname.replace('/api/v1/', '');
    if (fixture.delay > 0 && path !== 'status') await new Promise((done) => setTimeout(done, fixture.delay));
    if (path === 'profile') {
      return respond(response, 200, 'text/plain', `${url.search}\n`, {
        'Content-Disposition': 'attachment; filename="sonde-web-7-cpu-20250613T1202Z-15m.folded"',
        'Content-Security-Policy': 'sandbox' });
    }
    const words = fixture.refuse[path];
    const answer = words ? { error: words } : new Question(fixture, url).answer();
    const status = words ? 500 : answer ? 200 : 404;
    return respond(response, status, 'application/json', JSON.stringify(answer ?? { error: 'not found' }));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { address: `http://127.0.0.1:${server.address().port}`, fixture, asked,
    // Some windows later, all of them stored.
    pass(windows = 1) {
      store.last += windows * store.windowMs;
      fixture.now += windows * store.windowMs;
    },
    close: () => new Promise((done) => {
      server.closeAllConnections();
      server.close(done);
    }) };
}
