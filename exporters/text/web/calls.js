// SPDX-License-Identifier: Apache-2.0
// The call tree as a grid that opens row by row: every frame and figure of the graph, for screen
// readers and for whoever reads numbers. Only rows in view exist.
import { childrenOf, nodeOfPath, pathOf } from './flame.js';
import { make, nameNode, oncePerFrame, refill } from './dom.js';
import { percentText } from './format.js';

const CALLS_ROW = 23;
const CALLS_SPARE = 6;
const INDENT = 12;
const MOST_INDENT = 30; // levels; deeper ones stand below each other

export class CallsGrid {
  // owner: {describe(node), zoom(node), menu(node, event)}
  constructor(box, owner) {
    this.box = box;
    this.owner = owner;
    this.head = make('div', { class: 'row head', role: 'row' });
    this.body = make('div', { class: 'rows', role: 'rowgroup' });
    this.spacer = make('div', { class: 'rows-spacer' });
    box.append(this.head, this.body);
    this.open = new Set([0]);
    this.rows = [];
    this.at = 0; // index of the chosen row
    this.fill = oncePerFrame(() => this.fillNow());
    box.addEventListener('scroll', this.fill);
    new ResizeObserver(this.fill).observe(box);
    box.addEventListener('keydown', (event) => this.key(event));
    this.body.addEventListener('click', (event) => this.click(event));
    this.body.addEventListener('contextmenu', (event) => {
      const row = event.target.closest('.row');
      if (!row) return;
      event.preventDefault();
      owner.menu(Number(row.dataset.node), event);
    });
  }

  // all: ticks that are 100 %; compared: a Comparison or null; from: the zoomed node.
  show({ tree, profile, all, compared, colours, hits, from }) {
    const paths = this.tree && this.tree !== tree
      ? [...this.open].map((node) => pathOf(this.tree, this.profile, node)) : null;
    Object.assign(this, { tree, profile, all, compared, colours, hits });
    if (paths) {
      this.open = new Set(paths.map((path) => nodeOfPath(tree, profile, path))
        .filter(({ missing }) => !missing).map(({ node }) => node));
    }
    if (this.from !== from) this.at = 0;
    this.from = from;
    this.open.add(from);
    const heads = ['Function', ...(compared ? ['Change', 'Total in B'] : ['Self', 'Total'])];
    refill(this.head, ...heads.map((text, at) =>
      make('span', { role: 'columnheader', class: at === 0 ? 'name' : 'number' }, text)));
    this.list();
  }

  // The rows that are open, top to bottom.
  list() {
    this.rows = [];
    const work = [this.from];
    while (work.length > 0) {
      const node = work.pop();
      this.rows.push(node);
      if (this.open.has(node)) work.push(...childrenOf(this.tree, node).reverse());
    }
    this.at = Math.max(0, Math.min(this.rows.length - 1, this.at));
    this.box.setAttribute('aria-rowcount', String(this.rows.length + 1));
    this.spacer.style.height = `${this.rows.length * CALLS_ROW}px`;
    this.fillNow();
  }

  fillNow() {
    if (!this.tree || this.box.clientHeight === 0) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / CALLS_ROW) - CALLS_SPARE);
    const count = Math.ceil(this.box.clientHeight / CALLS_ROW) + 2 * CALLS_SPARE;
    const rows = [];
    for (let i = first; i < Math.min(this.rows.length, first + count); ++i) rows.push(this.row(i));
    refill(this.body, this.spacer, ...rows);
    this.box.setAttribute('aria-activedescendant', `call-${this.rows[this.at]}`);
  }

  row(index) {
    const node = this.rows[index];
    const { tree, profile } = this;
    const frame = tree.frame[node];
    const below = tree.end[node] > node + 1;
    const siblings = node === this.from ? [node] : childrenOf(tree, tree.parent[node]);
    const level = tree.level[node] - tree.level[this.from];
    const swatch = make('span', { class: 'swatch' });
    swatch.style.background = this.colours[frame];
    const mark = make('span', { class: 'opener', 'aria-hidden': 'true' }, !below ? '' : this.open.has(node) ? '▾' : '▸');
    const name = make('span', { class: 'name', role: 'gridcell' }, mark, swatch, nameNode(profile.name[frame]));
    name.style.paddingLeft = `${Math.min(level, MOST_INDENT) * INDENT}px`;
    const row = make('div', { id: `call-${node}`, role: 'row', 'data-node': String(node),
      class: `row${index === this.at ? ' selected' : ''}${this.hits?.[frame] ? ' hit' : ''}`,
      'aria-rowindex': String(index + 2), 'aria-level': String(level + 1), 'aria-setsize': String(siblings.length),
      'aria-posinset': String(siblings.indexOf(node) + 1), ...(below ? { 'aria-expanded': String(this.open.has(node)) } : {}) },
    name, ...this.figures(node).map((text) => make('span', { class: 'number', role: 'gridcell' }, text)));
    row.style.top = `${index * CALLS_ROW}px`;
    return row;
  }

  figures(node) {
    const { tree, compared, all } = this;
    const total = percentText(tree.total[node] / all);
    if (!compared) return [percentText(tree.self[node] / all), total];
    const change = compared.of(tree.totalBefore[node], tree.total[node]);
    return [compared.changeText(change), compared.valueText(change.after)];
  }

  choose(index) {
    this.at = Math.max(0, Math.min(this.rows.length - 1, index));
    const top = this.at * CALLS_ROW;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop) this.box.scrollTop = top;
    if (top + 2 * CALLS_ROW > scrollTop + clientHeight) this.box.scrollTop = top + 2 * CALLS_ROW - clientHeight;
    this.fillNow();
    this.owner.describe(this.rows[this.at]);
  }

  toggle(node) {
    if (!this.open.delete(node)) this.open.add(node);
    this.list();
  }

  click(event) {
    const row = event.target.closest('.row');
    if (!row) return;
    const node = Number(row.dataset.node);
    this.choose(this.rows.indexOf(node));
    this.toggle(node);
  }

  key(event) {
    const node = this.rows[this.at];
    const below = this.tree.end[node] > node + 1;
    const page = Math.max(1, Math.floor(this.box.clientHeight / CALLS_ROW) - 2);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 };
    if (event.key in moves) this.choose(this.at + moves[event.key]);
    else if (event.key === 'ArrowRight') {
      if (below && !this.open.has(node)) this.toggle(node);
      else if (below) this.choose(this.at + 1);
    } else if (event.key === 'ArrowLeft') {
      if (this.open.has(node) && below) this.toggle(node);
      else if (node !== this.from) this.choose(this.rows.indexOf(this.tree.parent[node]));
    } else if (event.key === 'Enter') this.owner.zoom(node);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
