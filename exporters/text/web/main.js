// SPDX-License-Identifier: Apache-2.0
// The exported file: one payload that lies in the page, one view.
import { Store } from './state.js';
import { fragmentOf, readFragment, showFragment } from './url.js';
import { readPayload } from './api.js';
import { trustPanel, trustVerdict } from './health.js';
import { badgeParts, fillRange, saveSetting, savedSetting, scopeText, summaryText, typeText }
  from './bars.js';
import { keyActions, listenKeys } from './keys.js';
import { Shell } from './shell.js';
import { GraphView } from './graph.js';
import { PARTS } from './parts.js';
import { byId, nameNode, refill } from './dom.js';
import { printable } from './format.js';
import { HELP, helpParts } from './help.js';
import { WORDS } from './words.js';

function showFixedParts(payload, shell) {
  refill(byId('host'), nameNode(printable(payload.meta.host || 'unknown host')));
  byId('type').textContent = typeText(payload);
  const badge = byId('badge');
  const verdict = trustVerdict(payload);
  badge.dataset.level = verdict.level;
  refill(badge, ...badgeParts(verdict));
  badge.addEventListener('click', () => shell.togglePanel(byId('trust'), badge));
  refill(byId('trust'), ...trustPanel(payload));
  byId('summary').textContent = summaryText(payload);
  byId('scope').textContent = scopeText(payload);
  let utc = savedSetting('zone', 'local') === 'utc';
  fillRange(byId('range'), payload, utc);
  byId('range').addEventListener('click', () => {
    utc = !utc;
    saveSetting('zone', utc ? 'utc' : 'local');
    fillRange(byId('range'), payload, utc);
  });
}

function openExport(payload) {
  const address = readFragment(location.hash);
  let { kept } = address;
  const store = new Store(address.state);
  const shell = new Shell((...how) => helpParts(HELP, ...how), (now) => {
    graph.restyle();
    if (now) graph.stage.view.draw();
  });
  const graph = new GraphView(store, shell);
  graph.takeParts(PARTS);
  showFixedParts(payload, shell);
  byId('csv').addEventListener('click', () => graph.saveCsv());
  store.listen((now, changed, push) => showFragment(fragmentOf(now, kept), push));
  for (const moved of ['popstate', 'hashchange']) {
    window.addEventListener(moved, () => {
      const found = readFragment(location.hash);
      kept = found.kept;
      store.set(found.state);
      if (found.bad.length > 0) shell.toast(WORDS.badLink(found.bad));
    });
  }
  listenKeys(keyActions(graph), () => shell.letters);
  graph.open(payload);
  if (payload.total === 0) byId('status').textContent = WORDS.empty.join('. ');
  if (address.bad.length > 0) shell.toast(WORDS.badLink(address.bad));
  return graph;
}

try {
  window.sonde = openExport(readPayload());
} catch (error) {
  byId('status').textContent = String(error.message);
  throw error;
}
