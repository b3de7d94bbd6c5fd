// SPDX-License-Identifier: Apache-2.0
// The search language and its answer over the frame table. Pure.
//
//   QUERY = alt *("|" alt)      alt = *(["!"] [field ":"] text)
//   field = image, kind (own, lib, kernel, jit, unresolved), file, name
//   text  = plain (case counts if it has a capital), "exact", /regex/ or /regex/i
import { WORDS } from './words.js';
import { KIND } from './flame.js';

const FIELDS = ['image', 'kind', 'file', 'name'];
const KIND_NAMES = {
  own: KIND.own, lib: KIND.library, library: KIND.library, kernel: KIND.kernel, jit: KIND.jit,
  runtime: KIND.jit, unresolved: KIND.unresolved,
};
const REGEX_LIMIT_MS = 500;

// Splits one query into alternatives of terms. Quotes and slashes keep spaces and bars.
class QueryReader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  read() {
    const alternatives = [[]];
    for (;;) {
      while (this.text[this.at] === ' ') ++this.at;
      if (this.at >= this.text.length) break;
      if (this.text[this.at] === '|') {
        ++this.at;
        alternatives.push([]);
        continue;
      }
      alternatives[alternatives.length - 1].push(this.term());
    }
    return alternatives.filter((terms) => terms.length > 0);
  }

  term() {
    const not = this.text[this.at] === '!' && /[^ |]/.test(this.text[this.at + 1] ?? ' ');
    if (not) ++this.at;
    let field = 'name';
    const prefix = /^([a-z]+):(?!:)(?=[^ |])/.exec(this.text.slice(this.at));
    if (prefix && FIELDS.includes(prefix[1])) {
      field = prefix[1] === 'file' ? 'image' : prefix[1];
      this.at += prefix[0].length;
    }
    return { not, field, test: this.matcher() };
  }

  matcher() {
    const start = this.at;
    if (this.text[start] === '"') {
      const close = this.text.indexOf('"', start + 1);
      const end = close < 0 ? this.text.length : close;
      this.at = end + 1;
      return plainTest(this.text.slice(start + 1, end), true);
    }
    if (this.text[start] === '/') {
      const close = this.closingSlash(start + 1);
      if (close > 0) {
        const flag = this.text[close + 1] === 'i' ? 'i' : '';
        this.at = close + 1 + flag.length;
        const regex = new RegExp(this.text.slice(start + 1, close), flag);
        return (value) => regex.test(value);
      }
    }
    const end = this.text.slice(start).search(/[ |]/);
    this.at = end < 0 ? this.text.length : start + end;
    return plainTest(this.text.slice(start, this.at), false);
  }

  closingSlash(from) {
    for (let i = from; i < this.text.length; ++i) {
      if (this.text[i] === '\\') ++i;
      else if (this.text[i] === '/') return i;
    }
    return -1;
  }
}

function plainTest(text, exact) {
  if (exact || /\p{Lu}/u.test(text)) return (value) => value.includes(text);
  const small = text.toLowerCase();
  return (value) => value.toLowerCase().includes(small);
}

function termHits(term, profile, frame) {
  let hit = false;
  if (term.field === 'kind') {
    hit = Object.keys(KIND_NAMES)
      .some((name) => KIND_NAMES[name] === profile.kind[frame] && term.test(name));
  } else if (term.field === 'image') {
    hit = term.test(profile.image[frame].path);
  } else {
    hit = term.test(profile.name[frame]);
  }
  return hit !== term.not;
}

// {hits: Uint8Array per frame or null, error}: null = the query is empty or cannot be read.
export function searchFrames(profile, query, now = () => performance.now()) {
  let alternatives = [];
  try {
    alternatives = new QueryReader(query).read();
  } catch (error) {
    return { hits: null, error: String(error.message) };
  }
  if (alternatives.length === 0) return { hits: null, error: null };
  const hits = new Uint8Array(profile.frames);
  const deadline = now() + REGEX_LIMIT_MS;
  for (let i = 0; i < profile.frames; ++i) {
    if (profile.kind[i] === KIND.folded) continue;
    if (alternatives.some((terms) => terms.every((term) => termHits(term, profile, i)))) hits[i] = 1;
    if (now() > deadline) return { hits: null, error: WORDS.slowRegex };
  }
  return { hits, error: null };
}

// What the hits are worth below `root`: {ticks, frames, nodes}. Outermost nodes only, so recursion
// counts once; nodes by weight, heaviest first.
export function searchAnswer(tree, profile, hits, root) {
  const nodes = [];
  const seen = new Uint8Array(profile.frames);
  let ticks = 0;
  let frames = 0;
  let outer = root;
  for (let i = root; i < tree.end[root]; ++i) {
    const frame = tree.frame[i];
    if (!hits[frame]) continue;
    nodes.push(i);
    if (!seen[frame]) {
      seen[frame] = 1;
      ++frames;
    }
    if (i >= outer) {
      ticks += tree.total[i];
      outer = tree.end[i];
    }
  }
  nodes.sort((a, b) => tree.total[b] - tree.total[a] || a - b);
  return { ticks, frames, nodes };
}

// The text that finds exactly this name.
export function exactQuery(name) {
  return name.includes('"') ? `/^${name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$/` : `"${name}"`;
}
