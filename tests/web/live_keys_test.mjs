// SPDX-License-Identifier: Apache-2.0
// Every key that the help lists, in the agent's page, without a pointer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveSetup } from './live_setup.mjs';
import { openLive, settle, text, until, zoomedName } from './support.mjs';

const live = liveSetup();

const stateOf = (page) => page.evaluate(() => window.sondePage.state);
const focusedName = (page) => page.evaluate(() => {
  const { tree, profile, stage } = window.sonde;
  return stage.view.focused < 0 ? null : profile.name[tree.frame[stage.view.focused]];
});

async function openFocused(hash = '', options = {}) {
  const page = await openLive(live.browser, live.server, { hash, ...options });
  await page.locator('#flame').focus();
  return page;
}

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
  await settle(page);
}

test('arrows walk the graph, Enter zooms, Backspace, Escape and 0 go back', async () => {
  const page = await openFocused();
  await press(page, 'ArrowDown');
  assert.equal(await focusedName(page), 'postgres');
  await press(page, 'ArrowRight');
  assert.equal(await focusedName(page), 'redis-server');
  await press(page, 'ArrowLeft', 'ArrowDown', 'ArrowUp');
  assert.equal(await focusedName(page), 'postgres');
  await press(page, 'End');
  const last = await focusedName(page);
  assert.notEqual(last, 'postgres');
  await press(page, 'Home');
  assert.equal(await focusedName(page), 'postgres');
  await press(page, 'Enter');
  assert.equal(await zoomedName(page), 'postgres');
  await press(page, 'ArrowDown', 'Enter');
  assert.equal(await zoomedName(page), '_start');
  await press(page, 'Backspace');
  assert.equal(await zoomedName(page), 'postgres');
  await press(page, 'ArrowDown', 'Enter', 'Escape');
  assert.equal(await zoomedName(page), 'postgres');
  await press(page, 'ArrowDown', 'Enter', '0');
  assert.equal(await zoomedName(page), 'all of node web-7');
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('s f h x u k change the graph and are taken back', async () => {
  const page = await openFocused('#/profile?z=postgres/_start/__libc_start_main/main');
  await press(page, 'ArrowDown'); // PostmasterMain
  const target = await focusedName(page);
  for (const [key, op] of [['f', 'foc'], ['h', 'hid'], ['x', 'fold']]) {
    await press(page, key);
    const { transforms } = await stateOf(page);
    assert.deepEqual(transforms.map((one) => [one.op, one.frame.name]), [[op, target]], key);
    await press(page, 'u');
    assert.deepEqual((await stateOf(page)).transforms, []);
    await press(page, 'ArrowDown');
    assert.equal(await focusedName(page), target);
  }
  await press(page, 'k');
  assert.deepEqual((await stateOf(page)).transforms.map(({ op, frame }) => `${op} ${frame.name}@${frame.image}`), ['fold *@[kernel.kallsyms]']);
  await press(page, 'k');
  assert.deepEqual((await stateOf(page)).transforms, []);
  await press(page, 'ArrowDown', 's');
  assert.match(await text(page, '#sandwich-header'), new RegExp(`^${target}`));
  await press(page, 'Escape');
  assert.equal((await stateOf(page)).mode, 'both');
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('i t D PageDown and the views', async () => {
  const page = await openFocused();
  await press(page, 'i');
  assert.equal((await stateOf(page)).inverted, true);
  await press(page, 'i', 't');
  assert.ok(!await page.locator('#table').isVisible());
  await press(page, 't');
  assert.ok(await page.locator('#table').isVisible());
  const scroll = () => page.evaluate(() => window.sonde.stage.box.scrollTop);
  await press(page, 'PageDown');
  assert.ok(await scroll() > 0);
  await press(page, 'PageUp');
  assert.equal(await scroll(), 0);
  await press(page, 'Shift+D');
  assert.equal(await page.evaluate(() => window.sonde.stage.hiddenLevels()), 0);
  for (const [key, view] of [['2', 'node'], ['3', 'processes'], ['4', 'health'], ['1', 'profile']]) {
    await press(page, key);
    await until(page, (wanted) => window.sondePage.shown.view === wanted, view);
  }
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('y and Y copy; ? has a switch that turns letters off, arrows stay', async () => {
  const page = await openFocused('', { permissions: ['clipboard-read', 'clipboard-write'] });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await press(page, 'ArrowDown', 'ArrowDown', 'ArrowDown', 'y');
  const name = await focusedName(page);
  assert.equal(await copied(), name);
  await press(page, 'Shift+Y');
  assert.equal(await copied(), `postgres;_start;${name}`);
  await press(page, '?', 'Tab');
  await page.locator('#help input[type=checkbox]').uncheck();
  await press(page, 'Escape');
  await page.locator('#flame').focus();
  await press(page, 'i');
  assert.equal((await stateOf(page)).inverted, false);
  await press(page, 'ArrowUp');
  assert.equal(await focusedName(page), '_start');
  await press(page, '/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'query');
  await page.close();
});

test('n and N go through the hits by weight, also to one that is narrower than half a pixel', async () => {
  const page = await openFocused();
  const narrow = await page.evaluate(() => {
    const { tree, profile, stage } = window.sonde;
    const { view } = stage;
    const often = new Map();
    for (const frame of tree.frame) often.set(frame, (often.get(frame) ?? 0) + 1);
    const node = tree.frame.findIndex((frame, at) => tree.total[at] > 0 && (tree.total[at] / tree.total[0]) * view.width < 0.5 &&
      profile.kind[frame] > 0 && often.get(frame) === 1 && profile.name.filter((name) => name.includes(profile.name[frame])).length === 1);
    return { node, name: profile.name[tree.frame[node]] };
  });
  assert.ok(narrow.node > 0, 'the fixture has such a frame');
  await page.locator('#query').fill(`"${narrow.name}"`);
  await until(page, () => location.hash.includes('q='));
  await page.locator('#flame').focus();
  await press(page, 'n');
  assert.equal(await page.evaluate(() => window.sonde.stage.view.focused), narrow.node);
  assert.match(await text(page, '#answer'), /1 of 1$/);
  const box = await page.evaluate((node) => window.sonde.stage.view.boxOf(node), narrow.node);
  assert.ok(box.w >= 1, `${box.w} px wide`);
  await page.locator('#query').fill('Exec');
  await until(page, () => location.hash.includes('q=Exec'));
  await page.locator('#flame').focus();
  const weight = () => page.evaluate(() => window.sonde.tree.total[window.sonde.stage.view.focused]);
  const weights = [];
  for (let i = 0; i < 4; ++i) {
    await press(page, 'n');
    weights.push(await weight());
  }
  assert.deepEqual(weights, [...weights].sort((a, b) => b - a));
  await press(page, 'N');
  assert.equal(await weight(), weights[2]);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

// Every key of the page, from the graph with a frame chosen in it.
const KEYS = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageDown', 'PageUp', 'Enter', 'Escape', 'Backspace', '0',
  'Shift+D', 's', 'f', 'h', 'x', 'u', 'k', 'i', 't', 'n', 'Shift+N', 'p', 'y', 'Shift+Y', '[', ']', '+', '-', ' ', 'c', 'r', '2', '3', '4', '1',
  '/', '?', 'Shift+F10'];
const focusOf = (page) => page.evaluate(async () => {
  for (let frame = 0; frame < 4; ++frame) await new Promise(requestAnimationFrame); // it is put right after two
  const one = document.activeElement;
  return one && one !== document.body && one.getClientRects().length > 0 ? one.id || one.className || one.tagName : '';
});

test('no key loses the focus: it stays, or goes to what comes in its place', async () => {
  const page = await openFocused('#/profile?t=1749816300000..1749816600000');
  for (const key of KEYS) {
    await page.evaluate(() => {
      document.getElementById('help').close();
      window.sonde.menu.close();
      location.hash = '#/profile?t=1749816300000..1749816600000&q=Exec';
    });
    await until(page, () => window.sondePage.shown.view === 'profile' && !window.sondePage.shown.flame.b);
    await page.evaluate(() => {
      document.getElementById('flame').focus();
      window.sonde.focusNode(3);
    });
    await page.keyboard.press(key);
    assert.notEqual(await focusOf(page), '', key);
    if (key === '?') continue; // from the first of a dialog Shift+Tab leaves the page
    await page.keyboard.press('Shift+Tab');
    assert.notEqual(await focusOf(page), '', `Shift+Tab after ${key}`);
  }
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('what is drawn anew under the focus gets it back: crumb, legend, chips, head of a table, processes', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/profile?f=process=postgres&f=pid!=1&z=postgres/_start/__libc_start_main/main&hid=ExecAgg' });
  const pressed = async (locator, key = 'Enter') => {
    await locator.focus();
    await page.keyboard.press(key);
    return focusOf(page);
  };
  assert.notEqual(await pressed(page.locator('#crumb button').nth(1)), '', 'crumb');
  assert.notEqual(await pressed(page.locator('#crumb .transform')), '', 'transform');
  assert.notEqual(await pressed(page.locator('#legend button').first()), '', 'legend');
  assert.notEqual(await pressed(page.locator('.chip-text').first(), 'Delete'), '', 'chip');
  assert.notEqual(await pressed(page.locator('#table-head button').last()), '', 'table head');
  await page.locator('#tabs a', { hasText: 'Processes' }).focus();
  await page.keyboard.press('Enter');
  await until(page, () => window.sondePage.shown.view === 'processes');
  await pressed(page.locator('.processes [data-column=samples]'));
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Samples');
  await page.locator('.processes tbody button').nth(2).focus();
  const name = await page.evaluate(() => document.activeElement.textContent);
  await page.evaluate(() => window.sondePage.show(window.sondePage.shown)); // the next window
  assert.equal(await page.evaluate(() => document.activeElement.textContent), name);
  assert.deepEqual(page.complaints, []);
  await page.close();
});
