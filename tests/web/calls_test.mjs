// SPDX-License-Identifier: Apache-2.0
// Calls: the whole tree as a treegrid, by keyboard and for screen readers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openFile, profileFile, settle, startBrowser, text, zoomedName } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const chosen = (page) => page.evaluate(() => {
  const grid = document.getElementById('calls');
  const row = document.getElementById(grid.getAttribute('aria-activedescendant'));
  return { text: row.innerText.replace(/\s+/g, ' '), level: row.getAttribute('aria-level'), open: row.getAttribute('aria-expanded') };
});

test('opens, closes and walks by keys; figures are those of the graph', async () => {
  const page = await openFile(browser, profileFile('node', '.html'), { hash: '#/profile?m=calls' });
  await settle(page);
  await page.locator('#calls').focus();
  assert.deepEqual(await chosen(page), { text: '▾ all of node web-7 0 % 100 %', level: '1', open: 'true' });
  await page.keyboard.press('ArrowDown');
  assert.match((await chosen(page)).text, /^▸ postgres 0.% 33\.4.%$/);
  await page.keyboard.press('ArrowRight');
  assert.equal((await chosen(page)).open, 'true');
  await page.keyboard.press('ArrowRight');
  assert.deepEqual([(await chosen(page)).level, (await chosen(page)).text.split(' ')[1]], ['3', '_start']);
  assert.match(await text(page, '#status'), /_start\s*total/);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  assert.equal((await chosen(page)).open, 'false');
  await page.keyboard.press('Enter');
  await settle(page);
  assert.equal(await zoomedName(page), 'postgres');
  assert.match((await chosen(page)).text, /postgres/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('has every frame, though only rows in view exist', async () => {
  const page = await openFile(browser, profileFile('node', '.html'), { hash: '#/profile?m=calls' });
  await settle(page);
  const found = await page.evaluate(() => {
    const { calls, tree } = window.sonde;
    for (let node = 0; node < tree.count; ++node) calls.open.add(node);
    calls.list();
    return { rows: calls.rows.length, count: tree.count, said: document.getElementById('calls').getAttribute('aria-rowcount'),
      made: document.querySelectorAll('#calls .rows .row').length };
  });
  assert.equal(found.rows, found.count);
  assert.equal(Number(found.said), found.count + 1);
  assert.ok(found.made < 80);
  await page.locator('#calls').focus();
  await page.keyboard.press('End');
  const last = await page.evaluate(() => window.sonde.calls.rows.at(-1) === Number(
    document.getElementById(document.getElementById('calls').getAttribute('aria-activedescendant')).dataset.node));
  assert.ok(last);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('roles and names are those of a treegrid; hits are marked', async () => {
  const page = await openFile(browser, profileFile('node', '.html'), { hash: '#/profile?m=calls&q=postgres' });
  await settle(page);
  assert.equal(await page.getByRole('treegrid', { name: 'Calls' }).count(), 1);
  assert.equal(await page.getByRole('columnheader', { name: 'Function' }).count() > 0, true);
  const row = page.locator('#calls .rows .row', { hasText: 'postgres' });
  assert.ok(await row.evaluate((one) => one.classList.contains('hit') && one.getAttribute('aria-setsize') > 3));
  await row.click();
  assert.equal(await row.getAttribute('aria-expanded'), 'true');
  await page.close();
});
