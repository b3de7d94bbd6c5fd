// SPDX-License-Identifier: Apache-2.0
// The function table: virtual rows, sortable, with bars behind the figures. Rows are a fixed
// height; only those in view exist.
import { make, nameNode, refill, oncePerFrame } from './dom.js';
import { percentText, countText } from './format.js';
import { ratioText } from './diff.js';
import { WORDS } from './words.js';
import { nameForms } from './names.js';
import { KIND, isFunction } from './flame.js';

const ROW_HEIGHT = 23;
const SPARE_ROWS = 6;
const NAME_CHARACTERS = 30;

// t.change: of Comparison, by frame; larger changes first.
export const SORTS = {
  change: (t, p, a, b) => Math.abs(t.change(a)) - Math.abs(t.change(b)),
  before: (t, p, a, b) => (t.before ? t.before[a] - t.before[b] : 0),
  self: (t, p, a, b) => t.self[a] - t.self[b] || t.total[a] - t.total[b],
  total: (t, p, a, b) => t.total[a] - t.total[b] || t.self[a] - t.self[b],
  samples: (t, p, a, b) => t.samples[a] - t.samples[b],
  name: (t, p, a, b) => (p.name[a] < p.name[b] ? -1 : p.name[a] > p.name[b] ? 1 : 0),
  image: (t, p, a, b) =>
    (p.image[a].base < p.image[b].base ? -1 : p.image[a].base > p.image[b].base ? 1 : 0),
};

// Frames of the table in its order: functions only, those that every mask has.
export function tableRows(profile, totals, masks, sort) {
  const rows = [];
  for (let frame = 0; frame < profile.frames; ++frame) {
    if (!isFunction(profile, frame)) continue;
    if (totals.total[frame] === 0 && !(totals.before?.[frame] > 0)) continue;
    if (masks.every((mask) => mask[frame])) rows.push(frame);
  }
  const [column, direction] = sort.split('.');
  const sign = direction === 'asc' ? 1 : -1;
  const compare = SORTS[column === 'change' && !totals.before ? 'self' : column] ?? SORTS.self;
  rows.sort((a, b) => sign * compare(totals, profile, a, b) || a - b);
  return rows;
}

// The first form of at most `columns` letters, else the head of the last.
function shortName(name, columns) {
  const forms = nameForms(name.slice(0, 600));
  const fits = forms.find((form) => [...form].length <= columns);
  return fits ?? `${[...forms[forms.length - 1]].slice(0, columns - 1).join('')}…`;
}

export class FunctionTable {
  // owner: pick(frame), open(frame), point(frame or -1), sort(column)
  constructor(elements, owner) {
    Object.assign(this, elements); // head, scroller, body
    this.owner = owner;
    this.rows = [];
    this.selected = -1;
    this.colours = [];
    this.fill = oncePerFrame(() => this.fillNow());
    this.spacer = make('div', { class: 'rows-spacer' });
    this.body.append(this.spacer);
    this.scroller.addEventListener('scroll', this.fill);
    new ResizeObserver(this.fill).observe(this.scroller);
    this.listen();
  }

  setProfile(profile) {
    this.profile = profile;
    this.selected = -1;
  }

  listen() {
    for (const button of this.head.querySelectorAll('button')) {
      button.addEventListener('click', () => this.owner.sort(button.dataset.column));
    }
    const frameOf = (event) => Number(event.target.closest('.row')?.dataset.frame ?? -1);
    this.body.addEventListener('click', (event) => {
      const frame = frameOf(event);
      if (frame >= 0) this.owner.pick(frame);
    });
    this.body.addEventListener('dblclick', (event) => {
      const frame = frameOf(event);
      if (frame >= 0) this.owner.open(frame);
    });
    this.body.addEventListener('pointerover', (event) => this.owner.point(frameOf(event)));
    this.body.addEventListener('pointerleave', () => this.owner.point(-1));
    this.scroller.addEventListener('keydown', (event) => this.key(event));
    this.scroller.addEventListener('focus', () => {
      // Not for a click: rows must not change under the pointer.
      const byKey = this.scroller.matches(':focus-visible');
      if (byKey && this.selected < 0 && this.rows.length > 0) this.select(0);
    });
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW_HEIGHT) - 1);
    const moves = {
      ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9,
    };
    if (event.key in moves) {
      event.preventDefault();
      event.stopPropagation();
      this.select(Math.max(0, Math.min(this.rows.length - 1, this.selected + moves[event.key])));
    } else if (event.key === 'Enter' && this.rows[this.selected] !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      this.owner.open(this.rows[this.selected]);
    }
  }

  select(index) {
    this.selected = index;
    const top = index * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    if (top + ROW_HEIGHT > scrollTop + clientHeight) {
      this.scroller.scrollTop = top + ROW_HEIGHT - clientHeight;
    }
    this.owner.point(this.rows[index] ?? -1);
    this.fillNow();
  }

  // all: ticks that are 100 %; compared: a Comparison or null.
  show({ rows, totals, all, sort, colours, compared }) {
    Object.assign(this, { rows, totals, all, colours, compared });
    this.head.classList.toggle('compared', Boolean(compared));
    this.head.querySelector('[data-column=self]').textContent = compared ? 'Self in B' : 'Self';
    this.selected = Math.min(this.selected, rows.length - 1);
    let most = 0;
    for (const frame of rows) most = Math.max(most, totals.self[frame]);
    this.most = most;
    const [column, direction] = sort.split('.');
    for (const button of this.head.querySelectorAll('button')) {
      const on = button.dataset.column === column;
      const cell = button.parentElement;
      cell.setAttribute('aria-sort', !on ? 'none' : direction === 'asc' ? 'ascending' : 'descending');
    }
    this.scroller.setAttribute('aria-rowcount', String(rows.length + 1));
    this.spacer.style.height = `${rows.length * ROW_HEIGHT}px`;
    this.fillNow();
  }

  fillNow() {
    if (!this.totals) return;
    if (this.rows.length === 0) {
      refill(this.body, make('p', { class: 'nothing' }, WORDS.noFunctions));
      return;
    }
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const count = Math.ceil(this.scroller.clientHeight / ROW_HEIGHT) + 2 * SPARE_ROWS;
    const wide = this.scroller.clientWidth;
    this.columns = Math.max(8, Math.floor(NAME_CHARACTERS + (wide - 392) / 7));
    this.wide = wide >= 560;
    this.head.classList.toggle('wide', this.wide);
    this.scroller.classList.toggle('wide', this.wide);
    const rows = [];
    for (let i = first; i < Math.min(this.rows.length, first + count); ++i) rows.push(this.row(i));
    refill(this.body, this.spacer, ...rows);
  }

  row(index) {
    const frame = this.rows[index];
    const swatch = make('span', { class: 'swatch' });
    swatch.style.background = this.colours[frame];
    const kernel = this.profile.kind[frame] === KIND.kernel;
    const columns = this.columns - (this.wide ? 28 : 0) - (kernel ? 4 : 0);
    const name = make('span', { class: 'name', role: 'cell' }, swatch,
      nameNode(shortName(this.profile.name[frame], columns)));
    if (kernel) name.append(make('span', { class: 'tag' }, ' [k]'));
    const cells = [name];
    if (this.wide) {
      cells.push(make('span', { class: 'image', role: 'cell' }, nameNode(this.profile.image[frame].base)));
      if (!this.compared) {
        cells.push(make('span', { class: 'number', role: 'cell' }, countText(this.totals.samples[frame])));
      }
    }
    cells.push(...(this.compared ? this.changeCells(frame) : this.shareCells(frame)));
    const row = make('div', {
      class: index === this.selected ? 'row selected' : 'row', role: 'row',
      'aria-rowindex': String(index + 2), 'data-frame': String(frame),
      title: this.profile.name[frame].slice(0, 400),
    }, ...cells);
    row.style.top = `${index * ROW_HEIGHT}px`;
    return row;
  }

  shareCells(frame) {
    const self = this.totals.self[frame];
    const bar = make('span', { class: 'bar' });
    bar.style.width = `${this.most > 0 ? (self / this.most) * 100 : 0}%`;
    return [make('span', { class: 'number self', role: 'cell' }, bar,
      make('span', { class: 'figure' }, percentText(self / this.all))),
    make('span', { class: 'number', role: 'cell' }, percentText(this.totals.total[frame] / this.all))];
  }

  // Change in percentage points, quiet if it may be chance; self on both sides.
  changeCells(frame) {
    const [a, b] = [this.totals.before[frame], this.totals.self[frame]];
    const change = this.compared.of(a, b);
    const ratio = ratioText(change);
    const cells = [make('span', { class: change.beyond ? 'number' : 'number quiet', role: 'cell',
      title: change.beyond ? ratio : WORDS.tooFew }, this.compared.changeText(change))];
    if (this.wide) cells.push(make('span', { class: 'number', role: 'cell' }, this.compared.valueText(change.before)));
    const none = a === 0 ? WORDS.onlyInB : b === 0 ? WORDS.onlyInA : '';
    cells.push(make('span', { class: 'number', role: 'cell' },
      none === WORDS.onlyInA ? none : this.compared.valueText(change.after)));
    return cells;
  }
}
