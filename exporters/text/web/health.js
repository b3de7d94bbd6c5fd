// SPDX-License-Identifier: Apache-2.0
// Can this profile be trusted: the badge and the figures behind it.
import { make, nameNode } from './dom.js';
import { countText, percentText, printable, timeText, valueText } from './format.js';
import { WORDS } from './words.js';

const FEW_LOST = 10;

// Of the stacks that could be whole: samples taken before their code was known count apart.
export function wholeStackShare(payload) {
  const able = payload.samples - payload.trust.early;
  return able > 0 ? payload.trust.whole / able : 1;
}

// The share of what should have been sampled and was not: lost samples of all samples, missed ticks of
// all ticks, because a missed tick may have been an idle one. Without a count of ticks (expected = 0)
// every loss is taken for a sample.
export function lostShare({ produced, lost, missed = 0, expected = 0 }) {
  const ticks = expected > 0 ? missed : 0;
  const samples = produced - ticks;
  return (samples > 0 ? (lost - ticks) / samples : 0) + (ticks > 0 ? ticks / expected : 0);
}

// Few losses are bad only if they are a great share: two of fifty samples say little of a rate.
function lossLevel(share, lost) {
  if (share <= 0.001) return 'ok';
  return share <= 0.01 || (lost < FEW_LOST && share <= 0.1) ? 'warn' : 'bad';
}

// {samples, trust} of an answer of /health, as a payload has them.
export function trustOf(health) {
  const { trust, books } = health;
  return { samples: trust.samples ?? trust.produced - trust.lost,
    trust: { ...trust, missed: books.missed, expected: books.expected, unaccounted: books.unaccounted } };
}

// {level: ok, warn or bad; losing: by losses, not by cut stacks; sign, text, rest}
export function trustVerdict(payload) {
  const { lost, unaccounted = 0 } = payload.trust;
  const wholeShare = Math.round(wholeStackShare(payload) * 1000) / 1000; // as it is shown
  const share = lostShare(payload.trust);
  const levels = ['ok', 'warn', 'bad'];
  const loss = unaccounted === 0 ? lossLevel(share, lost) : 'bad';
  const cut = wholeShare >= 0.99 ? 'ok' : wholeShare >= 0.95 ? 'warn' : 'bad';
  const losing = loss !== 'ok' && levels.indexOf(loss) >= levels.indexOf(cut);
  const level = losing ? loss : cut;
  const wholeText = `${percentText(wholeShare)} whole stacks`;
  const lostText = unaccounted === 0 ? `${percentText(share)} lost` : WORDS.trust.unaccounted(countText(Math.abs(unaccounted)));
  return {
    level,
    losing,
    sign: { ok: '✓', warn: '!', bad: '✗' }[level],
    text: losing ? lostText : wholeText,
    rest: losing ? wholeText : lostText,
  };
}

function countRows(title, counts, explain) {
  const rows = Object.entries(counts).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  if (rows.length === 0) return [];
  return [make('h3', {}, title), make('table', {}, ...rows.map(([name, count]) =>
    make('tr', {}, make('th', { scope: 'row' }, nameNode(printable(name))),
      make('td', {}, countText(count)), make('td', { class: 'quiet' }, explain[name] ?? ''))))];
}

// The figures, as children of a panel.
export function trustPanel(payload) {
  const { meta, trust } = payload;
  const facts = [
    ['Samples', countText(payload.samples)],
    ['Whole stacks', `${countText(trust.whole)} (${percentText(wholeStackShare(payload))})`],
    ['Before their code was known', `${countText(trust.early)}${trust.early ? ' (not in that share)' : ''}`],
    ['Lost', countText(trust.lost)],
    ['CPUs', countText(payload.ncpu)],
    ['Rate', payload.rates.length > 0 ? `${payload.rates.join(', ')} Hz` : 'not known'],
    ['Kernel', printable(meta.kernel || 'not known')],
    ['sonde', printable(meta.version || 'not sonde')],
  ];
  if (meta.cost.cpu_seconds > 0) {
    facts.push(['sonde\u2019s own CPU', timeText((meta.cost.cpu_seconds + meta.cost.bpf_seconds) * 1e9)],
      ['sonde\u2019s memory', valueText(meta.cost.rss_peak_bytes, 'bytes')]);
  }
  return [
    make('table', {}, ...facts.map(([name, value]) =>
      make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, value)))),
    ...countRows('Stacks ended', meta.stops, meta.explain),
    ...countRows('Lost samples', meta.lost, {}),
    ...countRows('Also counted', meta.notes, {}),
  ];
}
