// SPDX-License-Identifier: Apache-2.0
// What goes on paper: the graph with all of its rows, the functions at the top of the table, and where
// it came from. The bars stay away by style.
import { byId, make, nameNode, refill } from './dom.js';
import { percentText } from './format.js';

const MOST_FUNCTIONS = 40;
const NAMED = ['host', 'range', 'summary', 'badge']; // what the foot says, as the bars do

function functionsTable(graph) {
  const { profile, rows } = graph;
  const [totals, all] = [graph.tableTotals(), graph.tableAll()];
  const line = (tag, ...texts) => make('tr', {}, ...texts.map((text) => make(tag, {}, nameNode(text))));
  return make('table', {}, line('th', 'Function', 'Image', 'Self', 'Total'),
    ...rows.slice(0, MOST_FUNCTIONS).map((frame) => line('td', profile.name[frame], profile.image[frame].base,
      percentText(totals.self[frame] / all), percentText(totals.total[frame] / all))));
}

// graph: a GraphView, which the sheet shows as it is on the screen.
export function preparePrint(graph) {
  window.addEventListener('beforeprint', () => {
    if (!graph.payload) return;
    graph.stage.fitPaper(true);
    const about = NAMED.map((id) => byId(id).innerText.replace(/\s+/g, ' ').replace('▾', '').trim());
    refill(byId('paper'), make('h2', {}, 'Functions'), functionsTable(graph),
      make('p', {}, nameNode(about.filter(Boolean).join(' · '))), make('p', {}, nameNode(location.href)));
  });
  window.addEventListener('afterprint', () => graph.stage.fitPaper(false));
}
