// SPDX-License-Identifier: Apache-2.0
// Every view on a phone, on the narrowest screen and at twice the size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveSetup } from './live_setup.mjs';
import { openLive } from './support.mjs';

const live = liveSetup();
const COMPARED = '#/profile?t=1749816700000..1749817000000&a=1749816400000..1749816700000';

test('little room, twice the size: nothing lies outside, nothing on another', async () => {
  for (const [width, height, scale] of [[320, 640, 2], [720, 450, 2], [390, 844, 3]]) {
    for (const hash of ['#/profile?f=process=node', COMPARED, '#/profile?m=sandwich&fn=PostgresMain', '#/profile?m=calls', '#/node', '#/processes', '#/health']) {
      const page = await openLive(live.browser, live.server, { hash, viewport: { width, height }, deviceScaleFactor: scale });
      const found = await page.evaluate(() => {
        const parts = [...document.querySelectorAll('.top > *, .selection > *, .tools > *, .above > *, .strip')]
          .filter((one) => one.getClientRects().length > 0 && (one.textContent.trim() || one.id === 'strip'))
          .map((one) => ({ name: one.id || one.className, box: one.getBoundingClientRect() }));
        const out = parts.filter(({ box }) => box.right > innerWidth + 1 || box.left < -1).map(({ name }) => `${name} is cut`);
        parts.forEach(({ name, box: a }, i) => parts.slice(i + 1).forEach(({ name: other, box: b }) => {
          if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) out.push(`${name} over ${other}`);
        }));
        const wide = document.documentElement.scrollWidth - innerWidth;
        return wide > 0 ? [...out, `${wide} px too wide`] : out;
      });
      assert.deepEqual(found, [], `${hash} at ${width} x ${height}`);
      await page.close();
    }
  }
});
