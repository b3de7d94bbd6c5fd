// SPDX-License-Identifier: Apache-2.0
// Draws a laid-out tree on two canvases: frames below, outlines above, so that hovering never
// repaints the frames. Only visible rows and pixels are visited.
import { firstPast, nodeAt } from './layout.js';
import { FRAME_TEXT } from './palette.js';
import { LabelMaker, TextMeasure } from './names.js';
import { KIND, isFunction } from './flame.js';
import { percentText } from './format.js';
import { ONLY_A, ONLY_B } from './diff.js';

export const ROW = 18;
const MIN_LABEL = 26;
const LABEL_PADDING = 5;
const RUN_WIDTH = 0.5; // narrower frames are merged into runs
const GAP_FROM = 3;
const NEW_BAR = 3; // px
const HATCH = 6; // px between two lines; divides the row's height
const MATCH = '#ffe14d';
const MATCH_TEXT = '#14181f';
const UI_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';

export function readTokens() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  const forced = matchMedia('(forced-colors: active)').matches;
  const { color, backgroundColor } = getComputedStyle(document.body);
  return {
    forced: forced ? { text: color, ground: backgroundColor } : null, // outlines instead of fills
    theme: token('theme') === 'dark' ? 'dark' : 'light',
    bg: token('bg'), text: token('text'), text2: token('text2'), text3: token('text3'),
    accent: token('accent'), rest: token('rest'), hatch: token('hatch'),
  };
}

// Rectangles by colour: one path and one fill each.
class RectBuckets {
  constructor() {
    this.map = new Map();
  }

  add(colour, x, y, w, h) {
    let list = this.map.get(colour);
    if (!list) this.map.set(colour, (list = []));
    list.push(x, y, w, h);
  }

  fill(context) {
    for (const [colour, list] of this.map) {
      context.fillStyle = colour;
      context.beginPath();
      for (let i = 0; i < list.length; i += 4) {
        context.rect(list[i], list[i + 1], list[i + 2], list[i + 3]);
      }
      context.fill();
    }
  }
}

export class FlameView {
  // canvases: {frames, marks}; both cover the same box.
  constructor(canvases) {
    this.frames = canvases.frames;
    this.marks = canvases.marks;
    this.context = this.frames.getContext('2d');
    this.overlay = this.marks.getContext('2d');
    const font = (style) => `${style} 11.5px ${UI_FONT}`;
    this.fonts = { plain: font('400'), bold: font('600'), italic: font('italic 400') };
    this.labels = {};
    for (const [style, text] of Object.entries(this.fonts)) {
      this.labels[style] = new LabelMaker(new TextMeasure(this.context, text));
    }
    Object.assign(this, {
      profile: null, width: 0, height: 0, scale: 1, scroll: 0, rowHeight: ROW, flipped: false, skip: 0, fullNames: false,
      zoomNode: 0, x0: 0, x1: 1, rows: 1, hits: null, hitLevels: null, colours: [], nodeColours: null, nodeMarks: null, nodeNote: null, repeats: new Map(), whole: 1,
      tokens: readTokens(), drawn: [], hovered: -1, focused: -1, outlineFrame: -1, dimKind: -1,
    });
  }

  setLayout(layout) {
    this.layout = layout;
    this.tree = layout.tree;
    this.zoomNode = 0;
    this.x0 = 0;
    this.x1 = Math.max(1e-9, this.tree.total[0]);
    this.setHits(this.hits);
  }

  // hits: Uint8Array by frame, or null.
  setHits(hits) {
    this.hits = hits;
    this.hitLevels = null;
    if (!hits || !this.layout) return;
    const { order, start, depth } = this.layout;
    this.hitLevels = [];
    for (let level = 0; level < depth; ++level) {
      const list = [];
      for (let i = start[level]; i < start[level + 1]; ++i) {
        if (hits[this.tree.frame[order[i]]]) list.push(order[i]);
      }
      this.hitLevels.push(list);
    }
  }

  resize(width, height, scale = window.devicePixelRatio || 1) {
    this.scale = scale;
    this.width = width;
    this.height = height;
    for (const canvas of [this.frames, this.marks]) {
      canvas.width = Math.round(width * this.scale);
      canvas.height = Math.round(height * this.scale);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
  }

  // Geometry -------------------------------------------------------------------------------
  pixelOf(tick) {
    const exact = ((tick - this.x0) / (this.x1 - this.x0)) * this.width;
    return Math.round(exact * this.scale) / this.scale;
  }

  tickOf(pixel) {
    return this.x0 + (pixel / this.width) * (this.x1 - this.x0);
  }

  // Flipped: the root is the lowest row, and a small tree stands on the lower edge.
  rowTop(level) {
    if (!this.flipped) return (level - this.skip) * this.rowHeight - this.scroll;
    const ground = Math.max(0, this.height - this.rows * this.rowHeight);
    return ground + (this.rows - 1 - level) * this.rowHeight - this.scroll;
  }

  levelOf(y) {
    if (!this.flipped) return Math.floor((y + this.scroll) / this.rowHeight) + this.skip;
    const ground = Math.max(0, this.height - this.rows * this.rowHeight);
    return this.rows - 1 - Math.floor((y - ground + this.scroll) / this.rowHeight);
  }

  // Box of a node in view pixels, clipped to the view's width.
  boxOf(node) {
    const left = Math.max(0, this.pixelOf(this.layout.x[node]));
    const right = Math.min(this.width, this.pixelOf(this.layout.x[node] + this.tree.total[node]));
    return { x: left, y: this.rowTop(this.tree.level[node]), w: right - left, h: this.rowHeight };
  }

  // {node, run}: run = number of frames merged at this pixel, 0 for a frame of its own.
  hit(x, y) {
    const level = this.levelOf(y);
    const node = nodeAt(this.layout, level, this.tickOf(x));
    if (node < 0) return { node: -1, run: 0 };
    const ticksPerPixel = (this.x1 - this.x0) / this.width;
    if (this.tree.total[node] >= RUN_WIDTH * ticksPerPixel) return { node, run: 0 };
    const tick = this.tickOf(Math.floor(x));
    const first = firstPast(this.layout, level, tick);
    const last = firstPast(this.layout, level, tick + ticksPerPixel);
    return { node, run: Math.max(1, Math.min(last, this.layout.start[level + 1]) - first) };
  }

  // Drawing --------------------------------------------------------------------------------
  draw() {
    const { context } = this;
    if (!this.layout || this.width <= 0) return;
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    this.drawn = [];
    const buckets = new RectBuckets();
    const hatched = [];
    const zoomLevel = this.tree.level[this.zoomNode];
    for (let level = 0; level < Math.min(this.rows, this.layout.depth); ++level) {
      const y = this.rowTop(level);
      if (y + this.rowHeight <= 0 || y >= this.height) continue;
      context.globalAlpha = 1;
      this.collectRow(level, y, buckets, hatched);
      if (level >= zoomLevel) continue;
      context.globalAlpha = 0.7; // the way to the zoomed frame
      buckets.fill(context);
      buckets.map.clear();
    }
    context.globalAlpha = 1;
    buckets.fill(context);
    this.drawHatch(hatched);
    if (this.tokens.forced) this.drawOutlines();
    if (this.nodeMarks && !this.hits) this.drawNewBars();
    this.drawHits();
    if (this.rowHeight >= 12) this.drawLabels();
    this.drawMarks();
  }

  // One row from the left edge to the right: frames, and runs of what is too narrow.
  collectRow(level, y, buckets, hatched) {
    const { order, start, x } = this.layout;
    const ticksPerPixel = (this.x1 - this.x0) / this.width;
    const height = this.rowHeight - 1;
    const end = start[level + 1];
    for (let i = firstPast(this.layout, level, this.x0); i < end;) {
      const node = order[i];
      if (x[node] >= this.x1) break;
      const total = this.tree.total[node];
      if (total === 0) { // of side A alone
        ++i;
        continue;
      }
      if (total < RUN_WIDTH * ticksPerPixel) {
        const pixel = Math.floor(((x[node] - this.x0) / ticksPerPixel) * this.scale) / this.scale;
        const parent = this.tree.parent[node];
        buckets.add(this.colourOf(parent < 0 ? node : parent), Math.max(0, pixel), y, 1, height);
        i = Math.max(i + 1, firstPast(this.layout, level, this.tickOf(pixel + 1)));
        continue;
      }
      const left = Math.max(0, this.pixelOf(x[node]));
      const right = Math.min(this.width, this.pixelOf(x[node] + total));
      const width = right - left > GAP_FROM ? right - left - 1 : Math.max(right - left, 0.5);
      buckets.add(this.colourOf(node), left, y, width, height);
      if (this.isHatched(node) && !this.hits) hatched.push(left, y, width, height);
      if (right - left >= 1) this.drawn.push({ node, x: left, y, w: width });
      ++i;
    }
  }

  isHatched(node) {
    const kind = this.profile.kind[this.tree.frame[node]];
    return kind === KIND.unresolved || kind === KIND.cut || this.nodeMarks?.[node] === ONLY_A;
  }

  colourOf(node) {
    if (this.tokens.forced) return this.tokens.forced.ground;
    const frame = this.tree.frame[node];
    const dimmed = this.dimKind >= 0 && this.profile.kind[frame] !== this.dimKind;
    if (this.hits || dimmed) return this.tokens.rest;
    return this.nodeColours ? this.nodeColours[node] : this.colours[frame];
  }

  drawHatch(list) {
    if (list.length === 0) return;
    const { context } = this;
    context.fillStyle = this.hatchPattern();
    context.beginPath();
    for (let i = 0; i < list.length; i += 4) {
      context.rect(list[i], list[i + 1], list[i + 2], list[i + 3]);
    }
    context.fill();
  }

  drawOutlines() {
    const { context, drawn } = this;
    context.strokeStyle = this.tokens.forced.text;
    context.lineWidth = 1;
    context.beginPath();
    for (const { x, y, w } of drawn) context.rect(x + 0.5, y + 0.5, Math.max(w - 1, 0.5), this.rowHeight - 2);
    context.stroke();
  }

  // A bar at the left of what is in B alone.
  drawNewBars() {
    this.context.fillStyle = this.tokens.text;
    for (const { node, x, y, w } of this.drawn) {
      if (this.nodeMarks[node] === ONLY_B) this.context.fillRect(x, y, Math.min(NEW_BAR, w), this.rowHeight - 1);
    }
  }

  // One tile of diagonal lines, in device pixels.
  hatchPattern() {
    const key = `${this.tokens.hatch} ${this.scale}`;
    if (this.hatchKey !== key) {
      const size = Math.round(HATCH * this.scale);
      const tile = document.createElement('canvas');
      tile.width = size;
      tile.height = size;
      const pen = tile.getContext('2d');
      pen.strokeStyle = this.tokens.hatch;
      pen.lineWidth = this.scale;
      pen.beginPath();
      for (const shift of [-size, 0, size]) {
        pen.moveTo(shift - 1, size + 1);
        pen.lineTo(shift + size + 1, -1);
      }
      pen.stroke();
      this.hatch = this.context.createPattern(tile, 'repeat');
      this.hatch.setTransform(new DOMMatrix().scale(1 / this.scale));
      this.hatchKey = key;
    }
    return this.hatch;
  }

  // Hits are never narrower than 2 px.
  drawHits() {
    if (!this.hitLevels) return;
    const { context } = this;
    context.fillStyle = MATCH;
    context.beginPath();
    for (let level = 0; level < this.hitLevels.length; ++level) {
      const y = this.rowTop(level);
      if (y + this.rowHeight <= 0 || y >= this.height) continue;
      let covered = -1;
      for (const node of this.hitLevels[level]) {
        const left = this.pixelOf(this.layout.x[node]);
        const right = this.pixelOf(this.layout.x[node] + this.tree.total[node]);
        if (right <= 0 || left >= this.width || right <= covered) continue;
        const from = Math.max(0, left);
        const width = Math.max(2, Math.min(this.width, right) - from - (right - left > 3 ? 1 : 0));
        context.rect(from, y, width, this.rowHeight - 1);
        covered = from + width;
      }
    }
    context.fill();
  }

  drawLabels() {
    const { context } = this;
    context.textBaseline = 'middle';
    const zoomLevel = this.tree.level[this.zoomNode];
    for (const box of this.drawn) {
      if (box.w < MIN_LABEL) continue;
      const frame = this.tree.frame[box.node];
      const kind = this.profile.kind[frame];
      const style = kind === KIND.group ? 'bold' : kind >= KIND.folded ? 'italic' : 'plain';
      const labels = this.labels[style];
      const name = this.labelName(frame);
      const times = this.repeats.get(frame);
      const tail = times ? ` ×${times}` : ''; // calls of itself that are drawn as one
      const room = box.w - 2 * LABEL_PADDING + 1 - (tail ? labels.measure.width(tail) : 0);
      const whole = this.fullNames || !isFunction(this.profile, frame);
      const label = whole ? labels.fitWhole(name, room) : labels.fit(name, room);
      if (!label) continue;
      context.font = this.fonts[style];
      context.fillStyle = this.textColour(frame);
      context.globalAlpha = this.tree.level[box.node] < zoomLevel ? 0.75 : 1;
      const middle = box.y + (this.rowHeight - 1) / 2 + 0.5;
      context.fillText(label + tail, box.x + LABEL_PADDING, middle);
      if (this.nodeNote) this.drawNodeNote(box, label, style, middle);
      else if (kind === KIND.group) this.drawGroupNote(box, label, middle);
    }
    context.globalAlpha = 1;
  }

  labelName(frame) {
    const inlined = this.profile.flags[frame] & 1;
    return inlined ? `${this.profile.name[frame]} (inlined)` : this.profile.name[frame];
  }

  textColour(frame) {
    if (this.hits) return this.hits[frame] ? MATCH_TEXT : this.tokens.text3;
    if (this.tokens.forced) return this.tokens.forced.text;
    if (this.profile.kind[frame] === KIND.group) return this.tokens.text;
    const dimmed = this.dimKind >= 0 && this.profile.kind[frame] !== this.dimKind;
    return dimmed ? this.tokens.text3 : FRAME_TEXT[this.tokens.theme];
  }

  // What nodeNote(node) says, at the right edge where there is room behind the label.
  drawNodeNote(box, label, style, middle) {
    const note = this.nodeNote(box.node);
    const { measure } = this.labels.plain;
    const room = box.w - 3 * LABEL_PADDING - this.labels[style].measure.width(label);
    const width = measure.width(note);
    if (!note || width > room) return;
    this.context.font = this.fonts.plain;
    this.context.fillText(note, box.x + box.w - LABEL_PADDING - width, middle);
  }

  // Share and pids behind the name of a group, where there is room.
  drawGroupNote(box, label, middle) {
    const frame = this.tree.frame[box.node];
    const pids = this.profile.pids.get(frame);
    const share = percentText(this.tree.total[box.node] / this.whole);
    const pid = pids ? `   pid ${pids.first}${pids.count > 1 ? ` +${pids.count - 1}` : ''}` : '';
    const from = box.x + LABEL_PADDING + this.labels.bold.measure.width(label) + 9;
    const room = box.x + box.w - LABEL_PADDING - from;
    const measure = this.labels.plain.measure;
    const note = [share + pid, share].find((text) => measure.width(text) <= room);
    if (!note) return;
    this.context.font = this.fonts.plain;
    this.context.fillStyle = this.hits ? this.tokens.text3 : this.tokens.text2;
    this.context.fillText(note, from, middle);
  }

  // Outlines: every visible instance of the function, the frame itself, the keyboard's frame.
  drawMarks() {
    const { overlay } = this;
    overlay.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    overlay.clearRect(0, 0, this.width, this.height);
    const shared = this.hovered >= 0 ? this.tree.frame[this.hovered] : this.outlineFrame;
    if (shared >= 0 && this.profile.kind[shared] !== KIND.group) {
      overlay.strokeStyle = this.tokens.text;
      overlay.lineWidth = 1;
      overlay.beginPath();
      for (const box of this.drawn) {
        if (this.tree.frame[box.node] !== shared || box.node === this.hovered) continue;
        overlay.rect(box.x + 0.5, box.y + 0.5, Math.max(box.w - 1, 1), this.rowHeight - 2);
      }
      overlay.stroke();
    }
    if (this.focused >= 0) this.outline(this.focused, this.tokens.accent);
    if (this.hovered >= 0 && this.hovered !== this.focused) {
      this.outline(this.hovered, this.tokens.text);
    }
    this.drawHitTicks();
  }

  outline(node, colour) {
    const box = this.boxOf(node);
    if (box.y + box.h <= 0 || box.y >= this.height || box.w <= 0) return;
    this.overlay.strokeStyle = colour;
    this.overlay.lineWidth = 2;
    const width = Math.max(box.w - 3, 2);
    this.overlay.strokeRect(box.x + 1, box.y + 1, width, this.rowHeight - 3);
  }

  // Marks at the right edge for rows with hits that are out of view.
  drawHitTicks() {
    if (!this.hitLevels || this.rows * this.rowHeight <= this.height) return;
    this.overlay.fillStyle = MATCH;
    for (let level = 0; level < Math.min(this.rows, this.hitLevels.length); ++level) {
      const inWindow = this.hitLevels[level].some((node) => this.layout.x[node] < this.x1 &&
        this.layout.x[node] + this.tree.total[node] > this.x0);
      if (!inWindow) continue;
      const row = this.flipped ? this.rows - 1 - level : level;
      this.overlay.fillRect(this.width - 3, (row / this.rows) * this.height, 3, 2);
    }
  }
}
