// SPDX-License-Identifier: Apache-2.0
// Five minutes of following, a window each second: what an hour of windows would add to the heap.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from './fixture_server.mjs';
import { heapMeter } from './heap.mjs';
import { liveSetup } from './live_setup.mjs';
import { openLive, until } from './support.mjs';

const HOUR = 360; // windows of 10 s
const FOLLOWED = 300;
const EVERY = 15;
const GROWTH = 0.1;

const live = liveSetup();

// Slope of the line through the points [x, y] that lies nearest to all of them.
function slopeOf(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  return points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

test(`the heap is steady while the page follows ${FOLLOWED} windows`, async () => {
  const quick = await startServer('node', 1000);
  const page = await openLive(live.browser, quick, { hash: '#/profile?t=-60s' });
  const heap = await heapMeter(page);
  const points = [];
  for (let window = 1; window <= FOLLOWED; ++window) {
    quick.pass(1);
    await until(page, (to) => window.sondePage.shown.to >= to, quick.fixture.store.last, 30_000);
    if (window % EVERY === 0) points.push([window, await heap()]);
  }
  const later = points.slice(points.length / 3); // what the first windows compile and cache has been made
  const growth = (slopeOf(later) * HOUR) / later[0][1];
  console.log(`heap ${later.map(([, bytes]) => (bytes / 1e6).toFixed(1)).join(' ')} MB: ${(growth * 100).toFixed(1)} % in an hour of windows`);
  assert.ok(growth <= GROWTH, `${growth}`);
  assert.deepEqual(page.complaints, []);
  await page.close();
  await quick.close();
});
