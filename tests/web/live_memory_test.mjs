// SPDX-License-Identifier: Apache-2.0
// New data all day long must not fill the browser: the heap after many windows is that after a few.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapMeter } from './heap.mjs';
import { liveSetup } from './live_setup.mjs';
import { openLive } from './support.mjs';

const WINDOWS = 60;
const GROWTH = 0.1;

const live = liveSetup();

test(`the heap grows by less than ${GROWTH * 100} % over ${WINDOWS} windows`, async () => {
  const page = await openLive(live.browser, live.server);
  const heap = await heapMeter(page);
  const takeWindows = (count) => page.evaluate(async (windows) => {
    const { sondePage } = window;
    const { flame, series } = sondePage.shown;
    for (let i = 0; i < windows; ++i) {
      const fresh = structuredClone(flame);
      fresh.s = fresh.s.map((self, node) => (self > 0 ? self + ((node + i) % 3) : 0));
      fresh.total = fresh.s.reduce((a, b) => a + b);
      await sondePage.show({ ...sondePage.shown, flame: fresh, series: structuredClone(series) });
      await new Promise(requestAnimationFrame);
    }
  }, count);
  await takeWindows(10);
  const few = await heap();
  await takeWindows(WINDOWS);
  const many = await heap();
  console.log(`heap after 10 windows ${(few / 1e6).toFixed(1)} MB, after ${WINDOWS + 10} ${(many / 1e6).toFixed(1)} MB`);
  assert.ok(many <= few * (1 + GROWTH), `${few} to ${many} bytes`);
  assert.deepEqual(page.complaints, []);
  await page.close();
});
