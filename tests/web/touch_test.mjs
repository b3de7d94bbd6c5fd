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
