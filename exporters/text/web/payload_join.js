// SPDX-License-Identifier: Apache-2.0
// Puts answers of the agent together that belong to one picture. Frame tables become one; frames
// are the same if name, image, kind and reason are. Pure.
import { PathTree } from './flame.js';

function frameKey(payload, frame, reason) {
  const [path, id] = payload.images[payload.fi[frame]];
  return JSON.stringify([payload.names[payload.fn[frame]], path, id, payload.fk[frame], reason]);
}

// By frame: the name of its reason, where it has one.
function reasonsOf({ r, reasons }) {
  const out = new Map();
  for (let i = 0; i + 1 < r.length; i += 2) out.set(r[i], reasons[r[i + 1]]);
  return out;
}

// {payload: `one` with what only `other` has in its frame table, place: of each frame of `other`}
function joinedFrames(one, other) {
  const out = { ...one };
  for (const column of ['names', 'images', 'fn', 'fi', 'fk', 'r', 'reasons', 'pids']) out[column] = [...one[column]];
  const [mine, theirs] = [reasonsOf(one), reasonsOf(other)];
  const known = new Map(one.fn.map((_, frame) => [frameKey(one, frame, mine.get(frame)), frame]));
  const pids = new Map(other.pids.map((entry) => [entry[0], entry]));
  const withPids = new Set(one.pids.map(([frame]) => frame));
  const place = other.fn.map((name, frame) => {
    const reason = theirs.get(frame);
    const key = frameKey(other, frame, reason);
    let at = known.get(key);
    if (at === undefined) {
      at = out.fn.length;
      known.set(key, at);
      out.fn.push(out.names.push(other.names[name]) - 1);
      out.fi.push(out.images.push(other.images[other.fi[frame]]) - 1);
      out.fk.push(other.fk[frame]);
      if (reason !== undefined) out.r.push(at, out.reasons.push(reason) - 1);
    }
    if (pids.has(frame) && !withPids.has(at)) out.pids.push([at, ...pids.get(frame).slice(1)]);
    return at;
  });
  return { payload: out, place };
}

function levelsOf({ d }) {
  let level = 0;
  return d.map((step) => (level += step));
}

const sumOf = (list) => list.reduce((sum, one) => sum + one, 0);

// `payload` with the subtree of `node` as `below` has it, an answer to `root=` with that node's path.
// null if they do not weigh the same: the history has moved on between the two.
export function withBelow(payload, node, below) {
  const levels = levelsOf(payload);
  let end = node + 1;
  while (end < levels.length && levels[end] > levels[node]) ++end;
  for (const column of ['s', 'b']) {
    if (payload[column] && sumOf(payload[column].slice(node, end)) !== sumOf(below[column] ?? [])) return null;
  }
  const { payload: out, place } = joinedFrames(payload, below);
  const inserted = levelsOf(below).map((level) => level + levels[node]);
  const all = [...levels.slice(0, node), ...inserted, ...levels.slice(end)];
  out.d = all.map((level, i) => level - (i > 0 ? all[i - 1] : 0));
  const frames = below.f.map((frame) => place[frame]);
  frames[0] = payload.f[node];
  out.f = [...payload.f.slice(0, node), ...frames, ...payload.f.slice(end)];
  for (const column of ['s', 'b', 'n']) {
    if (payload[column]) out[column] = [...payload[column].slice(0, node), ...below[column], ...payload[column].slice(end)];
  }
  return out;
}

// Adds the weights of `payload`, times `factor`, to `column` of the paths; place: of its frames there.
function addSide(paths, column, payload, place, factor) {
  const open = [0];
  levelsOf(payload).forEach((level, node) => {
    if (level > 0) open[level] = paths.child(open[level - 1], place[payload.f[node]]);
    paths[column][open[level]] += payload.s[node] * factor;
  });
}

// Two answers as one comparison, as if the agent had been asked for it: a is side A, b is side B.
export function comparedPayload(a, b) {
  const { payload: out, place } = joinedFrames(b, a);
  const factor = a.tick / b.tick; // samples may weigh differently
  const paths = new PathTree(b.f[0], { self: [], before: [] });
  addSide(paths, 'self', b, [...b.fn.keys()], 1);
  addSide(paths, 'before', a, place, factor);
  const tree = paths.finish();
  delete out.n;
  return { ...out, d: Array.from(tree.level, (level, node) => level - (node > 0 ? tree.level[node - 1] : 0)),
    f: [...tree.frame], s: [...tree.self], b: [...tree.before], bfrom: a.from, bto: a.to, btotal: a.total * factor,
    bsamples: a.samples, btrust: a.trust, bduration_ns: a.meta.duration_ns, errors: [...b.errors, ...a.errors] };
}
