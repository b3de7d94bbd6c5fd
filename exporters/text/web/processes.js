// SPDX-License-Identifier: Apache-2.0
// The Processes view: who used the CPUs in the range, from the profile itself.
import { button, byId, make, nameNode, refill } from './dom.js';
import { clockText, countText, percentText, printable } from './format.js';
import { kindHex } from './palette.js';
import { KIND } from './flame.js';
import { WORDS } from './words.js';

const SMALL = 0.01; // share below which rows are put together
const TREND = { width: 120, height: 18 };
const SVG = 'http://www.w3.org/2000/svg';
const COLUMNS = [['name', 'Process', ''], ['pids', 'Pid', 'number'], ['cpu', 'CPU, cores', 'number'], ['', 'Trend', ''],
  ['whole', 'Whole stacks', 'number'], ['samples', 'Samples', 'number'], ['', 'Seen', 'note']];
const ORDERS = {
  name: (a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0),
  pids: (a, b) => a.pids - b.pids,
  cpu: (a, b) => a.user + a.kernel - b.user - b.kernel,
  whole: (a, b) => wholeOf(a) - wholeOf(b),
  samples: (a, b) => a.samples - b.samples,
};

function wholeOf({ samples, whole, early }) {
  return samples > early ? whole / (samples - early) : 1;
}

// A line of CPU by column; columns without data are gaps.
function trendLine({ cpu }, { t, step, from, to }) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${TREND.width} ${TREND.height}`);
  svg.setAttribute('width', TREND.width);
  svg.setAttribute('height', TREND.height);
  svg.setAttribute('class', 'trend');
  svg.setAttribute('aria-hidden', 'true');
  const most = Math.max(...cpu, 1);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', cpu.map((ns, at) => {
    const x = ((t[at] + step / 2 - from) / (to - from)) * TREND.width;
    const y = TREND.height - 1 - (ns / most) * (TREND.height - 2);
    return `${at === 0 || t[at] - t[at - 1] > step ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join(''));
  svg.append(path);
  return svg;
}

export class ProcessTable {
  // owner: {theme(), utc(), sort(), setSort(sort), compare(a, b)}; open(value) is set with each answer
  constructor(owner) {
    this.owner = owner;
    this.open = () => {};
    this.expanded = false;
    this.chosen = null; // side A of a comparison to come
  }

  // by: the answer of /series with groups of the label `process`.
  show(by) {
    this.by = by;
    this.fill();
  }

  fill() {
    const { by } = this;
    if (!by) return;
    const total = by.groups.reduce((sum, one) => sum + one.user + one.kernel, 0) + by.others.user + by.others.kernel;
    const [column, direction] = this.owner.sort().split('.');
    const order = ORDERS[column] ?? ORDERS.cpu;
    const sign = direction === 'asc' ? 1 : -1;
    const sorted = [...by.groups].sort((a, b) => sign * order(a, b));
    const isSmall = (one) => one.user + one.kernel < SMALL * total;
    const small = sorted.filter(isSmall);
    const shown = this.expanded || small.length < 2 ? sorted : sorted.filter((one) => !isSmall(one));
    const most = Math.max(...by.groups.map((one) => one.user + one.kernel), 1);
    const rows = shown.map((one) => this.row(one, most));
    if (small.length >= 2) rows.push(this.foldRow(small, most));
    rows.push(this.totalRow(total));
    refill(byId('processes-view'), make('section', { class: 'card', 'aria-label': 'Processes by CPU' },
      make('h2', {}, 'Processes ', make('span', { class: 'quiet' }, WORDS.processesAbout)),
      make('table', { class: 'facts processes' }, make('thead', {}, this.head(column, direction)), make('tbody', {}, ...rows)),
      make('p', { class: 'quiet comes', 'aria-live': 'polite' }, this.chosen === null ? WORDS.processesCome : WORDS.chooseSecond(printable(this.chosen) || WORDS.noName))));
  }

  head(column, direction) {
    return make('tr', {}, ...COLUMNS.map(([key, title, kind]) => {
      const on = key === column;
      const sorted = key ? { 'aria-sort': !on ? 'none' : direction === 'asc' ? 'ascending' : 'descending' } : {};
      const head = make('th', { scope: 'col', class: kind, ...sorted });
      if (!key) head.append(title);
      else head.append(this.sortButton(key, title, on && direction === 'desc'));
      return head;
    }));
  }

  sortButton(key, title, falling) {
    return button(() => this.owner.setSort(`${key}.${falling || key === 'name' ? 'asc' : 'desc'}`), { 'data-column': key }, title);
  }

  coresCell(user, kernel, most) {
    const recorded = this.by.cover.reduce((sum, ms) => sum + ms, 0) * 1e6;
    const bar = make('span', { class: 'cores-bar', 'aria-hidden': 'true' });
    const part = (ns, kind) => {
      const one = make('span', { class: kind });
      one.style.width = `${(ns / most) * 100}%`;
      if (kind === 'in-kernel') one.style.background = kindHex(KIND.kernel, this.owner.theme());
      return one;
    };
    bar.append(part(user, 'in-user'), part(kernel, 'in-kernel'));
    const cores = recorded > 0 ? (user + kernel) / recorded : 0;
    const text = cores > 0 && cores < 0.005 ? '< 0.01' : cores.toFixed(2);
    return make('td', { class: 'number', title: `kernel ${percentText(kernel / Math.max(1, user + kernel))}` }, bar, make('span', { class: 'cores' }, text));
  }

  seenText({ first, last, exited }) {
    const { utc } = this.owner;
    if (exited > 0) return `exited ${clockText(exited, utc())}`;
    return `${clockText(first, utc())}–${clockText(last, utc())}`;
  }

  row(one, most) {
    const both = ({ ctrlKey, metaKey }) => ctrlKey || metaKey;
    const name = button((event) => (both(event) ? this.choose(one.value) : this.open(one.value)),
      { class: 'link' }, nameNode(printable(one.value) || WORDS.noName));
    name.addEventListener('keydown', (event) => event.key === 'Enter' && both(event) && this.choose(one.value));
    return make('tr', one.value === this.chosen ? { class: 'chosen' } : {}, make('th', { scope: 'row' }, name),
      make('td', { class: 'number' }, one.pids > 1 ? `×${one.pids}` : String(one.pid)),
      this.coresCell(one.user, one.kernel, most), make('td', {}, trendLine(one, this.by)),
      make('td', { class: 'number' }, percentText(wholeOf(one))), make('td', { class: 'number' }, countText(one.samples)),
      make('td', { class: 'note' }, this.seenText(one)));
  }

  // The first is A, the second B of a comparison; the same twice is none.
  choose(value) {
    const { chosen } = this;
    this.chosen = chosen === null ? value : null;
    if (chosen !== null && chosen !== value) return this.owner.compare(chosen, value);
    this.fill();
    return [...byId('processes-view').querySelectorAll('tbody .link')].find((one) => one.textContent === (printable(value) || WORDS.noName))?.focus();
  }

  foldRow(small, most) {
    const sum = (key) => small.reduce((all, one) => all + one[key], 0);
    const fold = button(() => {
      this.expanded = !this.expanded;
      this.fill();
      byId('processes-view').querySelector('[aria-expanded]').focus();
    }, { class: 'link', 'aria-expanded': String(this.expanded) },
    this.expanded ? 'Fold the small ones' : `${small.length} others < 1\u202f%`);
    const cells = this.expanded ? [make('td', { colspan: '6' })]
      : [make('td', { class: 'number' }, `×${sum('pids')}`), this.coresCell(sum('user'), sum('kernel'), most), make('td', {}),
        make('td', { class: 'number' }, percentText(wholeOf({ samples: sum('samples'), whole: sum('whole'), early: sum('early') }))),
        make('td', { class: 'number' }, countText(sum('samples'))), make('td', {})];
    return make('tr', {}, make('th', { scope: 'row' }, fold), ...cells);
  }

  totalRow(total) {
    const { groups, others, ncpu, cover } = this.by;
    const recorded = cover.reduce((sum, ms) => sum + ms, 0) * 1e6;
    const samples = groups.reduce((sum, one) => sum + one.samples, 0) + others.samples;
    return make('tr', { class: 'total' }, make('th', { scope: 'row' }, 'all'), make('td', {}),
      make('td', { class: 'number' }, `${(recorded > 0 ? total / recorded : 0).toFixed(2)} of ${ncpu}`), make('td', {}), make('td', {}),
      make('td', { class: 'number' }, countText(samples)), make('td', {}));
  }
}
