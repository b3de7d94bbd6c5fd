// SPDX-License-Identifier: Apache-2.0
// What surrounds every view: theme, zone, help, toast, panels. Settings last in this browser.
import { byId, FOCUSABLE, nameNode, refill } from './dom.js';
import { printable } from './format.js';
import { saveSetting, savedSetting } from './bars.js';
import { readTokens } from './canvas.js';

const THEMES = ['system', 'light', 'dark'];
const TOAST_MS = 4000;
const STAGES = '#flame, #callees, #calls, #table, main.view'; // what keys are for

export class Shell {
  // help(letters, close): children of the help dialog, or a promise of them; restyle(): draws again after
  // a change of theme
  constructor(help, restyle) {
    this.help = help;
    this.restyle = restyle;
    this.letters = savedSetting('letters', 'on') === 'on';
    this.panels = new Map(); // open panels: element -> its button
    this.setTheme(savedSetting('theme', 'system'));
    byId('theme').addEventListener('click', () => this.nextTheme());
    byId('help-button').addEventListener('click', () => this.showHelp());
    for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
      matchMedia(query).addEventListener('change', () => {
        this.theme = readTokens().theme;
        this.restyle();
      });
    }
    document.addEventListener('pointerdown', ({ target }) => {
      const inside = [...this.panels].some(([panel, button]) => panel.contains(target) || button.contains(target));
      if (!inside) this.closePanel();
    });
    this.printInLight();
    document.addEventListener('keydown', ({ key }) => key !== 'Tab' && this.keepFocus(), true);
  }

  // A key may hide what has the focus: then the graph gets it, or whatever else is shown in its place.
  keepFocus() {
    if (document.activeElement === document.body) return;
    const shown = (one) => one.getClientRects().length > 0;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const now = document.activeElement;
      if (now && now !== document.body && shown(now)) return;
      [...document.querySelectorAll(STAGES), ...document.querySelectorAll(FOCUSABLE)].find(shown)?.focus();
    }));
  }

  setTheme(choice) {
    this.choice = THEMES.includes(choice) ? choice : 'system';
    document.documentElement.dataset.theme = this.choice;
    byId('theme').textContent = 'Theme';
    for (const name of ['title', 'aria-label']) byId('theme').setAttribute(name, `Theme: ${this.choice}`);
    this.theme = readTokens().theme; // light or dark
  }

  nextTheme() {
    this.setTheme(THEMES[(THEMES.indexOf(this.choice) + 1) % THEMES.length]);
    saveSetting('theme', this.choice);
    this.restyle();
  }

  // Paper is white: the page prints in light colours and goes back to its theme.
  printInLight() {
    let before = this.choice;
    window.addEventListener('beforeprint', () => {
      before = this.choice;
      this.setTheme('light');
      this.restyle(true);
    });
    window.addEventListener('afterprint', () => {
      this.setTheme(before);
      this.restyle();
    });
  }

  toast(text) {
    const box = byId('toast');
    refill(box, nameNode(printable(text)));
    box.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (box.hidden = true), TOAST_MS);
  }

  // A panel below the bars; one is open at a time.
  togglePanel(panel, button) {
    const open = panel.hidden;
    this.closePanel();
    if (!open) return;
    panel.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    this.panels.set(panel, button);
    panel.querySelector('button, input')?.focus();
  }

  // True if one was open.
  closePanel() {
    for (const [panel, button] of this.panels) {
      panel.hidden = true;
      button.setAttribute('aria-expanded', 'false');
      if (panel.contains(document.activeElement)) button.focus();
    }
    const had = this.panels.size > 0;
    this.panels.clear();
    return had;
  }

  async showHelp() {
    const dialog = byId('help');
    const letters = {
      on: this.letters,
      set: (on) => {
        this.letters = on;
        saveSetting('letters', on ? 'on' : 'off');
      },
    };
    const children = await this.help(letters, () => dialog.close());
    if (!children || dialog.open) return;
    refill(dialog, ...children);
    dialog.showModal();
  }
}
