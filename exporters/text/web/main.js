// SPDX-License-Identifier: Apache-2.0
// Puts the page together: state in, picture out. The only module that knows all the others.
import { Store } from './state.js';
import { fragmentOf, readFragment, showFragment } from './url.js';
import { readPayload } from './api.js';
import { frameOfName, frameTotals, nodeOfPath, isFunction, openProfile, openTree,
  pathOf, sortedTree } from './flame.js';
import { layoutTree } from './layout.js';
import { frameColours, kindColours, kindHex } from './palette.js';
import { exactQuery, searchAnswer, searchFrames } from './search.js';
import { readTokens } from './canvas.js';
import { Stage } from './stage.js';
import { FunctionTable, tableRows } from './table.js';
import { Sandwich } from './sandwich.js';
import { FrameMenu } from './menu.js';
import { Tooltip } from './tooltip.js';
import { trustPanel, trustVerdict } from './health.js';
import { copyText, saveFile, tableCsv } from './export.js';
import { functionChoices, nodeChoices, optionChoices, tableChoices } from './choices.js';
import { crumbParts, fillRange, helpParts, legendParts, printInLight, saveSetting, savedSetting,
  scopeText, showToast, spokenText, statusParts, summaryText, typeText } from './bars.js';
import { keyActions, listenKeys } from './keys.js';
import { byId, make, nameNode, refill } from './dom.js';
import { countText, percentText, printable } from './format.js';
import { WORDS } from './words.js';

const THEMES = ['system', 'light', 'dark'];
const TYPING_MS = 120;

class App {
  constructor(payload) {
    this.payload = payload;
    this.profile = openProfile(payload);
    this.baseTree = openTree(payload);
    this.all = Math.max(1e-9, this.baseTree.total[0]);
    this.nodeTotals = frameTotals(this.baseTree, this.profile.frames, 0);
    this.zoomed = 0;
    this.before = []; // zooms that Escape goes back to
    this.utc = savedSetting('zone', 'local') === 'utc';
    this.letters = savedSetting('letters', 'on') === 'on';
    const { state, kept, bad } = readFragment(location.hash);
    this.kept = kept;
    this.store = new Store(state);
    this.buildParts();
    this.listen();
    this.drawStatic();
    this.setTheme(savedSetting('theme', 'system'));
    this.store.listen((now, changed, push) => {
      this.render(changed);
      showFragment(fragmentOf(now, this.kept), push);
    });
    this.render(new Set(Object.keys(state)));
    if (bad.length > 0) this.toast(WORDS.badLink(bad.join(', ')));
  }

  get state() {
    return this.store.value;
  }

  buildParts() {
    const main = () => this.stage.view;
    this.stage = new Stage(byId('flame'), this.profile, {
      hover: (node, run, event) => this.hover(main(), node, run, event, true),
      click: (node, run) => this.click(node, run),
      menu: (node, event) => this.openMenu(node, event.clientX, event.clientY),
      pin: () => this.tooltip.pin(),
      span: (x0, x1) => this.stage.slide(x0, x1, true),
      scrolled: () => this.showDeeper(),
    });
    this.stage.view.whole = this.all;
    this.sandwich = new Sandwich({
      header: byId('sandwich-header'), callers: byId('callers'), callees: byId('callees'),
    }, this.profile, {
      hover: (view, node, run, event) => this.hover(view, node, run, event, false),
      menu: (view, node, event) =>
        this.openFrameMenu(view.tree.frame[node], event.clientX, event.clientY),
      centre: (frame) => this.openSandwich(frame),
    });
    this.table = new FunctionTable({
      head: byId('table-head'), scroller: byId('table'), body: byId('table-rows'),
    }, this.profile, {
      pick: (frame) => (this.state.mode === 'sandwich' ? this.openSandwich(frame)
        : this.setQuery(exactQuery(this.profile.name[frame]))),
      open: (frame) => this.openSandwich(frame),
      point: (frame) => {
        this.stage.view.outlineFrame = frame;
        this.stage.mark();
        if (frame >= 0) this.describe(frame, null, -1);
      },
      sort: (column) => this.sortBy(column),
    });
    this.menu = new FrameMenu(byId('menu'));
    this.tooltip = new Tooltip(byId('tooltip'), {
      profile: this.profile,
      totals: () => this.nodeTotals,
      kindColour: (kind) => kindHex(kind, this.theme),
    });
  }

  listen() {
    const query = byId('query');
    query.placeholder = WORDS.searchPlaceholder;
    query.addEventListener('input', () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.store.set({ query: query.value }), TYPING_MS);
    });
    query.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.nextHit(event.shiftKey ? -1 : 1);
    });
    byId('modes').addEventListener('change', (event) =>
      this.store.set({ mode: event.target.value }, event.target.value === 'sandwich'));
    byId('colour').addEventListener('change', (event) => this.store.set({ colour: event.target.value }));
    const press = (id, action) => byId(id).addEventListener('click', action);
    press('theme', () => this.nextTheme());
    press('range', () => {
      this.utc = !this.utc;
      saveSetting('zone', this.utc ? 'utc' : 'local');
      fillRange(byId('range'), this.payload, this.utc);
    });
    press('csv', () => this.saveCsv());
    press('help-button', () => this.showHelp());
    press('badge', () => this.toggleTrust());
    press('deeper', () => this.fitDepth());
    press('options', (event) => this.openBelow(event.currentTarget, optionChoices(this)));
    press('table-menu', (event) => this.openBelow(event.currentTarget, tableChoices(this)));
    for (const moved of ['popstate', 'hashchange']) window.addEventListener(moved, () => this.readUrl());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.restyle());
    matchMedia('(max-width: 1100px)').addEventListener('change', () => this.stage.measure());
    listenKeys(keyActions(this), () => this.letters);
    printInLight(this);
  }

  // Address --------------------------------------------------------------------------------
  readUrl() {
    const { state, kept } = readFragment(location.hash);
    this.kept = kept;
    this.store.value = state;
    this.render(new Set(Object.keys(state)));
  }

  // Picture --------------------------------------------------------------------------------
  render(changed) {
    const has = (...keys) => keys.some((key) => changed.has(key));
    if (has('alphabetic')) this.arrange();
    if (has('inverted')) {
      this.stage.view.flipped = this.state.inverted;
      this.stage.settleRows();
      if (this.state.inverted) this.stage.box.scrollTop = 1e9;
    }
    if (has('mode')) this.showMode();
    if (has('zoom', 'alphabetic', 'inverted')) this.showZoom(!has('alphabetic'));
    if (has('colour', 'alphabetic')) this.recolour();
    if (has('query', 'zoom', 'alphabetic')) this.showSearch();
    if (has('zoom', 'alphabetic', 'colour', 'query')) this.drawLegend();
    if (has('zoom', 'query', 'sort', 'alphabetic', 'mode')) this.showTable();
    if (has('fullNames')) this.stage.view.fullNames = this.state.fullNames;
    if (has('fn', 'mode', 'alphabetic')) this.showSandwich();
    byId('colour').value = this.state.colour;
    this.stage.paint();
    this.sandwich.paint({ fullNames: this.state.fullNames, hits: this.hits });
  }

  arrange() {
    const { name } = this.profile;
    this.tree = this.state.alphabetic
      ? sortedTree(this.baseTree, (a, b) => {
        const [left, right] = [name[this.baseTree.frame[a]], name[this.baseTree.frame[b]]];
        return left < right ? -1 : left > right ? 1 : a - b;
      })
      : this.baseTree;
    this.stage.setLayout(layoutTree(this.tree));
    this.stage.view.focused = -1;
  }

  showMode() {
    const { mode } = this.state;
    byId('main').dataset.mode = mode;
    byId('sandwich').hidden = mode !== 'sandwich';
    byId('modes').querySelector(`[value="${mode}"]`).checked = true;
    this.stage.measure();
    this.showDeeper();
  }

  showZoom(animate) {
    const { node, missing } = nodeOfPath(this.tree, this.profile, this.state.zoom);
    if (missing) this.toast(WORDS.goneFrame(missing));
    this.zoomed = node;
    const shown = this.stage.view.width > 0 && animate;
    this.stage.zoomTo(node, shown);
    this.totals = node === 0 ? this.nodeTotals : frameTotals(this.tree, this.profile.frames, node);
    if (this.stage.view.focused >= this.tree.end[node] || this.stage.view.focused < node) {
      this.stage.view.focused = -1;
    }
    this.drawCrumb();
    this.showDeeper();
  }

  recolour() {
    const share = this.nodeTotals.self.map((self) => self / this.all);
    const colours = frameColours(this.profile, this.theme, this.state.colour, share);
    this.colours = colours;
    this.stage.view.colours = colours;
    this.stage.view.tokens = readTokens();
    this.sandwich.paint({ colours, tokens: this.stage.view.tokens, hits: this.hits ?? null });
  }

  showSearch() {
    const field = byId('query');
    if (field.value !== this.state.query) field.value = this.state.query;
    const { hits, error } = searchFrames(this.profile, this.state.query);
    field.parentElement.classList.toggle('bad', Boolean(error));
    if (error) { // the last result stays
      byId('answer').textContent = error;
      return;
    }
    this.answer = hits ? searchAnswer(this.tree, this.profile, hits, this.zoomed) : null;
    const found = this.answer && this.answer.frames > 0;
    this.hits = found ? hits : null;
    this.hitIndex = -1;
    this.stage.view.setHits(this.hits);
    this.drawAnswer();
  }

  drawAnswer() {
    const out = byId('answer');
    if (!this.answer) out.textContent = '';
    else if (this.answer.frames === 0) out.textContent = WORDS.noMatch;
    else {
      const share = percentText(this.answer.ticks / this.tree.total[this.zoomed]);
      const unit = this.payload.unit === 'nanoseconds' ? 'CPU' : this.payload.type;
      const place = this.hitIndex >= 0
        ? ` · ${countText(this.hitIndex + 1)} of ${countText(this.answer.nodes.length)}` : '';
      out.textContent = `${share} of ${unit}${place}`;
      out.title = `${countText(this.answer.frames)} functions, ${countText(this.answer.nodes.length)} frames`;
    }
  }

  // The sandwich counts every occurrence, so its list does too.
  tableTotals() {
    return this.state.mode === 'sandwich' ? this.nodeTotals : this.totals;
  }

  tableAll() {
    return this.state.mode === 'sandwich' ? this.all : this.tree.total[this.zoomed] || 1;
  }

  showTable() {
    const none = this.answer?.frames === 0 ? new Uint8Array(this.profile.frames) : null;
    this.rows = tableRows(this.profile, this.tableTotals(), none ?? this.hits, this.state.sort);
    this.table.show({
      rows: this.rows, totals: this.tableTotals(), all: this.tableAll(), sort: this.state.sort,
      colours: kindColours(this.profile, this.theme),
    });
    const whole = this.zoomed === 0 || this.state.mode === 'sandwich';
    byId('functions-scope').textContent = whole ? 'in this profile' : 'in this view';
  }

  showSandwich() {
    if (this.state.mode !== 'sandwich') return;
    const frame = this.state.fn
      ? frameOfName(this.profile, this.state.fn, this.nodeTotals.total) : (this.rows[0] ?? -1);
    this.sandwich.show(this.tree, frame, this.nodeTotals, this.all);
    this.sandwich.paint({
      colours: this.colours, tokens: this.stage.view.tokens, hits: this.hits ?? null,
      fullNames: this.state.fullNames,
    });
  }

  // Fixed parts ----------------------------------------------------------------------------
  drawStatic() {
    const { payload } = this;
    refill(byId('host'), nameNode(printable(payload.meta.host || 'unknown host')));
    byId('type').textContent = typeText(payload);
    const verdict = trustVerdict(payload);
    const badge = byId('badge');
    badge.dataset.level = verdict.level;
    refill(badge, make('span', { class: 'sign' }, verdict.sign),
      make('span', { class: 'verdict' }, verdict.text), make('span', { class: 'rest' }, verdict.rest));
    refill(byId('trust'), ...trustPanel(payload));
    byId('summary').textContent = summaryText(payload);
    byId('scope').textContent = scopeText(payload);
    byId('status').textContent = payload.total > 0 ? WORDS.tip : WORDS.empty.join('. ');
    fillRange(byId('range'), payload, this.utc);
  }

  drawCrumb() {
    refill(byId('crumb'), ...crumbParts({
      tree: this.tree, profile: this.profile, zoomed: this.zoomed, all: this.all,
      labels: this.stage.view.labels.plain, host: printable(this.payload.meta.host || 'all'),
      zoom: (node) => this.zoom(node),
    }));
  }

  drawLegend() {
    refill(byId('legend'), ...legendParts({
      tree: this.tree, profile: this.profile, zoomed: this.zoomed, theme: this.theme,
      query: this.state.query, setQuery: (text) => this.setQuery(text),
      dim: (kind) => {
        this.stage.view.dimKind = kind;
        this.stage.paint();
      },
    }));
  }

  showDeeper() {
    if (!this.stage?.view.layout) return;
    const levels = this.stage.hiddenLevels();
    const pill = byId('deeper');
    pill.hidden = levels === 0 || !['both', 'flame'].includes(this.state.mode);
    if (levels > 0) pill.textContent = WORDS.deeper(levels);
  }

  // Pointing -------------------------------------------------------------------------------
  hover(view, node, run, event, own) {
    if (node < 0) {
      this.tooltip.hide();
      return;
    }
    this.tooltip.point(view, node, run, event, own);
    this.describe(view.tree.frame[node], view.tree, node, run);
  }

  describe(frame, tree, node, run = 0) {
    const shares = {
      total: (tree ? tree.total[node] : this.totals.total[frame]) / this.all,
      self: (tree ? tree.self[node] : this.totals.self[frame]) / this.all,
    };
    refill(byId('status'), ...statusParts(this.profile, frame, shares, run));
  }

  focusNode(node) {
    if (node < 0) return;
    this.stage.view.focused = node;
    this.stage.reveal(node);
    this.describe(this.tree.frame[node], this.tree, node);
    byId('live').textContent = spokenText(this.tree, this.profile, node, this.all);
  }

  click(node, run) {
    this.tooltip.hide(true);
    if (node < 0) return;
    const target = run > 1 ? this.tree.parent[node] : node;
    this.stage.view.focused = target;
    this.zoom(target === this.zoomed ? Math.max(0, this.tree.parent[target]) : target);
  }

  zoom(node) {
    if (node === this.zoomed) return;
    this.before.push(this.zoomed);
    this.store.set({ zoom: pathOf(this.tree, this.profile, node) }, true);
  }

  back() {
    if (this.menu.open) return this.menu.close();
    if (!byId('trust').hidden) return this.toggleTrust();
    if (this.tooltip.pinned) return this.tooltip.hide(true);
    if (this.state.mode === 'sandwich') return this.store.set({ mode: 'both', fn: null }, true);
    const { view } = this.stage;
    const freeWindow = view.x0 !== view.layout.x[this.zoomed] ||
      view.x1 - view.x0 !== this.tree.total[this.zoomed];
    if (this.zoomed === 0 && !freeWindow) return this.setQuery('');
    if (freeWindow) return this.stage.zoomTo(this.zoomed, true);
    const previous = this.before.pop() ?? 0;
    const target = previous === this.zoomed ? 0 : previous;
    return this.store.set({ zoom: pathOf(this.tree, this.profile, target) }, true);
  }

  // Actions --------------------------------------------------------------------------------
  setQuery(query) {
    this.store.set({ query });
  }

  sortBy(column) {
    const [now, direction] = this.state.sort.split('.');
    const first = column === 'name' || column === 'image' ? 'asc' : 'desc';
    const next = now === column ? (direction === 'asc' ? 'desc' : 'asc') : first;
    this.store.set({ sort: `${column}.${next}` });
  }

  nextHit(by) {
    clearTimeout(this.typing);
    this.store.set({ query: byId('query').value });
    const nodes = this.answer?.nodes ?? [];
    if (nodes.length === 0) return;
    this.hitIndex = this.hitIndex < 0 && by < 0 ? nodes.length - 1
      : (this.hitIndex + by + nodes.length) % nodes.length;
    const node = nodes[this.hitIndex];
    const { view } = this.stage;
    const pixels = (this.tree.total[node] / (view.x1 - view.x0)) * view.width;
    const index = this.hitIndex;
    if (pixels < 26) {
      const wanted = this.tree.parent[node] > 0 ? this.tree.parent[node] : node;
      this.stage.slide(this.layoutX(wanted), this.layoutX(wanted) + this.tree.total[wanted], true);
    }
    this.hitIndex = index;
    this.drawAnswer();
    this.focusNode(node);
  }

  layoutX(node) {
    return this.stage.view.layout.x[node];
  }

  openSandwich(frame) {
    const { name, image } = this.profile;
    this.tooltip.hide(true);
    this.store.set({ mode: 'sandwich', fn: { name: name[frame], image: image[frame].base } }, true);
  }

  async copy(text, what) {
    this.toast((await copyText(text)) ? WORDS.copied(what) : WORDS.cannotCopy);
  }

  saveCsv() {
    saveFile(`sonde-${this.payload.meta.host}-functions.csv`, 'text/csv',
      tableCsv(this.profile, this.rows, this.tableTotals(), this.tableAll()));
  }

  openMenu(node, x, y) {
    this.tooltip.hide(true);
    this.menu.show(nodeChoices(this, node), x, y);
  }

  openFrameMenu(frame, x, y) {
    if (isFunction(this.profile, frame)) this.menu.show(functionChoices(this, frame), x, y);
  }

  openBelow(button, items) {
    const { bottom, left } = button.getBoundingClientRect();
    this.menu.show(items, left, bottom + 4);
  }

  fitDepth() {
    this.stage.fitDepth = !this.stage.fitDepth;
    this.stage.settleRows();
    this.stage.paint();
    this.showDeeper();
  }

  toggleTrust() {
    const panel = byId('trust');
    panel.hidden = !panel.hidden;
    byId('badge').setAttribute('aria-expanded', String(!panel.hidden));
  }

  toast(text) {
    showToast(byId('toast'), printable(text));
  }

  showHelp() {
    const dialog = byId('help');
    const letters = {
      on: this.letters,
      set: (on) => {
        this.letters = on;
        saveSetting('letters', on ? 'on' : 'off');
      },
    };
    refill(dialog, ...helpParts(letters, () => dialog.close()));
    dialog.showModal();
  }

  // Theme ----------------------------------------------------------------------------------
  setTheme(theme) {
    this.themeChoice = THEMES.includes(theme) ? theme : 'system';
    document.documentElement.dataset.theme = this.themeChoice;
    byId('theme').textContent = `Theme: ${this.themeChoice}`;
    this.theme = readTokens().theme;
  }

  nextTheme() {
    this.setTheme(THEMES[(THEMES.indexOf(this.themeChoice) + 1) % THEMES.length]);
    saveSetting('theme', this.themeChoice);
    this.restyle();
  }

  restyle() {
    this.theme = readTokens().theme;
    this.recolour();
    this.drawLegend();
    this.showTable();
    this.stage.paint();
  }
}

try {
  window.sonde = new App(readPayload());
} catch (error) {
  byId('status').textContent = String(error.message);
  throw error;
}
