// SPDX-License-Identifier: Apache-2.0
// New data must not make frames dance: siblings keep the order in which they were shown until a
// swap is worth a tenth of their parent. Pure.
import { childrenOf, reorderedTree } from './flame.js';

const SWAP_SHARE = 0.1; // of the parent
const LEAST_SHARE = 0.002; // of the whole: narrower ones are ordered by weight

const keyOf = (profile, frame) => `${profile.name[frame]}\n${profile.image[frame].base}`;

function wideChildren(tree, node) {
  const least = LEAST_SHARE * tree.total[0];
  return childrenOf(tree, node).filter((child) => tree.total[child] >= least);
}

// Children by `rank`, except where a later one outweighs an earlier one by more than `limit`.
function settled(children, rank, total, limit) {
  const known = children.filter((child) => rank.has(child)).sort((a, b) => rank.get(a) - rank.get(b));
  for (let i = 1; i < known.length; ++i) {
    for (let j = i; j > 0 && total[known[j]] - total[known[j - 1]] > limit; --j) {
      [known[j], known[j - 1]] = [known[j - 1], known[j]];
    }
  }
  for (const child of children) { // what is new goes where its weight puts it
    if (rank.has(child)) continue;
    const at = known.findIndex((other) => total[other] < total[child]);
    known.splice(at < 0 ? known.length : at, 0, child);
  }
  return known;
}

// `tree` with the order of `old` where that was good enough; both with the profile they belong to.
export function keptOrder(tree, profile, old, oldProfile) {
  const orders = new Map(); // node -> its children, where the order is not that of weight
  const work = [[0, 0]];
  while (work.length > 0) {
    const [node, before] = work.pop();
    const earlier = new Map(wideChildren(old, before).map((child, at) => [keyOf(oldProfile, old.frame[child]), { child, at }]));
    const children = childrenOf(tree, node);
    const rank = new Map();
    for (const child of children) {
      const found = earlier.get(keyOf(profile, tree.frame[child]));
      if (!found) continue;
      rank.set(child, found.at);
      work.push([child, found.child]);
    }
    if (rank.size < 2) continue;
    const order = settled(children, rank, tree.total, SWAP_SHARE * tree.total[node]);
    if (order.some((child, at) => child !== children[at])) orders.set(node, order);
  }
  return orders.size === 0 ? tree : reorderedTree(tree, (node) => orders.get(node) ?? childrenOf(tree, node));
}
