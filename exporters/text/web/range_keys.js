// SPDX-License-Identifier: Apache-2.0
// Keys that move the range, hold it, and choose the view.
import { resolveRange } from './range.js';

const VIEW_KEYS = { 1: 'profile', 2: 'node', 3: 'processes', 4: 'health' };

// The actions of the live page by key; they come before those of its graph.
export function rangeActions(page) {
  const now = () => resolveRange(page.state.range, page.now(), page.windowMs());
  const shift = (by) => {
    const { from, to } = now();
    const half = ((to - from) / 2) * by;
    page.setRange({ from: from + half, to: to + half });
  };
  const scale = (by) => {
    const { range } = page.state;
    if (range.ago) {
      const ago = Math.max(page.windowMs(), Math.round((range.ago * by) / 1000) * 1000);
      page.store.set({ range: { ago }, context: null }, true);
      return;
    }
    const half = ((range.to - range.from) * by) / 2;
    const middle = (range.from + range.to) / 2;
    page.setRange({ from: middle - half, to: middle + half });
  };
  const views = Object.entries(VIEW_KEYS)
    .map(([key, view]) => [key, () => page.store.set({ view }, true)]);
  return {
    '[': () => shift(-1),
    ']': () => shift(1),
    '+': () => scale(0.5),
    '-': () => scale(2),
    ' ': () => page.toggleHold(),
    c: () => page.setComparing(!page.state.before),
    r: () => page.catchUp(),
    ...Object.fromEntries(views),
  };
}

// Escape on the strip undoes the last brush.
export function rangeKeys(strip, undo) {
  strip.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    undo();
  });
}
