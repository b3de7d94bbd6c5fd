// SPDX-License-Identifier: Apache-2.0
// The agent's page in headless Chromium: Health, Processes, Node and the ways between them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startServer } from './fixture_server.mjs';
import { liveSetup } from './live_setup.mjs';
import { openLive, settle, text, until } from './support.mjs';

const live = liveSetup();

const health = (page) => text(page, '#health-view');

test('every view opens from its address without a complaint, in both themes', async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const view of ['node', 'processes', 'health']) {
      const page = await openLive(live.browser, live.server, { colorScheme, hash: `#/${view}` });
      assert.deepEqual(page.complaints, [], view);
      assert.equal(await page.locator('#tabs a[aria-current=page]').innerText(), view[0].toUpperCase() + view.slice(1));
      assert.match(await text(page, '#badge'), /99\.7.%.whole stacks/s);
      assert.equal(await page.locator('main:visible').count(), 1);
      await page.close();
    }
  }
});

test('tabs, keys and Back change the view and keep range and filters', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/profile?t=-5m&f=process=node' });
  await page.locator('#tabs a', { hasText: 'Processes' }).click();
  await until(page, () => window.sondePage.shown.view === 'processes');
  assert.match(page.url(), /#\/processes\?t=-5m&f=process=node$/);
  await page.locator('#strip').focus();
  await page.keyboard.press('4');
  await until(page, () => window.sondePage.shown.view === 'health');
  await page.locator('#tabs a', { hasText: 'Node' }).focus();
  await page.keyboard.press('Enter');
  await until(page, () => window.sondePage.shown.view === 'node');
  await page.goBack();
  await page.goBack();
  await page.goBack();
  await until(page, () => window.sondePage.shown.view === 'profile');
  assert.match(page.url(), /#\/profile\?t=-5m&f=process=node$/);
  assert.ok(await page.locator('#flame').isVisible());
  await page.locator('#badge').click();
  await until(page, () => window.sondePage.shown.view === 'health');
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('health: verdict, books, executables, budgets, in figures that agree', async () => {
  live.server.fixture.lostReasons = [['ring_full', 'kernel', 2], ['stack_limit', 'user', 3]];
  const page = await openLive(live.browser, live.server, { hash: '#/health' });
  const words = await health(page);
  assert.match(words, /✓ You can trust these profiles/);
  assert.match(words, /15 min: 23,027 stacks taken, every one accounted for\. Worst executable: \/usr\/bin\/legacyd, 0 of 80 samples whole/);
  assert.match(words, /The samples account for 99\.3.% of the CPU charged to this node\./);
  assert.match(words, /lost: ring_full\s+2\s/);
  const books = await page.evaluate(() => [...document.querySelector('[aria-label="Where samples went"] tbody').rows].map((row) =>
    [Number((/deep(\d)/.exec(row.cells[0].className) ?? [0, 0])[1]), Number(row.cells[1].textContent.replaceAll(',', ''))]));
  for (const [at, [depth, ticks]] of books.entries()) { // every row is the sum of those that are one step in
    const below = [];
    for (let i = at + 1; i < books.length && books[i][0] > depth; ++i) if (books[i][0] === depth + 1) below.push(books[i][1]);
    if (below.length > 0) assert.equal(below.reduce((a, b) => a + b), ticks, `row ${at}`);
  }
  assert.match(words, /expected by the clock\s+32,017\s/); // 8,988 idle + 23,024 stored + 5 lost
  assert.match(words, /unaccounted\s+0\s+0.%\s+✓ sums match/);
  assert.match(words, /\/usr\/bin\/legacyd\s+80\s+0.%\s+no_row its \.eh_frame is stripped: rebuild/);
  assert.match(words, /memory \(RSS\)\s+46\.4 MiB of 80\.0 MiB\s+51\.2 MiB/);
  assert.match(words, /None is configured: profiles stay on this node\./);
  const badge = await text(page, '#badge');
  assert.match(badge, /0\.02.% lost/); // 5 of 23,029
  await page.locator('#health-view button', { hasText: 'legacyd' }).click();
  await until(page, () => window.sondePage.shown.view === 'profile');
  assert.match(page.url(), /#\/profile\?f=image=%2Fusr%2Fbin%2Flegacyd$/);
  assert.match(await text(page, '#badge'), /0\.02.% lost/, 'losses are those of the range, whatever the filter');
  await page.close();
  live.server.fixture.lostReasons = [];
});

test('health: the share of what the kernel charged, of what it is, and only if it is known well enough', async () => {
  const accounting = { of: 'cgroups', source: 'cpu.stat', sampled_ns: 9_930_000_000, kernel_ns: 10_000_000_000, sigma_ns: 99_000_000,
    samples: 10_061, windows: 6, cgroups: 3 };
  const sentence = async (changes) => {
    live.server.fixture.healthChanges = { accounting: { ...accounting, ...changes } };
    const page = await openLive(live.browser, live.server, { hash: '#/health' });
    await health(page);
    const found = await page.evaluate(() => [...document.querySelectorAll('.verdict-card .charged')].map((one) => [one.textContent, one.title]));
    await page.close();
    live.server.fixture.healthChanges = {};
    return found.flat().map((one) => one.replaceAll('\u202f', ' '));
  };
  const [words, about] = await sentence({});
  assert.equal(words, 'The samples account for 99.3 % of the CPU charged to these 3 cgroups.');
  assert.match(about, /^9\.93 s of CPU in 10,061 samples; 10\.0 s charged by the kernel's own accounting \(cpu\.stat\) in the same 6 windows/);
  assert.match(about, /differ by ± 1\.0 points/);
  assert.match((await sentence({ cgroups: 1 }))[0], /to this cgroup\.$/);
  assert.deepEqual(await sentence({ sigma_ns: 600_000_000 }), []);
  assert.deepEqual(await sentence({ sampled_ns: 0, kernel_ns: 0, sigma_ns: 0, samples: 0, windows: 0 }), []);
});

test('an idle host: missed ticks are weighed against the ticks, also with a filter', async () => {
  live.server.fixture.missed = 5;
  for (const [view, hash] of [['profile', ''], ['health', ''], ['profile', '?f=process=legacyd']]) {
    const page = await openLive(live.browser, live.server, { hash: `#/${view}${hash}` });
    assert.match(await text(page, '#badge'), hash ? /^✗\s+0.%.whole stacks\s+0\.02.% lost/s : /^✓\s+99\.7.%.whole stacks\s+0\.02.% lost/s, view + hash);
    if (view === 'health') assert.match(await health(page), /0\.02.%\s+lost: 0 of 23,024 samples, 5 of 32,017 ticks/);
    await page.close();
  }
  live.server.fixture.missed = 0;
});

test('health: care and distrust are said with their reason', async () => {
  const words = async (changes) => {
    live.server.fixture.healthChanges = changes;
    const page = await openLive(live.browser, live.server, { hash: '#/health' });
    const found = [await page.locator('.verdict-card h2').innerText(), (await text(page, '#badge')).replace(/\s+/g, ' ')];
    await page.close();
    live.server.fixture.healthChanges = {};
    return found.map((one) => one.replaceAll('\u202f', ' '));
  };
  assert.deepEqual(await words({ trust: { produced: 10000, lost: 0, whole: 9620, early: 0 } }),
    ['! Read with care: 3.80 % of stacks are cut', '! 96.2 % whole stacks 0 % lost']);
  assert.deepEqual(await words({ trust: { produced: 10000, lost: 1200, whole: 8800, early: 0 } }),
    ['✗ Do not trust this range: 12.0 % of samples were lost', '✗ 12.0 % lost 100 % whole stacks']);
  const books = { expected: 10, missed: 0, slept: 0, run: 7, idle: 0, filtered: 0, thinned: 0, emitted: 7, stored: 7, unaccounted: 3, lost: [] };
  const [verdict, badge] = await words({ books });
  assert.equal(verdict, '✗ Do not trust this range: 3 ticks are not accounted for');
  assert.match(badge, /^✗/);
});

test('health: a long path gives way at its head, what to do stays in reach', async () => {
  const [path, other] = ['/opt/vendor/releases/2025-06-13T14-02-00Z-0f3c9a71/components/ingest/bin/ingest-worker-process', '/usr/bin/x'];
  live.server.fixture.healthChanges = { executables: [path, other].map((one) => ({ path: one, samples: 80, whole: 0, early: 0, stops: { no_row: 80 } })) };
  for (const [width, least] of [[1440, 250], [1024, 250], [390, 100]]) {
    const page = await openLive(live.browser, live.server, { hash: '#/health', viewport: { width, height: 900 } });
    const found = await page.evaluate(() => {
      const [long, short] = document.querySelector('[aria-label="Whole stacks by executable"] tbody').rows;
      const box = (one) => one.getBoundingClientRect();
      const [name, button] = [long.querySelector('bdi'), long.querySelector('button')];
      return { note: box(long.cells[4]).width, higher: box(long).height - box(short).height, tail: box(name).right - box(button).right,
        head: box(button).left - box(name).left, text: button.innerText, title: button.title, left: box(short.querySelector('bdi')).left - box(short).left };
    });
    assert.ok(found.note >= least, `${found.note} px at ${width}`);
    assert.ok(found.higher < 20 && found.tail <= 1 && found.head > 50 && found.left < 3, JSON.stringify(found));
    assert.deepEqual([found.text, found.title], [path, path]);
    assert.deepEqual(page.complaints, []);
    await page.close();
  }
  live.server.fixture.healthChanges = {};
});

test('the report is text, diagnostics are listed before they are saved', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/health', permissions: ['clipboard-read', 'clipboard-write'] });
  await page.locator('#copy-report').click();
  await settle(page);
  const report = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(report, /^Health of web-7\n\n✓ You can trust these profiles\n/);
  assert.match(report, /\nstored on this node\t23,024\t/);
  await page.locator('#diagnostics').click();
  assert.match(await text(page, '#menu'), /no environment, no arguments, no samples/);
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('#menu button').click()]);
  assert.equal(file.suggestedFilename(), 'sonde-web-7-diagnostics.json');
  const saved = JSON.parse(readFileSync(await file.path(), 'utf8'));
  assert.deepEqual(Object.keys(saved), ['status', 'health']);
  assert.equal(saved.health.books.unaccounted, 0);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('processes: by CPU, sums equal the node, sorting, small ones folded, a row opens its profile', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/processes' });
  const rows = async () => (await page.locator('.processes tbody tr').allInnerTexts()).map((row) => row.replace(/\s+/g, ' '));
  const listed = await rows();
  assert.match(listed[0], /^postgres ×24 0\.45 100 % 7,696 14:02:10–14:17:10/);
  assert.match(listed.at(-1), /^all 1\.35 of 2 23,024/);
  const sum = await page.evaluate(() => window.sondePage.shown.by.groups.reduce((all, one) => all + one.samples, 0));
  assert.equal(sum, 23024);
  await page.locator('.processes [data-column=name]').click();
  await settle(page);
  const names = (await rows()).slice(0, -1).map((row) => row.split(' ')[0]);
  assert.deepEqual(names, [...names].sort());
  assert.match(page.url(), /s=name\.asc$/);
  assert.equal(await page.locator('.processes [aria-sort=ascending]').innerText(), 'Process');
  await page.locator('.processes [data-column=cpu]').click();
  await settle(page);
  await page.evaluate(() => { // two more small ones
    const { by } = window.sondePage.shown;
    by.groups.push({ ...by.groups.at(-1), value: 'tiny' });
    window.sondePage.processes.fill();
  });
  const fold = page.locator('.processes [aria-expanded]');
  assert.match(await fold.innerText(), /2 others < 1.%/);
  await fold.click();
  assert.equal(await fold.getAttribute('aria-expanded'), 'true');
  assert.ok((await rows()).some((row) => row.startsWith('tiny')));
  await page.locator('.processes button', { hasText: 'redis-server' }).click();
  await until(page, () => window.sondePage.shown.view === 'profile');
  assert.match(page.url(), /#\/profile\?f=process=redis-server/);
  assert.equal(await page.evaluate(() => window.sondePage.shown.flame.total), 4316);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('the node view says what the samples know and what comes', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/node' });
  const words = await text(page, '#node-view');
  assert.match(words, /busy in this range\s+1\.35 of 2 cores/);
  assert.match(words, /Node metrics are not in this version/);
  assert.ok(await page.locator('#strip').isVisible());
  await page.close();
});

test('a view that is no graph follows without being held by the zoom of the graph', async () => {
  const quick = await startServer('node', 1000);
  const page = await openLive(live.browser, quick, { hash: '#/processes?t=-60s&z=postgres' });
  const { to } = await page.evaluate(() => window.sondePage.shown);
  assert.match(await text(page, '#follow'), /^Live/);
  quick.pass(2);
  await until(page, (end) => window.sondePage.shown.to === end, to + 2000);
  await page.close();
  await quick.close();
});

test('views have no sideways scroll and name their controls', async () => {
  for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]]) {
    for (const view of ['node', 'processes', 'health']) {
      const page = await openLive(live.browser, live.server, { viewport: { width, height }, hash: `#/${view}` });
      const found = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        cut: [...document.querySelectorAll('.top > *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).length,
        unnamed: [...document.querySelectorAll('button, input, a')].filter((one) => one.offsetParent !== null)
          .filter((one) => !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim())).length,
      }));
      assert.deepEqual(found, { wide: 0, cut: 0, unnamed: 0 }, `${view} ${width}`);
      await page.close();
    }
  }
});
