// SPDX-License-Identifier: Apache-2.0
// The agent's page in headless Chromium: opening, filters, sharing, downloads, limits.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startServer } from './fixture_server.mjs';
import { liveSetup } from './live_setup.mjs';
import { clickFrame, openLive, pixel, placeOf, settle, SOUND, soundness, text, until, zoomedName } from './support.mjs';

const SCRIPT = 40_000; // bytes, gzip: what the first picture needs
const BUDGET = 62 * 1024; // all of it: 40 KiB of own code, and 22 that a library for charts would take

const live = liveSetup();

test('opens without a complaint in both themes, in at most 8 requests', async () => {
  for (const colorScheme of ['light', 'dark']) {
    live.server.asked.length = 0;
    const page = await openLive(live.browser, live.server, { colorScheme });
    assert.deepEqual(page.complaints, []);
    assert.ok(live.server.asked.length <= 8, live.server.asked.join(' '));
    assert.equal(live.server.asked.at(-1), '/more.js', 'the rest comes after the first picture');
    const ground = await placeOf(page, 'postgres');
    assert.equal(await pixel(page, ground.x + ground.w / 2 - 5, ground.y), colorScheme === 'light' ? '#dbe0e6' : '#32373e');
    assert.match(await text(page, '#badge'), /99\.7.%.whole stacks.0.% lost/s);
    assert.match(await text(page, '#summary'), /20 min 12 s CPU · 1\.35 of 2 cores · 23,024 samples at 19 Hz/);
    assert.match(await text(page, '#range'), /Range\sLast 15 min\s14:02–14:17 · UTC\+2/);
    assert.equal(await text(page, '#host'), 'web-7');
    assert.equal(await page.title(), 'web-7 · sonde');
    await page.close();
  }
});

test('the page is small', async () => {
  const sizes = await Promise.all(['/page.js', '/more.js', '/', '/page.css', '/mark.svg'].map(async (path) =>
    gzipSync(Buffer.from(await (await fetch(live.server.address + path)).arrayBuffer()), { level: 9 }).length));
  const sum = sizes.reduce((a, b) => a + b);
  console.log(`page, gzip: ${sizes.join(' + ')} = ${sum} bytes`);
  assert.ok(sizes[0] <= SCRIPT && sum <= BUDGET, `${sum} bytes`);
});

test('the policy is the strict one and refuses what is not ours', async () => {
  const page = await openLive(live.browser, live.server);
  const policy = (await fetch(`${live.server.address}/`)).headers.get('content-security-policy');
  assert.doesNotMatch(policy, /unsafe|\*|data:|blob:/);
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'",
    "require-trusted-types-for 'script'", 'trusted-types worker']) assert.ok(policy.includes(part), part);
  const refused = await page.evaluate(async () => {
    const seen = [];
    document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
    const errors = [];
    for (const work of [() => (document.body.innerHTML = '<b>x</b>'), () => new Worker('/page.js'),
      () => trustedTypes.createPolicy('other', {})]) {
      try {
        work();
      } catch (error) {
        errors.push(error.name);
      }
    }
    document.body.append(Object.assign(document.createElement('style'), { textContent: 'body{display:none}' }));
    await fetch('http://127.0.0.1:1/').catch(() => {});
    await new Promise((done) => setTimeout(done, 100));
    return { seen, errors };
  });
  assert.deepEqual(refused.errors, ['TypeError', 'TypeError', 'TypeError']);
  assert.ok(refused.seen.some((one) => one.startsWith('style-src')) && refused.seen.includes('connect-src'), String(refused.seen));
  await page.close();
});

test('filters: typed, completed by CPU, negated, edited, removed, in the address', async () => {
  const page = await openLive(live.browser, live.server);
  await page.locator('#add-filter').focus();
  await until(page, () => document.querySelectorAll('#filter-choices button').length === 3);
  assert.deepEqual(await page.locator('#filter-choices bdi').allInnerTexts(), ['process', 'pid', 'cgroup']);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('#filter-choices button')?.textContent.startsWith('postgres'));
  assert.match((await page.locator('#filter-choices button').allInnerTexts())[1], /redis-server.*18\.7.%/s);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await until(page, () => window.sondePage.shown.flame.total === 7696);
  assert.match(page.url(), /#\/profile\?f=process=postgres$/);
  assert.match(await text(page, '#chips'), /process = postgres/);
  assert.match(await text(page, '#summary'), /7,696 samples/);
  await page.locator('.chip-text').click({ modifiers: ['Alt'] });
  await until(page, () => window.sondePage.shown.flame.total === 23024 - 7696);
  assert.match(page.url(), /f=process!=postgres$/);
  await page.locator('#add-filter').fill('cgroup =~ .*(node|nginx).*');
  await page.keyboard.press('Enter');
  await until(page, () => window.sondePage.shown.flame.total < 8000);
  assert.match(page.url(), /f=process!=postgres&f=cgroup=~\.\*\(node%7Cnginx\)\.\*$/);
  const again = await openLive(live.browser, live.server, { hash: page.url().slice(page.url().indexOf('#')) });
  assert.equal(again.url(), page.url());
  assert.equal(await text(again, '#summary'), await text(page, '#summary'));
  await again.close();
  await page.locator('.chip-text').first().focus();
  await page.keyboard.press('Delete');
  await settle(page);
  assert.equal(await page.locator('.chip').filter({ has: page.locator('.chip-away') }).count(), 1);
  await page.locator('.chip-text').click();
  assert.equal(await page.locator('#add-filter').inputValue(), 'cgroup=~.*(node|nginx).*');
  await page.keyboard.press('Escape');
  await until(page, () => window.sondePage.shown.flame.total === 23024);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('zoom, search, sandwich and the address work as in the exported file', async () => {
  const page = await openLive(live.browser, live.server);
  await clickFrame(page, 'exec_simple_query');
  assert.equal(await zoomedName(page), 'exec_simple_query');
  await page.keyboard.press('/');
  await page.keyboard.type('hash');
  await until(page, () => location.hash.endsWith('&q=hash'));
  await settle(page);
  const address = page.url();
  assert.match(address, /z=.*exec_simple_query@postgres&q=hash$/);
  const answer = await text(page, '#answer');
  assert.match(answer, /% of CPU/);
  const again = await openLive(live.browser, live.server, { hash: address.slice(address.indexOf('#')) });
  assert.equal(again.url(), address);
  assert.equal(await zoomedName(again), 'exec_simple_query');
  assert.equal(await text(again, '#answer'), answer);
  await again.goto(`${live.server.address}/#/profile?m=sandwich&fn=PostgresMain@postgres`);
  await settle(again);
  assert.match(await text(again, '#sandwich-header'), /PostgresMain\s+total 27\.8.%/s);
  assert.deepEqual(again.complaints, []);
  await again.close();
  await page.close();
});

test('share copies an address with absolute times', async () => {
  const page = await openLive(live.browser, live.server, { permissions: ['clipboard-read', 'clipboard-write'], hash: '#/profile?t=-5m&q=malloc' });
  await page.locator('#share').click();
  await settle(page);
  assert.match(await text(page, '#toast'), /^Link copied\. It opens on machines that can reach this address; history here keeps 1 h\.$/);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const { flame } = await page.evaluate(() => window.sondePage.shown);
  assert.equal(copied, `${live.server.address}/#/profile?t=${flame.from}..${flame.to}&q=malloc`);
  await page.close();
});

test('downloads name the selection and ask for exactly it', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/profile?t=1749815400000..1749815700000&f=process=node' });
  await page.locator('#download').click();
  assert.match(await text(page, '#menu'), /^5 min, process=node, \d,\d{3} samples/);
  const [file] = await Promise.all([page.waitForEvent('download'),
    page.locator('#menu button', { hasText: 'Folded' }).click()]);
  assert.equal(file.suggestedFilename(), 'sonde-web-7-cpu-20250613T1202Z-15m.folded');
  assert.equal(readFileSync(await file.path(), 'utf8'),
    '?type=cpu&from=1749815400000&to=1749815700000&f=process%3Dnode&format=folded\n');
  await page.locator('#download').click();
  const [csv] = await Promise.all([page.waitForEvent('download'),
    page.locator('#menu button', { hasText: 'CSV' }).click()]);
  assert.match(readFileSync(await csv.path(), 'utf8'), /^function,image,self %/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('hostile names are shown and never run', async () => {
  const hostile = await startServer('hostile');
  hostile.fixture.flameChanges = { errors: ['<img src=x onerror=alert(1)>\u202e'] };
  hostile.fixture.host = '<script>alert(1)</script>\u202e\u001b[2J';
  hostile.fixture.types = [{ id: 'cpu', on: true }, { id: '<b>\u2066', on: false, why: '<img src=x>' }];
  const page = await openLive(live.browser, hostile);
  assert.equal(await text(page, '#host'), '<script>alert(1)</script>\\u202e\\x1b[2J');
  assert.equal(await page.title(), '<script>alert(1)</script>\\u202e\\x1b[2J · sonde');
  await page.locator('#types').click();
  await page.keyboard.press('Escape');
  for (let i = 0; i < 12; ++i) await page.mouse.move(40 + i * 80, 330);
  await page.locator('#add-filter').fill('process=');
  await settle(page);
  const choice = page.locator('#filter-choices button').first();
  await choice.click();
  await settle(page);
  const made = await page.evaluate(() => ({ images: document.images.length, scripts: document.scripts.length,
    text: document.body.innerText }));
  assert.deepEqual([made.images, made.scripts], [0, 1]);
  assert.match(made.text, /\\u202e/);
  assert.doesNotMatch(made.text, /[\u202a-\u202e\u2066-\u2069\u200b]/);
  assert.deepEqual(page.complaints, []);
  await page.close();
  await hostile.close();
});

test('no size makes the page scroll sideways or bars overlap', async () => {
  for (const [width, height, scale] of [[1440, 900, 1], [1440, 900, 2], [1024, 768, 1], [720, 450, 2], [390, 844, 2]]) {
    const page = await openLive(live.browser, live.server, { viewport: { width, height }, deviceScaleFactor: scale,
      hash: '#/profile?f=process!=systemd-journald&f=cgroup=~/system.slice/.*' });
    const found = await page.evaluate(() => {
      const boxes = [...document.querySelectorAll('.top > *, .selection > *, .tools > *, .strip')]
        .filter((one) => one.offsetParent !== null && (one.textContent.trim() !== '' || one.id === 'strip'))
        .map((one) => ({ name: one.id || one.className, box: one.getBoundingClientRect() }));
      const overlaps = [];
      boxes.forEach(({ name, box: a }, i) => boxes.slice(i + 1).forEach(({ name: other, box: b }) => {
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) overlaps.push(`${name} over ${other}`);
      }));
      return { overlaps, wide: document.documentElement.scrollWidth - innerWidth,
        cut: boxes.filter(({ box }) => box.right > innerWidth + 1).map(({ name }) => name),
        canvas: document.querySelector('#flame canvas').getBoundingClientRect().height };
    });
    assert.deepEqual(found.overlaps, [], `${width}x${height}`);
    assert.deepEqual(found.cut, [], `${width}x${height}`);
    assert.ok(found.wide <= 0, `${width}x${height}: ${found.wide} px too wide`);
    assert.ok(found.canvas > 100, `${width}x${height}: graph is ${found.canvas} px high`);
    assert.deepEqual(page.complaints, []);
    await page.close();
  }
});

test('every control has a name, ids are unique, there is one heading', async () => {
  const page = await openLive(live.browser, live.server, { hash: '#/profile?f=process=node' });
  await page.locator('#range').click();
  assert.deepEqual(await soundness(page), SOUND);
  await page.close();
});
