// SPDX-License-Identifier: Apache-2.0
// The time strip: what the selection did over the context, and the brush that chooses the range
// everything else shows. In a comparison there are two bands, A and B.
import { button, make, oncePerFrame, refill } from './dom.js';
import { clockText, countText, dateText } from './format.js';
import { LANE_NAMES, StripCanvas } from './strip_canvas.js';
import { kindHex } from './palette.js';
import { KIND } from './flame.js';
import { WORDS } from './words.js';

const STRIP_HEIGHT = 96;
const GRIP_WIDTH = 6; // px on both sides of a band's edge that grab it
const DRAG_MIN = 4;

function stripColours(theme) {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  return { text: token('text'), text2: token('text2'), text3: token('text3'), hairline: token('hairline'),
    accent: token('accent'), surface: token('surface'), bad: token('bad'), hatch: token('hatch'),
    veil: token('veil'), user: token('user'), kernel: kindHex(KIND.kernel, theme) };
}

export class TimeStrip {
  // owner: {theme(), utc(), windowMs(), bands(), brush(letter, range, push), whole(), undo()}
  constructor(box, owner) {
    this.box = box;
    this.owner = owner;
    this.canvas = make('canvas', { 'aria-hidden': 'true' });
    this.flag = make('output', { class: 'flag', hidden: true });
    this.tableButton = button(() => this.toggleTable(), { class: 'link strip-table-button', 'aria-expanded': 'false' },
      WORDS.showAsTable);
    this.tableBox = make('div', { class: 'panel strip-table', hidden: true });
    box.append(this.canvas, this.flag, this.tableButton, this.tableBox);
    this.view = new StripCanvas(this.canvas);
    this.paint = oncePerFrame(() => this.draw());
    this.listen();
  }

  listen() {
    const { box, canvas } = this;
    new ResizeObserver(() => this.measure()).observe(box);
    canvas.addEventListener('pointerdown', (event) => this.down(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    canvas.addEventListener('pointerup', (event) => this.up(event));
    canvas.addEventListener('pointercancel', () => this.drop());
    canvas.addEventListener('pointerleave', () => this.point(-1));
    canvas.addEventListener('dblclick', () => this.owner.whole());
    box.addEventListener('keydown', (event) => this.key(event));
  }

  measure() {
    const style = getComputedStyle(this.box);
    const width = this.box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (width <= 0) return;
    this.view.resize(width, STRIP_HEIGHT);
    this.draw();
  }

  // One bar takes 3 px or more.
  get points() {
    return Math.max(16, Math.min(5000, Math.floor(this.view.plotWidth / 3)));
  }

  show(series) {
    Object.assign(this.view, { series, from: series.from, to: series.to });
    if (!this.tableBox.hidden) this.fillTable();
    this.paint();
  }

  draw() {
    if (!this.view.series) return;
    this.view.bands = this.drag?.moved ? this.draggedBands() : this.owner.bands();
    this.view.draw(stripColours(this.owner.theme()), this.owner.utc());
  }

  // Cursor ---------------------------------------------------------------------------------
  // `14:10:15  1.78 cores  kernel 0.55  338 samples`
  flagText(ms) {
    const { series } = this.view;
    const at = this.view.columnAt(ms);
    if (at < 0) return `${clockText(ms, this.owner.utc())}  ${WORDS.notRecorded}`;
    const cores = (ns) => (ns / (series.cover[at] * 1e6)).toFixed(2);
    const lost = series.lost[at] > 0 ? `  ${countText(series.lost[at])} lost` : '';
    return `${clockText(series.t[at], this.owner.utc())}  ${cores(series.user[at] + series.kernel[at])} cores  ` +
      `kernel ${cores(series.kernel[at])}  ${countText(series.samples[at])} samples${lost}`;
  }

  // ms < 0: no cursor.
  point(ms) {
    this.view.cursor = ms;
    this.flag.hidden = ms < 0 || !this.view.series;
    if (!this.flag.hidden) {
      this.flag.textContent = this.flagText(ms);
      const x = this.view.pixelOf(ms) + this.canvas.offsetLeft;
      const room = this.box.clientWidth - this.flag.offsetWidth - 16;
      this.flag.style.left = `${Math.max(LANE_NAMES, Math.min(x + 8, room))}px`;
    }
    this.paint();
  }

  key(event) {
    const { series } = this.view;
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
    if (!series || series.t.length === 0 || by === undefined || event.target !== this.box) return;
    event.preventDefault();
    event.stopPropagation();
    const now = this.view.cursor < 0 ? series.t.length : this.view.columnAt(this.view.cursor);
    const at = Math.max(0, Math.min(series.t.length - 1, now + by));
    this.point(series.t[at]);
  }

  // Brush ----------------------------------------------------------------------------------
  timeAt(event) {
    const { left } = this.canvas.getBoundingClientRect();
    const { view } = this;
    const x = Math.max(LANE_NAMES, Math.min(view.width, event.clientX - left));
    return Math.min(view.to, Math.max(view.from, view.timeOf(x)));
  }

  // What lies under the pointer: {band, part: from, to or middle}, null on open ground.
  grip(event) {
    const { view } = this;
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    for (const band of this.owner.bands()) {
      const [left, right] = [view.pixelOf(band.from), view.pixelOf(band.to)];
      if (Math.abs(x - left) <= GRIP_WIDTH) return { band, part: 'from' };
      if (Math.abs(x - right) <= GRIP_WIDTH) return { band, part: 'to' };
      const whole = band.from <= view.from && band.to >= view.to;
      if (x > left && x < right && !whole) return { band, part: 'middle' };
    }
    return null;
  }

  down(event) {
    if (event.button !== 0 || !this.view.series) return;
    this.canvas.setPointerCapture(event.pointerId);
    const grip = this.grip(event);
    this.drag = { grip, x: event.clientX, begin: this.timeAt(event), now: this.timeAt(event), moved: false };
  }

  move(event) {
    const ms = this.timeAt(event);
    if (this.drag) {
      this.drag.now = ms;
      this.drag.free = event.altKey;
      if (Math.abs(event.clientX - this.drag.x) >= DRAG_MIN) this.drag.moved = true;
    } else {
      const part = this.view.series && this.grip(event)?.part;
      this.canvas.style.cursor = !part ? 'crosshair' : part === 'middle' ? 'grab' : 'ew-resize';
    }
    this.point(ms);
  }

  up(event) {
    const { drag } = this;
    if (!drag) return;
    this.drag.now = this.timeAt(event);
    const [letter, range] = this.dragged();
    this.drop();
    if (drag.moved) this.owner.brush(letter, range, event.shiftKey);
  }

  drop() {
    this.drag = null;
    this.paint();
  }

  // To the nearest windows, at least one.
  toWindows({ from, to }) {
    const windowMs = this.owner.windowMs();
    const begin = Math.round(from / windowMs) * windowMs;
    return { from: begin, to: Math.max(begin + windowMs, Math.round(to / windowMs) * windowMs) };
  }

  // [letter, range] that the drag means now.
  dragged() {
    const { grip, begin, now, free } = this.drag;
    const snap = (from, to) => {
      const span = { from: Math.min(from, to), to: Math.max(from, to) };
      return free ? { from: Math.floor(span.from), to: Math.max(Math.ceil(span.to), Math.floor(span.from) + 1) }
        : this.toWindows(span);
    };
    if (!grip) {
      const range = snap(begin, now);
      const [first, second] = this.owner.bands();
      if (!second) return ['', range];
      return [range.to <= second.from && first.letter === 'A' ? 'A' : 'B', range];
    }
    const { band, part } = grip;
    if (part === 'from') return [band.letter, snap(now, band.to)];
    if (part === 'to') return [band.letter, snap(band.from, now)];
    const windowMs = this.owner.windowMs();
    const by = free ? now - begin : Math.round((now - begin) / windowMs) * windowMs;
    return [band.letter, { from: band.from + by, to: band.to + by }];
  }

  draggedBands() {
    const [letter, range] = this.dragged();
    return this.owner.bands().map((band) => (band.letter === letter ? { ...band, ...range } : band));
  }

  // The same figures as a table ------------------------------------------------------------
  toggleTable() {
    this.tableBox.hidden = !this.tableBox.hidden;
    this.tableButton.setAttribute('aria-expanded', String(!this.tableBox.hidden));
    if (!this.tableBox.hidden) this.fillTable();
  }

  fillTable() {
    const { series } = this.view;
    if (!series) return;
    const utc = this.owner.utc();
    const head = ['begin', 'cores', 'of these kernel', 'samples', 'lost']
      .map((text) => make('th', { scope: 'col' }, text));
    const rows = series.t.map((ms, at) => {
      const cores = (ns) => (ns / (series.cover[at] * 1e6)).toFixed(2);
      const cells = [cores(series.user[at] + series.kernel[at]), cores(series.kernel[at]),
        countText(series.samples[at]), countText(series.lost[at])];
      return make('tr', {}, make('th', { scope: 'row' }, `${dateText(ms, utc)} ${clockText(ms, utc)}`),
        ...cells.map((text) => make('td', {}, text)));
    });
    refill(this.tableBox, make('table', {}, make('tr', {}, ...head), ...rows));
  }
}
