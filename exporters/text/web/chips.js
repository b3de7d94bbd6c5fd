// SPDX-License-Identifier: Apache-2.0
// Label filters as chips, and the field that adds them: first a label, then its values by CPU.
import { button, byId, make, nameNode, refill } from './dom.js';
import { percentText, printable } from './format.js';
import { filterText, readFilter } from './url.js';
import { WORDS } from './words.js';

const ORDER = ['service', 'container', 'pod', 'namespace', 'process', 'thread', 'pid', 'cgroup', 'image'];
const OPPOSITE = { '=': '!=', '!=': '=', '=~': '!~', '!~': '=~' };
const WAIT_MS = 120;
const MOST_VALUES = 12;

function rankOf(name) {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

// Filters in the order in which they are shown and asked for.
export function inOrder(filters) {
  return [...filters].sort((a, b) => rankOf(a.key) - rankOf(b.key));
}

export class Chips {
  // owner: {filters(), setFilters(list), labels() -> Promise, values(name, text) -> Promise, total()}
  constructor(owner) {
    this.owner = owner;
    this.list = make('span', { class: 'chip-list' });
    this.input = make('input', { type: 'text', id: 'add-filter', autocomplete: 'off', spellcheck: 'false',
      role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'filter-choices',
      'aria-autocomplete': 'list', 'aria-label': 'Add a filter', placeholder: WORDS.addFilter });
    this.choices = make('div', { id: 'filter-choices', class: 'menu', role: 'listbox',
      'aria-label': 'Labels and values', hidden: true });
    byId('chips').append(this.list, make('span', { class: 'adder' }, this.input));
    document.body.append(this.choices);
    this.listen();
  }

  listen() {
    const { input } = this;
    input.addEventListener('focus', () => this.suggest());
    input.addEventListener('input', () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.suggest(), WAIT_MS);
    });
    input.addEventListener('keydown', (event) => this.key(event));
    input.addEventListener('blur', () => setTimeout(() => this.close(), 150));
    this.choices.addEventListener('pointerdown', (event) => event.preventDefault());
  }

  show() {
    refill(this.list, ...this.owner.filters().map((filter) => this.chip(filter)));
  }

  replace(filter, by) {
    const rest = this.owner.filters().filter((one) => one !== filter);
    this.owner.setFilters(inOrder(by ? [...rest, by] : rest));
  }

  chip(filter) {
    const text = button((event) => {
      if (event.altKey) return this.replace(filter, { ...filter, op: OPPOSITE[filter.op] });
      this.replace(filter, null);
      this.input.value = filterText(filter);
      this.input.focus();
      return this.input.select();
    }, { class: 'chip-text', title: WORDS.chipHelp }, make('span', { class: 'quiet' }, filter.key), ' ',
    make('b', {}, filter.op), ' ', nameNode(printable(filter.value) || '""'));
    const away = button(() => this.replace(filter, null),
      { class: 'chip-away', 'aria-label': `Remove ${printable(filterText(filter))}` }, '×');
    const chip = make('span', { class: 'chip' }, text, away);
    chip.addEventListener('keydown', (event) => {
      if (event.key !== 'Delete' && event.key !== 'Backspace') return;
      event.preventDefault();
      event.stopPropagation();
      this.replace(filter, null);
      this.input.focus();
    });
    return chip;
  }

  // Typed text: `name`, or `name OP value`.
  async suggest() {
    const text = this.input.value;
    const asked = (this.asked = (this.asked ?? 0) + 1);
    const filter = readFilter(text.replace(/^([a-z_.]+)\s*(=~|!~|!=|=)\s*/, '$1$2'));
    let items = [];
    try {
      items = filter ? await this.valueItems(filter) : await this.labelItems(text);
    } catch {
      items = []; // completion only; the page says elsewhere that the agent is gone
    }
    if (asked !== this.asked || document.activeElement !== this.input) return;
    this.open(items);
  }

  async labelItems(text) {
    const { labels } = await this.owner.labels();
    return labels.filter(({ name }) => name.includes(text.trim().toLowerCase()))
      .sort((a, b) => rankOf(a.name) - rankOf(b.name))
      .map(({ name, values }) => ({ label: name, note: `${values}`, take: () => {
        this.input.value = `${name}=`;
        this.suggest();
      } }));
  }

  async valueItems(filter) {
    if (filter.op.endsWith('~')) return [];
    const { values } = await this.owner.values(filter.key, filter.value);
    const total = this.owner.total();
    return values.slice(0, MOST_VALUES).map(({ value, ns }) => ({
      label: printable(value) || '""', note: total > 0 ? percentText(ns / total) : '',
      take: () => this.add({ ...filter, value }),
    }));
  }

  add(filter) {
    this.input.value = '';
    this.close();
    const same = (one) => filterText(one) === filterText(filter);
    if (!this.owner.filters().some(same)) {
      this.owner.setFilters(inOrder([...this.owner.filters(), filter]));
    }
  }

  open(items) {
    this.items = items;
    this.chosen = -1;
    refill(this.choices, ...items.map(({ label, note, take }, at) => button(take, { role: 'option', id: `choice-${at}`,
      tabindex: '-1', 'aria-selected': 'false' }, nameNode(label), make('kbd', {}, note))));
    const { left, bottom } = this.input.getBoundingClientRect();
    this.choices.style.left = `${left}px`;
    this.choices.style.top = `${bottom + 4}px`;
    this.choices.hidden = items.length === 0;
    this.input.setAttribute('aria-expanded', String(items.length > 0));
    this.input.removeAttribute('aria-activedescendant');
  }

  close() {
    this.asked = (this.asked ?? 0) + 1;
    this.choices.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
  }

  key(event) {
    const count = this.choices.hidden ? 0 : this.items.length;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && count > 0) {
      event.preventDefault();
      this.chosen = (this.chosen + by + count) % count;
      [...this.choices.children].forEach((option, at) =>
        option.setAttribute('aria-selected', String(at === this.chosen)));
      this.input.setAttribute('aria-activedescendant', `choice-${this.chosen}`);
      this.choices.children[this.chosen].scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      this.enter(count);
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      if (count > 0) this.close();
      else this.input.value = '';
    } else if (event.key === 'Backspace' && this.input.value === '') {
      this.list.lastElementChild?.querySelector('.chip-text').focus();
    }
  }

  enter(count) {
    if (count > 0 && this.chosen >= 0) return this.items[this.chosen].take();
    const filter = readFilter(this.input.value.replace(/\s*(=~|!~|!=|=)\s*/, '$1').trim());
    return filter ? this.add(filter) : this.suggest();
  }
}
