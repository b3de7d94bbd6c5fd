// SPDX-License-Identifier: Apache-2.0
// Order of siblings under new data: kept until a swap is worth a tenth of the parent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childrenOf, makeTree, openProfile, openTree } from '../../exporters/text/web/flame.js';
import { keptOrder } from '../../exporters/text/web/kept_order.js';
import { payloadOf } from './support.mjs';

// One level of named children with these weights, heaviest first, as the agent sends them.
function levelOf(weights) {
  const names = Object.keys(weights).sort((a, b) => weights[b] - weights[a]);
  const profile = { name: ['all', ...names], image: ['all', ...names].map(() => ({ base: 'x' })) };
  const tree = makeTree(Int32Array.from([-1, ...names.map(() => 0)]), Int32Array.from([0, ...names.map((_, i) => i + 1)]),
    Float64Array.from([0, ...names.map((name) => weights[name])]));
  return { tree, profile };
}

function orderAfter(before, now) {
  const [old, fresh] = [levelOf(before), levelOf(now)];
  const kept = keptOrder(fresh.tree, fresh.profile, old.tree, old.profile);
  assert.equal(kept.total[0], fresh.tree.total[0]);
  return childrenOf(kept, 0).map((node) => fresh.profile.name[kept.frame[node]]).join('');
}

test('a small swap is not made, a large one is', () => {
  assert.equal(orderAfter({ a: 40, b: 38, c: 22 }, { a: 38, b: 41, c: 21 }), 'abc');
  assert.equal(orderAfter({ a: 40, b: 38, c: 22 }, { a: 30, b: 50, c: 20 }), 'bac');
  assert.equal(orderAfter({ a: 40, b: 38, c: 22 }, { a: 20, b: 38, c: 42 }), 'bca');
});

test('what is new goes where its weight puts it, what is gone leaves no hole', () => {
  assert.equal(orderAfter({ a: 50, b: 30, c: 20 }, { a: 48, b: 25, d: 27 }), 'adb');
  assert.equal(orderAfter({ a: 50, b: 49 }, { c: 50, b: 26, a: 24 }), 'cab');
});

test('the same data keeps the same tree; deep trees keep every weight', () => {
  const payload = payloadOf('node');
  const [profile, tree] = [openProfile(payload), openTree(payload)];
  assert.equal(keptOrder(tree, profile, tree, profile), tree);
  const other = makeTree(tree.parent, tree.frame, Float64Array.from(tree.self, (self, i) => self * (1 + (i % 7) / 50)));
  const kept = keptOrder(other, profile, tree, profile);
  assert.equal(kept.count, other.count);
  assert.ok(Math.abs(kept.total[0] - other.total[0]) < 1e-6);
  const names = (one) => childrenOf(one, 0).slice(0, 5).map((node) => profile.name[one.frame[node]]);
  assert.deepEqual(names(kept), names(tree));
});
