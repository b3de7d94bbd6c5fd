// SPDX-License-Identifier: Apache-2.0
// The menu of one frame: right click, Menu key, Shift+F10. Arrows move, Escape closes.
import { button, make, nameNode, refill } from './dom.js';

export class FrameMenu {
  constructor(box) {
    this.box = box;
    box.addEventListener('keydown', (event) => this.key(event));
    document.addEventListener('pointerdown', (event) => {
      if (!box.hidden && !box.contains(event.target)) this.close();
    });
  }

  get open() {
    return !this.box.hidden;
  }

  // items: [label, key hint, action]; null = a line between groups; a text = a heading;
  // without an action it cannot be chosen.
  show(items, x, y) {
    this.before = document.activeElement;
    refill(this.box, ...items.map((item) => {
      if (!item) return make('hr', {});
      if (typeof item === 'string') return make('p', { class: 'menu-head', role: 'presentation' }, nameNode(item));
      const [label, hint, action] = item;
      return button(() => {
        this.close();
        action();
      }, { role: 'menuitem', tabindex: '-1', disabled: !action }, make('span', {}, label), make('kbd', {}, hint));
    }));
    this.box.hidden = false;
    const { offsetWidth, offsetHeight } = this.box;
    this.box.style.left = `${Math.max(4, Math.min(x, innerWidth - offsetWidth - 8))}px`;
    this.box.style.top = `${Math.max(4, Math.min(y, innerHeight - offsetHeight - 8))}px`;
    this.box.querySelector('button')?.focus();
  }

  close() {
    if (this.box.hidden) return;
    this.box.hidden = true;
    this.before?.focus?.();
  }

  key(event) {
    const buttons = [...this.box.querySelectorAll('button:enabled')];
    const at = buttons.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    event.stopPropagation();
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      this.close();
    } else if (next !== undefined) {
      event.preventDefault();
      buttons[(next + buttons.length) % buttons.length].focus();
    }
  }
}
