// SPDX-License-Identifier: Apache-2.0
// Fingers: a tap opens a sheet with what the pointer's box says and the commonest actions, a second
// one zooms. A long press opens the menu, as a right click does.
import { isFunction } from './flame.js';
import { addTransform } from './edits.js';

const DOUBLE_MS = 350;

const lastTap = { node: -1, at: -1e9 };

// A tap on a frame of the main graph, or beside all of them (-1).
export function tapFrame(app, node) {
  const now = performance.now();
  const twice = node >= 0 && node === lastTap.node && now - lastTap.at < DOUBLE_MS;
  Object.assign(lastTap, { node, at: now });
  if (twice || node < 0) {
    app.tooltip.hide(true);
    if (twice) app.click(node, 0);
    return;
  }
  const frame = app.tree.frame[node];
  app.stage.view.focused = node;
  app.stage.mark();
  app.describe(frame, app.tree, node);
  const actions = [['Zoom', () => app.click(node, 0)]];
  if (isFunction(app.profile, frame)) {
    actions.push(['Sandwich', () => app.openSandwich(frame)], ['Focus', () => addTransform(app, 'foc', frame)],
      ['Hide', () => addTransform(app, 'hid', frame)]);
  }
  app.tooltip.sheet(app.stage.view, node, actions);
}
