// SPDX-License-Identifier: Apache-2.0
// The fixed parts of the page: summary, range, crumb, legend, help. Each takes what it shows and
// returns or fills elements; none keeps state.
import { button, make, nameNode, refill } from './dom.js';
import { clockText, countText, dateText, offsetText, percentText, printable, timeText, valueText }
  from './format.js';
import { WORDS } from './words.js';
import { childrenOf, kindTotals } from './flame.js';
import { kindHex } from './palette.js';
import { diffHex } from './diff.js';
import { EVERY_NAME } from './transform.js';

const CRUMB_STEPS = 5;
const CRUMB_NAME_WIDTH = 180;
// Fields of `kind:`; folded frames hide theirs.
const LEGEND_FIELDS = { 1: 'own', 2: 'lib', 3: 'kernel', 4: 'jit', 5: 'unresolved', 6: '' };

// A setting of this browser; a page from a file may have no storage.
export function savedSetting(name, fallback) {
  try {
    return localStorage.getItem(`sonde.${name}`) ?? fallback;
  } catch {
    return fallback;
  }
}

export function saveSetting(name, value) {
  try {
    localStorage.setItem(`sonde.${name}`, value);
  } catch {
    // The setting then lasts as long as the page.
  }
}

export function typeText(payload) {
  const cpu = payload.unit === 'nanoseconds' && payload.type === 'cpu';
  return cpu ? 'CPU time' : printable(payload.type);
}

// `24 min 3 s CPU · 1.60 of 2 cores · 27,412 samples at 19 Hz`
export function summaryText(payload) {
  const value = payload.total * payload.tick;
  const parts = [];
  if (payload.unit === 'nanoseconds') {
    parts.push(`${timeText(value)} CPU`);
    const length = payload.meta.duration_ns;
    if (length > 0 && payload.ncpu > 0) {
      parts.push(`${(value / length).toFixed(2)} of ${payload.ncpu} cores`);
    }
  } else {
    parts.push(valueText(value, payload.unit));
  }
  const rate = payload.rates.length > 0 ? ` at ${payload.rates.join(', ')} Hz` : '';
  parts.push(`${countText(payload.samples)} samples${rate}${payload.n ? ', weighted' : ''}`);
  return parts.join(' · ');
}

// `kernel 6.1.0 · 412 small frames put together`
export function scopeText(payload) {
  const facts = [];
  if (payload.meta.kernel) facts.push(`kernel ${printable(payload.meta.kernel)}`);
  if (payload.more.nodes > 0) facts.push(`${countText(payload.more.nodes)} small frames put together`);
  return facts.join(' · ');
}

// Children of the badge. verdict: of trustVerdict()
export function badgeParts({ sign, text, rest }) {
  return [make('span', { class: 'sign' }, sign), make('span', { class: 'verdict' }, text),
    make('span', { class: 'rest' }, rest)];
}

export function fillRange(box, payload, utc) {
  const { from, to } = payload;
  box.hidden = !(from > 0);
  box.title = 'Switch between local time and UTC';
  refill(box, make('span', { class: 'quiet' }, dateText(from, utc)),
    make('b', {}, `${clockText(from, utc)}–${clockText(to, utc)}`),
    make('span', { class: 'quiet' }, `${Math.round((to - from) / 1000)} s · ${offsetText(from, utc)}`));
}

// The way from the root to the zoomed frame, its middle left out.
// app: {tree, profile, zoomed, all, labels, host, zoom(node), transforms, undo(one), share}
export function crumbParts(app) {
  const { tree, profile, zoomed } = app;
  const path = [];
  for (let node = zoomed; node > 0; node = tree.parent[node]) path.unshift(node);
  const step = (node) => {
    const name = node === 0 ? app.host
      : app.labels.fit(profile.name[tree.frame[node]], CRUMB_NAME_WIDTH);
    if (node === zoomed && node !== 0) return make('b', {}, nameNode(name));
    return button(() => app.zoom(node), {}, nameNode(name));
  };
  const shown = path.length > CRUMB_STEPS ? [path[0], -1, ...path.slice(2 - CRUMB_STEPS)] : path;
  const separator = () => make('span', { class: 'sep', 'aria-hidden': 'true' }, '›');
  const parts = [step(0)];
  for (const node of shown) parts.push(separator(), node < 0 ? '…' : step(node));
  const chips = app.transforms.length > 0 ? transformParts(app) : [];
  if (zoomed !== 0) parts.push(make('span', { class: 'share' }, percentText(tree.total[zoomed] / app.all)));
  else if (chips.length === 0) parts.push(separator(), WORDS.crumbHint);
  return [...parts, ...chips];
}

// A button per transform, which takes it back; then what is left.
function transformParts(app) {
  const buttons = app.transforms.map((one) => {
    const whole = one.frame.name === EVERY_NAME;
    const name = whole ? one.frame.image : app.labels.fit(one.frame.name, CRUMB_NAME_WIDTH);
    return button(() => app.undo(one), { class: 'chip transform', title: WORDS.takeBack },
      WORDS.transforms[whole ? 'image' : one.op], nameNode(name), make('span', {}, '×'));
  });
  return [...buttons, make('span', { class: 'share' }, WORDS.showing(percentText(app.share)))];
}

// One button per origin that has samples. app: {tree, profile, zoomed, theme, query,
// setQuery(text), dim(kind or -1)}
export function legendParts(app) {
  const totals = kindTotals(app.tree, app.profile, app.zoomed);
  const all = app.tree.total[app.zoomed] || 1;
  return Object.keys(LEGEND_FIELDS).filter((kind) => totals[kind] > 0).map((kind) => {
    const swatch = make('span', { class: 'swatch' });
    swatch.style.background = kindHex(Number(kind), app.theme);
    const query = `kind:${LEGEND_FIELDS[kind]}`;
    const entry = button(() => LEGEND_FIELDS[kind] && app.setQuery(app.query === query ? '' : query),
      { 'aria-pressed': String(app.query === query) },
      swatch, WORDS.kinds[kind], make('span', { class: 'quiet' }, percentText(totals[kind] / all)));
    entry.addEventListener('pointerenter', () => app.dim(Number(kind)));
    entry.addEventListener('pointerleave', () => app.dim(-1));
    return entry;
  });
}

// `less CPU` seven steps `more CPU`
export function diffLegendParts(theme, absolute) {
  const [less, more, shares, rates] = WORDS.diffLegend;
  const steps = make('span', { class: 'steps', 'aria-hidden': 'true' },
    ...Array.from({ length: 7 }, (_, step) => {
      const swatch = make('span', { class: 'step' });
      swatch.style.background = diffHex(step, theme);
      return swatch;
    }));
  return [make('span', {}, less), steps, make('span', {}, more), make('span', { class: 'quiet' }, absolute ? rates : shares)];
}

// The status line: full name, figures, image. shares: {total, self} of the profile.
export function statusParts(profile, frame, shares, run) {
  const figures = run > 1 ? WORDS.narrowRun(run)
    : `total ${percentText(shares.total)}   self ${percentText(shares.self)}   ` +
      profile.image[frame].base;
  return [nameNode(profile.name[frame]), make('span', { class: 'figures' }, figures)];
}

// What a screen reader says of a frame.
export function spokenText(tree, profile, node, all) {
  const siblings = node === 0 ? [0] : childrenOf(tree, tree.parent[node]);
  return `${profile.name[tree.frame[node]]}, total ${percentText(tree.total[node] / all)}, ` +
    `self ${percentText(tree.self[node] / all)}, level ${tree.level[node]}, ` +
    `${siblings.indexOf(node) + 1} of ${siblings.length}`;
}
