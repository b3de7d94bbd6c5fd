// SPDX-License-Identifier: Apache-2.0
// Keys to actions. Letters act while the graph, the table or the strip has the focus, `/` and `?`
// everywhere but in a field. Off: everything but `/`, arrows, Enter and Escape (WCAG 2.1.4).
import { byId } from './dom.js';
import { childrenOf, isFunction } from './flame.js';
import { nodeAt } from './layout.js';
import { stackText } from './export.js';
import { addTransform, toggleKernel, undoTransform } from './edits.js';

const PLAIN = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Enter', 'Home', 'End', 'PageUp',
  'PageDown', 'Backspace', 'ContextMenu', 'F10'];
const PAGE = 0.8; // of the graph's height

export function listenKeys(actions, lettersOn) {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (event.key === 'Escape') {
      actions.Escape(event);
      return;
    }
    const typing = target instanceof HTMLInputElement && target.type === 'text';
    if (typing || target instanceof HTMLSelectElement || target.closest?.('dialog')) return;
    if (event.key === '/' || event.key === '?') {
      event.preventDefault();
      actions[event.key](event);
      return;
    }
    const onGraph = target.closest?.('.stage, .functions, .strip, .view, #calls') || target === document.body;
    const letter = event.key.length === 1;
    if (!onGraph || (letter ? !lettersOn() : !PLAIN.includes(event.key))) return;
    if (target.closest?.('button') && (event.key === 'Enter' || event.key === ' ')) return;
    if (event.key === 'F10' && !event.shiftKey) return;
    const key = event.key === 'F10' ? 'ContextMenu' : event.key;
    if (!Object.hasOwn(actions, key)) return;
    event.preventDefault();
    actions[key](event);
  });
}

// The frame `by` places further on the row of `node`; the last one if there are fewer.
function neighbourOf(layout, node, by) {
  const { order, start, tree } = layout;
  const level = tree.level[node];
  const at = order.subarray(start[level], start[level + 1]).indexOf(node);
  const last = start[level + 1] - start[level] - 1;
  return order[start[level] + Math.max(0, Math.min(last, at + by))];
}

// First or last visible frame on the row of `node`.
function rowEnd(view, node, last) {
  const tick = last ? view.x1 - 1e-9 * (view.x1 - view.x0) : view.x0;
  const found = nodeAt(view.layout, view.tree.level[node], tick);
  return found >= 0 ? found : neighbourOf(view.layout, node, last ? 1e9 : -1e9);
}

function heaviestChild(tree, node) {
  let best = -1;
  for (const child of childrenOf(tree, node)) {
    if (best < 0 || tree.total[child] > tree.total[best]) best = child;
  }
  return best;
}

// The actions of a GraphView by key.
export function keyActions(app) {
  const { view } = app.stage;
  const at = () => (view.focused < 0 ? app.zoomed : view.focused);
  const pointed = () => app.tree.frame[view.hovered >= 0 ? view.hovered : at()];
  const scroll = (by) => app.stage.box.scrollBy(0, by * PAGE * view.height);
  return {
    '/': () => byId('query').select(),
    '?': () => app.shell.showHelp(),
    n: () => app.finder.next(1),
    N: () => app.finder.next(-1),
    ArrowUp: () => app.focusNode(Math.max(0, app.tree.parent[at()])),
    ArrowDown: () => app.focusNode(heaviestChild(app.tree, at())),
    ArrowLeft: () => app.focusNode(neighbourOf(view.layout, at(), -1)),
    ArrowRight: () => app.focusNode(neighbourOf(view.layout, at(), 1)),
    Home: () => app.focusNode(rowEnd(view, at(), false)),
    End: () => app.focusNode(rowEnd(view, at(), true)),
    Enter: () => app.zoom(at()),
    Escape: (event) => (event.target.closest?.('.find') ? byId('flame').focus() : app.back()),
    Backspace: () => app.back(),
    0: () => app.zoom(0),
    PageDown: () => scroll(1),
    PageUp: () => scroll(-1),
    D: () => app.fitDepth(),
    s: () => isFunction(app.profile, pointed()) && app.openSandwich(pointed()),
    f: () => addTransform(app, 'foc', pointed()),
    h: () => addTransform(app, 'hid', pointed()),
    x: () => addTransform(app, 'fold', pointed()),
    u: () => undoTransform(app),
    k: () => toggleKernel(app),
    i: () => app.store.set({ inverted: !app.state.inverted }),
    t: () => app.store.set({ mode: app.state.mode === 'both' ? 'flame' : 'both' }),
    p: () => app.tooltip?.pin(),
    y: () => app.copy(app.profile.name[pointed()], 'Name'),
    Y: () => app.copy(stackText(app.tree, app.profile, at()), 'Stack'),
    ContextMenu: () => {
      const box = view.boxOf(at());
      const bounds = app.stage.box.getBoundingClientRect();
      app.openMenu(at(), bounds.left + box.x + 8, bounds.top + box.y + box.h);
    },
  };
}
