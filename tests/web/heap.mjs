// SPDX-License-Identifier: Apache-2.0
// What a page holds in memory once garbage is collected.
const LOOKS = 5;

// A function that tells the bytes.
export async function heapMeter(page) {
  const devtools = await page.context().newCDPSession(page);
  const look = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize = 0, embedderHeapUsedSize = 0 } = await devtools.send('Runtime.getHeapUsage');
    return usedSize + backingStorageSize + embedderHeapUsedSize;
  };
  // The least of several: one collection leaves what a frame or a compile under way still holds.
  return async () => {
    let least = Infinity;
    for (let i = 0; i < LOOKS; ++i) {
      least = Math.min(least, await look());
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
    return least;
  };
}
