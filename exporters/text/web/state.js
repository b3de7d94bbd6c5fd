// SPDX-License-Identifier: Apache-2.0
// Everything visible except scroll and hover, in one object with listeners.

export const DEFAULT_STATE = Object.freeze({
  view: 'profile', // profile, node, processes, health
  range: Object.freeze({ ago: 900_000 }), // {ago: ms} ends now and follows; {from, to} does not
  before: null, // range A of a comparison; `range` is B
  beforeFilters: null, // those of A, where they are not those of B
  context: null, // what the time strip spans; null: the range
  filters: Object.freeze([]), // {key, op, value}
  group: 'process', // rows below the root: label names joined by commas, or none
  mode: 'both', // both, flame, table, sandwich, calls
  zoom: Object.freeze([]), // path of {name, image} below the root
  query: '',
  narrow: '', // search that narrows the function table alone
  transforms: Object.freeze([]), // {op: foc, hid or fold; frame: {name, image}}, in their order
  fn: null, // {name, image} in the middle of the sandwich
  colour: 'origin', // origin, image, self
  sort: 'self.desc',
  inverted: false,
  alphabetic: false,
  collapsed: false, // recursion
  fullNames: false,
  absolute: false, // a comparison is of CPU per second, not of shares
  sideA: false, // widths are those of A
  zone: null, // utc or local; null: as this browser was set
});

export class Store {
  constructor(initial) {
    this.value = { ...DEFAULT_STATE, ...initial };
    this.listeners = [];
  }

  // listener(state, changed keys, push)
  listen(listener) {
    this.listeners.push(listener);
  }

  // push: a step that Back undoes; otherwise the current entry is replaced.
  set(changes, push = false) {
    const changed = Object.keys(changes)
      .filter((key) => JSON.stringify(changes[key]) !== JSON.stringify(this.value[key]));
    if (changed.length === 0) return;
    this.value = { ...this.value, ...changes };
    for (const listener of this.listeners) listener(this.value, new Set(changed), push);
  }
}
