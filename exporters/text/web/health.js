// SPDX-License-Identifier: Apache-2.0
// Can this profile be trusted: the badge and the figures behind it.
import { make, nameNode } from './dom.js';
import { countText, percentText, printable, timeText, valueText } from './format.js';

// Of the stacks that could be whole: samples taken before their code was known count apart.
export function wholeStackShare(payload) {
  const able = payload.samples - payload.trust.early;
  return able > 0 ? payload.trust.whole / able : 1;
}

// {level: ok, warn or bad, sign, text, rest}
export function trustVerdict(payload) {
  const { produced, lost } = payload.trust;
  const wholeShare = Math.round(wholeStackShare(payload) * 1000) / 1000; // as it is shown
  const lostShare = produced > 0 ? lost / produced : 0;
  const level = (payload.trust.unaccounted ?? 0) !== 0 ? 'bad'
    : wholeShare >= 0.99 && lostShare <= 0.001 ? 'ok'
    : wholeShare >= 0.95 && lostShare <= 0.01 ? 'warn' : 'bad';
  const losing = lostShare > 0.01 || (lostShare > 0.001 && wholeShare >= 0.99);
  const wholeText = `${percentText(wholeShare)} whole stacks`;
  const lostText = `${percentText(lostShare)} lost`;
  return {
    level,
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
