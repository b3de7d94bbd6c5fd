// SPDX-License-Identifier: Apache-2.0
// The exported HTML in headless Chromium, opened from file: graph, search, zoom, sandwich, table.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  clickFrame, openFile, pixel, placeOf, profileFile, settle, startBrowser, text, zoomedName,
} from './support.mjs';

let browser;
let nodeFile;

before(async () => {
  browser = await startBrowser();
  nodeFile = profileFile('node', '.html');
});
after(() => browser.close());

test('opens without a complaint or a request in both themes, and draws', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await openFile(browser, nodeFile, { colorScheme });
    await settle(page);
    assert.deepEqual(page.complaints, []);
    const ground = await placeOf(page, 'postgres'); // its right end has no text
    assert.equal(await pixel(page, ground.x + ground.w / 2 - 5, ground.y), colorScheme === 'light' ? '#dbe0e6' : '#32373e');
    const below = await page.evaluate(([px]) => {
      const view = window.sonde.stage.view;
      const colours = new Set();
      const { data } = view.context.getImageData(px, 0, 1, view.frames.height);
      for (let i = 0; i < data.length; i += 4) colours.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
      return colours.size;
    }, [40]);
    assert.ok(below > 5, `only ${below} colours down one column`);
    assert.match(await text(page, '#badge'), /99\.7.%.whole stacks/s);
    assert.match(await text(page, '#summary'), /58\.1 s CPU · 1\.94 of 2 cores · 5,756 samples at 99 Hz/);
    await page.close();
  }
});

test('search: share, filtered table, next hit, no match, bad regex', async () => {
  const page = await openFile(browser, nodeFile);
  await page.keyboard.press('/');
  await page.keyboard.type('alloc|memmove|free');
  await settle(page);
  assert.match(await text(page, '#answer'), /^12\.2.% of CPU$/);
  const rows = await page.locator('#table-rows .row .name').allInnerTexts();
  assert.ok(rows.length >= 5 && rows.every((row) => /alloc|memmove|free|find/i.test(row)), String(rows));
  const { x, y } = await placeOf(page, '__memmove_avx_unaligned_erms');
  assert.equal(await pixel(page, x, y), '#ffe14d');
  await page.keyboard.press('Enter');
  await settle(page);
  assert.match(await text(page, '#answer'), /· 1 of /);
  await page.locator('#query').fill('no such function');
  await settle(page);
  assert.equal(await text(page, '#answer'), 'no match');
  await page.locator('#query').fill('/(/');
  await settle(page);
  assert.match(await text(page, '#answer'), /regular expression/i);
  await page.locator('#query').fill('');
  await settle(page);
  assert.equal(await text(page, '#answer'), '');
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('zoom by click, back by Escape, Back and crumb; the address restores it', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  await clickFrame(page, 'exec_simple_query');
  assert.equal(await zoomedName(page), 'exec_simple_query');
  assert.ok((await placeOf(page, 'exec_simple_query')).w > 900);
  const address = page.url();
  assert.match(address, /#\/profile\?z=.*exec_simple_query@postgres$/);
  await page.keyboard.press('Escape');
  await settle(page);
  assert.equal(await zoomedName(page), 'all of node web-7');
  await page.goBack();
  await settle(page);
  assert.equal(await zoomedName(page), 'exec_simple_query');
  await page.locator('#crumb button').first().click();
  await settle(page);
  assert.equal(await zoomedName(page), 'all of node web-7');
  await page.close();

  const again = await openFile(browser, nodeFile, { hash: address.slice(address.indexOf('#')) });
  await settle(again);
  assert.equal(await zoomedName(again), 'exec_simple_query');
  assert.equal(again.url(), address);
  await again.keyboard.press('0');
  await settle(again);
  assert.equal(await zoomedName(again), 'all of node web-7');
  assert.deepEqual(again.complaints, []);
  await again.close();
});

test('clicking an ancestor zooms out to it', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  await clickFrame(page, 'PortalRun');
  await clickFrame(page, 'PostgresMain');
  assert.equal(await zoomedName(page), 'PostgresMain');
  await page.close();
});

test('sandwich shows callers and callees of the function', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  const { x, y } = await placeOf(page, 'PostgresMain');
  await page.mouse.move(x, y);
  await page.keyboard.press('s');
  await settle(page);
  assert.match(await text(page, '#sandwich-header'), /PostgresMain\s+total 27\.8.%\s+self .*\s+\d+ call path/s);
  assert.match(page.url(), /m=sandwich&fn=PostgresMain@postgres/);
  const sums = await page.evaluate(() => {
    const { up, down } = window.sonde.sandwich;
    return [up.view.tree.total[0], down.view.tree.total[0]];
  });
  assert.equal(sums[0], sums[1]);
  await page.locator('#table-rows .row').nth(2).click();
  await settle(page);
  assert.doesNotMatch(await text(page, '#sandwich-header'), /PostgresMain/);
  await page.keyboard.press('Escape');
  await settle(page);
  assert.ok(await page.locator('#flame').isVisible());
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('the table sorts by every column both ways and a click finds', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  const column = (at) => page.locator(`#table-rows .row :nth-child(${at})`).allInnerTexts();
  const totals = async () => (await page.locator('#table-rows .row').evaluateAll((rows) =>
    rows.map((row) => parseFloat(row.lastElementChild.textContent.replace('<', '')))));
  await page.locator('[data-column=total]').click();
  await settle(page);
  let values = await totals();
  assert.ok(values.every((value, i) => i === 0 || values[i - 1] >= value), String(values));
  assert.equal(await page.locator('[aria-sort=descending] button').innerText(), 'Total');
  await page.locator('[data-column=total]').click();
  await settle(page);
  values = await totals();
  assert.ok(values.every((value, i) => i === 0 || values[i - 1] <= value));
  await page.locator('[data-column=name]').click();
  await settle(page);
  const names = await column(1);
  assert.ok(names.length > 20);
  await page.locator('[data-column=self]').click();
  await settle(page);
  await page.locator('#table-rows .row').first().click();
  await settle(page);
  assert.equal(await page.locator('#query').inputValue(), '"enqueue_to_backlog"');
  assert.equal(await page.locator('#table-rows .row').count(), 1);
  await page.close();
});

test('only rows in view exist, all of them can be reached', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  const total = Number(await page.locator('#table').getAttribute('aria-rowcount'));
  assert.ok(total > 1000);
  assert.ok(await page.locator('#table-rows .row').count() < 80);
  await page.locator('#table').focus();
  await page.keyboard.press('End');
  await settle(page);
  const last = await page.locator('#table-rows .row').evaluateAll((rows) =>
    Math.max(...rows.map((row) => Number(row.getAttribute('aria-rowindex')))));
  assert.equal(last, total);
  await page.close();
});
