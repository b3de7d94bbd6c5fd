// SPDX-License-Identifier: Apache-2.0
// The picture of one payload: flame graph, sandwich, function table, search, zoom. State in,
// picture out; new data keeps what the user chose. The exported file and the live page share it.
import { frameOfName, frameTotals, nodeOfPath, isFunction, openProfile, openTree,
  pathOf, sortedTree } from './flame.js';
import { applyTransforms, withoutRecursion } from './transform.js';
import { layoutTree } from './layout.js';
import { frameColours, kindColours, kindHex } from './palette.js';
import { exactQuery } from './search.js';
import { Finder, SearchField } from './finder.js';
import { Unfolder } from './unfold.js';
import { readTokens } from './canvas.js';
import { Comparison, diffStep, ratioText } from './diff.js';
import { Stage } from './stage.js';
import { FunctionTable, tableRows } from './table.js';
import { Sandwich } from './sandwich.js';
import { FrameMenu } from './menu.js';
import { copyText, saveFile, tableCsv } from './export.js';
import { crumbParts, diffLegendParts, legendParts, spokenText, statusParts } from './bars.js';
import { byId, refill } from './dom.js';
import { countText, percentText, printable } from './format.js';
import { WORDS } from './words.js';

// Drawn in this state's terms; anything else in it is the page's own.
const DRAWN = ['transforms', 'collapsed', 'mode', 'zoom', 'query', 'narrow', 'fn', 'colour', 'sort', 'inverted', 'alphabetic', 'fullNames', 'absolute', 'sideA'];

export class GraphView {
  // store: of the page's state; shell: {theme, toast(text), showHelp()}; fetchParts(): a promise of what
  // the first picture does not need (parts.js)
  constructor(store, shell, fetchParts) {
    this.store = store;
    this.shell = shell;
    this.fetchParts = fetchParts;
    this.parts = null;
    this.calls = null; // as the tooltip: of the parts
    this.tooltip = null;
    this.tip = WORDS.tip; // what the status line says until the first action
    this.zoomed = 0;
    this.before = []; // zooms that Escape goes back to
    this.buildParts();
    this.listen();
    store.listen((now, changed) => {
      if (this.payload && DRAWN.some((key) => changed.has(key))) this.render(changed);
    });
  }

  // Shows this payload in place of the one before; zoom, search, order and scroll stay. follows: it is
  // the same selection a little later, so neighbours stay neighbours.
  open(payload, follows = false) {
    this.unfolder.forget();
    this.take(payload, follows);
    this.showIdle();
    this.withParts(() => {});
  }

  // What work(parts) returns, or a promise of it where they still have to come.
  withParts(work) {
    if (this.parts) return work(this.parts);
    this.coming ??= this.fetchParts().then((parts) => this.takeParts(parts)).finally(() => (this.coming = null));
    return this.coming.then(() => this.parts && work(this.parts));
  }

  takeParts(parts) {
    this.parts = parts;
    if (!parts) return;
    this.tooltip = new parts.Tooltip(byId('tooltip'), {
      profile: () => this.profile,
      tree: () => this.tree,
      totals: () => this.nodeTotals,
      compared: () => this.compared,
      kindColour: (kind) => kindHex(kind, this.shell.theme),
    });
    this.calls = new parts.CallsGrid(byId('calls'), {
      describe: (node) => this.describe(this.tree.frame[node], this.tree, node),
      zoom: (node) => this.zoom(node),
      menu: (node, event) => this.openMenu(node, event.clientX, event.clientY),
    });
    parts.preparePrint(this);
  }

  take(payload, follows) {
    const focus = this.stage.view.focused > 0
      ? pathOf(this.tree, this.profile, this.stage.view.focused) : null;
    this.payload = payload;
    this.given = { profile: openProfile(payload), tree: openTree(payload) };
    this.all = Math.max(1e-9, this.given.tree.total[0]);
    const shown = follows && this.tree && !this.state.alphabetic ? { tree: this.tree, profile: this.profile } : null;
    this.render(new Set(DRAWN), shown);
    const found = focus && nodeOfPath(this.tree, this.profile, focus);
    this.stage.view.focused = found && !found.missing ? found.node : -1;
  }

  get state() {
    return this.store.value;
  }

  get hits() {
    return this.finder.hits;
  }

  buildParts() {
    const main = () => this.stage.view;
    this.stage = new Stage(byId('flame'), {
      hover: (node, run, event) => this.hover(main(), node, run, event, true),
      click: (node, run, event) => (event.pointerType === 'touch' ? this.withParts(({ tapFrame }) => tapFrame(this, node)) : this.click(node, run)),
      menu: (node, event) => this.openMenu(node, event.clientX, event.clientY),
      pin: () => this.tooltip?.pin(),
      span: (x0, x1) => this.stage.slide(x0, x1, true),
      scrolled: () => this.showDeeper(),
    });
    this.sandwich = new Sandwich({
      header: byId('sandwich-header'), callers: byId('callers'), callees: byId('callees'),
    }, {
      hover: (view, node, run, event) => this.hover(view, node, run, event, false),
      menu: (view, node, event) =>
        this.openFrameMenu(view.tree.frame[node], event.clientX, event.clientY),
      centre: (frame) => this.openSandwich(frame),
    });
    this.table = new FunctionTable({
      head: byId('table-head'), scroller: byId('table'), body: byId('table-rows'),
    }, {
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
    this.finder = new Finder(this, () => this.render(new Set(['query'])));
    this.narrow = new SearchField(this, 'narrow', () => this.showTable());
    this.unfolder = new Unfolder(this, (payload) => this.take(payload, true));
    this.menu = new FrameMenu(byId('menu'));
  }

  listen() {
    byId('modes').addEventListener('change', (event) =>
      this.store.set({ mode: event.target.value }, event.target.value === 'sandwich'));
    byId('widths').addEventListener('change', (event) => this.store.set({ sideA: event.target.value === 'a' }, true));
    byId('colour').addEventListener('change', (event) => this.store.set({ colour: event.target.value }));
    const press = (id, action) => byId(id).addEventListener('click', action);
    press('deeper', () => this.fitDepth());
    press('options', (event) => this.openBelow(event.currentTarget, (parts) => parts.optionChoices(this)));
    press('table-menu', (event) => this.openBelow(event.currentTarget, (parts) => parts.tableChoices(this)));
    matchMedia('(max-width: 1100px)').addEventListener('change', () => this.stage.measure());
  }

  // The tree as the transforms leave it, and everything that is derived from it.
  transform(follows) {
    const { profile, tree } = applyTransforms(this.given.profile, this.given.tree, this.state.transforms);
    const collapsed = this.state.collapsed ? withoutRecursion(tree) : { tree, repeats: new Map() };
    this.profile = profile;
    this.source = follows && this.parts
      ? this.parts.keptOrder(collapsed.tree, profile, follows.tree, follows.profile) : collapsed.tree;
    this.finder.forget();
    this.narrow.forget();
    this.nodeTotals = this.totalsBelow(this.source, 0);
    this.tooltip?.hide(true);
    this.stage.setProfile(profile, this.all);
    this.stage.view.repeats = collapsed.repeats;
    this.sandwich.setProfile(profile);
    this.table.setProfile(profile);
  }

  // Picture --------------------------------------------------------------------------------
  render(changed, follows = null) {
    const has = (...keys) => keys.some((key) => changed.has(key));
    if (has('transforms', 'collapsed')) {
      this.transform(follows);
      DRAWN.forEach((key) => changed.add(key));
    }
    if (has('absolute', 'sideA')) {
      this.compared = this.payload.b ? new Comparison(this.payload, this.state.absolute) : null;
      changed.add('alphabetic');
    }
    if (has('alphabetic')) this.arrange();
    if (has('inverted')) {
      this.stage.view.flipped = this.state.inverted;
      this.stage.settleRows();
      if (this.state.inverted) this.stage.box.scrollTop = 1e9;
    }
    if (has('mode')) this.showMode();
    if (has('zoom', 'alphabetic', 'inverted')) this.showZoom(!has('alphabetic'));
    if (has('colour', 'alphabetic')) this.recolour();
    if (has('query', 'zoom', 'alphabetic')) this.finder.show();
    if (has('narrow', 'alphabetic')) this.narrow.show();
    if (has('zoom', 'alphabetic', 'colour', 'query')) this.drawLegend();
    if (has('zoom', 'query', 'narrow', 'sort', 'alphabetic', 'mode')) this.showTable();
    if (has('fullNames')) this.stage.view.fullNames = this.state.fullNames;
    if (has('fn', 'mode', 'alphabetic')) this.showSandwich();
    if (has('zoom', 'query', 'mode', 'alphabetic')) this.showCalls();
    byId('colour').value = this.state.colour;
    this.stage.paint();
    this.sandwich.paint({ fullNames: this.state.fullNames, hits: this.hits });
  }

  // With what the table sorts by in a comparison.
  totalsBelow(tree, node) {
    const totals = frameTotals(tree, this.profile.frames, node);
    totals.change = (frame) => {
      const { before, after } = this.compared.of(totals.before[frame], totals.self[frame]);
      return after - before;
    };
    return totals;
  }

  arrange() {
    const { name } = this.profile;
    this.tree = this.state.alphabetic
      ? sortedTree(this.source, (a, b) => {
        const [left, right] = [name[this.source.frame[a]], name[this.source.frame[b]]];
        return left < right ? -1 : left > right ? 1 : a - b;
      })
      : this.source;
    const { tree } = this;
    const onA = this.compared !== null && this.state.sideA;
    this.stage.view.whole = onA ? Math.max(1e-9, this.given.tree.totalBefore[0]) : this.all;
    this.stage.setLayout(layoutTree(onA ? { ...tree, self: tree.before, total: tree.totalBefore } : tree));
    byId('widths').hidden = !this.compared;
    byId('widths').querySelector(`[value=${onA ? 'a' : 'b'}]`).checked = true;
    this.stage.view.focused = -1;
  }

  showMode() {
    const { mode } = this.state;
    byId('main').dataset.mode = mode;
    byId('sandwich').hidden = mode !== 'sandwich';
    byId('calls').hidden = mode !== 'calls';
    byId('modes').querySelector(`[value="${mode}"]`).checked = true;
    this.stage.measure();
    this.showDeeper();
  }

  showZoom(animate) {
    const { node, missing } = nodeOfPath(this.tree, this.profile, this.state.zoom);
    const comes = this.unfolder.ask(this.state.zoom);
    if (missing && !comes) this.shell.toast(WORDS.goneFrame(missing));
    this.zoomed = node;
    const shown = this.stage.view.width > 0 && animate;
    this.stage.zoomTo(node, shown);
    this.totals = node === 0 ? this.nodeTotals : this.totalsBelow(this.tree, node);
    if (this.stage.view.focused >= this.tree.end[node] || this.stage.view.focused < node) {
      this.stage.view.focused = -1;
    }
    this.drawCrumb();
    this.showDeeper();
  }

  recolour() {
    const share = this.nodeTotals.self.map((self) => self / this.all);
    const colours = frameColours(this.profile, this.shell.theme, this.state.colour, share);
    this.colours = colours;
    this.stage.view.colours = colours;
    const { compared, tree } = this;
    const difference = compared && this.state.colour === 'origin';
    this.stage.view.nodeColours = difference ? compared.colours(tree, this.shell.theme) : null;
    this.stage.view.nodeMarks = difference ? compared.marks(tree) : null;
    this.stage.view.nodeNote = difference ? (node) => {
      const change = compared.of(tree.totalBefore[node], tree.total[node]);
      return change.beyond && diffStep(change) !== 3 ? ratioText(change) : '';
    } : null;
    byId('colour').options[0].textContent = compared ? 'difference' : 'origin';
    this.stage.view.tokens = readTokens();
    this.sandwich.paint({ colours, tokens: this.stage.view.tokens, hits: this.hits });
  }

  // The sandwich counts every occurrence, so its list does too.
  tableTotals() {
    return this.state.mode === 'sandwich' ? this.nodeTotals : this.totals;
  }

  tableAll() {
    return this.state.mode === 'sandwich' ? this.all : this.tree.total[this.zoomed] || 1;
  }

  showTable() {
    const none = this.finder.without ? new Uint8Array(this.profile.frames) : null;
    const masks = [none ?? this.hits, this.narrow.hits].filter(Boolean);
    this.rows = tableRows(this.profile, this.tableTotals(), masks, this.state.sort);
    this.table.show({
      rows: this.rows, totals: this.tableTotals(), all: this.tableAll(), sort: this.state.sort,
      colours: kindColours(this.profile, this.shell.theme), compared: this.compared,
    });
    const whole = this.zoomed === 0 || this.state.mode === 'sandwich';
    byId('functions-scope').textContent = whole ? 'in this profile' : 'in this view';
  }

  showCalls() {
    if (this.state.mode !== 'calls') return;
    this.withParts(() => this.calls.show({
      tree: this.tree, profile: this.profile, all: this.all, compared: this.compared, hits: this.hits,
      from: this.zoomed, colours: kindColours(this.profile, this.shell.theme),
    }));
  }

  showSandwich() {
    if (this.state.mode !== 'sandwich') return;
    const frame = this.state.fn
      ? frameOfName(this.profile, this.state.fn, this.nodeTotals.total) : (this.rows[0] ?? -1);
    this.sandwich.show(this.tree, frame, this.nodeTotals, this.all);
    this.sandwich.paint({
      colours: this.colours, tokens: this.stage.view.tokens, hits: this.hits,
      fullNames: this.state.fullNames,
    });
  }

  // Around the graph -----------------------------------------------------------------------
  showIdle() {
    byId('status').textContent = this.payload.total > 0 ? this.tip : '';
  }

  drawCrumb() {
    refill(byId('crumb'), ...crumbParts({
      tree: this.tree, profile: this.profile, zoomed: this.zoomed, all: this.all,
      labels: this.stage.view.labels.plain, host: printable(this.payload.meta.host || 'all'),
      zoom: (node) => this.zoom(node), transforms: this.state.transforms,
      undo: (one) => this.store.set({ transforms: this.state.transforms.filter((other) => other !== one) }, true),
      share: this.source.total[0] / this.all,
    }));
  }

  drawLegend() {
    if (this.stage.view.nodeColours) {
      refill(byId('legend'), ...diffLegendParts(this.shell.theme, this.compared.absolute));
      return;
    }
    refill(byId('legend'), ...legendParts({
      tree: this.tree, profile: this.profile, zoomed: this.zoomed, theme: this.shell.theme,
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
      this.tooltip?.hide();
      return;
    }
    this.tooltip?.point(view, node, run, event, own);
    this.describe(view.tree.frame[node], view.tree, node, run);
  }

  describe(frame, tree, node, run = 0) {
    const { view } = this.stage;
    const whole = tree === view.tree ? view.whole : this.all;
    const shares = {
      total: (tree ? tree.total[node] : this.totals.total[frame]) / whole,
      self: (tree ? tree.self[node] : this.totals.self[frame]) / whole,
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
    this.tooltip?.hide(true);
    if (node < 0) return;
    const target = run > 1 ? this.tree.parent[node] : node;
    this.stage.view.focused = target;
    this.zoom(target === this.zoomed ? Math.max(0, this.tree.parent[target]) : target);
  }

  zoom(wanted) {
    const node = this.unfolder.target(wanted);
    if (node === this.zoomed) return;
    this.before.push(this.state.zoom);
    this.store.set({ zoom: pathOf(this.tree, this.profile, node) }, true);
  }

  back() {
    if (this.menu.open) return this.menu.close();
    if (this.shell.closePanel()) return undefined;
    if (this.tooltip?.pinned) return this.tooltip.hide(true);
    if (this.state.mode === 'sandwich') return this.store.set({ mode: 'both', fn: null }, true);
    const { free } = this.stage;
    if (this.zoomed === 0 && !free) return this.setQuery('');
    if (free) return this.stage.zoomTo(this.zoomed, true);
    return this.store.set({ zoom: this.before.pop() ?? [] }, true);
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

  openSandwich(frame) {
    const { name, image } = this.profile;
    this.tooltip?.hide(true);
    this.store.set({ mode: 'sandwich', fn: { name: name[frame], image: image[frame].base } }, true);
  }

  async copy(text, what) {
    this.shell.toast((await copyText(text)) ? WORDS.copied(what) : WORDS.cannotCopy);
  }

  saveCsv() {
    saveFile(`sonde-${this.payload.meta.host}-functions.csv`, 'text/csv',
      tableCsv(this.profile, this.rows, this.tableTotals(), this.tableAll()));
  }

  openMenu(node, x, y) {
    this.tooltip?.hide(true);
    this.withParts((parts) => this.menu.show(parts.nodeChoices(this, node), x, y));
  }

  openFrameMenu(frame, x, y) {
    if (!isFunction(this.profile, frame)) return;
    this.withParts((parts) => this.menu.show(parts.functionChoices(this, frame), x, y));
  }

  // itemsOf(parts): what the menu of this button offers
  openBelow(button, itemsOf) {
    const { bottom, left } = button.getBoundingClientRect();
    this.withParts((parts) => this.menu.show(itemsOf(parts), left, bottom + 4));
  }

  fitDepth() {
    this.stage.fitDepth = !this.stage.fitDepth;
    this.stage.settleRows();
    this.stage.paint();
    this.showDeeper();
  }

  // After a change of theme.
  restyle() {
    if (!this.payload) return;
    this.recolour();
    this.drawLegend();
    this.showTable();
    this.showCalls();
    this.stage.paint();
  }
}
