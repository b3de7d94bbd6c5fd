// SPDX-License-Identifier: Apache-2.0
// The agent's page in headless Chromium: time strip, range, following and holding, zones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW, startServer } from './fixture_server.mjs';
import { liveSetup } from './live_setup.mjs';
import { clickFrame, openLive, settle, text, until, zoomedName } from './support.mjs';

const live = liveSetup();

const shown = (page) => page.evaluate(() => {
  const { flame, series } = window.sondePage.shown;
  return { from: flame.from, to: flame.to, total: flame.total, context: [series.from, series.to],
    samples: series.samples.reduce((a, b) => a + b, 0) };
});

// Page pixels of a time on the strip.
const placeOnStrip = (page, ms) => page.evaluate((at) => {
  const { view, canvas } = window.sondePage.strip;
  const box = canvas.getBoundingClientRect();
  return { x: box.left + view.pixelOf(at), y: box.top + 45 };
}, ms);

async function dragStrip(page, from, to) {
  const [begin, end] = [await placeOnStrip(page, from), await placeOnStrip(page, to)];
  await page.mouse.move(begin.x, begin.y);
  await page.mouse.down();
  await page.mouse.move((begin.x + end.x) / 2, begin.y);
  await page.mouse.move(end.x, begin.y);
  await page.mouse.up();
  await settle(page);
}

test('a drag on the strip sets the range of graph, table, summary and badge to the same windows', async () => {
  live.server.fixture.store.lost = [[1749816600000, 500]];
  const page = await openLive(live.browser, live.server, { timezoneId: 'UTC' });
  const all = await shown(page);
  assert.equal(all.total, all.samples);
  assert.match(await text(page, '#badge'), /2\.13.% lost/);
  await dragStrip(page, 1749816303000, 1749816488000);
  const some = await shown(page);
  assert.deepEqual([some.from, some.to], [1749816300000, 1749816490000]); // whole windows
  assert.deepEqual(some.context, all.context);
  const counted = await page.evaluate(() => {
    const { series } = window.sondePage.shown;
    return series.samples.reduce((sum, n, i) =>
      sum + (series.t[i] >= 1749816300000 && series.t[i] < 1749816490000 ? n : 0), 0);
  });
  assert.equal(some.total, counted);
  assert.match(page.url(), /t=1749816300000\.\.1749816490000&x=1749816130000\.\.1749817030000$/);
  assert.match(await text(page, '#range'), /3 min 10 s\s12:05:00–12:08:10 · UTC/);
  assert.match(await text(page, '#summary'), new RegExp(`${(some.total / 1000).toFixed(3).replace('.', ',')} samples`));
  assert.match(await text(page, '#badge'), /0.% lost/);
  assert.equal(await text(page, '#follow'), 'Live');
  const selfSum = await page.evaluate(() => window.sonde.totals.self.reduce((a, b) => a + b, 0));
  assert.equal(selfSum, some.total);

  await dragStrip(page, 1749816490000, 1749816600000); // its right edge
  assert.deepEqual((({ from, to }) => [from, to])(await shown(page)), [1749816300000, 1749816600000]);
  await dragStrip(page, 1749816400000, 1749816500000); // its middle
  assert.deepEqual((({ from, to }) => [from, to])(await shown(page)), [1749816400000, 1749816700000]);
  await page.locator('#strip').focus();
  await page.keyboard.press('Escape');
  await settle(page);
  assert.deepEqual((({ from, to }) => [from, to])(await shown(page)), [1749816300000, 1749816600000]);
  const { x, y } = await placeOnStrip(page, 1749816900000);
  await page.mouse.dblclick(x, y);
  await settle(page);
  assert.deepEqual((await shown(page)).context, [some.context[0], some.context[1]]);
  assert.equal((await shown(page)).total, all.total);
  assert.deepEqual(page.complaints, []);
  await page.close();
  live.server.fixture.store.lost = [];
});

test('the cursor says the figures of its window, a gap is a gap', async () => {
  live.server.fixture.store.gaps = [[1749816600000, 1749816700000]];
  const page = await openLive(live.browser, live.server);
  const inside = await placeOnStrip(page, 1749816455000);
  await page.mouse.move(inside.x, inside.y);
  assert.match(await text(page, '.flag'), /^14:07:30 {2}\d\.\d\d cores {2}kernel 0\.\d\d {2}\d+ samples$/);
  const gap = await placeOnStrip(page, 1749816650000);
  await page.mouse.move(gap.x, gap.y);
  assert.match(await text(page, '.flag'), /not recorded$/);
  const pixels = await page.evaluate(() => {
    const { view } = window.sondePage.strip;
    const colours = (ms) => {
      const { data } = view.context.getImageData(view.pixelOf(ms) * view.scale, view.bottom - 4, 1, 1);
      return [...data].join();
    };
    return [colours(1749816455000), colours(1749816620000)];
  });
  assert.notEqual(pixels[0], pixels[1]);
  await page.locator('#strip').focus();
  await page.keyboard.press('End');
  assert.match(await text(page, '.flag'), /^14:17:00 /);
  await page.keyboard.press('ArrowLeft');
  assert.match(await text(page, '.flag'), /^14:16:50 /);
  await page.locator('.strip-table-button').click();
  assert.equal(await page.locator('.strip-table tr').count(), 81); // 90 windows, 10 missing, a head
  assert.deepEqual(page.complaints, []);
  await page.close();
  live.server.fixture.store.gaps = [];
});

test('presets, typed times, wrong times and the zone', async () => {
  const page = await openLive(live.browser, live.server);
  await page.locator('#range').click();
  await page.locator('#range-panel button', { hasText: /^5 min$/ }).click();
  await settle(page);
  assert.match(page.url(), /#\/profile\?t=-5m$/);
  assert.match(await text(page, '#range'), /Last 5 min\s14:12:10–14:17:10/);
  await page.locator('#range').click();
  await page.locator('#range-panel button', { hasText: 'All stored (61 min)' }).click();
  await settle(page);
  assert.match(page.url(), /t=-61m$/);
  await page.locator('#range').click();
  const [from, to] = [page.getByLabel('From', { exact: true }), page.getByLabel('To', { exact: true })];
  await from.fill('noon');
  await page.locator('#range-panel button', { hasText: 'Show' }).click();
  assert.match(await text(page, '#range-error'), /Not a time/);
  assert.equal(await from.getAttribute('aria-invalid'), 'true');
  await from.fill('14:10');
  await to.fill('14:05');
  await to.press('Enter');
  assert.match(await text(page, '#range-error'), /after the begin/);
  await from.fill('14:05');
  await to.fill('14:10');
  await to.press('Enter');
  await settle(page);
  assert.match(page.url(), /t=1749816300000\.\.1749816600000$/);
  await page.locator('#range').click();
  await page.locator('#range-panel label', { hasText: 'UTC' }).last().click();
  await page.keyboard.press('Escape');
  await settle(page);
  assert.ok(!await page.locator('#range-panel').isVisible());
  assert.match(await text(page, '#range'), /5 min\s12:05–12:10 · UTC$|12:05–12:10 · UTC/);
  assert.match(page.url(), /tz=utc$/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('the range panel takes the focus and gives it back; a press elsewhere closes it', async () => {
  const page = await openLive(live.browser, live.server);
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
  await page.locator('#range').focus();
  await page.keyboard.press('Enter');
  assert.equal(await focused(), '5 min');
  assert.equal(await page.locator('#range').getAttribute('aria-expanded'), 'true');
  await page.keyboard.press('Escape');
  assert.equal(await focused(), 'range');
  assert.ok(!await page.locator('#range-panel').isVisible());
  await page.locator('#range').click();
  await page.mouse.click(700, 880);
  assert.ok(!await page.locator('#range-panel').isVisible());
  assert.equal(await page.locator('#range').getAttribute('aria-expanded'), 'false');
  await page.close();
});

test('keys move and scale the range', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/profile?t=1749816300000..1749816600000' });
  await page.locator('#flame').focus();
  const after = async (key) => {
    const before = await shown(page);
    await page.keyboard.press(key);
    await until(page, ([begin, end]) => {
      const { from, to } = window.sondePage.shown;
      return from !== begin || to !== end;
    }, [before.from, before.to]);
    const { from, to } = await shown(page);
    return [from, to].map((ms) => (ms - 1749816300000) / 1000);
  };
  assert.deepEqual(await after('['), [-150, 150]);
  assert.deepEqual(await after(']'), [0, 300]);
  assert.deepEqual(await after('+'), [70, 230]); // whole windows
  assert.deepEqual(await after('-'), [-10, 310]);
  await page.goBack();
  await settle(page);
  assert.deepEqual((await shown(page)).from, 1749816370000);
  await page.keyboard.press('r');
  await settle(page);
  assert.match(await text(page, '#follow'), /^Live · 10 s$/);
  await page.close();
});

test('follows; holds while the picture is used; r catches up and keeps the zoom', async () => {
  const quick = await startServer('node', 1000);
  const page = await openLive(live.browser, quick, { hash: '#/profile?t=-60s' });
  assert.equal(await text(page, '#follow'), 'Live · 1 s');
  const first = await shown(page);
  quick.pass(3);
  await until(page, (to) => window.sondePage.shown.flame.to === to, first.to + 3000);
  await clickFrame(page, 'PostgresMain');
  await page.mouse.move(700, 20);
  await settle(page);
  const pixels = () => page.evaluate(() => document.querySelector('#flame canvas').toDataURL());
  const held = await pixels();
  const requests = quick.asked.length;
  quick.pass(3);
  await page.waitForTimeout(2500);
  assert.equal(await pixels(), held);
  assert.equal(quick.asked.length, requests, 'the page asked while it held');
  assert.match(await text(page, '#follow'), /^Held · \d s behind$/);
  await page.keyboard.press('r');
  await until(page, (to) => window.sondePage.shown.flame.to === to, first.to + 6000);
  assert.equal(await zoomedName(page), 'PostgresMain');
  await page.keyboard.press('0');
  await settle(page);
  assert.match(await text(page, '#follow'), /^Live/);
  await page.keyboard.press(' ');
  assert.match(await text(page, '#follow'), /^Held/);
  await page.keyboard.press(' ');
  await settle(page);
  assert.match(await text(page, '#follow'), /^Live/);
  assert.deepEqual(page.complaints, []);
  await page.close();
  await quick.close();
});

// What the axis of the strip says, left to right.
const axisOf = (page) => page.evaluate(() => {
  const drawn = [];
  const canvas = CanvasRenderingContext2D.prototype;
  const { fillText } = canvas;
  canvas.fillText = function keep(words, ...place) {
    drawn.push(words);
    return fillText.call(this, words, ...place);
  };
  window.sondePage.strip.draw();
  canvas.fillText = fillText;
  return drawn.filter((words) => /^\d\d:\d\d/.test(words));
});

test('the hour that comes twice in autumn, and the same link in UTC and in another zone', async () => {
  const autumn = await startServer();
  const begin = Date.UTC(2025, 9, 26, 0, 30); // 02:30 in Berlin; an hour later it is 02:30 again
  Object.assign(autumn.fixture.store, { first: begin - 1_800_000, last: begin + 3_600_000 });
  autumn.fixture.now = begin + 3_612_000;
  const hash = `#/profile?t=${begin}..${begin + 3_600_000}`;
  const every10 = (hours) => hours.flatMap((hour) => ['00', '10', '20', '30', '40', '50'].map((minute) => `${hour}:${minute}`));
  const shown = { 'Europe/Berlin': every10(['02', '02']), UTC: every10(['00', '01']), 'America/New_York': every10(['20', '21']) };
  const buttons = { 'Europe/Berlin': '02:30–02:30 · UTC+1', UTC: '00:30–01:30 · UTC', 'America/New_York': '20:30–21:30 · UTC−4' };
  let link = hash;
  for (const [timezoneId, words] of Object.entries(shown)) {
    const page = await openLive(live.browser, autumn, { hash: link, timezoneId, permissions: ['clipboard-read', 'clipboard-write'] });
    assert.deepEqual(await axisOf(page), words.slice(3, 10), timezoneId);
    assert.ok((await text(page, '#range')).includes(buttons[timezoneId]), `${await text(page, '#range')} in ${timezoneId}`);
    await page.locator('#share').click();
    await settle(page);
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, `${autumn.address}/${hash}`, timezoneId);
    link = copied.slice(copied.indexOf('#'));
    if (timezoneId === 'Europe/Berlin') {
      await page.locator('#range').click();
      await page.locator('#range-panel label', { hasText: 'UTC' }).last().click();
      await settle(page);
      assert.deepEqual(await axisOf(page), shown.UTC.slice(3, 10));
    }
    assert.deepEqual(page.complaints, []);
    await page.close();
  }
  await autumn.close();
});

test('times of a day with a change to summer time are right', async () => {
  const spring = await startServer();
  const begin = Date.UTC(2025, 2, 30, 1, 0); // 03:00 in Berlin, an hour after 01:59
  Object.assign(spring.fixture.store, { first: begin - 1_800_000, last: begin + 600_000 });
  spring.fixture.now = begin + 612_000;
  const page = await openLive(live.browser, spring, { hash: `#/profile?t=${begin - 600_000}..${begin + 600_000}` });
  assert.match(await text(page, '#range'), /2025-03-30 01:50–03:10 · UTC\+2|01:50–03:10 · UTC\+2/);
  await page.locator('#strip').focus();
  await page.keyboard.press('Home');
  assert.match(await text(page, '.flag'), /^01:50:00/);
  await page.keyboard.press('End');
  assert.match(await text(page, '.flag'), /^03:09:50/);
  await page.close();
  await spring.close();
  assert.ok(NOW > begin);
});
