// SPDX-License-Identifier: Apache-2.0
// Everybody can use the page: structure, contrast and size of targets in every view and open box, keys
// alone, forced colours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contrastProblems, structureProblems, targetProblems } from './access_checks.mjs';
import { liveSetup } from './live_setup.mjs';
import { openLive, pixel, placeOf, settle, text, until } from './support.mjs';

const live = liveSetup();
const COMPARED = '#/profile?t=1749816700000..1749817000000&a=1749816400000..1749816700000';

const OPENED = {
  profile: ['#/profile?f=process=node', async () => {}],
  'range panel': ['#/profile', (page) => page.locator('#range').click()],
  'menu of downloads': ['#/profile', (page) => page.locator('#download').click()],
  help: ['#/profile', (page) => page.keyboard.press('?')],
  completion: ['#/profile', async (page) => {
    await page.locator('#add-filter').focus();
    await until(page, () => document.querySelectorAll('#filter-choices button').length === 3);
  }],
  'pinned tooltip': ['#/profile', async (page) => {
    const { x, y } = await placeOf(page, 'PostgresMain');
    await page.mouse.move(x - 2, y);
    await page.mouse.move(x, y);
    await settle(page);
    await page.keyboard.press('p');
  }],
  'time strip as a table': ['#/profile', async (page) => {
    await page.locator('.strip-table-button').focus();
    await page.keyboard.press('Enter');
  }],
  zoomed: ['#/profile?z=postgres&foc=PostgresMain&q=Exec', async () => {}],
  calls: ['#/profile?m=calls', (page) => page.locator('#calls').focus()],
  sandwich: ['#/profile?m=sandwich&fn=PostgresMain', async () => {}],
  compared: [COMPARED, async () => {}],
  'nothing matches': ['#/profile?f=process=postgres&f=cgroup=none', async () => {}],
  node: ['#/node', async () => {}],
  processes: ['#/processes', async () => {}],
  health: ['#/health', async () => {}],
};

for (const [name, [hash, prepare]] of Object.entries(OPENED)) {
  test(`${name}: names, roles, contrast, targets`, async () => {
    const page = await openLive(live.browser, live.server, { hash, colorScheme: 'light' });
    await prepare(page);
    await settle(page);
    assert.deepEqual(await structureProblems(page), []);
    assert.deepEqual(await targetProblems(page), []);
    assert.deepEqual(await contrastProblems(page), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.evaluate(() => new Promise(requestAnimationFrame));
    assert.deepEqual(await contrastProblems(page), [], 'dark');
    assert.deepEqual(page.complaints, []);
    await page.close();
  });
}

// What each of so many presses of Tab brings the focus to, whether that can be seen, and where it is among
// those that can have it. The keys go without waiting for one another: each is a picture to draw.
async function tabThrough(page, presses) {
  await page.evaluate(() => {
    window.stops = [];
    document.addEventListener('focusin', ({ target }) => {
      const ringed = [target, target.nextElementSibling, target.closest('.find')].filter(Boolean)
        .some((part) => getComputedStyle(part).outlineStyle !== 'none' && parseFloat(getComputedStyle(part).outlineWidth) >= 2);
      const all = [...document.querySelectorAll('a[href], button, input, select, [tabindex="0"]')];
      const box = target.getBoundingClientRect();
      window.stops.push({ at: all.indexOf(target), ringed, name: target.id || target.textContent.slice(0, 30),
        inView: box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight });
    });
  });
  const devtools = await page.context().newCDPSession(page);
  const tab = { type: 'rawKeyDown', key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 };
  await Promise.all(Array.from({ length: presses }, () => devtools.send('Input.dispatchKeyEvent', tab)));
  return page.evaluate(() => window.stops);
}

// Indices of what Tab has to reach: of a group of radio buttons the chosen one.
const stops = (page) => page.evaluate(() => [...document.querySelectorAll('a[href], button, input, select, [tabindex="0"]')]
  .flatMap((one, at) => {
    const shown = one.getClientRects().length > 0 && getComputedStyle(one).visibility !== 'hidden';
    const skipped = one.disabled || one.tabIndex < 0 || (one.type === 'radio' && !one.checked);
    return shown && !skipped ? [at] : [];
  }));

test('Tab reaches every control, shows where it is and is never trapped', async () => {
  for (const hash of ['#/profile?f=process=node', '#/profile?m=sandwich&fn=PostgresMain', '#/profile?m=calls', COMPARED, '#/processes', '#/health']) {
    const page = await openLive(live.browser, live.server, { hash });
    const wanted = await stops(page);
    const found = await tabThrough(page, wanted.length + 2);
    for (const stop of found) {
      assert.ok(stop.ringed, `${hash}: no ring at ${stop.name}`);
      assert.ok(stop.inView, `${hash}: ${stop.name} is out of view`);
    }
    const order = found.map(({ at }) => at);
    assert.deepEqual(order.slice(0, wanted.length), wanted, hash);
    if (order.length > wanted.length) assert.equal(order[wanted.length], wanted[0], `${hash}: after the last the page is left`);
    assert.deepEqual(page.complaints, []);
    await page.close();
  }
});

test('the accessibility tree names the parts as they are', async () => {
  const page = await openLive(live.browser, live.server);
  const devtools = await page.context().newCDPSession(page);
  const { nodes } = await devtools.send('Accessibility.getFullAXTree');
  const of = (role, name) => nodes.filter((one) => !one.ignored && one.role?.value === role && (name === undefined || one.name?.value === name));
  const property = (node, name) => node.properties?.find((one) => one.name === name)?.value.value;
  for (const role of ['banner', 'navigation', 'main', 'complementary', 'contentinfo']) assert.ok(of(role).length > 0, role);
  assert.equal(of('heading').filter((one) => property(one, 'level') === 1).length, 1);
  const [graph] = of('application', 'Flame graph');
  assert.equal(property(graph, 'roledescription'), 'flame graph');
  assert.ok(of('link', 'Profile').length === 1 && of('table', 'Functions').length === 1);
  const groups = of('group').map((one) => one.name?.value).filter(Boolean);
  for (const name of ['Show', 'Ranges', 'Filters', 'CPU by origin']) assert.ok(groups.includes(name), `${name} of ${groups}`);
  assert.deepEqual(of('radio').filter((one) => property(one, 'checked') === 'true').map((one) => one.name.value), ['One range', 'Flame + table']);
  await page.locator('#flame').focus();
  await page.keyboard.press('ArrowDown');
  assert.match(await text(page, '#live'), /^postgres, total 33\.4.%, self 0.%, level 1, 1 of \d+$/);
  await page.close();
});

test('forced colours: frames are outlines on the ground that is asked for', async () => {
  const page = await openLive(live.browser, live.server, { forcedColors: 'active' });
  const check = async () => {
    const { x, y, w } = await placeOf(page, 'PostmasterMain');
    const body = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body);
      return [color, backgroundColor].map((one) => `#${one.match(/\d+/g).slice(0, 3).map((v) => Number(v).toString(16).padStart(2, '0')).join('')}`);
    });
    return [body, [await pixel(page, x - w / 2 + 0.5, y), await pixel(page, x + w / 2 - 12, y)]];
  };
  const [body, frame] = await check();
  assert.deepEqual(frame, body);
  await page.emulateMedia({ forcedColors: 'none' });
  await settle(page);
  const [, filled] = await check();
  assert.notEqual(filled[1], body[1]);
  await page.close();
});
