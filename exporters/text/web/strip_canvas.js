// SPDX-License-Identifier: Apache-2.0
// Draws the time strip: CPU of the selection as bars, what was not recorded as hatching, the chosen
// spans as bands, an axis. Lengths are CSS pixels.
import { clockText, dateText } from './format.js';

export const LANE_NAMES = 92; // room for names at the left
const TOP = 10;
const AXIS = 20;
const FONT = '11.5px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
const STEPS = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800,
  604_800].map((seconds) => seconds * 1000);
const LABEL_ROOM = 110;

export class StripCanvas {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    Object.assign(this, { width: 0, height: 0, from: 0, to: 1, series: null, cursor: -1, bands: [] });
  }

  resize(width, height) {
    this.width = width;
    this.height = height;
    this.scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * this.scale);
    this.canvas.height = Math.round(height * this.scale);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
  }

  get plotWidth() {
    return Math.max(1, this.width - LANE_NAMES);
  }

  get bottom() {
    return this.height - AXIS;
  }

  pixelOf(ms) {
    return LANE_NAMES + ((ms - this.from) / (this.to - this.from)) * this.plotWidth;
  }

  timeOf(pixel) {
    return this.from + ((pixel - LANE_NAMES) / this.plotWidth) * (this.to - this.from);
  }

  // Index of the column under this time, -1 where nothing was recorded.
  columnAt(ms) {
    const { t, step } = this.series ?? { t: [], step: 1 };
    let low = 0;
    let high = t.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (t[middle] <= ms) low = middle + 1;
      else high = middle;
    }
    return low > 0 && ms < t[low - 1] + step ? low - 1 : -1;
  }

  draw(colours, utc) {
    const { context } = this;
    if (!this.series || this.width <= 0) return;
    this.colours = colours;
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = FONT;
    context.textBaseline = 'middle';
    context.save();
    context.beginPath();
    context.rect(LANE_NAMES, 0, this.plotWidth, this.height);
    context.clip();
    this.drawGaps();
    this.drawBars();
    context.restore();
    this.drawLane();
    this.drawAxis(utc);
    this.drawBands();
    this.drawCursor();
  }

  drawLane() {
    const { context, colours } = this;
    context.strokeStyle = colours.hairline;
    context.lineWidth = 1;
    context.strokeRect(LANE_NAMES + 0.5, TOP + 0.5, this.plotWidth - 1, this.bottom - TOP - 1);
    context.textAlign = 'right';
    context.fillStyle = colours.text2;
    context.fillText('CPU, cores', LANE_NAMES - 10, (TOP + this.bottom) / 2);
    context.fillStyle = colours.text3;
    context.fillText(String(this.series.ncpu), LANE_NAMES - 10, TOP + 2);
    context.fillText('0', LANE_NAMES - 10, this.bottom - 4);
  }

  drawBars() {
    const { context, colours, series } = this;
    const room = this.bottom - TOP - 1;
    const heightOf = (ns, at) => Math.min(room, (ns / (series.cover[at] * 1e6) / series.ncpu) * room);
    const rects = { kernel: [], user: [], lost: [] };
    for (let i = 0; i < series.t.length; ++i) {
      const left = Math.round(this.pixelOf(series.t[i]) * this.scale) / this.scale;
      const right = Math.round(this.pixelOf(series.t[i] + series.step) * this.scale) / this.scale;
      if (right < LANE_NAMES || left > this.width) continue;
      const width = Math.max(0.5, right - left - (right - left > 4 ? 1 : 0));
      const kernel = heightOf(series.kernel[i], i);
      const both = heightOf(series.user[i] + series.kernel[i], i);
      rects.kernel.push([left, this.bottom - kernel, width, kernel]);
      rects.user.push([left, this.bottom - both, width, both - kernel]);
      if (series.lost[i] > 0) rects.lost.push([left, this.bottom, Math.max(2, width), 3]);
    }
    const fills = { kernel: colours.kernel, user: colours.user, lost: colours.bad };
    for (const [name, list] of Object.entries(rects)) {
      context.fillStyle = fills[name];
      context.beginPath();
      for (const rect of list) context.rect(...rect);
      context.fill();
    }
  }

  // From the begin of the history to now, whatever no column covers.
  drawGaps() {
    const { series } = this;
    let last = this.from;
    for (const t of series.t) {
      if (t - last >= series.step / 2) this.hatch(last, t);
      last = t + series.step;
    }
    const end = Math.min(this.to, series.now);
    if (end - last > 2 * series.step) this.hatch(last, end);
  }

  hatch(from, to) {
    const { context, colours } = this;
    const left = Math.max(LANE_NAMES, this.pixelOf(from));
    const right = Math.min(this.width, this.pixelOf(to));
    if (right - left < 1) return;
    const height = this.bottom - TOP;
    context.save();
    context.beginPath();
    context.rect(left, TOP, right - left, height);
    context.clip();
    context.strokeStyle = colours.hatch;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = Math.floor((left - height) / 6) * 6; x < right; x += 6) {
      context.moveTo(x, this.bottom);
      context.lineTo(x + height, TOP);
    }
    context.stroke();
    context.restore();
  }

  drawAxis(utc) {
    const { context, colours } = this;
    const span = this.to - this.from;
    const most = Math.max(1, Math.floor(this.plotWidth / LABEL_ROOM));
    const step = STEPS.find((one) => span / one <= most) ?? Math.ceil(span / most);
    const zone = utc ? 0 : new Date(this.from).getTimezoneOffset() * 60_000;
    context.fillStyle = colours.text3;
    context.strokeStyle = colours.hairline;
    context.beginPath();
    for (let ms = Math.ceil((this.from - zone) / step) * step + zone; ms <= this.to; ms += step) {
      const x = Math.round(this.pixelOf(ms)) + 0.5;
      context.moveTo(x, this.bottom);
      context.lineTo(x, this.bottom + 4);
      const clock = clockText(ms, utc);
      const text = span > 86_400_000 ? `${dateText(ms, utc).slice(5)} ${clock.slice(0, 5)}`
        : clock.slice(0, step < 60_000 ? 8 : 5);
      const half = context.measureText(text).width / 2;
      context.textAlign = 'left';
      const left = Math.max(LANE_NAMES, Math.min(x - half, this.width - 2 * half));
      context.fillText(text, left, this.bottom + 12);
    }
    context.stroke();
  }

  // Bands: {from, to, letter, colour}; what lies in none of them is paler.
  drawBands() {
    const { context, colours } = this;
    const boxes = this.bands.map((band) => {
      const left = Math.max(LANE_NAMES, this.pixelOf(band.from));
      return { band, left, right: Math.min(this.width, this.pixelOf(band.to)) };
    }).sort((a, b) => a.left - b.left);
    context.fillStyle = colours.veil;
    let from = LANE_NAMES;
    for (const { left, right } of boxes) {
      if (left > from) context.fillRect(from, TOP, left - from, this.bottom - TOP);
      from = Math.max(from, right);
    }
    if (from < this.width) context.fillRect(from, TOP, this.width - from, this.bottom - TOP);
    for (const box of boxes) if (box.right > box.left) this.drawBand(box);
  }

  drawBand({ band, left, right }) {
    const { context, colours } = this;
    const colour = band.letter === 'A' ? colours.text2 : colours.accent;
    context.strokeStyle = colour;
    context.lineWidth = band.letter ? 2 : 1;
    const inset = context.lineWidth / 2;
    context.strokeRect(left + inset, TOP + inset, Math.max(1, right - left - 2 * inset), this.bottom - TOP - 2 * inset);
    context.fillStyle = colour;
    const middle = (TOP + this.bottom) / 2;
    for (const x of [left, right]) {
      context.fillRect(Math.min(this.width - 4, Math.max(LANE_NAMES, x - 2)), middle - 10, 4, 20);
    }
    if (!band.letter) return;
    context.fillRect(left, TOP, 16, 16);
    context.fillStyle = colours.surface;
    context.textAlign = 'center';
    context.fillText(band.letter, left + 8, TOP + 8.5);
  }

  drawCursor() {
    if (this.cursor < this.from || this.cursor > this.to) return;
    const { context } = this;
    const x = Math.round(this.pixelOf(this.cursor)) + 0.5;
    context.strokeStyle = this.colours.text;
    context.lineWidth = 1;
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(x, TOP);
    context.lineTo(x, this.bottom);
    context.stroke();
    context.setLineDash([]);
  }
}
