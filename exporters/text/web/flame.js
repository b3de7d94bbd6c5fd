// SPDX-License-Identifier: Apache-2.0
// The call tree as columns: nodes in pre-order, parents before children. Pure functions.
import { baseName, printable } from './format.js';

export const KIND = Object.freeze({
  group: 0, own: 1, library: 2, kernel: 3, jit: 4, unresolved: 5, folded: 6, cut: 7,
});

// True for a frame that stands for code, not for a group or for frames put together.
export function isFunction(profile, frame) {
  const kind = profile.kind[frame];
  return kind !== KIND.group && kind < KIND.folded;
}

// The frame table with what is looked up often. `names` are printable; merging and searching use
// whole names.
export function openProfile(payload) {
  const names = payload.names.map(printable);
  const images = payload.images.map(([path, id]) => ({
    path: printable(path), base: printable(baseName(path)), id: printable(id),
  }));
  const reasons = new Map();
  for (let i = 0; i + 1 < payload.r.length; i += 2) {
    reasons.set(payload.r[i], printable(payload.reasons[payload.r[i + 1]]));
  }
  const frames = payload.fn.length;
  const name = new Array(frames);
  const image = new Array(frames);
  const kind = new Uint8Array(frames);
  const flags = new Uint8Array(frames);
  for (let i = 0; i < frames; ++i) {
    name[i] = names[payload.fn[i]];
    image[i] = images[payload.fi[i]];
    kind[i] = payload.fk[i] & 7;
    flags[i] = payload.fk[i] >> 3;
  }
  const pids = new Map(payload.pids.map(([frame, first, count]) => [frame, { first, count }]));
  return { payload, frames, name, image, kind, flags, reasons, pids, tick: payload.tick };
}

// Columns from parents and selfs. level and total follow: one pass forward, one backward.
// before: selfs of side A in a comparison, else null; totalBefore is then null as well.
export function makeTree(parent, frame, self, samples = null, before = null) {
  const count = parent.length;
  const level = new Uint16Array(count);
  const total = Float64Array.from(self);
  const totalBefore = before && Float64Array.from(before);
  const end = new Int32Array(count); // one past the last descendant
  for (let i = 1; i < count; ++i) level[i] = level[parent[i]] + 1;
  for (let i = count - 1; i >= 0; --i) {
    if (end[i] === 0) end[i] = i + 1;
    if (i === 0) break;
    total[parent[i]] += total[i];
    if (before) totalBefore[parent[i]] += totalBefore[i];
    if (end[parent[i]] < end[i]) end[parent[i]] = end[i];
  }
  return { count, parent, frame, self, total, level, end, samples, before, totalBefore };
}

export function openTree(payload) {
  const count = payload.f.length;
  const parent = new Int32Array(count);
  const open = []; // by level: the node last seen there
  let level = 0;
  for (let i = 0; i < count; ++i) {
    level += payload.d[i];
    parent[i] = level === 0 ? -1 : open[level - 1];
    open[level] = i;
  }
  return makeTree(parent, Int32Array.from(payload.f), Float64Array.from(payload.s),
    payload.n ? Float64Array.from(payload.n) : null, payload.b ? Float64Array.from(payload.b) : null);
}

// The samples below a node: the total, unless samples differ in weight.
export function samplesBelow(tree, node) {
  if (!tree.samples) return tree.total[node];
  let sum = 0;
  for (let i = node; i < tree.end[node]; ++i) sum += tree.samples[i];
  return sum;
}

export function childrenOf(tree, node) {
  const out = [];
  for (let i = node + 1; i < tree.end[node]; i = tree.end[i]) out.push(i);
  return out;
}

// A tree with equal shape and the children of every node as `order(node)` lists them.
export function reorderedTree(tree, order) {
  const parent = new Int32Array(tree.count);
  const frame = new Int32Array(tree.count);
  const self = new Float64Array(tree.count);
  const samples = tree.samples ? new Float64Array(tree.count) : null;
  const earlier = tree.before ? new Float64Array(tree.count) : null;
  const work = [[0, -1]];
  let next = 0;
  while (work.length > 0) {
    const [old, above] = work.pop();
    const index = next++;
    parent[index] = above;
    frame[index] = tree.frame[old];
    self[index] = tree.self[old];
    if (samples) samples[index] = tree.samples[old];
    if (earlier) earlier[index] = tree.before[old];
    const children = order(old);
    for (let i = children.length - 1; i >= 0; --i) work.push([children[i], index]);
  }
  return makeTree(parent, frame, self, samples, earlier);
}

// The same with the children in the order of `before(a, b)`.
export function sortedTree(tree, before) {
  return reorderedTree(tree, (node) => childrenOf(tree, node).sort(before));
}

// Self and total of every frame below `root`. A frame counts once per stack: only its outermost
// node adds to its total.
export function frameTotals(tree, frames, root) {
  const self = new Float64Array(frames);
  const total = new Float64Array(frames);
  const samples = new Float64Array(frames);
  const before = tree.before && new Float64Array(frames); // self in A
  const active = new Int32Array(frames);
  const open = [];
  for (let i = root; i < tree.end[root]; ++i) {
    while (open.length > 0 && tree.end[open[open.length - 1]] <= i) {
      --active[tree.frame[open.pop()]];
    }
    const frame = tree.frame[i];
    self[frame] += tree.self[i];
    samples[frame] += tree.samples ? tree.samples[i] : tree.self[i];
    if (before) before[frame] += tree.before[i];
    if (active[frame]++ === 0) total[frame] += tree.total[i];
    open.push(i);
  }
  return { self, total, samples, before };
}

// Shares of the origins by self time below `root`: index = kind.
export function kindTotals(tree, profile, root) {
  const out = new Float64Array(8);
  for (let i = root; i < tree.end[root]; ++i) out[profile.kind[tree.frame[i]]] += tree.self[i];
  return out;
}

// Nodes of `frame` that have no ancestor of the same frame.
export function outermostNodes(tree, frame) {
  const out = [];
  for (let i = 0; i < tree.count; ++i) {
    if (tree.frame[i] !== frame) continue;
    out.push(i);
    i = tree.end[i] - 1;
  }
  return out;
}

// Collects paths into a tree with the columns of `like`; children end up by the larger side.
export class PathTree {
  constructor(frame, like) {
    this.like = like;
    this.parent = [-1];
    this.frame = [frame];
    this.children = new Map();
    this.columns = ['self', 'samples', 'before'].filter((name) => like[name]);
    for (const name of this.columns) this[name] = [0];
  }

  child(node, frame) {
    const key = node * 4194304 + frame;
    let at = this.children.get(key);
    if (at === undefined) {
      at = this.parent.length;
      this.children.set(key, at);
      this.parent.push(node);
      this.frame.push(frame);
      for (const name of this.columns) this[name].push(0);
    }
    return at;
  }

  // Adds what node `from` of `like` weighs itself.
  take(node, from) {
    for (const name of this.columns) this[name][node] += this.like[name][from];
  }

  // Children by the larger side, heaviest last: as they go on a stack.
  childLists() {
    const list = this.parent.map(() => []);
    const sums = ['self', 'before'].filter((name) => this[name]).map((name) => [...this[name]]);
    for (let i = this.parent.length - 1; i > 0; --i) {
      for (const sum of sums) sum[this.parent[i]] += sum[i];
      list[this.parent[i]].push(i);
    }
    const weight = (i) => Math.max(...sums.map((sum) => sum[i]));
    for (const children of list) if (children.length > 1) children.sort((a, b) => weight(a) - weight(b) || b - a);
    return list;
  }

  finish() {
    const list = this.childLists();
    const parent = [];
    const order = []; // old node of each new one
    const work = [[0, -1]];
    while (work.length > 0) {
      const [old, above] = work.pop();
      const index = parent.length;
      parent.push(above);
      order.push(old);
      for (const child of list[old]) work.push([child, index]);
    }
    const column = (name) => (this[name] ? Float64Array.from(order, (old) => this[name][old]) : null);
    return makeTree(Int32Array.from(parent), Int32Array.from(order, (old) => this.frame[old]),
      column('self'), column('samples'), column('before'));
  }
}

// What `frame` calls: the subtrees of its outermost nodes, merged.
export function calleesTree(tree, frame) {
  const paths = new PathTree(frame, tree);
  for (const root of outermostNodes(tree, frame)) {
    const place = new Map([[root, 0]]);
    paths.take(0, root);
    for (let i = root + 1; i < tree.end[root]; ++i) {
      const at = paths.child(place.get(tree.parent[i]), tree.frame[i]);
      place.set(i, at);
      paths.take(at, i);
    }
  }
  return paths.finish();
}

// Who calls `frame`: the ways from its outermost nodes to the process, merged from the frame up.
export function callersTree(tree, frame) {
  const paths = new PathTree(frame, { self: tree.total });
  for (const node of outermostNodes(tree, frame)) {
    let at = 0;
    for (let up = tree.parent[node]; up > 0; up = tree.parent[up]) {
      at = paths.child(at, tree.frame[up]);
    }
    paths.take(at, node);
  }
  return paths.finish();
}

// {name, image} of each node from below the root to `node`: survives new data.
export function pathOf(tree, profile, node) {
  const out = [];
  for (let i = node; i > 0; i = tree.parent[i]) {
    const frame = tree.frame[i];
    out.unshift({ name: profile.name[frame], image: profile.image[frame].base });
  }
  return out;
}

// {node, missing}: the deepest node on the path that exists; missing = name of the first frame
// that does not.
export function nodeOfPath(tree, profile, path) {
  let node = 0;
  for (const step of path) {
    const next = childrenOf(tree, node).find((child) => {
      const frame = tree.frame[child];
      return profile.name[frame] === step.name &&
        (!step.image || profile.image[frame].base === step.image);
    });
    if (next === undefined) return { node, missing: step.name };
    node = next;
  }
  return { node, missing: null };
}

// The heaviest frame with this name, -1 if there is none.
export function frameOfName(profile, wanted, weight) {
  let best = -1;
  for (let i = 0; i < profile.frames; ++i) {
    if (profile.name[i] !== wanted.name) continue;
    if (wanted.image && profile.image[i].base !== wanted.image) continue;
    if (best < 0 || weight[i] > weight[best]) best = i;
  }
  return best;
}
