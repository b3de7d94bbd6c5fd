// SPDX-License-Identifier: Apache-2.0
// The exported HTML at its limits: hostile names, its policy, sizes, emptiness, 120,000 nodes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openFile, profileFile, settle, SOUND, soundness, startBrowser, text } from './support.mjs';

let browser;
let nodeFile;

before(async () => {
  browser = await startBrowser();
  nodeFile = profileFile('node', '.html');
});
after(() => browser.close());

test('hostile names are shown and never run', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await openFile(browser, profileFile('hostile', '.html'), { colorScheme });
    await settle(page);
    const before = await page.title();
    for (let i = 0; i < 12; ++i) {
      await page.mouse.move(40 + i * 80, 190);
      await page.waitForTimeout(30);
    }
    await page.mouse.click(60, 190);
    await settle(page);
    await page.keyboard.press('s');
    await settle(page);
    await page.locator('#badge').click();
    assert.deepEqual(page.complaints, []);
    assert.equal(await page.title(), before);
    assert.match(before, /<script>document\.title='owned'<\/script> CPU profile/);
    const made = await page.evaluate(() => ({
      images: document.images.length, scripts: document.scripts.length,
      text: document.body.innerText,
    }));
    assert.equal(made.images, 0);
    assert.equal(made.scripts, 2);
    assert.match(made.text, /\\u202e/);
    assert.doesNotMatch(made.text, /[\u202a-\u202e\u2066-\u2069\u200b]/);
    await page.close();
  }
});

test('the policy refuses scripts, styles and markup that are not ours', async () => {
  const page = await openFile(browser, profileFile('small', '.html'));
  const refused = await page.evaluate(async () => {
    const seen = [];
    document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
    let markup = '';
    try {
      document.body.innerHTML = '<b>x</b>';
    } catch (error) {
      markup = error.name;
    }
    const style = document.createElement('style');
    style.textContent = 'body{display:none}';
    document.head.append(style);
    const image = document.createElement('img');
    image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
    document.body.append(image);
    await new Promise((done) => setTimeout(done, 100));
    return { markup, seen };
  });
  assert.equal(refused.markup, 'TypeError');
  assert.ok(refused.seen.some((one) => one.startsWith('style-src')), String(refused.seen));
  assert.ok(refused.seen.includes('img-src'), String(refused.seen));
  await page.close();
});

test('a bad address is said, not obeyed', async () => {
  const page = await openFile(browser, nodeFile, { hash: '#/profile?m=wild&z=nowhere' });
  await settle(page);
  assert.match(await text(page, '#toast'), /cannot read|not in this profile/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('no size makes the page scroll sideways or bars overlap', async () => {
  for (const [width, height, scale] of [[1440, 900, 1], [1440, 900, 2], [1024, 768, 1], [720, 450, 2], [390, 844, 2]]) {
    const page = await openFile(browser, nodeFile, { viewport: { width, height }, deviceScaleFactor: scale });
    await settle(page);
    const found = await page.evaluate(() => {
      const boxes = [...document.querySelectorAll('.top > *, .tools > *')]
        .filter((one) => one.offsetParent !== null && one.textContent.trim() !== '')
        .map((one) => ({ name: one.id || one.className, box: one.getBoundingClientRect() }));
      const overlaps = [];
      for (let i = 0; i < boxes.length; ++i) {
        for (let j = i + 1; j < boxes.length; ++j) {
          const [a, b] = [boxes[i].box, boxes[j].box];
          if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) {
            overlaps.push(`${boxes[i].name} over ${boxes[j].name}`);
          }
        }
      }
      return { overlaps, wide: document.documentElement.scrollWidth - innerWidth,
        canvas: document.querySelector('#flame canvas').getBoundingClientRect().height };
    });
    assert.deepEqual(found.overlaps, [], `${width}x${height}`);
    assert.ok(found.wide <= 0, `${width}x${height}: ${found.wide} px too wide`);
    assert.ok(found.canvas > 100, `${width}x${height}: graph is ${found.canvas} px high`);
    assert.deepEqual(page.complaints, []);
    await page.close();
  }
});

test('every control has a name and the ids are unique', async () => {
  const page = await openFile(browser, nodeFile);
  await settle(page);
  assert.deepEqual(await soundness(page), SOUND);
  await page.close();
});

test('an empty profile says so', async () => {
  const page = await openFile(browser, profileFile('empty', '.html'));
  await settle(page);
  assert.match(await text(page, '#status'), /Nothing ran on the CPUs/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('120,000 nodes open and are drawn', async () => { // how fast: page_figures_test.mjs
  const page = await openFile(browser, profileFile('large', '.html'));
  await settle(page);
  const found = await page.evaluate(() => ({ nodes: window.sonde.tree.count, drawn: window.sonde.stage.view.drawn.length }));
  assert.ok(found.nodes > 100_000 && found.drawn > 3, JSON.stringify(found));
  assert.deepEqual(page.complaints, []);
  await page.close();
});
