// SPDX-License-Identifier: Apache-2.0
// The panel of the range button: presets, typed times, the zone.
import { button, byId, make, refill } from './dom.js';
import { clockText, dateText, offsetText } from './format.js';
import { readTime, spanText } from './range.js';
import { WORDS } from './words.js';

const PRESETS = [5, 15, 60, 360, 1440].map((minutes) => minutes * 60_000);

export class RangePanel {
  // owner: {utc(), now(), history(), shown(), setRange(range), setZone(zone), close()}
  constructor(owner) {
    this.owner = owner;
    this.box = byId('range-panel');
    this.box.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      owner.close();
    });
  }

  fill() {
    const { owner } = this;
    const choose = (range) => {
      owner.close();
      owner.setRange(range);
    };
    const preset = (label, range) => button(() => choose(range()), { class: 'control' }, label);
    const { first } = owner.history();
    const presets = PRESETS.map((ms) => preset(spanText(ms), () => ({ ago: ms })));
    if (first > 0) {
      const stored = () => Math.ceil((owner.now() - first) / 60_000) * 60_000;
      presets.push(preset(`All stored (${spanText(stored())})`, () => ({ ago: stored() })));
    }
    refill(this.box, make('h2', {}, 'Last'), make('div', { class: 'choices' }, ...presets),
      make('h2', {}, 'From and to'), this.times(choose), make('h2', {}, 'Times are shown in'), this.zones());
  }

  field(name, ms) {
    const utc = this.owner.utc();
    const input = make('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', size: '20',
      'aria-describedby': 'range-error' });
    input.value = `${dateText(ms, utc)} ${clockText(ms, utc)}`;
    return { input, label: make('label', { class: 'field' }, make('span', {}, name), input) };
  }

  times(choose) {
    const { from, to } = this.owner.shown();
    const fields = [this.field('From', from), this.field('To', to)];
    const error = make('p', { id: 'range-error', class: 'error', role: 'alert' });
    const apply = make('button', { type: 'submit', class: 'control' }, 'Show');
    const form = make('form', { class: 'choices' }, ...fields.map(({ label }) => label), apply, error);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const read = ({ input }) => readTime(input.value, this.owner.now(), this.owner.utc());
      const [begin, end] = fields.map(read);
      const bad = begin === null ? 0 : end === null || begin >= end ? 1 : -1;
      fields.forEach(({ input }, at) => input.setAttribute('aria-invalid', String(at === bad)));
      if (bad < 0) return choose({ from: begin, to: end });
      error.textContent = begin !== null && end !== null ? WORDS.timesSwapped : WORDS.badTime;
      return fields[bad].input.focus();
    });
    return form;
  }

  zones() {
    const { owner } = this;
    const zone = (label, value) => {
      const input = make('input', { type: 'radio', name: 'zone', value });
      input.checked = owner.utc() === (value === 'utc');
      input.addEventListener('change', () => {
        owner.setZone(value);
        this.fill();
        this.box.querySelector('[name=zone]:checked').focus();
      });
      return make('label', {}, input, make('span', {}, label));
    };
    return make('fieldset', { class: 'segments' }, make('legend', { class: 'unseen' }, 'Zone'),
      zone(`Local (${offsetText(owner.now(), false)})`, 'local'), zone('UTC', 'utc'));
  }
}
