// SPDX-License-Identifier: Apache-2.0
// The Node view: what the profile says of the node, and which panels come with node metrics.
import { byId, make, nameNode, refill } from './dom.js';
import { percentText, printable } from './format.js';
import { WORDS } from './words.js';

export function fillNodeView(status, series) {
  const sum = (list) => list.reduce((all, one) => all + one, 0);
  const recorded = sum(series.cover) * 1e6;
  const cores = (ns) => (recorded > 0 ? ns / recorded : 0).toFixed(2);
  const busy = sum(series.user) + sum(series.kernel);
  const facts = [['CPUs', String(status.ncpu)], ['kernel', printable(status.kernel)],
    ['busy in this range', `${cores(busy)} of ${status.ncpu} cores`],
    ['of these in user code', `${cores(sum(series.user))} cores`],
    ['of these in the kernel', `${cores(sum(series.kernel))} cores (${percentText(busy > 0 ? sum(series.kernel) / busy : 0)})`]];
  refill(byId('node-view'),
    make('section', { class: 'card', 'aria-label': 'CPU' }, make('h2', {}, 'CPU ', make('span', { class: 'quiet' }, 'from the samples of this range')),
      make('table', { class: 'facts' }, make('tbody', {}, ...facts.map(([name, text]) =>
        make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, nameNode(text))))))),
    make('section', { class: 'card', 'aria-label': WORDS.nodeCome[0] }, make('h2', {}, WORDS.nodeCome[0]),
      make('p', {}, WORDS.nodeCome[1]), make('ul', {}, ...WORDS.nodePanels.map((text) => make('li', {}, text)))));
}
