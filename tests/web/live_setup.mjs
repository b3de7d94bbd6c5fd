// SPDX-License-Identifier: Apache-2.0
// A browser, and a server of the fixed fixture, for all tests of one file.
import { after, before } from 'node:test';
import { startServer } from './fixture_server.mjs';
import { startBrowser } from './support.mjs';

// {browser, server}, there once the tests run. `prepare` may change the fixture.
export function liveSetup(prepare = () => {}) {
  const live = {};
  before(async () => {
    live.browser = await startBrowser();
    live.server = await startServer();
    prepare(live.server.fixture);
  });
  after(async () => {
    await live.browser.close();
    await live.server.close();
  });
  return live;
}
