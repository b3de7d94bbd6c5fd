// SPDX-License-Identifier: Apache-2.0
// The agent's page in headless Chromium: every state that it can be in, with its words.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NOW, startServer } from './fixture_server.mjs';
import { openLive, placeOf, settle, startBrowser, text, until } from './support.mjs';

let browser;

before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

// Runs `work(page, server)` on a fixture that `change` has changed; the page must not complain.
async function inState(change, work, options = {}) {
  const server = await startServer('node', options.windowMs ?? 10_000);
  change(server.fixture, server);
  const page = await openLive(browser, server, options);
  await work(page, server);
  if (!options.mayComplain) assert.deepEqual(page.complaints, []);
  await page.close();
  await server.close();
}

const notice = async (page) => (await text(page, '#notice')).replace(/\s+/g, ' ');

test('no sample yet, then the preview, then the first window without a jump', () => inState((fixture) => {
  Object.assign(fixture.store, { first: 0, last: NOW - 12_000, open: false });
  fixture.started = NOW - 3000;
}, async (page, server) => {
  const { store } = server.fixture;
  assert.match(await notice(page), /^Collecting the first samples sonde has watched this node for \d s\. The graph appears with the first samples\.$/);
  assert.match(await text(page, '#follow'), /^Preview · \d+ s$/);
  assert.ok(await page.locator('#strip').isVisible() && await page.locator('#chips').isVisible());
  store.open = true; // the unfinished window has samples
  await until(page, () => window.sondePage.shown.flame.total > 0);
  const rows = () => page.evaluate(() => window.sonde.tree.frame.length);
  const preview = await rows();
  store.last += 10_000;
  store.first = store.last;
  server.fixture.now += 10_000;
  await until(page, () => window.sondePage.status.history.windows === 1);
  assert.equal(await rows(), preview);
  assert.match(await text(page, '#follow'), /^Live/);
  assert.ok(!await page.locator('#notice').isVisible());
  assert.ok(await page.locator('#flame').isVisible());
}));

test('an idle node', () => inState((fixture) => {
  fixture.store.spread = fixture.store.spread.map(() => new Map());
}, async (page) => {
  assert.equal(await notice(page), 'Nothing ran on the CPUs in this range 2 CPUs were idle 100 % of the time. ' +
    'Drag on the strip where it rises, or choose a longer range.');
}));

test('filters that match nothing, and their removal', () => inState(() => {}, async (page) => {
  assert.equal(await notice(page), 'No samples match these filters 23,024 samples are in this range without them. ' +
    'Remove process=postgres Remove cgroup=/none Remove all');
  await page.locator('#notice button', { hasText: 'Remove cgroup' }).click();
  await until(page, () => window.sondePage.shown.flame.total === 7696);
  assert.ok(!await page.locator('#notice').isVisible());
}, { hash: '#/profile?f=process=postgres&f=cgroup=%2Fnone' }));

test('a range before the history', () => inState((fixture) => {
  fixture.cut = 'bytes';
}, async (page, server) => {
  assert.equal(await notice(page), 'History begins at 13:17:10 Older windows were dropped to stay under 512 MiB. Show from 13:17');
  await page.locator('#notice button').click();
  await until(page, (first) => window.sondePage.shown.flame.from === first, server.fixture.store.first);
  assert.ok(await page.locator('#flame').isVisible());
}, { hash: '#/profile?t=1749800000000..1749800600000' }));

test('no right to sample', () => inState((fixture) => {
  fixture.degraded = [{ what: 'profiles', error: 'this kernel refused perf_event_open (EACCES)', fix: 'sonde doctor' }];
}, async (page) => {
  assert.equal(await notice(page), 'Profiles are off: this kernel refused perf_event_open (EACCES). ' +
    'Run sonde doctor for the exact fix. Metrics work.');
}));

test('CPU profiles are off', () => inState((fixture) => {
  fixture.types = [{ id: 'cpu', on: false, why: 'Start sonde without --no-cpu.' }];
}, async (page) => {
  assert.equal(await notice(page), 'CPU profiling is off Start sonde without --no-cpu.');
}));

test('types without data are listed with the reason', () => inState(() => {}, async (page) => {
  await page.locator('#types').click();
  const items = await page.locator('#menu button').allInnerTexts();
  assert.match(items[0], /✓ CPU time/);
  assert.match(items[1], /Off-CPU.*not in this version/s);
  assert.ok(await page.locator('#menu button').nth(1).isDisabled());
}));

test('an answer that is an error, and one that is not whole', () => inState((fixture) => {
  fixture.refuse.flame = 'disk I/O error in block 1749810120';
}, async (page, server) => {
  await until(page, () => !document.getElementById('gone').hidden);
  assert.equal(await text(page, '#gone'), 'sonde could not read this range: disk I/O error in block 1749810120.');
  server.fixture.refuse = {};
  server.fixture.flameChanges = { errors: ['disk I/O error in block 7'] };
  await page.locator('#flame').focus();
  await page.keyboard.press('r');
  await until(page, () => window.sondePage.shown);
  await settle(page);
  assert.equal(await text(page, '#gone'), 'sonde could not read this range: disk I/O error in block 7. The other blocks are shown.');
  assert.ok(await page.locator('#flame').isVisible());
}, { wait: false, mayComplain: true }));

test('a slow answer: the bar after 150 ms, words after 5 s, the old picture stays', () => inState(() => {}, async (page, server) => {
  server.fixture.delay = 6500;
  const before = await page.evaluate(() => document.querySelector('#flame canvas').toDataURL());
  await page.locator('#flame').focus();
  await page.keyboard.press('r');
  assert.ok(!await page.locator('#busy').isVisible());
  await until(page, () => !document.getElementById('busy').hidden);
  await until(page, () => !document.getElementById('gone').hidden);
  assert.equal(await text(page, '#gone'), 'Reading 15 min of history. Stop');
  assert.equal(await page.evaluate(() => document.querySelector('#flame canvas').toDataURL()), before);
  await page.locator('#gone button').click();
  await until(page, () => document.getElementById('busy').hidden);
  assert.ok(!await page.locator('#gone').isVisible());
}));

test('an agent that is gone: the picture stays, the page tries again and comes back', () => inState(() => {}, async (page, server) => {
  server.fixture.gone = true;
  server.pass(1);
  await until(page, () => !document.getElementById('gone').hidden);
  assert.match(await text(page, '#gone'), /^No answer from sonde since 14:17:\d\d\. Trying again in \d s\. Try now$/);
  assert.ok((await placeOf(page, 'postgres')).w > 200);
  await page.waitForTimeout(1500);
  server.fixture.gone = false;
  await page.locator('#gone button').click();
  await until(page, () => document.getElementById('gone').hidden);
  await until(page, (to) => window.sondePage.shown.flame.to === to, server.fixture.store.last + 1000);
}, { windowMs: 1000, hash: '#/profile?t=-60s', mayComplain: true }));

test('an agent that was updated', () => inState(() => {}, async (page, server) => {
  server.fixture.version = '0.5.0';
  server.pass(1);
  await until(page, () => !document.getElementById('gone').hidden);
  assert.equal(await text(page, '#gone'), 'sonde was updated to 0.5.0. Reload');
}, { windowMs: 1000, hash: '#/profile?t=-60s' }));

test('the second script does not arrive: the picture is there, and it is asked for again', () => inState((fixture) => {
  fixture.withheld = ['/more.js'];
}, async (page, server) => {
  await until(page, () => !document.getElementById('toast').hidden);
  assert.equal(await text(page, '#toast'), 'A part of this page did not arrive. Reload it.');
  assert.ok((await placeOf(page, 'postgres')).w > 200);
  const { x, y } = await placeOf(page, 'postgres');
  await page.mouse.move(x, y);
  await page.mouse.click(x, y);
  await page.locator('#tabs a', { hasText: 'Health' }).click();
  await until(page, () => !document.getElementById('gone').hidden);
  server.fixture.withheld = [];
  await page.reload();
  await until(page, () => window.sondePage?.shown?.view === 'health');
  assert.match(await text(page, '#health-view'), /You can trust these profiles/);
}, { mayComplain: true }));

test('a link with a range that cannot be read', () => inState(() => {}, async (page) => {
  assert.equal(await text(page, '#toast'), 'The link has a range this page cannot read (t=-0m). Showing the last 15 min.');
  assert.match(await text(page, '#range'), /Last 15 min/);
}, { hash: '#/profile?t=-0m' }));

test('a zoomed frame that is gone from the new range: its caller is shown', () => inState(() => {}, async (page) => {
  assert.equal(await text(page, '#toast'), 'nowhere is not in this profile; showing its caller.');
}, { hash: '#/profile?z=postgres/nowhere' }));

test('a regular expression that takes too long is stopped, the page lives', () => inState(() => {}, async (page) => {
  await page.locator('#query').fill('/PostgresMain/');
  await until(page, () => /% of CPU/.test(document.getElementById('answer').textContent));
  const took = await page.evaluate(async () => {
    const field = document.getElementById('query');
    field.value = '/^(([a-zA-Z_:<>]+)+)+$!/';
    field.dispatchEvent(new Event('input'));
    const from = performance.now();
    let longest = 0;
    let last = from;
    while (!/longer than/.test(document.getElementById('answer').textContent) && performance.now() - from < 5000) {
      await new Promise((done) => setTimeout(done, 5));
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    return { sum: performance.now() - from, longest };
  });
  assert.equal(await text(page, '#answer'), 'That regex took longer than 0.5 s and was stopped.');
  assert.ok(took.sum < 3000, JSON.stringify(took));
  assert.ok(took.longest < 450, `the page stood still for ${took.longest} ms`);
  await page.locator('#narrow').fill('/^(([a-zA-Z_:<>]+)+)+$!/'); // the table's filter likewise
  await until(page, () => /longer than/.test(document.getElementById('narrow').title));
  await page.locator('#narrow').fill('');
  await page.locator('#query').fill('/^Exec(Sort|Agg)$/');
  await until(page, () => /% of CPU/.test(document.getElementById('answer').textContent));
  assert.equal(await page.locator('#table-rows .row').count(), 2);
}));
