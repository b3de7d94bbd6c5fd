// SPDX-License-Identifier: Apache-2.0
// What stands in the place of the graph when there is none, and why. Titles and lines are of
// words.js; each state offers what helps.
import { button, byId, make, nameNode, refill } from './dom.js';
import { clockText, countText, percentText, valueText } from './format.js';
import { filterText } from './url.js';
import { WORDS } from './words.js';

function action(label, press) {
  return button(press, { class: 'link' }, nameNode(label));
}

// A state: {title, line, actions}. facts: {payload, series, status, state, utc, now, without},
// act: {setFilters, showFrom, compareOff}. null: there is a graph to show.
export function noticeOf(facts, act) {
  const { payload, status, state } = facts;
  const { history } = status;
  const off = status.types.find((type) => type.id === 'cpu' && !type.on);
  if (status.degraded.some(({ what }) => what === 'profiles')) return degradedNotice(status);
  if (off) return { title: WORDS.typeOff('CPU'), line: off.why, actions: [] };
  if (payload.total > 0) return comparisonNotice(facts, act);
  if (history.windows === 0 && state.filters.length === 0) {
    return { title: WORDS.collecting[0], counting: true, actions: [],
      line: WORDS.collecting[1](Math.max(0, Math.round((facts.now - status.started) / 1000))) };
  }
  if (history.first > 0 && payload.to <= history.first) {
    const clock = clockText(history.first, facts.utc);
    return { title: WORDS.before[0](clock), line: WORDS.before[1]({ cut: history.cut, limit: valueText(history.limit_bytes, 'bytes') }),
      actions: [action(`Show from ${clock.slice(0, 5)}`, () => act.showFrom(history.first))] };
  }
  if (state.filters.length > 0) return filterNotice(facts, act);
  return idleNotice(facts);
}

function degradedNotice(status) {
  const { error, fix } = status.degraded.find(({ what }) => what === 'profiles');
  return { title: WORDS.degraded[0](error), line: WORDS.degraded[1](fix), actions: [] };
}

function filterNotice({ state, without }, act) {
  const actions = state.filters.map((filter) => action(`Remove ${filterText(filter)}`,
    () => act.setFilters(state.filters.filter((one) => one !== filter))));
  if (actions.length > 1) actions.push(action('Remove all', () => act.setFilters([])));
  return { title: WORDS.noMatchTitle, line: WORDS.noMatchLine(countText(without)), actions };
}

function idleNotice({ payload, series }) {
  const busy = [...series.user, ...series.kernel].reduce((sum, ns) => sum + ns, 0);
  const recorded = series.cover.reduce((sum, ms) => sum + ms, 0) * 1e6 * payload.ncpu;
  const idle = recorded > 0 ? 1 - Math.min(1, busy / recorded) : 1;
  return { title: WORDS.idle[0], line: WORDS.idle[1](payload.ncpu, percentText(idle)), actions: [] };
}

function comparisonNotice({ payload, status, utc }, act) {
  if (!payload.b || payload.btotal > 0) return null;
  return { title: WORDS.sideEmpty[0], line: WORDS.sideEmpty[1](clockText(status.started, utc)),
    actions: [action('Turn Compare off', act.compareOff)] };
}

// notice: of noticeOf(), null to show the graph.
export function showNotice(notice) {
  const box = byId('notice');
  box.hidden = notice === null;
  byId('main').classList.toggle('without-graph', notice !== null);
  if (!notice) return;
  const children = [make('h2', {}, nameNode(notice.title)),
    make('p', {}, nameNode(notice.line), ...notice.actions.flatMap((one) => [' ', one]))];
  if (notice.counting) children.push(make('div', { class: 'counting', 'aria-hidden': 'true' }));
  refill(box, ...children);
}
