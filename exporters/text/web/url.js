// SPDX-License-Identifier: Apache-2.0
// State <-> fragment of the address: `#/profile?t=-1h&m=flame&z=main/parse@app&q=malloc`. The
// fragment reaches no server. Unknown keys are kept; a bad value falls back to its default.
import { DEFAULT_STATE } from './state.js';
import { rangeText, readRange } from './range.js';

const VIEWS = ['profile', 'node', 'processes', 'health'];
const MODES = ['both', 'flame', 'table', 'sandwich', 'calls'];
const COLOURS = ['origin', 'image', 'self'];
const SORT = /^(change|self|before|total|name|image|samples|cpu|pids|whole)\.(asc|desc)$/;
const OPTIONS = { inv: 'inverted', az: 'alphabetic', rec: 'collapsed', full: 'fullNames', abs: 'absolute', a: 'sideA' };
const TRANSFORMS = ['foc', 'hid', 'fold'];
const MAX_PATH_CHARACTERS = 1500;
const MAX_GROUPS = 2;

function frameText(frame) {
  const name = encodeURIComponent(frame.name.toWellFormed?.() ?? frame.name);
  return frame.image ? `${name}@${encodeURIComponent(frame.image)}` : name;
}

function readFrame(text) {
  const [name, image = ''] = text.split('@');
  return { name: decodeURIComponent(name), image: decodeURIComponent(image) };
}

// {key, op, value} <-> `process!=a`. The value is encoded only in an address.
export function filterText({ key, op, value }) {
  return `${key}${op}${value}`;
}

export function readFilter(text) {
  const found = /^([a-z_.]+)(=~|!~|!=|=)([^]*)$/.exec(text);
  return found && { key: found[1], op: found[2], value: found[3] };
}

export function pathText(path) {
  return path.map(frameText).join('/');
}

function rangePairs(state) {
  const pairs = [];
  const add = (key, range) => range && pairs.push([key, rangeText(range)]);
  if (rangeText(state.range) !== rangeText(DEFAULT_STATE.range)) add('t', state.range);
  add('a', state.before);
  add('x', state.context);
  for (const [key, filters] of [['af', state.beforeFilters ?? []], ['f', state.filters]]) {
    for (const filter of filters) pairs.push([key, filterText({ ...filter, value: encodeURIComponent(filter.value) })]);
  }
  if (state.group !== DEFAULT_STATE.group) pairs.push(['g', state.group]);
  return pairs;
}

// kept: pairs of the address that this page does not know.
export function fragmentOf(state, kept = []) {
  const pairs = [...kept, ...rangePairs(state)];
  if (state.mode !== DEFAULT_STATE.mode) pairs.push(['m', state.mode]);
  const path = pathText(state.zoom);
  if (path.length > MAX_PATH_CHARACTERS) {
    pairs.push(['fn', frameText(state.zoom[state.zoom.length - 1])]);
  } else if (path) {
    pairs.push(['z', path]);
  }
  for (const { op, frame } of state.transforms) pairs.push([op, frameText(frame)]);
  if (state.fn) pairs.push(['fn', frameText(state.fn)]);
  if (state.query) pairs.push(['q', encodeURIComponent(state.query)]);
  if (state.narrow) pairs.push(['tq', encodeURIComponent(state.narrow)]);
  if (state.colour !== DEFAULT_STATE.colour) pairs.push(['c', state.colour]);
  if (state.sort !== DEFAULT_STATE.sort) pairs.push(['s', state.sort]);
  for (const [flag, key] of Object.entries(OPTIONS)) {
    if (state[key]) pairs.push(['o', flag]);
  }
  if (state.zone) pairs.push(['tz', state.zone]);
  const view = `#/${state.view}`;
  return pairs.length === 0 ? view : `${view}?${pairs.map((pair) => pair.join('=')).join('&')}`;
}

function take(state, key, value, allowed) {
  if (!allowed) return false;
  state[key] = value;
  return true;
}

function takeFilter(state, key, text) {
  const filter = readFilter(text);
  return take(state, key, filter && [...state[key] ?? [], { ...filter, value: decodeURIComponent(filter.value) }], filter);
}

// Each takes the text into the state and says whether it could.
const READERS = {
  t: (text, state) => take(state, 'range', readRange(text), readRange(text)),
  a: (text, state) => take(state, 'before', readRange(text), readRange(text)?.from),
  x: (text, state) => take(state, 'context', readRange(text), readRange(text)),
  f: (text, state) => takeFilter(state, 'filters', text),
  af: (text, state) => takeFilter(state, 'beforeFilters', text),
  g: (text, state) => take(state, 'group', text,
    /^[a-z_.]+(,[a-z_.]+)*$/.test(text) && text.split(',').length <= MAX_GROUPS),
  m: (text, state) => take(state, 'mode', text, MODES.includes(text)),
  z: (text, state) => take(state, 'zoom', text.split('/').map(readFrame), true),
  fn: (text, state) => take(state, 'fn', readFrame(text), true),
  q: (text, state) => take(state, 'query', decodeURIComponent(text), true),
  tq: (text, state) => take(state, 'narrow', decodeURIComponent(text), true),
  c: (text, state) => take(state, 'colour', text, COLOURS.includes(text)),
  s: (text, state) => take(state, 'sort', text, SORT.test(text)),
  o: (text, state) => Object.hasOwn(OPTIONS, text) && take(state, OPTIONS[text], true, true),
  tz: (text, state) => take(state, 'zone', text, text === 'utc' || text === 'local'),
};

for (const op of TRANSFORMS) {
  READERS[op] = (text, state) =>
    take(state, 'transforms', [...state.transforms, { op, frame: readFrame(text) }], text !== '');
}

// {state, kept, bad}: bad = pairs whose value could not be read.
export function readFragment(fragment) {
  const state = { ...DEFAULT_STATE };
  const kept = [];
  const bad = [];
  const question = fragment.indexOf('?');
  const view = (question < 0 ? fragment : fragment.slice(0, question)).replace(/^#\/?/, '');
  if (VIEWS.includes(view)) state.view = view;
  else if (view) bad.push(['view', view]);
  for (const pair of question < 0 ? [] : fragment.slice(question + 1).split('&')) {
    const equals = pair.indexOf('=');
    if (equals <= 0) continue;
    const key = pair.slice(0, equals);
    const text = pair.slice(equals + 1);
    if (!Object.hasOwn(READERS, key)) {
      kept.push([key, text]);
      continue;
    }
    try {
      if (!READERS[key](text, state)) bad.push([key, text]);
    } catch {
      bad.push([key, text]);
    }
  }
  return { state, kept, bad };
}

// Puts the fragment into the address; push = a step that Back undoes.
export function showFragment(fragment, push) {
  if (fragment === location.hash) return;
  try {
    history[push ? 'pushState' : 'replaceState'](null, '', fragment);
  } catch { // too many steps in a short time, or a document without history
    location.hash = fragment;
  }
}
