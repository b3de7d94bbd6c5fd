// SPDX-License-Identifier: Apache-2.0
// Frames that the agent put together: zooming to their caller asks for what is below it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLive, payloadOf, settle, text, until, zoomedName } from './support.mjs';
import { belowPath, foldedTo } from './fixture_folds.mjs';
import { withBelow } from '../../exporters/text/web/payload_join.js';
import { openProfile, openTree } from '../../exporters/text/web/flame.js';
import { liveSetup } from './live_setup.mjs';

const MAX = 120;
const live = liveSetup((fixture) => {
  fixture.maxNodes = MAX;
});

const sum = (list) => list.reduce((a, b) => a + b, 0);
// Every stack with its weight, as text; whatever the order and the frame table.
function stacksOf(payload) {
  const profile = openProfile(payload);
  const tree = openTree(payload);
  const path = [];
  return payload.f.map((frame, node) => {
    path[node] = node === 0 ? '' : `${path[tree.parent[node]]};${profile.name[frame]}@${profile.image[frame].base}`;
    return `${path[node]} ${payload.s[node]} ${profile.kind[frame]} ${profile.reasons.get(frame) ?? ''}`;
  }).sort();
}

test('what was folded and put back is what it was', () => {
  const whole = payloadOf('node');
  let now = foldedTo(whole, MAX);
  assert.equal(sum(now.s), sum(whole.s));
  assert.ok(now.f.length < whole.f.length);
  const groups = openTree(now).frame.filter((frame, node) => openTree(now).parent[node] === 0 && frame < whole.fn.length);
  for (const frame of groups) {
    const node = now.f.findIndex((one, at) => one === frame && openTree(now).parent[at] === 0);
    now = withBelow(now, node, belowPath(whole, encodeURIComponent(whole.names[whole.fn[frame]])));
  }
  const names = [...groups].map((frame) => `;${whole.names[whole.fn[frame]]}@`);
  const inGroups = (payload) => stacksOf(payload).filter((stack) => names.some((name) => stack.startsWith(name)));
  assert.ok(names.length > 8);
  assert.equal(sum(now.s), sum(whole.s));
  assert.deepEqual(inGroups(now), inGroups(whole));
});

test('another weight than the one that is shown is not put in', () => {
  const whole = payloadOf('node');
  const below = belowPath(whole, whole.names[whole.fn[whole.f[1]]]);
  assert.equal(withBelow(whole, 1, { ...below, s: below.s.map((one) => one + 1) }), null);
  assert.deepEqual(stacksOf(withBelow(whole, 1, below)), stacksOf(whole));
});

// {name of the caller, place} of the widest folded frame that has a caller.
const widestFolded = (page) => page.evaluate(() => {
  const { stage, tree, profile } = window.sonde;
  const folded = [...tree.frame.keys()].filter((node) => profile.kind[tree.frame[node]] === 6 && tree.parent[node] > 0)
    .sort((a, b) => tree.total[b] - tree.total[a])[0];
  const box = stage.view.boxOf(folded);
  const bounds = stage.box.getBoundingClientRect();
  return { caller: profile.name[tree.frame[tree.parent[folded]]], x: bounds.left + box.x + box.w / 2, y: bounds.top + box.y + 8 };
});
const nodes = (page) => page.evaluate(() => window.sonde.tree.count);
const foldedBelow = (page) => page.evaluate(() => {
  const { tree, profile, zoomed } = window.sonde;
  return [...tree.frame.subarray(zoomed, tree.end[zoomed])].filter((frame) => profile.kind[frame] === 6).length;
});

test('a click on folded frames zooms to their caller and shows what it calls; all sums stay', async () => {
  const page = await openLive(live.browser, live.server);
  const before = await nodes(page);
  assert.ok(before <= 2 * MAX);
  const { caller, x, y } = await widestFolded(page);
  live.server.asked.length = 0;
  await page.mouse.click(x, y);
  await until(page, (count) => window.sonde.tree.count > count, before);
  await settle(page);
  assert.equal(await zoomedName(page), caller);
  assert.equal(await foldedBelow(page), 0);
  assert.equal(live.server.asked.filter((one) => one.includes('root=')).length, 1);
  const sums = await page.evaluate(() => {
    const { tree, payload, nodeTotals } = window.sonde;
    return [tree.total[0], tree.self.reduce((a, b) => a + b), nodeTotals.self.reduce((a, b) => a + b), payload.total];
  });
  assert.deepEqual(sums, Array(4).fill(sums[0]));
  const [address, shown] = [page.url(), await text(page, '#status')];
  const again = await openLive(live.browser, live.server, { hash: address.slice(address.indexOf('#')) });
  await until(again, (count) => window.sonde.tree.count > count, before);
  assert.deepEqual([again.url(), await zoomedName(again), await nodes(again)], [address, caller, await nodes(page)]);
  assert.ok(shown);
  await again.close();
  await page.goBack();
  await settle(page);
  assert.equal(await zoomedName(page), 'all of node web-7');
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('a link to a frame that is folded here finds it', async () => {
  const whole = payloadOf('node');
  const tree = openTree(whole);
  const profile = openProfile(whole);
  const light = tree.level.findIndex((level, node) => level > 12 && tree.total[node] === 1);
  const path = [];
  for (let node = light; node > 0; node = tree.parent[node]) path.unshift(encodeURIComponent(profile.name[tree.frame[node]]));
  const page = await openLive(live.browser, live.server, { hash: `#/profile?z=${path.join('/')}` });
  const name = profile.name[tree.frame[light]];
  await until(page, (wanted) => window.sonde.profile.name[window.sonde.tree.frame[window.sonde.zoomed]] === wanted, name);
  assert.ok(!await page.locator('#toast').isVisible());
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('in a comparison the other side comes along; a refusal leaves the picture', async () => {
  const [from, to] = [1749816700000, 1749817000000];
  const page = await openLive(live.browser, live.server, { hash: `#/profile?t=${from}..${to}&a=${from - 300_000}..${from}` });
  const before = await nodes(page);
  live.server.fixture.refuse.flame = 'disk I/O error';
  const first = await widestFolded(page);
  await page.mouse.click(first.x, first.y);
  await settle(page);
  assert.deepEqual([await zoomedName(page), await nodes(page)], [first.caller, before]);
  live.server.fixture.refuse = {};
  await page.keyboard.press('0');
  await settle(page);
  await page.reload();
  await until(page, () => window.sondePage?.shown);
  await settle(page);
  const { x, y } = await widestFolded(page);
  await page.mouse.click(x, y);
  await until(page, (count) => window.sonde.tree.count > count, before);
  const sums = await page.evaluate(() => {
    const { tree, payload } = window.sonde;
    const all = (list) => list.reduce((a, b) => a + b);
    return [all(tree.self) - payload.total, all(tree.before) - payload.btotal];
  });
  assert.deepEqual(sums, [0, 0]);
  await page.close();
});
