// SPDX-License-Identifier: Apache-2.0
// The exported HTML in headless Chromium: keys, tooltip, menus, theme, options, saving.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
  openFile, pixel, placeOf, profileFile, settle, startBrowser, text, until, zoomedName,
} from './support.mjs';

let browser;
let nodeFile;

before(async () => {
  browser = await startBrowser();
  nodeFile = profileFile('node', '.html');
});
after(() => browser.close());

test('the theme button goes round and recolours', async () => {
  const page = await openFile(browser, nodeFile, { colorScheme: 'light' });
  await settle(page);
  const ground = await placeOf(page, 'postgres');
  const colour = () => pixel(page, ground.x + ground.w / 2 - 5, ground.y);
  assert.equal(await colour(), '#dbe0e6');
  await page.locator('#theme').click();
  await page.locator('#theme').click();
  await settle(page);
  assert.equal(await page.locator('#theme').getAttribute('aria-label'), 'Theme: dark');
  assert.equal(await colour(), '#32373e');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('#theme').click();
  await settle(page);
  assert.equal(await page.locator('#theme').getAttribute('aria-label'), 'Theme: system');
  assert.equal(await colour(), '#32373e');
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('the tooltip explains a frame and never covers it', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  for (const name of ['PostgresMain', 'ExecSort', 'readQueryFromClient', '_start']) {
    const { x, y } = await placeOf(page, name);
    await page.mouse.move(x - 3, y);
    await page.mouse.move(x, y);
    await settle(page);
    assert.match(await text(page, '#tooltip'), /own code · .*total here/s);
    const box = await page.locator('#tooltip').boundingBox();
    assert.ok(y < box.y || y > box.y + box.height, `${name} is covered`);
    assert.ok(box.x >= 0 && box.x + box.width <= 1440 && box.y + box.height <= 900);
    assert.match(await text(page, '#status'), new RegExp(name.replace(/[()]/g, '.')));
  }
  await page.keyboard.press('p');
  await page.mouse.move(10, 500);
  await settle(page);
  assert.ok(await page.locator('#tooltip').isVisible());
  await page.keyboard.press('Escape');
  assert.ok(!await page.locator('#tooltip').isVisible());
  await page.close();
});

test('keyboard alone: move, zoom, sandwich, menu, help', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  await page.locator('#flame').focus();
  await page.keyboard.press('ArrowDown');
  assert.match(await text(page, '#live'), /^postgres, total 33\.4.%, self 0.%, level 1, 1 of \d+$/);
  await page.keyboard.press('ArrowRight');
  assert.match(await text(page, '#live'), /^redis-server,/);
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  assert.match(await text(page, '#live'), /^postgres,/);
  for (let i = 0; i < 4; ++i) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await settle(page);
  assert.equal(await zoomedName(page), 'PostmasterMain');
  await page.keyboard.press('Backspace');
  await settle(page);
  assert.equal(await zoomedName(page), 'all of node web-7');
  await page.keyboard.press('Shift+F10');
  assert.ok(await page.locator('#menu').isVisible());
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Sandwichs');
  await page.keyboard.press('Escape');
  assert.ok(!await page.locator('#menu').isVisible());
  assert.equal(await page.evaluate(() => document.activeElement.id), 'flame');
  await page.keyboard.press('?');
  assert.match(await text(page, '#help'), /sandwich: callers above/);
  await page.keyboard.press('Escape');
  assert.ok(!await page.locator('#help').isVisible());
  await page.keyboard.press('Shift+D');
  await settle(page);
  assert.ok(await page.evaluate(() => window.sonde.stage.view.rowHeight < 18));
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('the legend dims on hover and searches on click', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  await page.locator('#legend button', { hasText: 'kernel' }).click();
  await settle(page);
  assert.equal(await page.locator('#query').inputValue(), 'kind:kernel');
  assert.match(await text(page, '#answer'), /% of CPU/);
  const tags = await page.locator('#table-rows .row .tag').count();
  assert.equal(tags, await page.locator('#table-rows .row').count());
  await page.close();
});

test('the filter narrows the table alone, to what the search leaves, and is in the address', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  const rows = () => page.evaluate(() => window.sonde.rows.map((frame) =>
    `${window.sonde.profile.name[frame]} ${window.sonde.profile.image[frame].path}`));
  const all = await rows();
  const drawn = await page.evaluate(() => document.querySelector('#flame canvas').toDataURL());
  await page.locator('#narrow').fill('image:libc !malloc');
  await until(page, () => location.hash.includes('tq='));
  const some = await rows();
  assert.ok(some.length > 3 && some.length < all.length, `${some.length} of ${all.length}`);
  const wrong = await page.evaluate(() => window.sonde.rows.filter((frame) => !/libc/.test(window.sonde.profile.image[frame].path)));
  assert.deepEqual(wrong, []);
  assert.deepEqual(some, all.filter((row) => some.includes(row)), 'the order stays');
  assert.equal(await page.evaluate(() => document.querySelector('#flame canvas').toDataURL()), drawn);
  await page.locator('#query').fill('mem');
  await until(page, () => location.hash.includes('q=mem'));
  assert.deepEqual(await rows(), some.filter((row) => row.split(' /')[0].includes('mem')));
  await page.locator('#narrow').fill('/(/');
  await settle(page);
  assert.ok(await page.locator('.narrow.bad').isVisible());
  assert.match(await page.locator('#narrow').getAttribute('title'), /[Uu]nterminated|[Ii]nvalid/);
  assert.deepEqual(await rows(), some.filter((row) => row.split(' /')[0].includes('mem')), 'the last result stays');
  await page.locator('#narrow').fill('memc');
  await settle(page);
  const again = await openFile(browser, nodeFile, { hash: page.url().slice(page.url().indexOf('#')) });
  await settle(again);
  assert.equal(await again.locator('#narrow').inputValue(), 'memc');
  assert.equal(await again.locator('#table').getAttribute('aria-rowcount'), await page.locator('#table').getAttribute('aria-rowcount'));
  await again.close();
  await page.locator('#narrow').press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'flame');
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('the table is saved as CSV', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#csv').click()]);
  assert.equal(download.suggestedFilename(), 'sonde-web-7-functions.csv');
  const csv = readFileSync(await download.path(), 'utf8').split('\r\n');
  assert.match(csv[0], /^function,image,self %/);
  assert.match(csv[1], /^enqueue_to_backlog,\[kernel\.kallsyms\],4\.03/);
  await page.close();
});

test('options: root below, by name, by image; labels and hits stay', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  await page.keyboard.press('i');
  await settle(page);
  const flipped = await placeOf(page, 'postgres');
  assert.ok(flipped.y > 700, `row of the groups at ${flipped.y}`);
  await page.locator('#options').click();
  await page.locator('#menu button', { hasText: 'Order by name' }).click();
  await settle(page);
  await page.locator('#colour').selectOption('image');
  await settle(page);
  await page.locator('#colour').selectOption('self');
  await settle(page);
  assert.match(page.url(), /c=self&o=inv&o=az$/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('prints in light colours and goes back', async () => {
  const page = await openFile(browser, nodeFile, { colorScheme: 'dark' });
  await settle(page);
  const ground = await placeOf(page, 'postgres');
  const colour = () => pixel(page, ground.x + ground.w / 2 - 5, ground.y);
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  assert.equal(await colour(), '#dbe0e6');
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  await settle(page);
  assert.equal(await colour(), '#32373e');
  assert.equal(await page.locator('#theme').getAttribute('aria-label'), 'Theme: system');
  await page.close();
});
