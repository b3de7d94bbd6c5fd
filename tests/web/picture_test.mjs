// SPDX-License-Identifier: Apache-2.0
// The exported SVG in headless Chromium: with scripts, without, and with hostile names.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openFile, profileFile, settle, startBrowser } from './support.mjs';

let browser;

before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

function frameOf(page, name) {
  return page.evaluate((wanted) => {
    const group = [...document.querySelectorAll('.f')]
      .find((one) => one.querySelector('title').textContent.startsWith(`${wanted}\n`));
    const box = group.querySelector('rect').getBoundingClientRect();
    return {
      x: box.left + box.width / 2, y: box.top + box.height / 2, width: box.width,
      label: group.querySelector('text')?.textContent ?? '', shown: group.getAttribute('display'),
      fill: getComputedStyle(group.querySelector('rect')).fill,
    };
  }, name);
}

test('is whole without scripts', async () => {
  const page = await openFile(browser, profileFile('node', '.svg'), { javaScriptEnabled: false });
  const content = await page.content();
  assert.match(content, />web-7</);
  assert.match(content, />PostmasterMain</);
  const shot = await page.screenshot();
  assert.ok(shot.length > 40_000, 'the picture is nearly empty');
  await page.close();
});

test('a click zooms, Escape goes back', async () => {
  const page = await openFile(browser, profileFile('node', '.svg'));
  await settle(page);
  const whole = await frameOf(page, 'exec_simple_query');
  await page.mouse.click(whole.x, whole.y);
  await settle(page);
  const zoomed = await frameOf(page, 'exec_simple_query');
  assert.ok(zoomed.width > 1190, `zoomed to ${zoomed.width}`);
  assert.equal((await frameOf(page, 'redis-server')).shown, 'none');
  assert.equal((await frameOf(page, 'postgres')).shown, 'inline');
  await page.keyboard.press('Escape');
  await settle(page);
  assert.equal((await frameOf(page, 'exec_simple_query')).width, whole.width);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('search marks hits and says their share', async () => {
  const page = await openFile(browser, profileFile('node', '.svg'));
  await settle(page);
  await page.keyboard.press('/');
  await page.keyboard.type('walk(');
  await page.keyboard.press('Enter');
  await settle(page);
  assert.match(await page.locator('#find').textContent(), /^Find: walk\(\s+0\.3\d+ %$/);
  assert.equal((await frameOf(page, 'walk(Node const*)')).fill, 'rgb(255, 225, 77)');
  await page.keyboard.press('Escape');
  await settle(page);
  assert.match(await page.locator('#find').textContent(), /^Find {2}\/$/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('labels never leave their frames', async () => {
  const page = await openFile(browser, profileFile('node', '.svg'), { javaScriptEnabled: false });
  await page.close();
  const live = await openFile(browser, profileFile('node', '.svg'));
  await settle(live);
  const outside = await live.evaluate(() => [...document.querySelectorAll('.f')].filter((group) => {
    const text = group.querySelector('text');
    if (!text || text.textContent === '') return false;
    const box = group.querySelector('rect').getBoundingClientRect();
    return text.getBoundingClientRect().right > box.right + 1;
  }).map((group) => group.querySelector('title').textContent));
  assert.deepEqual(outside, []);
  await live.close();
});

test('hostile names are shown and never run', async () => {
  const page = await openFile(browser, profileFile('hostile', '.svg'));
  await settle(page);
  for (let i = 0; i < 20; ++i) {
    await page.mouse.move(30 + i * 58, 152);
    await page.waitForTimeout(10);
  }
  await page.mouse.click(60, 152);
  await settle(page);
  assert.deepEqual(page.complaints, []);
  const found = await page.evaluate(() => ({
    scripts: document.querySelectorAll('script').length, images: document.querySelectorAll('img, image').length,
    text: document.documentElement.textContent,
  }));
  assert.equal(found.scripts, 1);
  assert.equal(found.images, 0);
  assert.match(found.text, /\\u202e/);
  assert.doesNotMatch(found.text.replace(/[^]*probe/, ''), /[\u202a-\u202e\u2066-\u2069]/);
  await page.close();
});

test('a dark screen gets dark colours, paper light ones', async () => {
  const page = await openFile(browser, profileFile('node', '.svg'), { colorScheme: 'dark' });
  await settle(page);
  assert.equal((await frameOf(page, 'postgres')).fill, 'rgb(50, 55, 62)');
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  assert.equal((await frameOf(page, 'postgres')).fill, 'rgb(219, 224, 230)');
  await page.close();
});
