// SPDX-License-Identifier: Apache-2.0
// The page of a real agent in headless Chromium: how soon the first graph is there, what its states say,
// that losses are the same wherever they are told, and what it gives to download.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { percentText } from '../../exporters/text/web/format.js';
import { lostShare } from '../../exporters/text/web/health.js';
import { Agent } from './agent.mjs';
import { speedscopeProblems } from './speedscope.mjs';
import { openFile, openLive, startBrowser, text, until } from './support.mjs';

const FIRST_GRAPH_MS = 5000;
const STOPPED_MS = 5000; // the ring of a stopped agent is full by then: it holds half a second of 1 KiB records
const GO = ['/usr/lib/go-1.19/bin/go', '/usr/bin/go'].find((path) => existsSync(path));

const folder = mkdtempSync(join(tmpdir(), 'sonde-page-'));
let browser;
let agent;
let page; // one for all tests: what one leaves the next begins with

before(async () => {
  browser = await startBrowser();
  agent = await Agent.make();
});
after(async () => {
  await browser.close();
  await agent.close();
  rmSync(folder, { recursive: true, force: true });
});

const words = async (selector) => (await text(page, selector)).replace(/\s+/g, ' ').trim();

async function show(hash) {
  const isNew = await page.evaluate((wanted) => {
    const before = location.hash;
    window.shownBefore = window.sondePage.shown;
    location.hash = wanted;
    return location.hash !== before;
  }, hash);
  if (isNew) await until(page, () => window.sondePage.shown !== window.shownBefore, undefined, 30_000);
}

test(`the first graph is there ${FIRST_GRAPH_MS / 1000} s after the agent was started`, async () => {
  const began = performance.now();
  agent.start();
  await agent.until('the page', () => agent.get('/'));
  page = await openLive(browser, agent, { wait: false, acceptDownloads: true });
  await until(page, () => window.sondePage?.shown?.flame.total > 0 && document.getElementById('notice').hidden &&
    window.sonde.stage.view.drawn.length > 3, undefined, 60_000);
  const took = Math.round(performance.now() - began);
  console.log(`first graph after ${took} ms`);
  assert.ok(took <= FIRST_GRAPH_MS, `${took} ms`);
  assert.match(await text(page, '#follow'), /^(Preview|Live) · \d+ s$/);
  assert.deepEqual(page.complaints, []);
});

test('an agent that is killed: the picture stays and the page finds the next one', async () => {
  await agent.kill();
  await until(page, () => !document.getElementById('gone').hidden);
  assert.match(await words('#gone'), /^No answer from sonde since \d\d:\d\d:\d\d\. Trying again in \d+ s\. Try now$/);
  assert.ok(await page.evaluate(() => window.sonde.stage.view.drawn.length > 3));
  agent.start('--rate', '997', '--window', '2s');
  await until(page, () => document.getElementById('gone').hidden, undefined, 90_000);
  await until(page, () => window.sondePage.status.rate === 997 && window.sondePage.shown.flame.total > 0, undefined, 90_000);
  await agent.until('two windows', storedSpan, 120_000);
  page.complaints.length = 0; // those of the requests that nobody answered
});

test('states that a real agent has, in their words', async () => {
  await show('#/profile?f=process=no-such-process');
  assert.match(await words('#notice'), /^No samples match these filters [\d,]+ samples are in this range without them\. Remove process=no-such-process$/);
  await page.locator('#notice button').click();
  await until(page, () => document.getElementById('notice').hidden);
  await show('#/profile?t=1749800000000..1749800600000');
  assert.match(await words('#notice'), /^History begins at \d\d:\d\d:\d\d sonde did not run before\. Show from \d\d:\d\d$/);
  const { from, to } = await storedSpan();
  await show(`#/profile?t=${from}..${to}&a=1749800000000..1749800600000`);
  assert.match(await words('#notice'), /^A has no samples sonde started at \d\d:\d\d:\d\d\. Choose a later A, or turn Compare off\. Turn Compare off$/);
  await show('#/profile?q=no_such_function');
  await until(page, () => document.getElementById('answer').textContent === 'no match');
  await page.locator('#types').click();
  assert.match(await words('#menu'), /✓ CPU time.*Off-CPU time not in this version/);
  await page.keyboard.press('Escape');
  assert.deepEqual(page.complaints, []);
});

// All windows that are stored now, and none that comes: the last one begins before `to`. False if there are
// fewer than two.
async function storedSpan() {
  const { history } = await agent.api('status');
  return history.windows > 1 && { from: history.first, to: history.last + 1 };
}

// Lost by reason, as the metrics have it.
const lossesIn = (metrics) => Object.fromEntries([...metrics.matchAll(/^sonde_lost_total\{stage="(?:kernel|agent)",reason="(\w+)"\} (\d+)$/gm)]
  .map(([, reason, count]) => [reason, Number(count)]).filter(([, count]) => count > 0).sort());

// The metrics, the health and the status of one moment, which no window's end falls into.
async function booksOfOneMoment() {
  const span = await storedSpan();
  const before = await agent.get('/metrics');
  const health = await agent.api(`health?from=${span.from}&to=${span.to}`);
  const status = await agent.say('status');
  const lost = lossesIn(before);
  const same = lost.ring_full > 0 && JSON.stringify(lossesIn(await agent.get('/metrics'))) === JSON.stringify(lost);
  return same && (await storedSpan()).to === span.to && { span, health, status, lost };
}

test('losses are the same in the badge, in Health, in sonde status and in the metrics', async () => {
  await agent.pause(STOPPED_MS);
  const { span, health, status, lost } = await agent.until('losses', booksOfOneMoment, 120_000);
  console.log(`lost: ${JSON.stringify(lost)}`);
  const count = lost.ring_full.toLocaleString('en');
  assert.equal(health.books.unaccounted, 0);
  assert.deepEqual(Object.fromEntries(health.books.lost.filter(({ side }) => side !== 'clock').map((one) => [one.reason, one.samples]).sort()),
    Object.fromEntries(Object.entries(lost).filter(([reason]) => reason !== 'missed')));
  assert.match(status.replace(/\s+/g, ' '), new RegExp(`${count} ring_full.* in 15 min`));

  const share = percentText(lostShare({ ...health.trust, missed: health.books.missed, expected: health.books.expected })).replace(/\s/g, ' ');
  await show(`#/health?t=${span.from}..${span.to}`);
  const told = await words('#health-view');
  assert.match(told, new RegExp(`lost: ring_full ${count} `));
  assert.match(told, /unaccounted 0 0 % ✓ sums match/);
  assert.ok(told.includes(`${share} lost: `), `${share} in ${told.slice(0, 400)}`);
  for (const view of ['health', 'profile']) {
    if (view === 'profile') await show(`#/profile?t=${span.from}..${span.to}`);
    assert.ok((await words('#badge')).includes(`${share} lost`), `${share} in ${await words('#badge')} of ${view}`);
    assert.match(await page.locator('#badge').getAttribute('data-level'), /warn|bad/);
  }
  assert.deepEqual(page.complaints, []);
});

async function saved(label) {
  await page.locator('#download').click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('#menu button', { hasText: label }).click()]);
  assert.match(file.suggestedFilename(), /^sonde-[A-Za-z0-9._-]+-cpu-\d{8}T\d{4}Z-[A-Za-z0-9]+\.[a-z.]+$/);
  const path = join(folder, file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

test('what the page gives to download is what other programs read, with the same sums', async () => {
  const span = await agent.until('two windows', storedSpan);
  await show(`#/profile?t=${span.from}..${span.to}`);
  const { samples, payload } = await page.evaluate(() => ({ samples: window.sondePage.shown.samples, payload: window.sonde.payload }));
  const seconds = (payload.total * payload.tick) / 1e9;
  const near = (found, wanted, what) => assert.ok(Math.abs(found - wanted) <= wanted * 1e-4, `${what}: ${found}, not ${wanted}`);

  const folded = readFileSync(await saved('Folded'), 'utf8').trim().split('\n');
  near(folded.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0), samples, 'folded');

  const pprof = await saved('pprof');
  assert.ok(gunzipSync(readFileSync(pprof)).length > 1000);
  assert.ok(GO, 'go is installed');
  const raw = execFileSync(GO, ['tool', 'pprof', '-raw', pprof], { encoding: 'utf8', maxBuffer: 1 << 28,
    env: { ...process.env, HOME: folder, PPROF_TMPDIR: folder, PPROF_BINARY_PATH: '/nonexistent', GOCACHE: join(folder, 'go') } });
  assert.match(raw, /^PeriodType: cpu nanoseconds$/m);
  const rows = [...raw.slice(raw.indexOf('Samples:')).split('\nLocations')[0].matchAll(/^ +(\d+) +(\d+): /gm)];
  assert.equal(rows.reduce((sum, [, count]) => sum + Number(count), 0), samples);
  near(rows.reduce((sum, [, , ns]) => sum + Number(ns), 0) / 1e9, seconds, 'pprof');

  execFileSync('xmllint', ['--noout', '--nonet', await saved('SVG')]);

  const speedscope = JSON.parse(readFileSync(await saved('speedscope'), 'utf8'));
  assert.deepEqual(speedscopeProblems(speedscope), []);
  const weights = speedscope.profiles.flatMap((one) => one.weights);
  near(weights.reduce((sum, ns) => sum + ns, 0) / 1e9, seconds, 'speedscope');

  const html = await saved('HTML');
  const file = await openFile(browser, html, { offline: true });
  await until(file, () => window.sonde?.tree.count > 3);
  const found = await file.evaluate(() => [window.sonde.payload.samples, window.sonde.tree.total[0] * window.sonde.payload.tick / 1e9]);
  assert.equal(found[0], samples);
  near(found[1], seconds, 'HTML');
  await file.locator('#query').fill('bash');
  await until(file, () => /% of CPU/.test(document.getElementById('answer').textContent));
  assert.deepEqual(file.complaints, []);
  await file.close();
  assert.deepEqual(page.complaints, []);
});
