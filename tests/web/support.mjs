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

// A page that keeps errors, CSP violations and requests in page.complaints.
export async function openFile(browser, path, options = {}) {
  const { hash = '', ...context } = options;
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...context });
  page.complaints = [];
  page.on('console', (message) => {
    const ours = /willReadFrequently/.test(message.text()); // these tests read pixels back
    if (['error', 'warning'].includes(message.type()) && !ours) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== `file://${path}`) page.complaints.push(`request ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    page.complaints.push(`dialog ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(`file://${path}${hash}`);
  return page;
}

// Waits until the graph has settled after what came before.
export async function settle(page) {
  await page.waitForTimeout(220);
}
