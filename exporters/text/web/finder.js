// SPDX-License-Identifier: Apache-2.0
// The fields of the search language: what is found in the graph, with its answer and the hits one
// after the other, and what the function table is narrowed to.
import { searchAnswer, searchFrames } from './search.js';
import { byId } from './dom.js';
import { countText, percentText } from './format.js';
import { WORDS } from './words.js';

const TYPING_MS = 120;
const NARROW = 26; // px: a hit below that is zoomed to

// One field. Its text is `key` of the state; hits: Uint8Array by frame, null if it is empty.
export class SearchField {
  // app: a GraphView; late(): a worker answered after the picture was drawn
  constructor(app, key, late) {
    Object.assign(this, { app, key, late, input: byId(key), hits: null, found: null });
    this.worker = null; // for regular expressions, if there are workers
    this.input.addEventListener('input', () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.commit(), TYPING_MS);
    });
  }

  commit() {
    clearTimeout(this.typing);
    this.app.store.set({ [this.key]: this.input.value });
  }

  // Finds what the state says in the profile that is shown.
  show() {
    const { profile, state } = this.app;
    const query = state[this.key];
    if (this.input.value !== query) this.input.value = query;
    if (this.found?.profile === profile && this.found.query === query) return this.take(this.found);
    if (!this.worker || !query.includes('/')) return this.take({ profile, query, ...searchFrames(profile, query) });
    return this.worker.find(profile, query).then((answer) => {
      if (!answer || profile !== this.app.profile || query !== this.app.state[this.key]) return;
      this.take({ profile, query, ...answer });
      this.late();
    });
  }

  // found: {profile, query, hits, error}. After an error the last result stays.
  take(found) {
    this.found = found;
    this.input.parentElement.classList.toggle('bad', Boolean(found.error));
    this.input.title = found.error ?? '';
    if (!found.error) this.hits = found.hits;
  }

  // Another profile: its frames are others.
  forget() {
    this.hits = null;
  }
}

export class Finder extends SearchField {
  constructor(app, late) {
    super(app, 'query', late);
    this.answer = null; // {ticks, frames, nodes} of searchAnswer()
    this.input.placeholder = WORDS.searchPlaceholder;
    this.input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.next(event.shiftKey ? -1 : 1);
    });
  }

  forget() {
    super.forget();
    this.answer = null;
  }

  take(found) {
    super.take(found);
    const { app } = this;
    if (found.error) {
      byId('answer').textContent = found.error;
      return;
    }
    this.answer = found.hits && searchAnswer(app.tree, app.profile, found.hits, app.zoomed);
    if (!this.answer?.frames) this.hits = null;
    this.at = -1;
    app.stage.view.setHits(this.hits);
    this.drawAnswer();
  }

  // True if something is searched for and nothing is found.
  get without() {
    return this.answer?.frames === 0;
  }

  // `19.4 % of CPU · 3 of 41`
  drawAnswer() {
    const { answer, app } = this;
    const out = byId('answer');
    out.title = '';
    if (!answer) out.textContent = '';
    else if (answer.frames === 0) out.textContent = WORDS.noMatch;
    else {
      const unit = app.payload.unit === 'nanoseconds' ? 'CPU' : app.payload.type;
      const place = this.at < 0 ? '' : ` · ${countText(this.at + 1)} of ${countText(answer.nodes.length)}`;
      out.textContent = `${percentText(answer.ticks / app.tree.total[app.zoomed])} of ${unit}${place}`;
      out.title = `${countText(answer.frames)} functions, ${countText(answer.nodes.length)} frames`;
    }
  }

  // The next hit by weight, or the one before (by = -1): scrolled to, zoomed to if it is narrow.
  next(by) {
    const { app } = this;
    this.commit();
    const nodes = this.answer?.nodes ?? [];
    if (nodes.length === 0) return;
    const at = this.at < 0 && by < 0 ? nodes.length - 1 : (this.at + by + nodes.length) % nodes.length;
    const node = nodes[at];
    const { view } = app.stage;
    const { tree } = view;
    if ((tree.total[node] / (view.x1 - view.x0)) * view.width < NARROW) {
      const wanted = tree.parent[node] > 0 ? tree.parent[node] : node;
      const from = view.layout.x[wanted];
      app.stage.slide(from, from + tree.total[wanted], true);
    }
    this.at = at;
    this.drawAnswer();
    app.focusNode(node);
  }
}
