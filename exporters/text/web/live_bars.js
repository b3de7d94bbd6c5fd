// SPDX-License-Identifier: Apache-2.0
// The bars of the live page: host, badge, range, live button, summary, and what goes wrong.
import { button, byId, make, nameNode, refill } from './dom.js';
import { clockText, countText, offsetText, printable } from './format.js';
import { badgeParts, summaryText } from './bars.js';
import { trustVerdict } from './health.js';
import { filterText, fragmentOf } from './url.js';
import { clockRangeText, spanText } from './range.js';
import { WORDS } from './words.js';

const QUIET_MS = 150; // a wait that nobody needs to see
const LONG_MS = 5000;
const GROUPS = ['process', 'service', 'container', 'pod', 'thread', 'none'];

// The button always shows resolved clock times and the offset. range: of the state; shown: {from,
// to} of the answer.
function fillRangeButton(range, shown, utc, now) {
  const offset = offsetText(shown.to, utc);
  const clock = `${clockRangeText(shown, utc, now)} · ${offset}`;
  refill(byId('range'), make('span', { class: 'quiet' }, 'Range'), ' ',
    make('b', {}, range.ago ? `Last ${spanText(range.ago)}` : spanText(shown.to - shown.from)), ' ',
    make('span', { class: 'quiet' }, clock), ' ▾');
}

export class LiveBars {
  constructor(page) {
    this.page = page;
    refill(byId('group'), ...GROUPS.map((value) => make('option', { value }, value)));
    byId('group-pick').hidden = false;
    this.bar = byId('gone');
    byId('badge').addEventListener('click', () => page.store.set({ view: 'health' }, true));
  }

  fill() {
    const { state, status, shown } = this.page;
    for (const link of byId('tabs').children) {
      if (link.dataset.view === state.view) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
      link.href = fragmentOf({ ...state, view: link.dataset.view }, this.page.kept);
    }
    const groups = byId('group');
    if (![...groups.options].some(({ value }) => value === state.group)) {
      groups.append(make('option', { value: state.group }, state.group));
    }
    groups.value = state.group;
    if (status) {
      refill(byId('host'), nameNode(printable(status.host)));
      document.title = `${printable(status.host)} · sonde`;
    }
    fillRangeButton(state.range, this.page.resolved(), this.page.utc, this.page.now());
    if (shown) this.fillFigures(shown);
    this.tick();
  }

  fillFigures({ flame, samples, trust }) {
    const verdict = trustVerdict({ samples, trust });
    const badge = byId('badge');
    badge.hidden = false;
    badge.dataset.level = verdict.level;
    refill(badge, ...badgeParts(verdict));
    byId('summary').textContent = this.summary(flame);
    byId('sides').querySelector(`[value="${this.page.state.before ? 'two' : 'one'}"]`).checked = true;
    if (flame?.errors?.length > 0) this.say(WORDS.partly(flame.errors.map(printable).join('; ')));
  }

  // `Diff B 14:08–14:13 against A 14:02–14:07`
  summary(flame) {
    if (!flame) return '';
    if (!flame.b) return flame.total > 0 ? summaryText(flame) : '';
    const { utc, state } = this.page;
    if (state.beforeFilters) {
      const side = (filters) => filters.map((one) => printable(filterText(one))).join(', ');
      return `Diff B ${side(state.filters)} against A ${side(state.beforeFilters)}`;
    }
    const clock = (from, to) => clockRangeText({ from, to }, utc, this.page.now());
    return `Diff B ${clock(flame.from, flame.to)} against A ${clock(flame.bfrom, flame.bto)}`;
  }

  // What changes by itself: the live button and the wait for an agent that is gone.
  tick() {
    const { follower, shown } = this.page;
    const { mode } = follower;
    const follow = byId('follow');
    const windowMs = this.page.windowMs();
    const behind = shown ? Math.floor(this.page.now() / windowMs) * windowMs - shown.to : 0;
    const preview = shown && this.page.status.history.windows === 0;
    const words = {
      off: 'Live',
      live: preview ? `Preview · ${Math.max(0, Math.round((this.page.now() - this.page.status.open.from) / 1000))} s`
        : `Live · ${spanText(windowMs)}`,
      held: `Held · ${spanText(Math.max(0, behind))} behind`,
    }[mode];
    if (follow.textContent !== words) follow.textContent = words;
    follow.dataset.mode = mode;
    follow.setAttribute('aria-pressed', String(mode !== 'off'));
    this.tickGone(follower);
  }

  tickGone(follower) {
    if (!follower.goneSince) {
      if (this.saysGone) this.silence();
      return;
    }
    const clock = clockText(follower.goneSince, this.page.utc);
    const words = WORDS.agentGone(clock, follower.secondsLeft);
    if (this.saysGone) {
      this.bar.firstChild.textContent = words;
      return;
    }
    this.say(words, 'Try now', () => follower.ask());
    this.saysGone = true;
  }

  // A bar on top; the picture stays.
  say(words, label = '', action = null) {
    this.saysGone = false;
    this.saysReading = false;
    refill(this.bar, make('span', {}, nameNode(words)));
    if (label) {
      this.bar.append(' ', button(action, { class: 'link' }, label));
    }
    this.bar.hidden = false;
  }

  silence() {
    this.saysGone = false;
    this.saysReading = false;
    this.bar.hidden = true;
  }

  refused(error) {
    this.say(WORDS.apiError(printable(error)));
  }

  updated(version) {
    this.say(WORDS.updated(printable(version)), 'Reload', () => location.reload());
  }

  // A wait begins; the function returned ends it. Nothing is shown before 150 ms.
  reading(range, stop) {
    const busy = byId('busy');
    const thin = setTimeout(() => (busy.hidden = false), QUIET_MS);
    const long = setTimeout(() => {
      this.say(WORDS.reading(spanText(range.ago ?? range.to - range.from)), 'Stop', stop);
      this.saysReading = true;
    }, LONG_MS);
    return () => {
      clearTimeout(thin);
      clearTimeout(long);
      busy.hidden = true;
      if (this.saysReading) this.silence();
    };
  }
}
