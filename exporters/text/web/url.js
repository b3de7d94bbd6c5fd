// SPDX-License-Identifier: Apache-2.0
// State <-> fragment of the address: `#/profile?m=flame&z=main/parse@app&q=malloc`. The fragment
// reaches no server. Unknown keys are kept; a bad value falls back to its default.
import { DEFAULT_STATE } from './state.js';

const MODES = ['both', 'flame', 'table', 'sandwich'];
const COLOURS = ['origin', 'image', 'self'];
const OPTIONS = { inv: 'inverted', az: 'alphabetic', full: 'fullNames' };
const MAX_PATH_CHARACTERS = 1500;

function frameText(frame) {
  const name = encodeURIComponent(frame.name.toWellFormed?.() ?? frame.name);
  return frame.image ? `${name}@${encodeURIComponent(frame.image)}` : name;
}

function readFrame(text) {
  const [name, image = ''] = text.split('@');
  return { name: decodeURIComponent(name), image: decodeURIComponent(image) };
}

// kept: pairs of the address that this page does not know.
export function fragmentOf(state, kept = []) {
  const pairs = [...kept];
  if (state.mode !== DEFAULT_STATE.mode) pairs.push(['m', state.mode]);
  const path = state.zoom.map(frameText).join('/');
  if (path.length > MAX_PATH_CHARACTERS) {
    pairs.push(['fn', frameText(state.zoom[state.zoom.length - 1])]);
  } else if (path) {
    pairs.push(['z', path]);
  }
  if (state.fn) pairs.push(['fn', frameText(state.fn)]);
  if (state.query) pairs.push(['q', encodeURIComponent(state.query)]);
  if (state.colour !== DEFAULT_STATE.colour) pairs.push(['c', state.colour]);
  if (state.sort !== DEFAULT_STATE.sort) pairs.push(['s', state.sort]);
  for (const [flag, key] of Object.entries(OPTIONS)) {
    if (state[key]) pairs.push(['o', flag]);
  }
  return pairs.length === 0 ? '#/profile' : `#/profile?${pairs.map((p) => p.join('=')).join('&')}`;
}

const READERS = {
  m: (text, state) => MODES.includes(text) && (state.mode = text),
  z: (text, state) => (state.zoom = text.split('/').map(readFrame)),
  fn: (text, state) => (state.fn = readFrame(text)),
  q: (text, state) => (state.query = decodeURIComponent(text)) || true,
  c: (text, state) => COLOURS.includes(text) && (state.colour = text),
  s: (text, state) => /^(self|total|name|image|samples)\.(asc|desc)$/.test(text) && (state.sort = text),
  o: (text, state) => Object.hasOwn(OPTIONS, text) && (state[OPTIONS[text]] = true),
};

// {state, kept, bad}: bad = keys whose value could not be read.
export function readFragment(fragment) {
  const state = { ...DEFAULT_STATE };
  const kept = [];
  const bad = [];
  const question = fragment.indexOf('?');
  const pairs = question < 0 ? [] : fragment.slice(question + 1).split('&');
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals <= 0) continue;
    const key = pair.slice(0, equals);
    const text = pair.slice(equals + 1);
    if (!Object.hasOwn(READERS, key)) {
      kept.push([key, text]);
      continue;
    }
    try {
      if (!READERS[key](text, state)) bad.push(key);
    } catch {
      bad.push(key);
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
