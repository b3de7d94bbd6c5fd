// SPDX-License-Identifier: Apache-2.0
// The keys and what they do, as a dialog.
import { button, make } from './dom.js';

export const LIVE_HELP = [
  ['Range', [
    ['drag on the strip', 'show this span; drag its edges to change it'],
    ['double click, Esc', 'on the strip: all of it; the range before'],
    ['[ ]', 'half a range earlier, later'],
    ['+ −', 'half the range, twice the range'],
    ['c', 'compare with the span before'],
    ['Space', 'hold, follow'],
    ['r', 'catch up'],
    ['1 2 3 4', 'profile, node, processes, health'],
  ]],
];

export const HELP = [
  ['Frames', [
    ['← ↑ → ↓', 'move to neighbour, caller, heaviest callee'],
    ['Enter, click', 'zoom to the frame'],
    ['Esc, Backspace', 'back to the zoom before'],
    ['0', 'whole graph'],
    ['Home, End', 'first, last frame of the row'],
    ['→ ← in Calls', 'open, close a row'],
    ['s', 'sandwich: callers above, callees below'],
    ['p', 'pin the box beside the pointer'],
    ['f h x', 'focus on, hide, fold the function'],
    ['u', 'undo the last of these'],
    ['k', 'kernel folded, unfolded'],
    ['y, Y', 'copy the name, the stack'],
  ]],
  ['Search', [
    ['/', 'find; capitals make it case-sensitive'],
    ['n, N', 'next, previous hit by weight'],
    ['a|b  !c', 'either; not'],
    ['image:libc', 'fields: image, kind, name'],
    ['"a b"  /re/i', 'exact text; regular expression'],
  ]],
  ['View', [
    ['D', 'fit the depth to the window'],
    ['i', 'root at the bottom'],
    ['t', 'function table on, off'],
    ['PgUp, PgDn', 'scroll'],
    ['Ctrl + wheel', 'zoom at the pointer'],
    ['Shift + drag', 'zoom to a span'],
  ]],
];

// Children of the help dialog. help: groups of [key, text]; letters: {on, set(on)}
export function helpParts(help, letters, close) {
  const box = make('input', { type: 'checkbox' });
  box.checked = letters.on;
  box.addEventListener('change', () => letters.set(box.checked));
  const groups = help.flatMap(([title, keys]) => [make('h3', {}, title),
    make('dl', {}, ...keys.flatMap(([key, text]) => [make('dt', {}, key), make('dd', {}, text)]))]);
  return [...groups,
    make('footer', {}, make('label', {}, box, ' single letters act as keys'), button(close, { class: 'control' }, 'Close'))];
}
