// SPDX-License-Identifier: Apache-2.0
// What the user does to the tree: focus on a function, hide one, fold one or a whole image into its
// callers, collapse recursion. Sums stay exact; each makes a new tree. Pure.
import { PathTree } from './flame.js';

export const EVERY_NAME = '*'; // of a fold: whatever lies in the image

// Frames that {name, image} means: 1 per frame of the table.
function frameMask(profile, { name, image }) {
  return Uint8Array.from({ length: profile.frames }, (_, frame) => Number(
    (name === EVERY_NAME || profile.name[frame] === name) &&
    (!image || profile.image[frame].base === image) && profile.kind[frame] !== 0));
}

// place(i, parent's place) says where node i goes: a place, or -1 for nowhere; takes(i): with its weight.
function rebuilt(tree, placeOf, takes = () => true) {
  const paths = new PathTree(tree.frame[0], tree);
  const place = new Int32Array(tree.count).fill(-1);
  place[0] = 0;
  if (takes(0)) paths.take(0, 0);
  for (let i = 1; i < tree.count; ++i) {
    const above = place[tree.parent[i]];
    place[i] = above < 0 ? -1 : placeOf(i, above, paths);
    if (place[i] >= 0 && takes(i)) paths.take(place[i], i);
  }
  return paths.finish();
}

// 1 for nodes that are one of `mask` or lie below one.
function belowMask(tree, mask) {
  const below = new Uint8Array(tree.count);
  for (let i = 0; i < tree.count; ++i) {
    below[i] = mask[tree.frame[i]] || (i > 0 && below[tree.parent[i]]) ? 1 : 0;
  }
  return below;
}

// Nodes with something in `wanted` at or below them that weighs something on either side.
function holding(tree, wanted) {
  const holds = new Uint8Array(tree.count);
  for (let i = tree.count - 1; i >= 0; --i) {
    if (wanted(i) && (tree.self[i] > 0 || tree.before?.[i] > 0)) holds[i] = 1;
    if (holds[i] && i > 0) holds[tree.parent[i]] = 1;
  }
  return holds;
}

function focused(tree, mask) {
  const below = belowMask(tree, mask);
  const holds = holding(tree, (i) => below[i]);
  return rebuilt(tree, (i, above, paths) => (holds[i] ? paths.child(above, tree.frame[i]) : -1), (i) => below[i]);
}

function hidden(tree, mask) {
  const below = belowMask(tree, mask);
  const holds = holding(tree, (i) => !below[i]);
  return rebuilt(tree, (i, above, paths) => (holds[i] && !below[i] ? paths.child(above, tree.frame[i]) : -1),
    (i) => !below[i]);
}

function folded(tree, mask) {
  return rebuilt(tree, (i, above, paths) => (mask[tree.frame[i]] ? above : paths.child(above, tree.frame[i])));
}

// One node per run of frames of the image; `as` is the frame that stands for them.
function foldedRuns(tree, mask, as) {
  return rebuilt(tree, (i, above, paths) => {
    if (!mask[tree.frame[i]]) return paths.child(above, tree.frame[i]);
    return paths.frame[above] === as ? above : paths.child(above, as);
  });
}

// {tree, repeats}: repeats = how often at most each frame called itself in a row, by frame.
export function withoutRecursion(tree) {
  const repeats = new Map();
  const run = new Int32Array(tree.count).fill(1);
  const out = rebuilt(tree, (i, above, paths) => {
    const frame = tree.frame[i];
    if (paths.frame[above] !== frame) return paths.child(above, frame);
    run[i] = run[tree.parent[i]] + 1;
    repeats.set(frame, Math.max(run[i], repeats.get(frame) ?? 0));
    return above;
  });
  return { tree: out, repeats };
}

// The profile with one more frame per folded image: `[libc.so.6]`.
function withImageFrames(profile, transforms) {
  const images = transforms.filter(({ op, frame }) => op === 'fold' && frame.name === EVERY_NAME);
  const found = images.map(({ frame }) => profile.image.findIndex(({ base }) => base === frame.image))
    .filter((at) => at >= 0);
  if (found.length === 0) return profile;
  const name = [...profile.name, ...found.map((at) => `[${profile.image[at].base.replace(/^\[|\]$/g, '')}]`)];
  const image = [...profile.image, ...found.map((at) => profile.image[at])];
  const kind = Uint8Array.from([...profile.kind, ...found.map((at) => profile.kind[at])]);
  const flags = Uint8Array.from([...profile.flags, ...found.map(() => 0)]);
  return { ...profile, frames: name.length, name, image, kind, flags };
}

// {profile, tree} after all of them, in order. transforms: {op: foc, hid or fold; frame}. One whose
// frame does not occur changes nothing, except that a focus on it leaves nothing.
export function applyTransforms(profile, tree, transforms) {
  const wide = withImageFrames(profile, transforms);
  let now = tree;
  for (const { op, frame } of transforms) {
    const mask = frameMask(profile, frame);
    if (op === 'foc') now = focused(now, mask);
    else if (op === 'hid') now = hidden(now, mask);
    else if (frame.name !== EVERY_NAME) now = folded(now, mask);
    else {
      const as = wide.image.findLastIndex(({ base }, at) => at >= profile.frames && base === frame.image);
      if (as >= 0) now = foldedRuns(now, mask, as);
    }
  }
  return { profile: wide, tree: now };
}
