// SPDX-License-Identifier: Apache-2.0
// Two fingers stretch the graph in x: what lies under each of them stays there.
const LEAST = 10; // px between the fingers, below which they are one

export class Pinch {
  // view: {width, tickOf(pixel)}
  constructor(view) {
    this.view = view;
    this.fingers = new Map(); // pointer -> {x, tick under it when the second one came}
  }

  get active() {
    return this.fingers.size === 2;
  }

  down(pointer, x) {
    this.fingers.set(pointer, { x });
    for (const finger of this.fingers.values()) finger.tick = this.view.tickOf(finger.x);
  }

  // {from, span} in ticks that the fingers ask for, null if there are not two of them.
  move(pointer, x) {
    const finger = this.fingers.get(pointer);
    if (finger) finger.x = x;
    if (!finger || !this.active) return null;
    const [left, right] = [...this.fingers.values()].sort((a, b) => a.tick - b.tick);
    const apart = right.x - left.x;
    if (apart < LEAST || right.tick <= left.tick) return null;
    const perPixel = (right.tick - left.tick) / apart;
    return { from: left.tick - left.x * perPixel, span: this.view.width * perPixel };
  }

  up(pointer) {
    this.fingers.delete(pointer);
  }
}
