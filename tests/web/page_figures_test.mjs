// SPDX-License-Identifier: Apache-2.0
// A large answer does not make the page slow: what a user waits for, beside what this machine needs to
// read the same data as JSON. Times themselves are in docs/benchmarks.md.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pageFigures } from './page_figures.mjs';
import { startBrowser } from './support.mjs';

// Times to parse the answer: several times what was found.
const LIMITS = { paint: 120, frame: 10, zoomed: 10, hover: 1, search: 30 };
const HEAP = 120e6;

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

test('a large answer: picture, frames, pointing and search, in times that it takes to parse it', async () => {
  const { large, small, heap, requests } = await pageFigures(browser);
  console.log(JSON.stringify({ large, small, heap, requests }));
  assert.ok(large.nodes > 90_000 && small.nodes < 12_000 && large.drawn > 500, `${small.nodes}, ${large.nodes} nodes`);
  for (const [name, limit] of Object.entries(LIMITS)) {
    assert.ok(large[name] <= limit * large.parse, `${name}: ${large[name]} ms where parsing takes ${large.parse}`);
  }
  assert.ok(heap <= HEAP, `${heap} bytes`);
  assert.ok(requests > 0 && requests <= 8, `${requests} requests before the first picture`);
});
