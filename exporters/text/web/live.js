// SPDX-License-Identifier: Apache-2.0
// The agent's page: asks for what the state names and shows the answers. State in the address,
// pictures in the parts; this file joins them.
import { Store } from './state.js';
import { fragmentOf, pathText, readFragment, showFragment } from './url.js';
import { AgentError, askAgent, rangePairsOf, selectionPairs } from './agent.js';
import { Follower } from './follow.js';
import { GraphView } from './graph.js';
import { Shell } from './shell.js';
import { inWorker, SearchWorker, serveSearches } from './regex_search.js';
import { TimeStrip } from './strip.js';
import { Chips, inOrder } from './chips.js';
import { noticeOf, showNotice } from './notice.js';
import { LiveBars } from './live_bars.js';
import { copyText, saveFile } from './export.js';
import { trustOf } from './health.js';
import { rangeActions, rangeKeys } from './range_keys.js';
import { keyActions, listenKeys } from './keys.js';
import { saveSetting, savedSetting } from './bars.js';
import { byId } from './dom.js';
import { resolveRange, snapRange, spanText } from './range.js';
import { WORDS } from './words.js';

const ASKED = ['view', 'range', 'before', 'beforeFilters', 'filters', 'group', 'context']; // need a new answer
const MIN_SAMPLES = 20; // of a preview
const PREVIEW_MS = 1000; // between two previews
const COLLECTING_MS = 250; // until there is one
const MAX_BELOW = 30_000; // nodes of an answer that is put into another

class LivePage {
  constructor() {
    const { state, kept, bad } = readFragment(location.hash);
    this.kept = kept;
    this.store = new Store(state);
    this.shell = new Shell((...how) => this.graph.withParts(({ liveHelp }) => liveHelp(...how)), (now) => this.restyle(now));
    this.graph = new GraphView(this.store, this.shell, () => this.fetchParts());
    this.graph.finder.worker = new SearchWorker();
    this.graph.narrow.worker = new SearchWorker();
    this.graph.tip = WORDS.liveTip;
    this.graph.unfolder.fetchBelow = (path) => this.askBelow(path);
    this.skew = 0; // agent's clock minus this browser's
    this.status = null;
    this.shown = null; // the answers, with {from, to, samples, trust}
    this.undone = []; // ranges that Escape on the strip goes back to
    this.buildParts();
    this.listen();
    this.bars.fill();
    this.chips.show();
    this.showView();
    if (bad.length > 0) this.shell.toast(WORDS.badLink(bad));
    this.follower.ask();
  }

  get state() {
    return this.store.value;
  }

  get utc() {
    return (this.state.zone ?? savedSetting('zone', 'local')) === 'utc';
  }

  now() {
    return Date.now() + this.skew;
  }

  windowMs() {
    return this.status?.window_ms ?? 10_000;
  }

  buildParts() {
    this.strip = new TimeStrip(byId('strip'), {
      theme: () => this.shell.theme,
      utc: () => this.utc,
      windowMs: () => this.windowMs(),
      bands: () => this.bands(),
      brush: (letter, range, free) => this.brush(letter, range, free),
      whole: () => this.store.set({ ...this.sides(this.context()), context: null }, true),
    });
    this.chips = new Chips({
      filters: () => this.state.filters,
      setFilters: (filters) => this.store.set({ filters }, true),
      labels: () => askAgent('labels', this.shownPairs()),
      values: (name, text) => askAgent(`label/${encodeURIComponent(name)}/values`,
        [...this.shownPairs(), ['q', text]]),
      total: () => (this.shown?.flame ? this.shown.flame.total * this.shown.flame.tick : 0),
    });
    this.bars = new LiveBars(this);
    this.follower = new Follower({
      load: () => this.load(),
      using: () => this.using(),
      following: () => Boolean(this.state.range.ago),
      previewMs: () => this.previewMs(),
      windowMs: () => this.windowMs(),
      now: () => this.now(),
      show: () => this.bars.tick(),
    });
  }

  // Of the second script, which makes the rest of the page.
  async fetchParts() {
    try {
      const { LIVE_PARTS } = await import('/more.js');
      this.takeParts(LIVE_PARTS);
      return LIVE_PARTS;
    } catch {
      this.shell.toast(WORDS.halfPage);
      return null;
    }
  }

  takeParts({ RangePanel, ProcessTable }) {
    this.rangePanel = new RangePanel({
      utc: () => this.utc,
      now: () => this.now(),
      history: () => this.status?.history ?? { first: 0 },
      shown: () => this.resolved(),
      setRange: (range) => this.store.set({ range, context: null }, true),
      setZone: (zone) => {
        saveSetting('zone', zone);
        this.store.set({ zone });
      },
      close: () => this.shell.closePanel(),
    });
    this.processes = new ProcessTable({
      theme: () => this.shell.theme,
      utc: () => this.utc,
      sort: () => this.state.sort,
      setSort: (sort) => this.store.set({ sort }),
      compare: (a, b) => this.comparePair(a, b),
    });
  }

  listen() {
    this.store.listen((now, changed, push) => {
      showFragment(fragmentOf(now, this.kept), push);
      if (changed.has('filters')) this.chips.show();
      if (changed.has('view')) this.showView();
      if (changed.has('sort') && now.view === 'processes') this.processes?.fill();
      if (ASKED.some((key) => changed.has(key))) this.follower.ask();
      this.strip.paint();
      this.bars.fill();
    });
    for (const moved of ['popstate', 'hashchange']) {
      window.addEventListener(moved, () => {
        const found = readFragment(location.hash);
        this.kept = found.kept;
        this.store.set(found.state);
        if (found.bad.length > 0) this.shell.toast(WORDS.badLink(found.bad));
      });
    }
    const press = (id, action) => byId(id).addEventListener('click', action);
    press('range', ({ currentTarget }) => this.graph.withParts(() => {
      this.rangePanel.fill();
      this.shell.togglePanel(byId('range-panel'), currentTarget);
    }));
    press('follow', () => this.catchUp());
    press('share', () => this.share());
    press('types', (event) => this.graph.openBelow(event.currentTarget, (parts) => parts.typeChoices(this.status)));
    press('copy-report', () => this.graph.withParts((parts) => this.graph.copy(parts.reportText(this.status.host), 'Report')));
    press('diagnostics', (event) => this.graph.openBelow(event.currentTarget, () => [WORDS.diagnostics,
      ['Save diagnostics', '.json', () => this.saveDiagnostics()]]));
    press('download', (event) => this.openDownloads(event.currentTarget));
    byId('sides').addEventListener('change', (event) => this.setComparing(event.target.value === 'two'));
    byId('group').addEventListener('change', (event) => this.store.set({ group: event.target.value }));
    listenKeys({ ...keyActions(this.graph), ...rangeActions(this) }, () => this.shell.letters);
    rangeKeys(byId('strip'), () => this.undoRange());
  }

  showView() {
    const { view } = this.state;
    document.body.dataset.view = view;
    for (const one of ['profile', 'node', 'processes', 'health']) {
      byId(one === 'profile' ? 'main' : `${one}-view`).hidden = one !== view;
    }
    byId('health-actions').hidden = view !== 'health';
    byId('status').textContent = view === 'profile' ? WORDS.liveTip : '';
    this.graph.tooltip?.hide(true);
    if (view === 'profile') this.graph.stage.measure();
  }

  restyle(now) {
    this.graph.restyle();
    this.strip.draw();
    this.processes?.fill();
    if (now) this.graph.stage.view.draw();
  }

  // Ranges ---------------------------------------------------------------------------------
  // Of the answer that is shown.
  resolved() {
    return this.shown ?? resolveRange(this.state.range, this.now(), this.windowMs());
  }

  // What the strip spans: both sides of a comparison, unless it was chosen.
  context() {
    const { context, range, before } = this.state;
    if (context || !before) return context ?? range;
    const { from, to } = resolveRange(range, this.now(), this.windowMs());
    return { from: Math.min(from, before.from), to: Math.max(to, before.to) };
  }

  bands() {
    const { range } = this.state;
    const span = range.ago && this.shown ? { from: this.shown.from, to: this.shown.to }
      : resolveRange(range, this.now(), this.windowMs());
    const { before } = this.state;
    return before && !this.together ? [{ ...before, letter: 'A' }, { ...span, letter: 'B' }] : [{ ...span, letter: '' }];
  }

  // Two selections over one range, which moves for both.
  get together() {
    const { before, beforeFilters, range } = this.state;
    return beforeFilters !== null && before?.from === range.from && before.to === range.to;
  }

  sides(range) {
    return this.together ? { range, before: resolveRange(range, this.now(), this.windowMs()) } : { range };
  }

  // A range chosen on the strip: the strip itself stays where it is.
  // A and B stay equally long unless `free`.
  brush(letter, range, free) {
    const { series } = this.shown;
    const { range: now, before, context } = this.state;
    this.undone.push({ range: now, before, context });
    const frozen = { context: { from: series.from, to: series.to } };
    if (letter === '') return this.store.set({ ...this.sides(range), ...frozen }, true);
    const length = range.to - range.from;
    const other = letter === 'A' ? now : before;
    const equal = free ? other : { from: other.from, to: other.from + length };
    return this.store.set(letter === 'A' ? { before: range, range: equal, ...frozen }
      : { before: equal, range, ...frozen }, true);
  }

  // A becomes the span as long just before B; both stay where they are.
  setComparing(on) {
    if (on === Boolean(this.state.before)) return;
    if (!on) {
      const { beforeFilters, group } = this.state;
      this.store.set({ before: null, beforeFilters: null, sideA: false, sort: 'self.desc',
        group: beforeFilters ? 'process' : group }, true);
      return;
    }
    const { from, to } = this.resolved();
    const whole = { from: from - (to - from), to };
    const context = resolveRange(this.context(), this.now(), this.windowMs());
    this.store.set({ range: { from, to }, before: { from: whole.from, to: from }, sort: 'change.desc',
      context: { from: Math.min(context.from, whole.from), to: Math.max(context.to, to) } }, true);
  }

  // Process `b` against `a`, over the range that is shown and without rows of groups.
  comparePair(a, b) {
    const { from, to } = this.shown;
    const only = (value) => inOrder([...this.state.filters.filter(({ key }) => key !== 'process'), { key: 'process', op: '=', value }]);
    this.store.set({ view: 'profile', zoom: [], range: { from, to }, before: { from, to }, filters: only(b),
      beforeFilters: only(a), group: 'none', sort: 'change.desc' }, true);
  }

  undoRange() {
    const before = this.undone.pop();
    if (before) this.store.set(before, true);
  }

  // Another range of its own right: the strip follows where it would not hold it.
  setRange(range) {
    const wanted = snapRange(range, this.windowMs());
    const context = resolveRange(this.context(), this.now(), this.windowMs());
    const holds = context.from <= wanted.from && context.to >= wanted.to;
    this.store.set({ ...this.sides(wanted), context: holds ? context : null }, true);
  }

  // The picture is being used: new data must not move it.
  using() {
    const { state, graph } = this;
    const read = graph.menu.open || byId('help').open || !document.getSelection().isCollapsed;
    if (state.view !== 'profile') return read;
    return read || state.zoom.length > 0 || state.mode === 'sandwich' || Boolean(state.before) ||
      graph.tooltip?.pinned || Boolean(this.strip.drag);
  }

  toggleHold() {
    if (this.follower.mode === 'live') this.follower.held = true;
    else this.catchUp();
    this.bars.tick();
  }

  catchUp() {
    this.follower.held = false;
    if (!this.state.range.ago && !this.state.before) {
      const { from, to } = this.state.range;
      const context = this.state.context ?? { ago: Math.max(60_000, to - from) };
      const ago = context.ago ?? Math.round((context.to - context.from) / 60_000) * 60_000;
      this.store.set({ range: { ago: Math.max(60_000, ago) }, context: null }, true);
    } else {
      this.follower.ask();
    }
  }

  // Asking ---------------------------------------------------------------------------------
  shownPairs() {
    const span = this.shown ?? this.state.range;
    return [...selectionPairs({ filters: [] }), ...rangePairsOf(span)];
  }

  async load() {
    this.stopAsking?.abort();
    const stop = (this.stopAsking = new AbortController());
    const { state } = this;
    const done = this.bars.reading(state.range, () => stop.abort());
    try {
      const status = await askAgent('status', [], stop.signal);
      this.takeStatus(status);
      await this.show(await this.askFor(state, stop.signal), stop.signal);
    } catch (error) {
      if (error instanceof AgentError && error.kind === 'refused') this.bars.refused(error.message);
      throw error;
    } finally {
      done();
    }
  }

  // What the view needs: {flame, series, health, by}; null where it needs none.
  async askFor(state, signal) {
    const preview = [['live', this.status.history.windows === 0 ? '1' : null]];
    const pairs = [...selectionPairs(state), ...preview];
    const range = [...pairs, ...rangePairsOf(state.range)];
    const { view } = state;
    const [flame, series, health, by] = await Promise.all([
      view === 'profile' ? this.askFlame(state, state.range, preview, signal) : null,
      view === 'health' ? null : askAgent('series', [...pairs, ...rangePairsOf(this.context()),
        ['points', String(this.strip.points)]], signal),
      view === 'profile' ? null : askAgent('health', range, signal),
      view === 'processes' || view === 'node' ? askAgent('series', [...range, ['g', 'process'], ['points', '60']], signal) : null,
      view === 'profile' && !state.beforeFilters ? null : this.needParts(),
    ]);
    return { view, flame, series, health, by };
  }

  // Without the second script there is nothing to show these answers with.
  async needParts() {
    if (!await this.graph.withParts(() => true)) throw new AgentError('gone', 'no /more.js');
  }

  // Sides with filters of their own are asked for one by one.
  async askFlame(state, range, more, signal) {
    const { before, beforeFilters } = state;
    const ask = (filters, ...pairs) => askAgent('flame', [...selectionPairs({ filters }), ['g', state.group],
      ...more, ...pairs.flat()], signal);
    if (!before || !beforeFilters) return ask(state.filters, rangePairsOf(range), rangePairsOf(before, 'afrom', 'ato'));
    const both = await Promise.all([ask(beforeFilters, rangePairsOf(before)), ask(state.filters, rangePairsOf(range))]);
    return this.graph.withParts(({ comparedPayload }) => comparedPayload(...both));
  }

  // What the agent put together below this path, of what is shown; null if it cannot be had.
  async askBelow(path) {
    try {
      return await this.askFlame(this.state, this.shown, [['root', pathText(path)], ['max', MAX_BELOW]]);
    } catch (error) {
      if (error instanceof AgentError) return null;
      throw error;
    }
  }

  takeStatus(status) {
    this.skew = status.now - Date.now();
    const changed = this.status && this.status.version !== status.version;
    this.firstVersion ??= status.version;
    this.status = status;
    if (changed || this.firstVersion !== status.version) this.bars.updated(status.version);
  }

  async show(answers, signal) {
    const { view, flame, series, health, by } = answers;
    const without = flame ? await this.samplesWithoutFilters(flame, signal) : 0;
    const { from, to } = flame ?? health;
    this.shown = { ...answers, from, to, ...(flame ? { samples: flame.samples, trust: flame.trust } : trustOf(health)) };
    if (series) this.strip.show(series);
    if (flame) this.showProfile(flame, series, without);
    const open = (key) => (value) => this.store.set({ view: 'profile', zoom: [], filters: inOrder([
      ...this.state.filters.filter((one) => one.key !== key), { key, op: '=', value }]) }, true);
    if (view === 'health') this.graph.parts.fillTrustView(health, this.utc, open('image'));
    if (view === 'processes') {
      this.processes.open = open('process');
      this.processes.show(by);
    }
    if (view === 'node') this.graph.parts.fillNodeView(this.status, by);
    this.bars.fill();
  }

  async samplesWithoutFilters(flame, signal) {
    if (flame.total > 0 || this.state.filters.length === 0) return 0;
    const { samples } = await askAgent('series', [['points', '16'], ...rangePairsOf(flame)], signal);
    return samples.reduce((sum, one) => sum + one, 0);
  }

  // No window has ended yet, and there are too few samples to show.
  isCollecting(flame) {
    return this.status.history.windows === 0 && flame.samples < MIN_SAMPLES;
  }

  // How soon the next preview is worth asking for; 0: it is windows now that are followed.
  previewMs() {
    if (this.status?.history.windows !== 0) return 0;
    const flame = this.shown?.flame;
    return flame && this.isCollecting(flame) ? COLLECTING_MS : PREVIEW_MS;
  }

  showProfile(flame, series, without) {
    const few = this.isCollecting(flame);
    const { range, filters, group, before, beforeFilters } = this.state;
    const selection = JSON.stringify([range, filters, group, before, beforeFilters]);
    this.graph.open(flame, Boolean(range.ago) && this.selection === selection);
    this.selection = selection;
    const facts = { payload: few ? { ...flame, total: 0 } : flame, series, status: this.status,
      state: this.state, utc: this.utc, now: this.now(), without };
    showNotice(noticeOf(facts, {
      setFilters: (filters) => this.store.set({ filters }, true),
      showFrom: (first) => this.setRange({ from: first, to: first + (flame.to - flame.from) }),
      compareOff: () => this.setComparing(false),
    }));
  }

  // Leaving --------------------------------------------------------------------------------
  async share() {
    if (!this.shown) return;
    const { first } = this.status.history;
    const kept = first > 0 ? spanText(Math.round((this.now() - first) / 60_000) * 60_000) : '';
    const address = await this.graph.withParts(({ shareAddress }) => shareAddress(this.state, this.shown, this.kept));
    const copied = address && await copyText(address);
    this.shell.toast(copied ? WORDS.shared(kept) : WORDS.cannotCopy);
  }

  saveDiagnostics() {
    const { status } = this;
    saveFile(`sonde-${status.host}-diagnostics.json`, 'application/json',
      `${JSON.stringify({ status, health: this.shown.health }, null, 1)}\n`);
  }

  openDownloads(button) {
    if (!this.shown) return;
    this.graph.openBelow(button, ({ downloadChoices }) => downloadChoices(this.shown, this.state.filters,
      this.state.view === 'profile' ? () => this.graph.saveCsv() : null, this.state.transforms.length > 0));
  }
}

function openPage() {
  try {
    window.sondePage = new LivePage();
    window.sonde = window.sondePage.graph;
  } catch (error) {
    byId('status').textContent = String(error.message);
    throw error;
  }
}

if (inWorker) serveSearches();
else openPage();
