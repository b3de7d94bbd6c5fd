// SPDX-License-Identifier: Apache-2.0
// Two processes against each other: two answers become one comparison.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openProfile, openTree } from '../../exporters/text/web/flame.js';
import { comparedPayload } from '../../exporters/text/web/payload_join.js';
import { FixtureStore } from './fixture_store.mjs';
import { liveSetup } from './live_setup.mjs';
import { openLive, payloadOf, settle, text, until } from './support.mjs';

const live = liveSetup();

// Every stack with its weight on both sides.
function stacksOf(payload) {
  const { name, image, reasons } = openProfile(payload);
  const tree = openTree(payload);
  const path = [];
  return payload.f.map((frame, node) => {
    path[node] = node === 0 ? '' : `${path[tree.parent[node]]};${name[frame]}@${image[frame].base} ${reasons.get(frame) ?? ''}`;
    return `${path[node]} ${payload.s[node]} ${payload.b[node]}`;
  }).sort();
}

test('two answers make the comparison that one answer would be', () => {
  const store = new FixtureStore(payloadOf('node'), { first: 900_000, last: 9_000_000 });
  const [one, two] = [[900_000, 1_300_000], [1_300_000, 1_800_000]].map(([from, to]) => ({ from, to }));
  const windows = ({ from, to }) => store.windowsIn(from, to);
  const asked = store.flame(windows(two), [], two, { windows: windows(one), span: one });
  const [a, b] = [one, two].map((span) => store.flame(windows(span), [], span));
  const made = comparedPayload(a, b);
  assert.deepEqual(stacksOf(made), stacksOf(asked));
  for (const key of ['total', 'samples', 'btotal', 'bsamples', 'bfrom', 'bto', 'bduration_ns']) assert.equal(made[key], asked[key], key);
  const heavier = comparedPayload({ ...a, tick: a.tick * 2 }, b); // a side with half the rate
  assert.equal(heavier.btotal, 2 * a.total);
  assert.equal(heavier.b.reduce((x, y) => x + y), heavier.btotal);
});

const processRow = (page, name) => page.locator('.processes button.link', { hasText: name });

test('Ctrl+click on two processes compares them over the range; the address holds both', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/processes?t=-5m' });
  const { from, to } = await page.evaluate(() => window.sondePage.shown);
  await processRow(page, 'redis-server').click({ modifiers: ['Control'] });
  assert.match(await text(page, '.comes'), /^redis-server is A\. Ctrl\+click another/);
  await processRow(page, 'redis-server').click({ modifiers: ['Control'] }); // the same again: none
  assert.doesNotMatch(await text(page, '.comes'), /is A/);
  await processRow(page, 'redis-server').focus();
  await page.keyboard.press('Control+Enter');
  assert.match(await text(page, '.comes'), /^redis-server is A\./);
  await processRow(page, 'nginx').click({ modifiers: ['Control'] });
  await until(page, () => window.sondePage.shown.flame?.b);
  assert.match(page.url(), new RegExp(`#/profile\\?t=${from}\\.\\.${to}&a=${from}\\.\\.${to}&af=process=redis-server&f=process=nginx&g=none&s=change\\.desc$`));
  assert.equal(await text(page, '#summary'), 'Diff B process=nginx against A process=redis-server');
  const sums = () => page.evaluate(() => {
    const { tree, payload } = window.sonde;
    const sum = (list) => list.reduce((a, b) => a + b);
    return [sum(tree.self), sum(tree.before), payload.total, payload.btotal];
  });
  const [nginx, redis, total, btotal] = await sums();
  assert.deepEqual([nginx, redis], [total, btotal]);
  const byProcess = async (name) => {
    const answer = await fetch(`${live.server.address}/api/v1/flame?from=${from}&to=${to}&f=process%3D${name}`);
    return (await answer.json()).total;
  };
  assert.deepEqual([total, btotal], [await byProcess('nginx'), await byProcess('redis-server')]);
  const again = await openLive(live.browser, live.server, { hash: page.url().slice(page.url().indexOf('#')) });
  assert.equal(again.url(), page.url());
  assert.equal(await text(again, '#table-rows'), await text(page, '#table-rows'));
  await again.close();
  await page.locator('#flame').focus();
  await page.keyboard.press('[');
  await until(page, (begin) => window.sondePage.shown.flame.from < begin, from);
  const moved = await page.evaluate(() => window.sondePage.state);
  assert.deepEqual(moved.before, moved.range, 'both sides move');
  await page.keyboard.press('c');
  await until(page, () => !window.sondePage.shown.flame.b);
  assert.match(page.url(), /f=process=nginx$/);
  await settle(page);
  assert.deepEqual(page.complaints, []);
  await page.close();
});
