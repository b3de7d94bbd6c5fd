// SPDX-License-Identifier: Apache-2.0
// Comparison: its arithmetic alone, then the agent's page with a known regression.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRates, compareShares, diffHex, diffStep, pointsText, ratioText } from '../../exporters/text/web/diff.js';
import { rateText } from '../../exporters/text/web/format.js';
import { liveSetup } from './live_setup.mjs';
import { openLive, pixel, placeOf, settle, text, until } from './support.mjs';

const MIDDLE = 1749816700000; // 14:11:40 in Berlin
const SPAN = 300_000;
const HASH = `#/profile?t=${MIDDLE}..${MIDDLE + SPAN}&a=${MIDDLE - SPAN}..${MIDDLE}&s=change.desc`;

const live = liveSetup((fixture) => {
  fixture.store.hot = { from: MIDDLE, name: 'ExecSort', times: 3 };
});

test('steps at 1.1, 1.4 and 2 times, in both directions; chance stays grey', () => {
  const step = (a, b) => diffStep(compareShares(a, b, 1e6, 1e6));
  assert.deepEqual([100_000, 109_000, 111_000, 139_000, 141_000, 199_000, 201_000].map((b) => step(100_000, b)),
    [3, 3, 4, 4, 5, 5, 6]);
  assert.deepEqual([91_500, 90_000, 71_000, 49_000, 0].map((b) => step(100_000, b)), [3, 2, 1, 0, 0]);
  assert.equal(step(0, 100_000), 6);
  assert.equal(diffStep(compareShares(0, 5, 1000, 1000)), 3); // five samples say nothing
  assert.equal(diffStep(compareShares(19, 2, 1000, 1000)), 3);
  assert.equal(diffStep(compareShares(50, 60, 1000, 1000)), 3); // inside twice the error
  assert.equal(diffStep(compareShares(50, 100, 1000, 1000)), 6);
  assert.equal(compareShares(0, 0, 0, 0).beyond, false);
  assert.deepEqual([diffHex(0, 'light'), diffHex(6, 'dark')], ['#4b8bdd', '#a3660a']);
});

test('figures of a change', () => {
  assert.deepEqual([0.026, -0.0361, 0, 0.00002, -0.21].map(pointsText),
    ['+2.60\u202fpp', '\u22123.61\u202fpp', '0.00\u202fpp', '+< 0.01\u202fpp', '\u221221.0\u202fpp']);
  assert.deepEqual([[0.1, 0.134], [0.1, 0.071], [0, 0.1], [0.1, 0]]
    .map(([a, b]) => ratioText({ before: a, after: b })), ['+34\u202f%', '\u221229\u202f%', 'new', 'gone']);
});

// The error of twice 2-in-20 samples is known: sqrt(2 * 0.1 * 0.9 / 20).
test('the error is that of two shares', () => {
  assert.ok(Math.abs(compareShares(2, 2, 20, 20).sigma - Math.sqrt((2 * 0.1 * 0.9) / 20)) < 1e-12);
});

test('CPU per second: each side by its own time, the error that of two counts', () => {
  const change = compareRates(100, 400, 1000, 2000); // 0.1 and 0.2 cores
  assert.deepEqual([change.before, change.after, change.beyond], [0.1, 0.2, true]);
  assert.ok(Math.abs(change.sigma - Math.sqrt((500 / 3000) * (1 / 1000 + 1 / 2000))) < 1e-12);
  assert.equal(compareRates(100, 200, 1000, 2000).beyond, false);
  assert.equal(compareRates(3, 15, 1000, 1000).beyond, false); // fewer than 20 samples
  assert.equal(compareRates(0, 30, 0, 1000).beyond, false); // nothing was recorded
  assert.deepEqual([0.34, 1.5, 0, 0.000_001].map(rateText), ['340\u202fms/s', '1,500\u202fms/s', '0\u202fms/s', '< 0.01\u202fms/s']);
});

test('a regression is the first row and orange; all sums hold', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await openLive(live.browser, live.server, { hash: HASH, colorScheme });
    const { x, y, w } = await placeOf(page, 'ExecSort');
    assert.equal(await pixel(page, x + w / 2 - 4, y), diffHex(6, colorScheme));
    const root = await placeOf(page, 'all of node web-7');
    assert.equal(await pixel(page, root.x, root.y), diffHex(3, colorScheme));
    assert.match(await page.locator('#table-rows .row').first().innerText(), /get_next_seq.*\+4\.73.pp.*7\.12.%/s);
    assert.equal(await text(page, '#summary'), 'Diff B 14:11:40–14:16:40 against A 14:06:40–14:11:40');
    const sums = await page.evaluate(() => {
      const { tree, payload, totals, compared, profile } = window.sonde;
      const sum = (list) => list.reduce((a, b) => a + b, 0);
      let change = 0;
      let wrong = 0; // A + change = B
      for (let i = 0; i < profile.frames; ++i) {
        change += totals.change(i);
        const { before, after } = compared.of(totals.before[i], totals.self[i]);
        if (Math.abs(totals.before[i] / compared.whole.a + totals.change(i) - totals.self[i] / compared.whole.b) > 1e-12 || before < 0 || after < 0) ++wrong;
      }
      return { b: sum([...tree.self]), a: sum([...tree.before]), root: [tree.total[0], tree.totalBefore[0]],
        table: sum([...totals.before]), whole: [payload.total, payload.btotal], change, wrong, sides: compared.whole };
    });
    assert.deepEqual([sums.b, sums.a], sums.whole);
    assert.deepEqual(sums.root, sums.whole);
    assert.equal(sums.table, sums.whole[1]);
    assert.equal(sums.wrong, 0);
    assert.ok(Math.abs(sums.change) < 1e-9, 'the changes of all shares add up to nothing');
    assert.deepEqual(page.complaints, []);
    await page.close();
  }
});

test('a span against itself is grey everywhere', async () => {
  const span = `${MIDDLE}..${MIDDLE + SPAN}`;
  const page = await openLive(live.browser, live.server, { hash: `#/profile?t=${span}&a=${span}` });
  const colours = await page.evaluate(() => [...new Set(window.sonde.stage.view.nodeColours)]);
  assert.deepEqual(colours, [diffHex(3, 'light')]);
  await page.close();
});

test('the tooltip has both sides, the change and its error', async () => {
  const page = await openLive(live.browser, live.server, { hash: HASH });
  const { x, y } = await placeOf(page, 'ExecSort');
  await page.mouse.move(x - 2, y);
  await page.mouse.move(x, y);
  await settle(page);
  assert.match(await text(page, '#tooltip'), /A\s+B\s+change.*total here.*%.*%.*\+\d\.\d\d.pp ± 0\.\d\d.*\+\d+.%/s);
  await page.close();
});

test('Compare and c take the span before; the sides stay equally long unless Shift', async () => {
  const page = await openLive(live.browser, live.server, { hash: `#/profile?t=${MIDDLE}..${MIDDLE + SPAN}&x=-30m` });
  const sides = () => page.evaluate(() => [window.sondePage.state.before, window.sondePage.state.range]);
  await page.locator('#sides label', { hasText: 'Compare' }).click();
  await until(page, () => window.sondePage.shown.flame.b);
  assert.deepEqual(await sides(), [{ from: MIDDLE - SPAN, to: MIDDLE }, { from: MIDDLE, to: MIDDLE + SPAN }]);
  assert.match(page.url(), /t=1749816700000\.\.1749817000000&a=1749816400000\.\.1749816700000&x=/);
  assert.match(page.url(), /s=change\.desc$/);
  const place = (ms) => page.evaluate((at) => {
    const { view, canvas } = window.sondePage.strip;
    return canvas.getBoundingClientRect().left + view.pixelOf(at);
  }, ms);
  const y = (await page.locator('#strip').boundingBox()).y + 45;
  const drag = async (from, to) => {
    await page.mouse.move(await place(from), y);
    await page.mouse.down();
    await page.mouse.move(await place((from + to) / 2), y);
    await page.mouse.move(await place(to), y);
    await page.mouse.up();
    await settle(page);
  };
  await drag(MIDDLE - SPAN / 2, MIDDLE - SPAN / 2 - 200_000); // moves A
  assert.deepEqual(await sides(), [{ from: MIDDLE - SPAN - 200_000, to: MIDDLE - 200_000 }, { from: MIDDLE, to: MIDDLE + SPAN }]);
  await drag(MIDDLE + SPAN, MIDDLE + 100_000); // the edge of B: A follows in length
  assert.deepEqual((await sides()).map(({ from, to }) => to - from), [100_000, 100_000]);
  await page.keyboard.down('Shift');
  await drag(MIDDLE + 100_000, MIDDLE + 200_000);
  await page.keyboard.up('Shift');
  assert.deepEqual((await sides()).map(({ from, to }) => to - from), [100_000, 200_000]);
  await page.locator('#flame').focus();
  await page.keyboard.press('c');
  await until(page, () => !window.sondePage.shown.flame.b);
  assert.doesNotMatch(page.url(), /a=|s=change/);
  await page.goBack();
  await until(page, () => window.sondePage.shown.flame.b);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('a side without samples says so and offers the way out', async () => {
  const page = await openLive(live.browser, live.server, { hash: `#/profile?t=${MIDDLE}..${MIDDLE + SPAN}&a=1749800000000..1749800300000` });
  assert.match((await text(page, '#notice')).replace(/\s+/g, ' '),
    /^A has no samples sonde started at 13:17:12\. Choose a later A, or turn Compare off\. Turn Compare off$/);
  await page.locator('#notice button').click();
  await until(page, () => document.getElementById('notice').hidden);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

// The same windows of the fixture, one period apart: equal but for what is hot.
const PERIOD = 900_000;
const TWICE = `#/profile?t=${MIDDLE}..${MIDDLE + SPAN}&a=${MIDDLE - PERIOD}..${MIDDLE - PERIOD + SPAN}`;

const stepsOf = (page) => page.evaluate(() => {
  const { tree, profile, stage } = window.sonde;
  const of = (name) => stage.view.nodeColours[tree.frame.findIndex((frame) => profile.name[frame] === name)];
  return [of('all of node web-7'), of('redis-server'), of('ExecSort')];
});

test('CPU per second: what did not change is grey though its share did', async () => {
  const { hot } = live.server.fixture.store;
  live.server.fixture.store.hot = { ...hot, times: 8 };
  const page = await openLive(live.browser, live.server, { hash: TWICE });
  assert.deepEqual(await stepsOf(page), [3, 2, 6].map((step) => diffHex(step, 'light')));
  assert.match(await text(page, '#legend'), /share of range/);
  await page.locator('#options').click();
  await page.locator('#menu button', { hasText: 'CPU per second' }).click();
  await settle(page);
  assert.deepEqual(await stepsOf(page), [4, 3, 6].map((step) => diffHex(step, 'light')));
  assert.match(await text(page, '#legend'), /CPU per second/);
  assert.match(page.url(), /&o=abs$/);
  assert.match(await page.locator('#table-rows .row').nth(0).innerText(), /ms\/s/);
  const { x, y } = await placeOf(page, 'redis-server');
  await page.mouse.move(x - 2, y);
  await page.mouse.move(x, y);
  await settle(page);
  assert.match(await text(page, '#tooltip'), /total here\s+(\d+.ms\/s)\s+\1\s+0.ms\/s ± \d/);
  const again = await openLive(live.browser, live.server, { hash: page.url().slice(page.url().indexOf('#')) });
  assert.deepEqual(await stepsOf(again), await stepsOf(page));
  await again.close();
  assert.deepEqual(page.complaints, []);
  await page.close();
  live.server.fixture.store.hot = hot;
});

test('A or B gives the widths; what is only in one of them is marked', async () => {
  const { hot } = live.server.fixture.store;
  live.server.fixture.store.hot = { ...hot, times: 0 };
  const shown = () => page.evaluate(() => {
    const { stage, tree, profile } = window.sonde;
    const node = tree.frame.findIndex((frame) => profile.name[frame] === 'ExecSort');
    const { view } = stage;
    return { width: view.boxOf(node).w, share: view.tree.total[node] / view.tree.total[0], drawn: view.drawn.some((one) => one.node === node),
      hatched: view.isHatched(node), mark: view.nodeMarks[node], note: view.nodeNote(node), colour: view.nodeColours[node] };
  });
  let page = await openLive(live.browser, live.server, { hash: TWICE });
  assert.deepEqual((({ width, drawn }) => [width, drawn])(await shown()), [0, false]);
  await page.locator('#query').fill('get_next_seq');
  await settle(page);
  assert.match(await text(page, '#table-rows'), /get_next_seq.*gone/s);
  await page.locator('#query').fill('');
  await settle(page);
  await page.locator('#widths label', { hasText: 'A' }).click();
  await settle(page);
  assert.match(page.url(), /&o=a$/);
  const inA = await shown();
  assert.deepEqual([inA.drawn, inA.hatched, inA.mark, inA.note, inA.colour], [true, true, 2, 'gone', diffHex(0, 'light')]);
  const { clientWidth } = await page.evaluate(() => ({ clientWidth: window.sonde.stage.view.width }));
  assert.ok(Math.abs(inA.width - inA.share * clientWidth) <= 1, JSON.stringify(inA));
  await page.goBack();
  await settle(page);
  assert.equal((await shown()).drawn, false);
  assert.deepEqual(page.complaints, []);
  await page.close();
  page = await openLive(live.browser, live.server, { // the other way round
    hash: `#/profile?t=${MIDDLE - PERIOD}..${MIDDLE - PERIOD + SPAN}&a=${MIDDLE}..${MIDDLE + SPAN}` });
  const inB = await shown();
  assert.deepEqual([inB.drawn, inB.hatched, inB.mark, inB.note, inB.colour], [true, false, 1, 'new', diffHex(6, 'light')]);
  const { x, y, w } = await placeOf(page, 'ExecSort');
  assert.equal(await pixel(page, x - w / 2 + 1, y), '#14181f');
  await page.close();
  live.server.fixture.store.hot = hot;
});
