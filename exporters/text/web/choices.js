// SPDX-License-Identifier: Apache-2.0
// What the menus offer. Each function returns items of FrameMenu for a GraphView.
import { exactQuery } from './search.js';
import { stackText, tableTsv } from './export.js';
import { isFunction } from './flame.js';
import { addTransform } from './edits.js';

const NAME_WIDTH = 170;
const EM_SPACE = '\u2003'; // as wide as the check mark

function nameItems(app, frame) {
  const name = app.profile.name[frame];
  return [
    ['Find this name', '', () => app.setQuery(exactQuery(name))],
    null,
    ['Copy name', 'y', () => app.copy(name, 'Name')],
  ];
}

function transformItems(app, frame, label) {
  if (!isFunction(app.profile, frame)) return [];
  return [null, [`Focus  ${label}`, 'f', () => addTransform(app, 'foc', frame)],
    [`Hide  ${label}`, 'h', () => addTransform(app, 'hid', frame)],
    [`Fold  ${label}`, 'x', () => addTransform(app, 'fold', frame)],
    [`Fold image  ${app.profile.image[frame].base}`, '', () => addTransform(app, 'fold', frame, true)], null];
}

// Of a frame of the main graph.
export function nodeChoices(app, node) {
  const { tree, profile } = app;
  const frame = tree.frame[node];
  const label = app.stage.view.labels.plain.fit(profile.name[frame], NAME_WIDTH);
  return [
    [`Zoom  ${label}`, 'Enter', () => app.zoom(node)],
    ['Sandwich', 's', () => app.openSandwich(frame)],
    ...transformItems(app, frame, label),
    ...nameItems(app, frame),
    ['Copy stack, root to leaf', 'Y', () => app.copy(stackText(tree, profile, node), 'Stack')],
    ['Copy link', '', () => app.copy(location.href, 'Link')],
  ];
}

// Of a function in either half of the sandwich.
export function functionChoices(app, frame) {
  return [['Put in the middle', '', () => app.openSandwich(frame)], ...nameItems(app, frame)];
}

export function optionChoices(app) {
  const mark = (on) => (on ? '✓ ' : EM_SPACE);
  const toggle = (key, label, hint = '') => [`${mark(app.state[key])}${label}`, hint,
    () => app.store.set({ [key]: !app.state[key] })];
  return [
    toggle('inverted', 'Root at the bottom', 'i'),
    toggle('alphabetic', 'Order by name'),
    toggle('collapsed', 'Collapse recursion'),
    toggle('fullNames', 'Whole names first'),
    ...(app.compared ? [toggle('absolute', 'Compare CPU per second')] : []),
    [`${mark(app.stage.fitDepth)}Fit the depth`, 'D', () => app.fitDepth()],
  ];
}

export function tableChoices(app) {
  const text = () => tableTsv(app.profile, app.rows, app.tableTotals(), app.tableAll());
  return [
    ['Copy as TSV', '', () => app.copy(text(), 'Table')],
    ['Save as CSV', '', () => app.saveCsv()],
  ];
}
