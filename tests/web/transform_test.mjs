// SPDX-License-Identifier: Apache-2.0
// Focus, hide, fold and recursion: exact sums, each undone alone, alone in node and in the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as flame from '../../exporters/text/web/flame.js';
import { applyTransforms, withoutRecursion } from '../../exporters/text/web/transform.js';
import { clickFrame, openFile, payloadOf, placeOf, profileFile, settle, startBrowser, text } from './support.mjs';

const node = payloadOf('node');
const profile = flame.openProfile(node);
const tree = flame.openTree(node);
const named = (name, image = '') => ({ name, image });
const after1 = (op, frame) => applyTransforms(profile, tree, [{ op, frame }]);
const isMalloc = (name) => name.startsWith('malloc@');
const sum = (list) => list.reduce((a, b) => a + b, 0);

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

// Every stack as text with its samples, after `change` of its `name@image` (null = it is dropped).
function stacksOf(made, shown, change = (names) => names) {
  const stacks = new Map();
  for (let i = 0; i < made.count; ++i) {
    if (!(made.self[i] > 0)) continue;
    const names = [];
    for (let at = i; at > 0; at = made.parent[at]) {
      const frame = made.frame[at];
      names.unshift(`${shown.name[frame]}@${shown.image[frame].base}`);
    }
    const changed = change(names);
    if (changed) stacks.set(changed.join(';'), (stacks.get(changed.join(';')) ?? 0) + made.self[i]);
  }
  return stacks;
}

function assertShape(made) {
  for (let i = 0; i < made.count; ++i) {
    const children = flame.childrenOf(made, i);
    assert.equal(sum(children.map((child) => made.total[child])) + made.self[i], made.total[i]);
    const frames = children.map((child) => made.frame[child]);
    assert.equal(new Set(frames).size, frames.length, 'two children of one frame');
    children.forEach((child, at) => assert.ok(at === 0 || made.total[children[at - 1]] >= made.total[child]));
  }
}

test('focus keeps exactly the stacks through the function', () => {
  const { tree: made, profile: shown } = after1('foc', named('malloc'));
  assert.deepEqual(stacksOf(made, shown), stacksOf(tree, profile, (names) => (names.some(isMalloc) ? names : null)));
  assert.equal(made.total[0], flame.frameTotals(tree, profile.frames, 0).total[profile.name.indexOf('malloc')]);
  assertShape(made);
});

test('hide drops exactly these stacks', () => {
  const { tree: made, profile: shown } = after1('hid', named('malloc'));
  assert.deepEqual(stacksOf(made, shown), stacksOf(tree, profile, (names) => (names.some(isMalloc) ? null : names)));
  assert.equal(made.total[0] + after1('foc', named('malloc')).tree.total[0], tree.total[0]);
  assertShape(made);
});

test('fold merges a function into its callers and keeps every sum', () => {
  const { tree: made, profile: shown } = after1('fold', named('PortalRun'));
  assert.deepEqual(stacksOf(made, shown), stacksOf(tree, profile, (names) => names.filter((name) => !name.startsWith('PortalRun@'))));
  assert.equal(made.total[0], tree.total[0]);
  assertShape(made);
});

test('fold image makes one frame per run inside the library', () => {
  const image = profile.image[profile.name.indexOf('malloc')].base;
  const { tree: made, profile: shown } = after1('fold', named('*', image));
  const as = `[${image}]@${image}`;
  const folded = (names) => names.map((name) => (name.endsWith(`@${image}`) ? as : name))
    .filter((name, at, all) => name !== as || all[at - 1] !== as);
  assert.deepEqual(stacksOf(made, shown), stacksOf(tree, profile, folded));
  assert.equal(made.total[0], tree.total[0]);
  assert.equal(shown.name.at(-1), `[${image}]`);
  assertShape(made);
});

test('recursion collapses into one frame that says how often', () => {
  const { tree: made, repeats } = withoutRecursion(tree);
  const frame = profile.name.indexOf('walk(Node const*)');
  assert.ok(repeats.get(frame) > 10, String(repeats.get(frame)));
  for (let i = 1; i < made.count; ++i) assert.notEqual(made.frame[i], made.frame[made.parent[i]]);
  assert.equal(made.total[0], tree.total[0]);
  assertShape(made);
});

test('a function that does not occur: focus leaves nothing, the others everything', () => {
  assert.equal(after1('foc', named('nowhere')).tree.total[0], 0);
  assert.deepEqual(stacksOf(after1('hid', named('nowhere')).tree, profile), stacksOf(tree, profile));
  assert.deepEqual(stacksOf(after1('fold', named('*', 'nowhere')).tree, profile), stacksOf(tree, profile));
});

test('side A of a comparison goes along', () => {
  const both = flame.makeTree(tree.parent, tree.frame, tree.self, null, Float64Array.from(tree.self, (self) => 2 * self));
  for (const op of ['foc', 'hid', 'fold']) {
    const { tree: made } = applyTransforms(profile, both, [{ op, frame: named('malloc') }]);
    for (let i = 0; i < made.count; ++i) assert.equal(made.totalBefore[i], 2 * made.total[i]);
  }
});

test('in the page: menu, chips, keys, address, undo one by one', async () => {
  const page = await openFile(browser, profileFile('node', '.html'));
  await settle(page);
  await clickFrame(page, 'exec_simple_query', { button: 'right' });
  assert.match(await text(page, '#menu'), /Focus\s+exec_simple_query.*Hide\s+exec_simple_query.*Fold\s+exec_simple_query.*Fold image\s+postgres/s);
  await page.locator('#menu button', { hasText: 'Focus' }).click();
  await settle(page);
  const whole = (name) => page.evaluate((wanted) => {
    const { profile: shown, nodeTotals, all } = window.sonde;
    return nodeTotals.total[shown.name.indexOf(wanted)] / all;
  }, name);
  const share = await whole('exec_simple_query');
  assert.match(await text(page, '#crumb'), /only through\s+exec_simple_query\s+×\s*showing \d+\.\d.% of the selection/);
  assert.ok((await placeOf(page, 'exec_simple_query')).w > 900);
  const { x, y } = await placeOf(page, 'ExecAgg');
  await page.mouse.move(x, y);
  await page.keyboard.press('h');
  await settle(page);
  assert.match(page.url(), /foc=exec_simple_query@postgres&hid=ExecAgg@postgres$/);
  assert.ok(await whole('exec_simple_query') < share);
  const again = await openFile(browser, profileFile('node', '.html'), { hash: page.url().slice(page.url().indexOf('#')) });
  await settle(again);
  assert.equal(await text(again, '#crumb'), await text(page, '#crumb'));
  assert.equal(again.url().split('#')[1], page.url().split('#')[1]);
  await again.close();
  await page.locator('#crumb .transform').first().click();
  await settle(page);
  assert.match(page.url(), /#\/profile\?hid=ExecAgg@postgres$/);
  await page.locator('#flame').focus();
  await page.keyboard.press('u');
  await settle(page);
  assert.match(page.url(), /#\/profile$/);
  assert.equal(await whole('exec_simple_query'), share);
  await page.keyboard.press('k');
  await settle(page);
  const kernel = () => page.evaluate(() => window.sonde.tree.frame.filter((frame) => window.sonde.profile.kind[frame] === 3)
    .reduce((names, frame) => names.add(window.sonde.profile.name[frame]), new Set()).size);
  assert.equal(await kernel(), 1);
  await page.keyboard.press('k');
  await settle(page);
  assert.ok(await kernel() > 20);
  await page.locator('#options').click();
  await page.locator('#menu button', { hasText: 'Collapse recursion' }).click();
  await settle(page);
  assert.match(page.url(), /o=rec$/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});
