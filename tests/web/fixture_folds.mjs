// SPDX-License-Identifier: Apache-2.0
// What the agent makes of `root=` and `max=`, at the arrays of an answer.
const FOLDED = 6;
const COLUMNS = ['s', 'b', 'n'];

const baseName = (path) => path.slice(path.lastIndexOf('/') + 1);

// Parent and one past the last descendant of every node.
function shapeOf({ d }) {
  const parent = [];
  const end = [];
  const open = [];
  let level = 0;
  d.forEach((step, node) => {
    level += step;
    while (open.length > level) end[open.pop()] = node;
    parent.push(level === 0 ? -1 : open[level - 1]);
    open[level] = node;
  });
  for (const node of open) end[node] = d.length;
  return { parent, end };
}

const cutTo = (answer, nodes) => Object.fromEntries(['f', ...COLUMNS].filter((column) => answer[column])
  .map((column) => [column, nodes.map((node) => answer[column][node])]));

// The subtree at the end of `path` (texts NAME or NAME@IMAGE, as in an address).
export function belowPath(answer, path) {
  const { parent, end } = shapeOf(answer);
  let at = 0;
  for (const text of path ? path.split('/') : []) {
    const [name, image] = text.split('@').map(decodeURIComponent);
    at = answer.f.findIndex((frame, node) => parent[node] === at && answer.names[answer.fn[frame]] === name &&
      (image === undefined || baseName(answer.images[answer.fi[frame]][0]) === image));
    if (at < 0) return { ...answer, d: [0], ...cutTo({ ...answer, s: [0], b: answer.b && [0] }, [0]), total: 0, samples: 0 };
  }
  const nodes = Array.from({ length: end[at] - at }, (_, i) => at + i);
  const cut = cutTo(answer, nodes);
  const total = cut.s.reduce((a, b) => a + b, 0);
  return { ...answer, ...cut, d: [0, ...answer.d.slice(at + 1, end[at])], total, samples: total,
    ...(answer.b ? { btotal: cut.b.reduce((a, b) => a + b, 0) } : {}) };
}

// Not more than `max` nodes and one folded child for each that lost some.
export function foldedTo(answer, max) {
  if (answer.f.length <= max) return answer;
  const { parent } = shapeOf(answer);
  const columns = COLUMNS.filter((column) => answer[column]);
  const weight = answer.f.map((_, node) => columns.reduce((sum, column) => sum + answer[column][node], 0));
  for (let node = weight.length - 1; node > 0; --node) weight[parent[node]] += weight[node];
  const kept = new Set(weight.map((_, node) => node).sort((a, b) => weight[b] - weight[a] || a - b).slice(0, max));
  const gone = new Map(); // kept node -> {frames, one sum per column} of what is folded below it
  const top = [];
  answer.f.forEach((_, node) => {
    top[node] = kept.has(node) ? node : top[parent[node]];
    if (kept.has(node)) return;
    const sums = gone.get(top[node]) ?? { frames: 0, ...Object.fromEntries(columns.map((column) => [column, 0])) };
    ++sums.frames;
    for (const column of columns) sums[column] += answer[column][node];
    gone.set(top[node], sums);
  });
  return withFolded(answer, { parent, kept, gone, columns });
}

function withFolded(answer, { parent, kept, gone, columns }) {
  const out = { ...answer, names: [...answer.names], fn: [...answer.fn], fi: [...answer.fi], fk: [...answer.fk], d: [], f: [] };
  for (const column of columns) out[column] = [];
  const children = answer.f.map(() => []);
  answer.f.forEach((_, node) => node > 0 && kept.has(node) && children[parent[node]].push(node));
  let before = 0;
  const put = (level, frame, value) => {
    out.d.push(level - before);
    before = level;
    out.f.push(frame);
    for (const column of columns) out[column].push(value(column));
  };
  const visit = (node, level) => {
    put(level, answer.f[node], (column) => answer[column][node]);
    for (const child of children[node]) visit(child, level + 1);
    const sums = gone.get(node);
    if (!sums) return;
    const frame = out.fn.push(out.names.push(`${sums.frames} smaller frames`) - 1) - 1;
    out.fi.push(0);
    out.fk.push(FOLDED);
    put(level + 1, frame, (column) => sums[column]);
  };
  visit(0, 0);
  out.more = { nodes: answer.f.length - kept.size, ticks: [...gone.values()].reduce((sum, one) => sum + one.s, 0) };
  return out;
}
