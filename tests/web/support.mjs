// SPDX-License-Identifier: Apache-2.0
// What the tests of the page share: exported files, a browser, pages that report every complaint.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = new URL('../../', import.meta.url);
const MAKE_PROFILE = process.env.SONDE_MAKE_PROFILE ?? 'build/dev/tests/support/make_profile';
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

const folder = mkdtempSync(join(tmpdir(), 'sonde-web-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// Writes an invented profile; returns the path. profileFile('node', '.html')
export function profileFile(name, extension) {
  const path = join(folder, name + extension);
  execFileSync(MAKE_PROFILE, [name, path], { cwd: ROOT });
  return path;
}

export function payloadOf(name) {
  return JSON.parse(readFileSync(profileFile(name, '.payload.json'), 'utf8'));
}

export async function startBrowser() {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
}

// A page that keeps errors, CSP violations and requests to others in page.complaints.
async function openPage(browser, context, isOurs) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...context });
  page.complaints = [];
  page.on('console', (message) => {
    const ours = /willReadFrequently/.test(message.text()); // these tests read pixels back
    if (['error', 'warning'].includes(message.type()) && !ours) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('request', (request) => {
    if (!isOurs(request.url())) page.complaints.push(`request ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    page.complaints.push(`dialog ${dialog.message()}`);
    dialog.dismiss();
  });
  return page;
}

export async function openFile(browser, path, options = {}) {
  const { hash = '', ...context } = options;
  const page = await openPage(browser, context, (url) => url === `file://${path}`);
  await page.goto(`file://${path}${hash}`);
  return page;
}

// Waits until `test` holds in the page. (waitForFunction needs eval, which the policy refuses.)
export async function until(page, test, argument = undefined, ms = 10_000) {
  const end = Date.now() + ms;
  while (!await page.evaluate(test, argument)) {
    if (Date.now() > end) throw new Error(`still not: ${test}`);
    await page.waitForTimeout(30);
  }
}

// The agent's page, from a server of startServer(); waits for the first picture.
export async function openLive(browser, server, options = {}) {
  const { hash = '', wait = true, ...context } = options;
  const page = await openPage(browser, { timezoneId: 'Europe/Berlin', ...context },
    (url) => url.startsWith(`${server.address}/`) || url.startsWith('blob:'));
  await page.goto(`${server.address}/${hash}`);
  if (wait) await until(page, () => window.sondePage?.shown);
  await settle(page);
  return page;
}

// Waits until the graph has settled after what came before.
// What is wrong with the controls of a page, its ids and its outline: nothing if it is all as here.
export const SOUND = { unnamed: [], twice: [], headings: 1, landmarks: [] };
export const soundness = (page) => page.evaluate(() => {
  const unnamed = [...document.querySelectorAll('button, input, select, [role=application]')]
    .filter((one) => one.offsetParent !== null)
    .filter((one) => !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim()))
    .map((one) => one.outerHTML);
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  return { unnamed, twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    headings: document.querySelectorAll('h1').length,
    landmarks: ['header', 'main', 'aside', 'nav', 'footer'].filter((tag) => !document.querySelector(tag)) };
});

export async function settle(page) {
  await page.waitForTimeout(220);
}

export const text = (page, selector) => page.locator(selector).innerText();

// Colour of the frame canvas at CSS pixels of the page, `#rrggbb`.
export function pixel(page, x, y) {
  return page.evaluate(([px, py]) => {
    const canvas = document.querySelector('#flame canvas.frames');
    const box = canvas.getBoundingClientRect();
    const scale = devicePixelRatio;
    const [r, g, b] = canvas.getContext('2d')
      .getImageData((px - box.left) * scale, (py - box.top) * scale, 1, 1).data;
    return `#${[r, g, b].map((v) => v.toString(16).padStart(2, '0')).join('')}`;
  }, [x, y]);
}

// Middle of the heaviest frame with this name, in page pixels.
export function placeOf(page, name) {
  return page.evaluate((wanted) => {
    const { stage, tree, profile } = window.sonde;
    const node = tree.frame.findIndex((frame) => profile.name[frame] === wanted);
    const box = stage.view.boxOf(node);
    const bounds = stage.box.getBoundingClientRect();
    return { x: bounds.left + box.x + box.w / 2, y: bounds.top + box.y + box.h / 2, w: box.w };
  }, name);
}

export async function clickFrame(page, name, options = {}) {
  const { x, y } = await placeOf(page, name);
  await page.mouse.click(x, y, options);
  await settle(page);
}

export const zoomedName = (page) => page.evaluate(() => {
  const { tree, profile, zoomed } = window.sonde;
  return profile.name[tree.frame[zoomed]];
});
