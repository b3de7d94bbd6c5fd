// SPDX-License-Identifier: Apache-2.0
// Pictures of the agent's page, of the fixed fixture or of a running agent, in both themes.
//   node tests/web/pictures.mjs FOLDER [ADDRESS]
// Run from the top of a tree whose programs of tests/support are built (SONDE_MAKE_PROFILE and
// SONDE_PAGE_FILES name them; build/dev is looked into). docs/img has those of the fixture.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from './fixture_server.mjs';
import { smallPng } from './small_png.mjs';
import { openLive, settle, startBrowser } from './support.mjs';

const COMPARED = '#/profile?t=1749816700000..1749817000000&a=1749816400000..1749816700000&s=change.desc';
const VIEWS = { profile: '#/profile', compare: COMPARED, node: '#/node', processes: '#/processes', health: '#/health' };

const [folder, address] = process.argv.slice(2);
if (!folder) throw new Error('usage: pictures.mjs FOLDER [ADDRESS]');
const server = address ? { address, close: () => {} } : await startServer();
if (!address) {
  Object.assign(server.fixture, { missed: 12, lostReasons: [['ring_full', 'kernel', 2]] });
  server.fixture.store.hot = { from: 1749816700000, name: 'ExecSort', times: 3 };
}
const browser = await startBrowser();
for (const [view, hash] of Object.entries(VIEWS)) {
  if (address && view === 'compare') continue; // its times are the fixture's
  for (const colorScheme of ['light', 'dark']) {
    const page = await openLive(browser, server, { hash, colorScheme });
    await settle(page);
    writeFileSync(join(folder, `page-${view}-${colorScheme}.png`), smallPng(await page.screenshot()));
    await page.close();
  }
}
await browser.close();
await server.close();
