// SPDX-License-Identifier: Apache-2.0
// The page on paper: light, without bars, all rows of the graph, the functions, where it came from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveSetup } from './live_setup.mjs';
import { openLive, pixel, placeOf, settle, text, until } from './support.mjs';

const live = liveSetup();
const SHEET = { width: 760, height: 1080 }; // A4 in CSS pixels, less its margins

async function onPaper(page) {
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await page.setViewportSize(SHEET);
  await page.emulateMedia({ media: 'print' });
  await settle(page);
}

test('prints light, without bars, with every row, 40 functions, range and address', async () => {
  const page = await openLive(live.browser, live.server, { colorScheme: 'dark', hash: '#/profile?t=-5m&z=postgres' });
  const levels = await page.evaluate(() => window.sonde.stage.view.rows);
  const first = (await page.locator('#table-rows .row').first().innerText()).split('\n')[0];
  await onPaper(page);
  const found = await page.evaluate(() => {
    const seen = [...document.querySelectorAll('.top, .selection, .tools, .status, .strip, .functions, .pill, .paper, .above')]
      .filter((one) => one.getClientRects().length > 0).map((one) => one.className);
    const box = document.querySelector('#flame .frames').getBoundingClientRect();
    const { view } = window.sonde.stage;
    return { seen, wide: document.documentElement.scrollWidth - innerWidth, box: { width: box.width, height: box.height },
      drawn: Math.max(...view.drawn.map(({ node }) => view.tree.level[node])), shape: view.height / view.width,
      rows: document.querySelectorAll('#paper tr').length, ground: getComputedStyle(document.body).backgroundColor };
  });
  assert.deepEqual(found.seen, ['above', 'paper']);
  assert.ok(found.wide <= 0, `${found.wide} px too wide`);
  assert.ok(Math.abs(found.box.width - SHEET.width) <= 2, JSON.stringify(found.box));
  assert.ok(Math.abs(found.box.height / found.box.width - found.shape) < 0.01);
  assert.equal(found.drawn, levels - 1);
  assert.equal(found.rows, 41);
  assert.equal(found.ground, 'rgb(255, 255, 255)');
  const paper = await text(page, '#paper');
  assert.ok(paper.includes(first), first);
  assert.match(paper, /web-7 · Range Last 5 min 14:12:10–14:17:10 · UTC\+2 · .* CPU .* 19 Hz · ✓ 99\.\d.% whole stacks/);
  assert.ok(paper.includes(page.url()));
  await page.emulateMedia({ media: null });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  await settle(page);
  const ground = await placeOf(page, 'postgres');
  assert.equal(await pixel(page, ground.x + ground.w / 2 - 5, ground.y), '#32373e');
  assert.ok(await page.locator('#strip').isVisible() && !await page.locator('#paper').isVisible());
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('the browser makes a PDF of it, also of a deep graph and of the other views', async () => {
  for (const hash of ['#/profile', '#/health', '#/processes']) {
    const page = await openLive(live.browser, live.server, { hash });
    const pdf = await page.pdf({ format: 'A4' });
    assert.ok(pdf.length > 15_000, `${hash}: ${pdf.length} bytes`);
    await until(page, () => document.documentElement.dataset.theme === 'system');
    assert.deepEqual(page.complaints, []);
    await page.close();
  }
});
