// SPDX-License-Identifier: Apache-2.0
// How fast the agent's page is with 100,000 nodes and more: medians of what a user waits for. Alone it
// prints them as JSON, for `./dev bench page`.
import { gzipSync } from 'node:zlib';
import { startServer } from './fixture_server.mjs';
import { heapMeter } from './heap.mjs';
import { openLive, payloadOf, startBrowser } from './support.mjs';

const RUNS = 9;
const NODES = { small: 16_000, large: 180_000 }; // of which some 10,000 and 100,000 are left by weight
const DEEPEST = 64;
const SPLITS = [[1], [0.97], [0.6, 0.3], [0.5, 0.25, 0.13, 0.07], [0.45, 0.2, 0.1, 0.08, 0.06, 0.05, 0.03]]; // among callees

// An answer of so many nodes in the shape of real ones: long chains, few heavy callees and many light ones.
// Names and frames are those of `payload`.
function inventedAnswer(payload, count) {
  const out = { ...payload, d: [], f: [], s: [], r: [], pids: [] };
  let state = 7;
  const random = (below) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below;
  let before = 0;
  const put = (level, ticks, nodes) => {
    out.d.push(out.d.length > 0 ? level - before : 0);
    before = level;
    out.f.push(level === 0 ? payload.f[0] : 1 + random(payload.fn.length - 1));
    const at = out.s.push(ticks) - 1;
    if (level === DEEPEST || nodes < 2) return;
    let left = nodes - 1;
    for (const share of level === 0 ? SPLITS.at(-1) : SPLITS[random(SPLITS.length)]) {
      const below = Math.round(share * (nodes - 1));
      const weight = Math.floor(share * ticks);
      if (below < 1 || left < 1 || weight < 1) break;
      out.s[at] -= weight;
      left -= below;
      put(level + 1, weight, below);
    }
  };
  put(0, 50 * count, count);
  return { ...out, total: 50 * count, samples: 50 * count, more: { nodes: 0, ticks: 0 } };
}

// In the page: milliseconds of each thing, the median of RUNS.
async function measure(runs) {
  const { sondePage, sonde } = window;
  const { stage } = sonde;
  const text = JSON.stringify(sonde.payload);
  const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
  const time = async (work) => {
    const took = [];
    for (let i = 0; i < runs; ++i) {
      await new Promise(requestAnimationFrame);
      const from = performance.now();
      await work(i);
      took.push(performance.now() - from);
    }
    return median(took);
  };
  const drawn = () => new Promise(requestAnimationFrame); // asked for after the picture's own frame
  const box = stage.box.getBoundingClientRect();
  const found = { nodes: sonde.tree.count, names: sonde.payload.names.length, drawn: stage.view.drawn.length };
  found.parse = await time(() => JSON.parse(text));
  found.paint = await time(async () => {
    await sondePage.show({ ...sondePage.shown, flame: JSON.parse(text) });
    await drawn();
  });
  found.frame = await time((i) => {
    stage.box.scrollTop = i * 18;
    stage.view.draw();
  });
  found.zoomed = await time((i) => {
    const node = 1 + (i % 4); // the heaviest of the first levels
    Object.assign(stage.view, { x0: stage.view.layout.x[node], x1: stage.view.layout.x[node] + sonde.tree.total[node] });
    stage.view.draw();
  });
  stage.zoomTo(0, false);
  found.hover = await time((i) => stage.view.frames.parentElement.dispatchEvent(new PointerEvent('pointermove',
    { bubbles: true, clientX: box.left + 100 + 70 * i, clientY: box.top + 45 + 18 * (i % 9) })));
  found.search = await time((i) => sonde.setQuery(`function_${i}`));
  sonde.setQuery('');
  return found;
}

// {large, small: figures; requests: before the first graph; bytes: of the scripts, gzipped; heap: bytes}
export async function pageFigures(browser) {
  const server = await startServer();
  const whole = payloadOf('large');
  const out = {};
  for (const [name, payload] of Object.entries(NODES).map(([name, count]) => [name, inventedAnswer(whole, count)])) {
    server.fixture.flameChanges = payload; // in place of what the store makes of its windows
    server.asked.length = 0;
    const page = await openLive(browser, server);
    out.requests = server.asked.indexOf('/more.js');
    out[name] = await page.evaluate(measure, RUNS);
    if (name === 'large') out.heap = await (await heapMeter(page))();
    if (page.complaints.length > 0) throw new Error(page.complaints.join('\n'));
    await page.close();
  }
  out.bytes = await Promise.all(['/page.js', '/more.js'].map(async (path) =>
    gzipSync(Buffer.from(await (await fetch(server.address + path)).arrayBuffer()), { level: 9 }).length));
  await server.close();
  return out;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const browser = await startBrowser();
  console.log(JSON.stringify(await pageFigures(browser)));
  await browser.close();
}
