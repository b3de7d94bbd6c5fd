// SPDX-License-Identifier: Apache-2.0
// One state, whichever way leads to it: pointer, keys, menu, crumb, Back and the address; and addresses
// that cannot be read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveSetup } from './live_setup.mjs';
import { clickFrame, openLive, settle, text, until } from './support.mjs';

const live = liveSetup();
const PATH = ['postgres', '_start', '__libc_start_main', 'main', 'PostmasterMain', 'ServerLoop', 'BackendStartup', 'BackendMain', 'PostgresMain'];

// Everything that is to be seen of the profile, and the state and the address behind it.
const pictureOf = (page) => page.evaluate(async () => {
  for (let frame = 0; frame < 3; ++frame) await new Promise(requestAnimationFrame);
  const words = (id) => document.getElementById(id).innerText;
  const drawn = (selector) => [...document.querySelector(selector).toDataURL()].reduce((hash, letter) =>
    Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), 0x811c9dc5);
  return { address: location.hash, state: JSON.stringify(window.sondePage.state),
    graph: drawn('#flame canvas.frames'), strip: drawn('#strip canvas'),
    ...Object.fromEntries(['crumb', 'table-rows', 'table-head', 'badge', 'summary', 'range', 'chips', 'legend', 'answer'].map((id) => [id, words(id)])),
    query: document.getElementById('query').value, narrow: document.getElementById('narrow').value };
});

async function press(page, ...keys) {
  await page.locator('#flame').focus();
  for (const key of keys) await page.keyboard.press(key);
}

// To the frame at the end of PATH: up to the root, from there each time to the heaviest callee.
const walk = (page) => press(page, ...PATH.map(() => 'ArrowUp'), ...PATH.map(() => 'ArrowDown'));

const WAYS = {
  click: (page) => clickFrame(page, 'PostgresMain'),
  Enter: async (page) => {
    await walk(page);
    await page.keyboard.press('Enter');
  },
  menu: async (page) => {
    await clickFrame(page, 'PostgresMain', { button: 'right' });
    await page.locator('#menu button').first().click();
  },
  'Escape from further in': async (page) => {
    await clickFrame(page, 'PostgresMain');
    await clickFrame(page, 'PortalRun');
    await press(page, 'Escape');
  },
  'Back from further in': async (page) => {
    await clickFrame(page, 'PostgresMain');
    await clickFrame(page, 'PortalRun');
    await page.goBack();
  },
  'the caller, clicked from further in': async (page) => {
    await clickFrame(page, 'PortalRun');
    await clickFrame(page, 'PostgresMain');
  },
  'the crumb from further in': async (page) => {
    await clickFrame(page, 'exec_simple_query');
    await page.locator('#crumb button', { hasText: 'PostgresMain' }).click();
  },
};

test('every way to a frame gives the same picture and address', async () => {
  const page = await openLive(live.browser, live.server, { reducedMotion: 'reduce' });
  const found = {};
  for (const [name, way] of Object.entries(WAYS)) {
    await way(page);
    await page.mouse.move(700, 20);
    found[name] = await pictureOf(page);
    await press(page, '0');
  }
  const again = await openLive(live.browser, live.server, { hash: found.click.address });
  found['the address'] = await pictureOf(again);
  await again.close();
  assert.equal(found.click.address, `#/profile?z=${PATH.map((name) => `${name}@${name === '__libc_start_main' ? 'libc.so.6' : 'postgres'}`).join('/').replace('postgres@postgres', 'postgres')}`);
  for (const [name, picture] of Object.entries(found)) assert.deepEqual(picture, found.click, name);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('an address that was used in every way gives everything back, byte for byte', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/profile?t=1749816300000..1749816600000&x=-30m' });
  await page.locator('#add-filter').fill('process=postgres');
  await page.keyboard.press('Enter');
  await until(page, () => window.sondePage.shown.flame.total < 4000);
  await clickFrame(page, 'PostgresMain');
  await clickFrame(page, 'ExecAgg', { button: 'right' });
  await page.locator('#menu button', { hasText: 'Hide' }).click();
  await settle(page);
  await page.locator('#query').fill('Exec|get_');
  await page.locator('#narrow').fill('!Sort');
  await page.locator('[data-column=total]').click();
  await page.locator('[data-column=total]').click();
  await page.locator('#colour').selectOption('image');
  await page.locator('#options').click();
  await page.locator('#menu button', { hasText: 'Order by name' }).click();
  await press(page, 'i');
  await until(page, () => /q=.*tq=/.test(location.hash) && !/ExecSort/.test(document.getElementById('table-rows').innerText));
  await page.mouse.move(700, 20);
  await settle(page);
  const before = await pictureOf(page);
  for (const part of ['t=1749816300000..1749816600000', 'x=-30m', 'f=process=postgres', 'z=postgres/', 'hid=ExecAgg@postgres', 'q=Exec%7Cget_',
    'tq=!Sort', 'c=image', 's=total.asc', 'o=inv', 'o=az']) assert.ok(before.address.includes(part), `${part} in ${before.address}`);
  await page.reload();
  await until(page, () => window.sondePage?.shown);
  await settle(page);
  assert.deepEqual(await pictureOf(page), before);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

// By address: what of it cannot be read, in the words of the toast.
const BAD = {
  '#/profile?t=yesterday': ['range', 't=yesterday'],
  '#/profile?t=9..5&q=malloc': ['range', 't=9..5'],
  '#/profile?x=1': ['range', 'x=1'],
  '#/profile?a=-15m': ['range', 'a=-15m'],
  '#/nowhere?q=malloc': ['view', 'view=nowhere'],
  '#/profile?f=process': ['filter', 'f=process'],
  '#/profile?f=process=%E0%A4%A': ['filter', 'f=process=%E0%A4%A'],
  '#/profile?z=%ZZ': ['zoom', 'z=%ZZ'],
  '#/profile?m=wild': ['setting', 'm=wild'],
  '#/profile?c=red': ['setting', 'c=red'],
  '#/profile?s=self.up': ['setting', 's=self.up'],
  '#/profile?o=__proto__': ['setting', 'o=__proto__'],
  '#/profile?tz=moon': ['setting', 'tz=moon'],
  '#/profile?g=a,b,c': ['setting', 'g=a,b,c'],
  '#/profile?foc=': ['setting', 'foc='],
};

test('what of an address cannot be read is said and falls back; the rest of it holds', async () => {
  const page = await openLive(live.browser, live.server);
  const start = await page.evaluate(() => window.sondePage.state);
  for (const [address, [what, shown]] of Object.entries(BAD)) {
    await page.evaluate((hash) => {
      document.getElementById('toast').hidden = true;
      location.hash = hash;
    }, address);
    await until(page, () => !document.getElementById('toast').hidden);
    const instead = shown.startsWith('t=') ? ' Showing the last 15 min.' : '';
    assert.equal(await text(page, '#toast'), `The link has a ${what} this page cannot read (${shown}).${instead}`);
    const state = await page.evaluate(() => window.sondePage.state);
    assert.deepEqual(state, { ...start, query: address.includes('q=malloc') ? 'malloc' : '' }, address);
  }
  await page.evaluate(() => (location.hash = '#/profile?later=1&q=malloc')); // of a page to come
  await until(page, () => document.getElementById('query').value === 'malloc');
  await press(page, 'i');
  assert.match(page.url(), /#\/profile\?later=1&q=malloc&o=inv$/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});
