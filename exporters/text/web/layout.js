// SPDX-License-Identifier: Apache-2.0
// Where the nodes of a tree lie: x in ticks, nodes listed by level from left to right. Pure.

export function layoutTree(tree) {
  const x = new Float64Array(tree.count);
  const filled = new Float64Array(tree.count); // ticks of the children placed so far
  let depth = 0;
  for (let i = 0; i < tree.count; ++i) {
    const parent = tree.parent[i];
    if (parent >= 0) {
      x[i] = x[parent] + filled[parent];
      filled[parent] += tree.total[i];
    }
    if (tree.level[i] >= depth) depth = tree.level[i] + 1;
  }
  const start = new Int32Array(depth + 1);
  for (let i = 0; i < tree.count; ++i) ++start[tree.level[i] + 1];
  for (let i = 0; i < depth; ++i) start[i + 1] += start[i];
  const order = new Int32Array(tree.count);
  const next = Int32Array.from(start);
  for (let i = 0; i < tree.count; ++i) order[next[tree.level[i]]++] = i; // pre-order = left to right
  return { tree, x, order, start, depth };
}

// Position in `order` of the first node of the level whose right edge lies past `tick`.
export function firstPast(layout, level, tick) {
  const { order, x, tree } = layout;
  let low = layout.start[level];
  let high = layout.start[level + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[order[middle]] + tree.total[order[middle]] > tick) high = middle;
    else low = middle + 1;
  }
  return low;
}

// The node at this level and tick, -1 if there is none.
export function nodeAt(layout, level, tick) {
  if (level < 0 || level >= layout.depth) return -1;
  const at = firstPast(layout, level, tick);
  if (at >= layout.start[level + 1]) return -1;
  const node = layout.order[at];
  return layout.x[node] <= tick ? node : -1;
}

// Deepest level below `node`, inclusive.
export function deepestLevel(layout, node) {
  const { tree } = layout;
  let deepest = tree.level[node];
  for (let i = node; i < tree.end[node]; ++i) deepest = Math.max(deepest, tree.level[i]);
  return deepest;
}
