// SPDX-License-Identifier: Apache-2.0
// The Health view: can these profiles be trusted, and every reason. Tables with names first, figures
// right, so that they read the same copied as text.
import { button, byId, make, nameNode, refill } from './dom.js';
import { clockText, countText, dateText, percentText, printable, timeText, valueText } from './format.js';
import { spanText } from './range.js';
import { lostShare, trustOf, trustVerdict, wholeStackShare } from './health.js';
import { WORDS } from './words.js';

const FEW_EXECUTABLES = 12;
const END_COLOURS = { complete: 'whole', kernel_only: 'whole', read_fault: 'fault', no_row: 'row', depth: 'depth' };

const cell = (text, kind = '') => make('td', { class: kind }, typeof text === 'string' ? nameNode(text) : text);

// columns: [head, class]; rows: lists of cells, the first is the row's head.
function tableOf(columns, rows) {
  return make('table', { class: 'facts' },
    make('thead', {}, make('tr', {}, ...columns.map(([head, kind]) => make('th', { scope: 'col', class: kind }, head)))),
    make('tbody', {}, ...rows));
}

function rowOf(head, cells, columns) {
  return make('tr', {}, make('th', { scope: 'row', class: columns[0][1] }, typeof head === 'string' ? nameNode(head) : head),
    ...cells.map((one, at) => cell(one, columns[at + 1][1])));
}

function card(title, about, ...children) {
  return make('section', { class: 'card', 'aria-label': title },
    make('h2', {}, title, ' ', make('span', { class: 'quiet' }, about)), ...children);
}

function meter(share, level = '') {
  const bar = make('span', { class: `fill ${level}` });
  bar.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return make('span', { class: 'meter', 'aria-hidden': 'true' }, bar);
}

function verdictText(health) {
  const trusted = trustOf(health);
  const { unaccounted } = trusted.trust;
  const { level, losing } = trustVerdict(trusted);
  if (level === 'ok') return WORDS.trust.ok;
  const why = unaccounted !== 0 ? WORDS.trust.unaccounted(countText(Math.abs(unaccounted)))
    : losing ? WORDS.trust.lost(percentText(lostShare(trusted.trust))) : WORDS.trust.cut(percentText(1 - wholeStackShare(trusted)));
  return level === 'warn' ? WORDS.trust.warn(why) : WORDS.trust.bad(why);
}

const CHARGED = { // not of words.js: the first picture needs none of it
  share: (share, cgroups) => `The samples account for ${share} of the CPU charged to ` +
    (cgroups === 0 ? 'this node.' : cgroups === 1 ? 'this cgroup.' : `these ${cgroups} cgroups.`),
  about: ({ sampled, samples, charged, source, windows, sigma }) => `${sampled} of CPU in ${samples} samples; ` +
    `${charged} charged by the kernel's own accounting (${source}) in the same ${windows} windows, which were read at both ends. ` +
    `Chance alone makes it differ by ±\u202f${sigma} points (one standard deviation).`,
};
const MAX_SIGMA = 0.05; // of what was charged: with less the share says little

// How much of the kernel's own accounting the samples explain; nothing where it is not known well enough.
function chargedSentence({ sampled_ns: sampled, kernel_ns: charged, sigma_ns: sigma, samples, source, windows, cgroups }) {
  if (!(charged > 0) || sigma > charged * MAX_SIGMA) return [];
  const about = CHARGED.about({ sampled: timeText(sampled), samples: countText(samples), charged: timeText(charged),
    source: printable(source), windows: countText(windows), sigma: (sigma / charged * 100).toFixed(1) });
  return [' ', make('span', { class: 'charged', title: about }, CHARGED.share(percentText(sampled / charged), cgroups))];
}

function verdictCard(health) {
  const trusted = trustOf(health);
  const { level, sign } = trustVerdict(trusted);
  const { books, executables } = health;
  const { trust } = trusted;
  const due = trust.produced - trust.missed; // samples, whether they were stored or lost
  const short = executables.find(({ samples, whole, early }) => whole < samples - early);
  const line = [WORDS.trust.taken(spanText(health.to - health.from), countText(books.emitted), books.unaccounted === 0)];
  if (short) line.push(WORDS.trust.short(printable(short.path), countText(short.whole), countText(short.samples - short.early)));
  const figure = (value, about) => make('div', { class: 'figure-box' }, make('p', { class: 'big' }, value), make('p', {}, about));
  const cpu = health.budgets.find(({ name }) => name === 'cpu');
  const waiting = health.exporters.reduce((sum, { windows }) => sum + windows, 0);
  return make('section', { class: 'card verdict-card', 'aria-label': 'Verdict' },
    make('div', {}, make('h2', { class: 'big', 'data-level': level }, make('span', {}, sign), ` ${verdictText(health)}`),
      make('p', {}, nameNode(line.join(' ')), ...chargedSentence(health.accounting))),
    figure(percentText(wholeStackShare(trusted)), 'whole stacks (goal 99 %)'),
    figure(percentText(lostShare(trust)), WORDS.trust.figures(...[trust.lost - trust.missed, due, trust.missed, trust.expected].map(countText))),
    figure(cpu ? `${cpu.now.toFixed(2)}\u202f%` : '–', `of one core used by sonde${cpu?.limit > 0 ? ` (limit ${cpu.limit} %)` : ''}`),
    figure(countText(waiting), health.exporters.length > 0 ? 'windows wait for exporters' : 'windows wait: no exporter is configured'));
}

function booksCard({ books, reasons }, utc) {
  const columns = [['stage or reason', ''], ['ticks', 'number'], ['share', 'number'], ['', 'note']];
  const share = (count) => percentText(books.expected > 0 ? count / books.expected : 0);
  const line = (head, count, note = '', depth = 0) => {
    const row = rowOf(head, [countText(count), share(count), note], columns);
    row.firstChild.classList.add(`deep${depth}`);
    return row;
  };
  // Lost in the kernel: beside what was taken; lost by the agent: of it.
  const lost = (from, depth) => books.lost.filter(({ side }) => (side === 'kernel') === (from === 'kernel')).map(({ reason, samples, last }) => {
    const meaning = printable(reasons[reason]?.meaning ?? '');
    const when = last > 0 ? `${clockText(last, utc)} ` : '';
    return line(make('span', {}, 'lost: ', make('code', {}, nameNode(printable(reason)))), samples, when + meaning, depth);
  });
  const even = books.unaccounted === 0;
  const end = line('unaccounted', books.unaccounted, even ? '✓ sums match' : '✗ report it: a bug of sonde');
  end.dataset.level = even ? 'ok' : 'bad';
  return card('Where samples went', 'every clock tick is in one row',
    tableOf(columns, [line('expected by the clock', books.expected), line('missed', books.missed, 'another BPF program held the CPU', 1),
      line('idle', books.idle, 'the CPU had nothing to do', 1), line('filtered', books.filtered, '', 1),
      line('thinned', books.thinned, 'skipped by a divisor; its weight is kept', 1),
      ...lost('kernel', 1), line('taken', books.emitted, '', 1), line('stored on this node', books.stored, '', 2), ...lost('user', 2), end]));
}

// Bar of how the stacks of one executable end.
function endsBar({ stops }, explain) {
  const all = Object.values(stops).reduce((sum, count) => sum + count, 0) || 1;
  const bar = make('span', { class: 'ends', role: 'img',
    'aria-label': Object.entries(stops).map(([name, count]) => `${name} ${percentText(count / all)}`).join(', ') });
  for (const [name, count] of Object.entries(stops).sort((a, b) => b[1] - a[1])) {
    const part = make('span', { class: `end end-${END_COLOURS[name] ?? 'other'}`, title: `${name}: ${explain[name] ?? ''}` });
    part.style.width = `${(count / all) * 100}%`;
    bar.append(part);
  }
  return bar;
}

function executablesCard(health, open) {
  const { executables, executables_more: more, explain, advice } = health;
  const columns = [['executable', 'path'], ['samples', 'number'], ['whole', 'number'], ['how they end', ''], ['most common cause and what to do', 'note']];
  const rows = executables.slice(0, FEW_EXECUTABLES).map((one) => {
    const [worst] = Object.entries(one.stops).filter(([name, count]) => count > 0 && !['complete', 'kernel_only'].includes(name)).sort((a, b) => b[1] - a[1]);
    const path = button(() => open(one.path), { class: 'link', title: printable(one.path) }, nameNode(printable(one.path)));
    const able = one.samples - one.early;
    const cause = worst ? make('span', {}, make('code', {}, worst[0]), ` ${printable(advice[worst[0]] ?? explain[worst[0]] ?? '')}`) : '–';
    return rowOf(path, [countText(one.samples), percentText(able > 0 ? one.whole / able : 1), endsBar(one, explain), cause], columns);
  });
  const rest = executables.slice(FEW_EXECUTABLES).concat(more.executables > 0 ? [more] : []);
  if (rest.length > 0) {
    const sum = (key) => rest.reduce((total, one) => total + one[key], 0);
    const count = executables.length - Math.min(executables.length, FEW_EXECUTABLES) + more.executables;
    rows.push(rowOf(`${countText(count)} more`, [countText(sum('samples')), percentText(sum('whole') / Math.max(1, sum('samples') - sum('early'))), '', '–'], columns));
  }
  const legend = make('p', { class: 'ends-legend' }, ...[['whole', 'whole'], ['row', 'no unwind row'], ['fault', 'read fault'], ['depth', 'depth limit'], ['other', 'other']]
    .map(([kind, text]) => make('span', {}, make('span', { class: `swatch end-${kind}` }), ` ${text}`)));
  return card('Whole stacks by executable', 'why stacks end early, worst first', tableOf(columns, rows), legend);
}

const BUDGET_NAMES = { cpu: 'CPU, of one core', rss: 'memory (RSS)', kernel_maps: 'kernel maps', history: 'history on disk', outbox: 'outbox on disk', rate: 'sampling rate' };

function amountText(value, unit) {
  if (unit === 'bytes') return valueText(value, 'bytes');
  return unit === 'percent' ? `${value.toFixed(2)}\u202f%` : `${value} Hz`;
}

function budgetsCard({ budgets }) {
  const columns = [['budget', ''], ['now', ''], ['limit', 'number'], ['peak', 'number']];
  return card('Budgets', 'what sonde itself uses', tableOf(columns, budgets.map(({ name, unit, now, limit, peak, words }) => {
    const used = limit > 0 ? now / limit : 0;
    const of = limit > 0 ? `${amountText(now, unit)} of ${amountText(limit, unit)}` : amountText(now, unit);
    const level = unit !== 'hertz' && used > 1 ? 'bad' : unit !== 'hertz' && used > 0.9 ? 'warn' : '';
    const bar = unit === 'hertz' ? (now < limit ? printable(words || 'lowered') : 'not lowered') : limit > 0 ? meter(used, level) : 'no limit';
    return rowOf(BUDGET_NAMES[name] ?? printable(name), [bar, of, amountText(peak, unit)], columns);
  })));
}

function exportersCard({ exporters }, utc) {
  const columns = [['sink', ''], ['state', ''], ['queue', 'number'], ['oldest', 'number'], ['acknowledged', 'number'], ['retries', 'number'], ['last answer', 'note']];
  const clock = (ms) => (ms > 0 ? clockText(ms, utc) : '–');
  const signs = { up: '✓ up', retrying: '! retrying', off: 'off' };
  return card('Exporters', 'each has its own queue on disk and its own retries', exporters.length === 0
    ? make('p', { class: 'quiet' }, 'None is configured: profiles stay on this node.')
    : tableOf(columns, exporters.map((one) => rowOf(printable(one.name), [signs[one.state] ?? printable(one.state),
      `${countText(one.windows)} / ${valueText(one.bytes, 'bytes')}`, clock(one.oldest), clock(one.acknowledged),
      countText(one.retries), printable(one.answer)], columns))));
}

function programsCard({ programs }) {
  const columns = [['program', ''], ['hook', ''], ['runs/s', 'number'], ['ns/run', 'number'], ['CPU', 'number'], ['state', '']];
  return card('Kernel programs', 'cost measured by the kernel', programs.length === 0
    ? make('p', { class: 'quiet' }, 'Not measured.')
    : tableOf(columns, programs.map((one) => rowOf(make('code', {}, nameNode(printable(one.name))), [printable(one.hook),
      countText(one.runs_per_s), countText(one.ns_per_run), `${one.cpu_percent.toFixed(3)}\u202f%`,
      `${one.state === 'ok' ? '✓' : '!'} ${printable(one.words)}`], columns))));
}

function agentCard({ agent, now }, utc) {
  const columns = [['', ''], ['', 'note']];
  const { full, dynamic, none } = agent.symbols;
  const facts = [['version', `${agent.version} (${agent.build})`], ['kernel', [agent.kernel, ...agent.features].join(', ')],
    ['running since', `${dateText(agent.started, utc)} ${clockText(agent.started, utc)} (${timeText((now - agent.started) * 1e6)}), restarts ${agent.restarts}`],
    ['capabilities', agent.capabilities.join(' ') || 'none'],
    ['symbols', `${countText(full + dynamic + none)} images: ${full} full, ${dynamic} dynamic only, ${none} none`]];
  return card('This agent', '', make('table', { class: 'facts' }, make('tbody', {},
    ...facts.map(([name, text]) => rowOf(name, [printable(text)], columns)))));
}

// open(path): the profile of that executable's stacks.
export function fillTrustView(health, utc, open) {
  refill(byId('health-view'), verdictCard(health), make('div', { class: 'cards' },
    booksCard(health, utc), executablesCard(health, open), budgetsCard(health), exportersCard(health, utc),
    agentCard(health, utc), programsCard(health)));
}

// The view as text, for a report: a line per row, cells with tabs.
export function reportText(host) {
  const lines = [`Health of ${host}`];
  for (const part of byId('health-view').querySelectorAll('h2, tr, .verdict-card p')) {
    const cells = part.matches('tr') ? [...part.children].map((one) => one.innerText.trim()) : [part.innerText.trim()];
    lines.push((part.matches('h2') ? '\n' : '') + cells.join('\t').replace(/\n/g, ' '));
  }
  return `${lines.join('\n')}\n`;
}
