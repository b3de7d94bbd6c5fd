// SPDX-License-Identifier: Apache-2.0
// Fingers in the page: tap, double tap, the sheet's buttons, a tap beside everything.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openFile, placeOf, profileFile, settle, startBrowser, text, zoomedName } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const openPhone = async () => {
  const page = await openFile(browser, profileFile('node', '.html'),
    { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true });
  await settle(page);
  return page;
};

async function tap(page, name) {
  const { x, y } = await placeOf(page, name);
  await page.touchscreen.tap(x, y);
  await page.waitForTimeout(60);
}

test('a tap opens the sheet at the lower edge, its buttons act', async () => {
  const page = await openPhone();
  await tap(page, 'PostmasterMain');
  assert.match(await text(page, '#tooltip'), /PostmasterMain.*own code · postgres.*total here.*Zoom\s*Sandwich\s*Focus\s*Hide\s*Close/s);
  const box = await page.locator('#tooltip').boundingBox();
  assert.ok(Math.abs(box.y + box.height - 844) <= 1 && box.x <= 1 && box.width >= 388, JSON.stringify(box));
  for (const button of await page.locator('#tooltip button').all()) assert.ok((await button.boundingBox()).height >= 40);
  assert.equal(await zoomedName(page), 'all of node web-7');
  await page.locator('#tooltip button', { hasText: 'Zoom' }).tap();
  await settle(page);
  assert.equal(await zoomedName(page), 'PostmasterMain');
  assert.ok(!await page.locator('#tooltip').isVisible());
  await page.waitForTimeout(400);
  await tap(page, 'ServerLoop');
  await page.locator('#tooltip button', { hasText: 'Focus' }).tap();
  await settle(page);
  assert.match(page.url(), /foc=ServerLoop@postgres/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('a double tap zooms; a tap on open ground or Close shuts the sheet', async () => {
  const page = await openPhone();
  await tap(page, 'PostmasterMain');
  await tap(page, 'PostmasterMain');
  await settle(page);
  assert.equal(await zoomedName(page), 'PostmasterMain');
  assert.ok(!await page.locator('#tooltip').isVisible());
  await page.waitForTimeout(400);
  await tap(page, 'ServerLoop');
  assert.ok(await page.locator('#tooltip').isVisible());
  await page.locator('#tooltip button', { hasText: 'Close' }).tap();
  assert.ok(!await page.locator('#tooltip').isVisible());
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('two fingers stretch the graph in x and stay on their frames; no tap comes of it', async () => {
  const page = await openPhone();
  const devtools = await page.context().newCDPSession(page);
  const { x: left, y, width } = await page.locator('#flame').boundingBox();
  const touch = (type, ...xs) => devtools.send('Input.dispatchTouchEvent',
    { type, touchPoints: xs.map((x, id) => ({ x: left + x, y: y + 60, id })) });
  const ticks = (...xs) => page.evaluate((list) => list.map((x) => window.sonde.stage.view.tickOf(x)), xs);
  const [from, to] = [width * 0.4, width * 0.5];
  const under = await ticks(from, to);
  await touch('touchStart', from);
  await touch('touchStart', from, to);
  for (const step of [0.25, 0.5, 0.75, 1]) await touch('touchMove', from - 60 * step, to + 100 * step);
  await settle(page);
  const now = await ticks(from - 60, to + 100);
  const whole = await page.evaluate(() => window.sonde.tree.total[0]);
  now.forEach((tick, at) => assert.ok(Math.abs(tick - under[at]) < whole / 100, `${tick} is not ${under[at]}`));
  await touch('touchEnd');
  await settle(page);
  assert.ok(!await page.locator('#tooltip').isVisible());
  const [x0, x1] = await ticks(0, width);
  assert.ok(x1 - x0 < whole / 3, `${x1 - x0} of ${whole}`);
  await touch('touchStart', 100);
  await touch('touchStart', 100, 300);
  for (const step of [0.5, 1]) await touch('touchMove', 100 + 90 * step, 300 - 90 * step); // together: out, not past the whole
  await touch('touchEnd');
  await settle(page);
  const [a, b] = await ticks(0, width);
  assert.ok(a >= 0 && b <= whole + 1e-6 && b - a > x1 - x0, `${a} to ${b}`);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('a long press opens the menu of the frame; it acts and no sheet comes of it', async () => {
  const page = await openPhone();
  const devtools = await page.context().newCDPSession(page);
  const { x, y } = await placeOf(page, 'PostmasterMain');
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
  await page.waitForTimeout(1200);
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await settle(page);
  assert.ok(await page.locator('#menu').isVisible());
  assert.ok(!await page.locator('#tooltip').isVisible());
  assert.match(await text(page, '#menu'), /^Zoom\s+PostmasterMain/);
  await page.locator('#menu button', { hasText: 'Zoom' }).tap();
  await settle(page);
  assert.equal(await zoomedName(page), 'PostmasterMain');
  assert.deepEqual(page.complaints, []);
  await page.close();
});
