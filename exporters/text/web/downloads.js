// SPDX-License-Identifier: Apache-2.0
// The selection as files, made by the agent, and as a link; the types of profile there are.
import { countText, printable } from './format.js';
import { spanText } from './range.js';
import { filterText, fragmentOf } from './url.js';
import { WORDS } from './words.js';

const FORMATS = [['pprof', 'pprof', '.pb.gz'], ['folded', 'Folded stacks', '.folded'],
  ['svg', 'SVG picture', '.svg'], ['html', 'HTML page', '.html'], ['speedscope', 'speedscope', '.json']];

// `15 min, process = postgres, 27,412 samples`
export function selectionText({ from, to, samples }, filters) {
  return [spanText(to - from), ...filters.map((one) => printable(filterText(one))),
    `${countText(samples)} samples`].join(', ');
}

// Where the agent makes the file of what is shown.
function downloadAddress({ from, to }, filters, format) {
  const query = new URLSearchParams([['type', 'cpu'], ['from', from], ['to', to],
    ...filters.map((one) => ['f', filterText(one)]), ['format', format]]);
  return `/api/v1/profile?${query}`;
}

// Items of FrameMenu. shown: {from, to, samples}; saveCsv(): the function table as it is sorted and
// searched, null where there is none; changed: transforms apply to what is shown.
export function downloadChoices(shown, filters, saveCsv, changed) {
  const follow = (format) => {
    const link = document.createElement('a');
    link.href = downloadAddress(shown, filters, format);
    link.download = '';
    link.click();
  };
  const note = changed ? `; ${WORDS.filesWhole}` : '';
  return [selectionText(shown, filters) + note,
    ...FORMATS.map(([format, label, ending]) => [label, ending, () => follow(format)]),
    ...(saveCsv ? [null, ['Function table as CSV', '.csv', saveCsv]] : [])];
}

// The address of exactly this picture: what follows becomes absolute.
export function shareAddress(state, shown, kept) {
  const frozen = { ...state, range: { from: shown.from, to: shown.to } };
  if (state.context?.ago) frozen.context = null;
  const { origin, pathname } = location;
  return origin + pathname + fragmentOf(frozen, kept);
}

const TYPE_NAMES = { cpu: 'CPU time', offcpu: 'Off-CPU time', memory: 'Memory', locks: 'Locks' };

// Items of FrameMenu: types without data are listed, with the reason, and cannot be chosen.
export function typeChoices(status) {
  return (status?.types ?? []).map(({ id, on, why }) => {
    const name = printable(TYPE_NAMES[id] ?? id);
    return on ? [`✓ ${name}`, '', () => {}] : [name, printable(why ?? ''), null];
  });
}
