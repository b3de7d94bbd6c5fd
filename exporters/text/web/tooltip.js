// SPDX-License-Identifier: Apache-2.0
// The box beside the pointer: who a frame is and its figures. Never over the frame it explains.
import { button, make, nameNode, refill } from './dom.js';
import { countText, percentText, shortId, valueText } from './format.js';
import { KIND, samplesBelow } from './flame.js';
import { ratioText } from './diff.js';
import { WORDS } from './words.js';

const DELAY_MS = 80;
const EDGE = 8;
const FEW_SAMPLES = 100;

// The group (level 1) a node lies in, -1 for the root.
function groupOf(tree, node) {
  let at = node;
  while (at > 0 && tree.level[at] > 1) at = tree.parent[at];
  return tree.level[at] === 1 ? at : -1;
}

// A, B and the change of both total and self, with twice its error.
function changeTable(compared, tree, node) {
  const row = (label, a, b) => {
    const change = compared.of(a, b);
    const points = `${compared.changeText(change)} \u00b1 ${compared.errorText(change)}`;
    return make('tr', {}, ...[['th', label], ['td', compared.valueText(change.before)],
      ['td', compared.valueText(change.after)], ['td', points], ['td', change.beyond ? ratioText(change) : '']]
      .map(([tag, text]) => make(tag, tag === 'th' ? { scope: 'row' } : {}, text)));
  };
  const here = compared.of(tree.totalBefore[node], tree.total[node]);
  const table = make('table', {},
    make('tr', {}, make('td', {}), ...['A', 'B', 'change', ''].map((text) => make('th', { scope: 'col' }, text))),
    row('total here', tree.totalBefore[node], tree.total[node]), row('self here', tree.before[node], tree.self[node]));
  return here.beyond ? table : make('div', {}, table, make('p', { class: 'quiet' }, WORDS.tooFew));
}

export class Tooltip {
  // box: the element; context: {profile(), tree(), totals(), compared(), kindColour(kind)}
  constructor(box, context) {
    this.box = box;
    this.context = context;
    this.pinned = false;
  }

  hide(force = false) {
    clearTimeout(this.timer);
    this.node = -1;
    if (this.pinned && !force) return;
    this.pinned = false;
    this.box.hidden = true;
    this.box.classList.remove('pinned', 'sheet');
  }

  pin() {
    if (this.box.hidden) return;
    this.pinned = !this.pinned;
    this.box.classList.toggle('pinned', this.pinned);
    if (!this.pinned) this.hide(true);
  }

  // The same at the lower edge of the window, with buttons, until it is closed.
  sheet(view, node, actions) {
    this.hide(true);
    this.key = '';
    const buttons = [...actions, ['Close', () => {}]].map(([label, action]) => button(() => {
      this.hide(true);
      action();
    }, { class: 'control' }, label));
    refill(this.box, ...this.content(view, node, true), make('p', { class: 'sheet-actions' }, ...buttons));
    this.box.classList.add('pinned', 'sheet');
    this.pinned = true;
    this.box.hidden = false;
  }

  // view: of the frame; event: the pointer; own: the node is one of the main tree.
  point(view, node, run, event, own) {
    if (this.pinned) return;
    const key = `${node}/${run}/${own}`;
    const frameBox = view.boxOf(node);
    const bounds = view.frames.getBoundingClientRect();
    const anchor = {
      x: event.clientX, top: bounds.top + frameBox.y, bottom: bounds.top + frameBox.y + frameBox.h,
    };
    if (this.key === key && !this.box.hidden) {
      this.place(anchor);
      return;
    }
    this.key = key;
    clearTimeout(this.timer);
    const show = () => {
      refill(this.box, ...(run > 1 ? this.runText(view, node, run) : this.content(view, node, own)));
      this.box.hidden = false;
      this.place(anchor);
    };
    if (this.box.hidden) this.timer = setTimeout(show, DELAY_MS);
    else show();
  }

  place(anchor) {
    const { offsetWidth, offsetHeight } = this.box;
    const left = Math.min(anchor.x + 14, innerWidth - offsetWidth - EDGE);
    const below = anchor.bottom + 6;
    const fits = below + offsetHeight <= innerHeight - EDGE;
    const top = fits ? below : Math.max(EDGE, anchor.top - offsetHeight - 6);
    this.box.style.left = `${Math.max(EDGE, left)}px`;
    this.box.style.top = `${top}px`;
  }

  runText(view, node, run) {
    const span = (view.x1 - view.x0) / view.width;
    return [make('p', { class: 'who' }, WORDS.tooNarrow(run, percentText(span / view.whole)))];
  }

  content(view, node, own) {
    const profile = this.context.profile();
    const frame = view.tree.frame[node];
    const kind = profile.kind[frame];
    const swatch = make('span', { class: 'swatch' });
    swatch.style.background = this.context.kindColour(kind);
    const facts = [WORDS.kindsLong[kind]];
    const image = profile.image[frame];
    if (image.base) facts.push(image.base + (image.id ? ` (build-id ${shortId(image.id)})` : ''));
    if (profile.flags[frame] & 2) facts.push('found by frame pointer');
    const reason = profile.reasons.get(frame);
    if (reason) facts.push(WORDS.reasons[reason] ?? profile.payload.meta.explain[reason] ?? reason);
    const pids = profile.pids.get(frame);
    if (pids && kind === KIND.group) {
      facts.push(pids.count > 1 ? `${pids.count} processes, pid ${pids.first}…` : `pid ${pids.first}`);
    }
    return [
      make('p', { class: 'full' }, nameNode(profile.name[frame])),
      make('p', { class: 'who' }, swatch, nameNode(facts.join(' · '))),
      this.figures(view, node, frame, own),
      make('p', { class: 'hints' }, ...['Click zoom', 'Right-click menu', 's sandwich', 'y copy name']
        .map((text) => make('span', {}, text))),
    ];
  }

  figures(view, node, frame, own) {
    const profile = this.context.profile();
    const { tree } = view;
    const compared = this.context.compared();
    if (compared && own) return changeTable(compared, this.context.tree(), node);
    const { unit } = profile.payload;
    const totals = this.context.totals();
    const group = own ? groupOf(tree, node) : -1;
    const samples = samplesBelow(tree, node);
    const head = [unit === 'nanoseconds' ? 'CPU time' : profile.payload.type, 'of range'];
    if (group > 0 && group !== node) head.push(`of ${profile.name[tree.frame[group]].slice(0, 15)}`);
    head.push('samples');
    const row = (label, ticks, count) => {
      const cells = [valueText(ticks * profile.tick, unit), percentText(ticks / view.whole)];
      if (head.length === 4) cells.push(percentText(ticks / tree.total[group]));
      cells.push(countText(count));
      return make('tr', {}, make('th', { scope: 'row' }, label), ...cells.map((c) => make('td', {}, c)));
    };
    const selfSamples = tree.samples ? tree.samples[node] : tree.self[node];
    const rows = [row('total here', tree.total[node], samples)];
    if (own) rows.push(row('self here', tree.self[node], selfSamples));
    rows.push(row('self everywhere', totals.self[frame], totals.samples[frame]));
    const table = make('table', {},
      make('tr', {}, make('td', {}), ...head.map((text) => make('th', { scope: 'col' }, text))), ...rows);
    if (samples === 0 || samples >= FEW_SAMPLES) return table;
    const share = tree.total[node] / view.whole;
    const error = 196 * Math.sqrt((share * (1 - share)) / Math.max(1, profile.payload.samples));
    return make('div', {}, table, make('p', { class: 'quiet' },
      `of range \u00b1 ${error.toFixed(error < 1 ? 2 : 1)} pp (few samples)`));
  }
}
