// SPDX-License-Identifier: Apache-2.0
// The box a flame graph is drawn in: size, scrolling, pointer and wheel. Turns events into calls
// of its owner; draws through one FlameView.
import { deepestLevel } from './layout.js';
import { FlameView, ROW } from './canvas.js';
import { Pinch } from './pinch.js';
import { make, oncePerFrame } from './dom.js';

const ZOOM_MS = 120;
const DRAG_FROM = 5; // px
const MIN_ROW = 6;
const PRESS_MS = 600;
const PAPER = { width: 1100, height: 1200, scale: 2 }; // px; the sheet's style makes it as wide as the sheet
const MOST_ZOOM = 1e7; // times

export class Stage {
  // owner: hover(node, run, event), click(node, run, event), menu(node, event), span(x0, x1)
  constructor(box, owner) {
    this.box = box;
    this.owner = owner;
    this.content = make('div', { class: 'stage-content' });
    this.frames = make('canvas', { class: 'frames', 'aria-hidden': 'true' });
    this.marks = make('canvas', { class: 'marks', 'aria-hidden': 'true' });
    this.spacer = make('div', { class: 'stage-spacer' });
    this.content.append(this.frames, this.marks);
    box.append(this.content, this.spacer);
    this.view = new FlameView({ frames: this.frames, marks: this.marks });
    this.pinch = new Pinch(this.view);
    this.fitDepth = false;
    this.paint = oncePerFrame(() => this.view.draw());
    this.mark = oncePerFrame(() => this.view.layout && this.view.drawMarks());
    this.listen();
  }

  listen() {
    const { box } = this;
    new ResizeObserver(() => this.measure()).observe(box);
    box.addEventListener('scroll', () => {
      this.view.scroll = box.scrollTop;
      this.owner.scrolled?.();
      this.paint();
    });
    box.addEventListener('pointermove', (event) => this.move(event));
    box.addEventListener('pointerleave', (event) => this.setHover(-1, 0, event));
    box.addEventListener('pointerdown', (event) => this.down(event));
    box.addEventListener('pointerup', (event) => this.up(event));
    for (const ended of ['pointerup', 'pointercancel', 'pointerleave']) {
      box.addEventListener(ended, ({ pointerId }) => this.pinch.up(pointerId));
    }
    box.addEventListener('pointercancel', () => {
      clearTimeout(this.press);
      this.drag = null;
    });
    box.addEventListener('contextmenu', (event) => {
      const { node } = this.hitOf(event);
      if (node < 0) return;
      event.preventDefault();
      this.owner.menu(node, event);
    });
    box.addEventListener('auxclick', (event) => {
      if (event.button === 1) this.owner.pin?.(this.hitOf(event).node, event);
    });
    box.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
  }

  measure() {
    if (this.onPaper) return;
    const width = this.box.clientWidth;
    const height = this.box.clientHeight;
    if (width === 0 || height === 0) return;
    this.view.resize(width, height);
    this.settleRows();
    this.view.draw(); // in the same frame: a cleared canvas is never shown
  }

  // All rows for a sheet of paper, drawn at once; or back to the screen.
  fitPaper(on) {
    const { view } = this;
    this.onPaper = on && view.layout !== null;
    if (!this.onPaper) return this.measure();
    const rows = view.rows - view.skip;
    view.rowHeight = Math.max(MIN_ROW, Math.min(ROW, Math.floor(PAPER.height / rows)));
    view.scroll = 0;
    view.resize(PAPER.width, rows * view.rowHeight, PAPER.scale);
    return view.draw();
  }

  // The profile that the next layouts are of; whole: ticks that are 100 %.
  setProfile(profile, whole) {
    Object.assign(this.view, { profile, whole, hovered: -1, focused: -1, outlineFrame: -1, layout: null });
  }

  setLayout(layout) {
    this.view.setLayout(layout);
    this.settleRows();
  }

  // Row height and scroll range for what is zoomed.
  settleRows() {
    const { view } = this;
    if (!view.layout) return;
    view.rows = deepestLevel(view.layout, view.zoomNode) + 1;
    const shown = view.rows - view.skip;
    const fitting = Math.floor(view.height / Math.max(1, shown));
    view.rowHeight = this.fitDepth ? Math.max(MIN_ROW, Math.min(ROW, fitting)) : ROW;
    const content = shown * view.rowHeight;
    this.spacer.style.height = `${Math.max(0, content - view.height)}px`;
    view.scroll = this.box.scrollTop;
    this.owner.scrolled?.();
  }

  hiddenLevels() {
    const { view } = this;
    const below = (view.rows - view.skip) * view.rowHeight - view.height - view.scroll;
    return view.flipped ? 0 : Math.max(0, Math.ceil(below / view.rowHeight));
  }

  // Shows `node` over the full width. Moves x only, 120 ms.
  zoomTo(node, animate) {
    const { view } = this;
    const x0 = view.layout.x[node];
    const x1 = x0 + Math.max(view.tree.total[node], 1e-9);
    view.zoomNode = node;
    this.settleRows();
    this.slide(x0, x1, animate);
  }

  // Whether it shows something else than the zoomed frame over the full width, or will.
  get free() {
    const { layout, tree, zoomNode } = this.view;
    return this.aim.x0 !== layout.x[zoomNode] || this.aim.x1 !== layout.x[zoomNode] + Math.max(tree.total[zoomNode], 1e-9);
  }

  slide(x0, x1, animate) {
    const { view } = this;
    this.aim = { x0, x1 };
    cancelAnimationFrame(this.slideFrame);
    const still = !animate || matchMedia('(prefers-reduced-motion: reduce)').matches;
    const from = { x0: view.x0, x1: view.x1 };
    const begun = performance.now();
    const step = (now) => {
      const t = still ? 1 : Math.min(1, Math.max(0, (now - begun) / ZOOM_MS));
      const eased = 1 - (1 - t) ** 3;
      view.x0 = from.x0 + (x0 - from.x0) * eased;
      view.x1 = from.x1 + (x1 - from.x1) * eased;
      view.draw();
      if (t < 1) this.slideFrame = requestAnimationFrame(step);
    };
    step(begun);
  }

  // Scrolls so that the node's row is in view.
  reveal(node) {
    const top = this.view.rowTop(this.view.tree.level[node]);
    const { rowHeight, height } = this.view;
    if (top < 0) this.box.scrollTop += top - 2 * rowHeight;
    else if (top + rowHeight > height) this.box.scrollTop += top + 3 * rowHeight - height;
    this.view.scroll = this.box.scrollTop;
    this.paint();
  }

  // Pointer --------------------------------------------------------------------------------
  place(event) {
    const bounds = this.box.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  }

  hitOf(event) {
    if (!this.view.layout) return { node: -1, run: 0 };
    const { x, y } = this.place(event);
    return this.view.hit(x, y);
  }

  setHover(node, run, event) {
    if (node === this.view.hovered && run === this.run) {
      this.owner.hover(node, run, event);
      return;
    }
    this.view.hovered = node;
    this.run = run;
    this.box.classList.toggle('pointing', node >= 0);
    this.mark();
    this.owner.hover(node, run, event);
  }

  move(event) {
    const { x } = this.place(event);
    const pinched = this.pinch.move(event.pointerId, x);
    if (pinched) this.setWindow(pinched.from, pinched.span);
    if (this.drag) {
      if (Math.abs(x - this.drag.x) >= DRAG_FROM) this.drag.moved = true;
      if (this.drag.moved && this.drag.span) this.showSpan(this.drag.x, x);
      if (this.drag.moved) return;
    }
    if (event.pointerType === 'touch') return; // a finger does not hover
    const { node, run } = this.hitOf(event);
    this.setHover(node, run, event);
  }

  down(event) {
    if (event.button !== 0) return;
    const { x } = this.place(event);
    const { node } = this.hitOf(event);
    this.drag = { x, moved: false, span: event.shiftKey || node < 0 };
    if (event.pointerType !== 'touch') return;
    this.pinch.down(event.pointerId, x);
    clearTimeout(this.press);
    if (this.pinch.active) this.drag = null; // neither a tap nor a drag
    else if (node >= 0) this.press = setTimeout(() => this.pressed(node, event), PRESS_MS);
  }

  // A finger that stays opens the menu; not every browser makes a contextmenu event of it.
  pressed(node, event) {
    if (!this.drag || this.drag.moved) return;
    this.drag = null;
    this.owner.menu(node, event);
  }

  up(event) {
    clearTimeout(this.press);
    const drag = this.drag;
    this.drag = null;
    this.hideSpan();
    if (!drag || event.button !== 0) return;
    const { x } = this.place(event);
    if (drag.moved && drag.span) {
      const [from, to] = [Math.min(x, drag.x), Math.max(x, drag.x)];
      this.owner.span(this.view.tickOf(Math.max(0, from)),
        this.view.tickOf(Math.min(this.view.width, to)));
      return;
    }
    if (drag.moved) return;
    const { node, run } = this.hitOf(event);
    this.owner.click(node, run, event);
  }

  showSpan(from, to) {
    if (!this.spanBox) {
      this.spanBox = make('div', { class: 'span' });
      this.content.append(this.spanBox);
    }
    this.spanBox.style.left = `${Math.min(from, to)}px`;
    this.spanBox.style.width = `${Math.abs(to - from)}px`;
  }

  hideSpan() {
    this.spanBox?.remove();
    this.spanBox = null;
  }

  wheel(event) {
    const { view } = this;
    if (!view.layout || (!event.ctrlKey && !event.metaKey && !event.shiftKey)) return;
    event.preventDefault();
    let span = view.x1 - view.x0;
    if (event.shiftKey && !event.ctrlKey && !event.metaKey) {
      const by = ((event.deltaY || event.deltaX) / view.width) * span;
      this.setWindow(view.x0 + by, span);
      return;
    }
    const { x } = this.place(event);
    const tick = view.tickOf(x);
    const all = view.tree.total[0];
    span = Math.min(all, Math.max(all / MOST_ZOOM, span * 1.0015 ** event.deltaY));
    this.setWindow(tick - (x / view.width) * span, span);
  }

  // Shows `span` ticks from `from` on, inside of what there is.
  setWindow(from, span) {
    const all = this.view.tree.total[0];
    const wide = Math.min(all, Math.max(all / MOST_ZOOM, span));
    cancelAnimationFrame(this.slideFrame);
    this.view.x0 = Math.min(Math.max(0, from), all - wide);
    this.view.x1 = this.view.x0 + wide;
    this.aim = { x0: this.view.x0, x1: this.view.x1 };
    this.paint();
  }
}
