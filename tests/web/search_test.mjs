// SPDX-License-Identifier: Apache-2.0
// The search language, and its share against an independent computation over the folded export.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openProfile, openTree, KIND } from '../../exporters/text/web/flame.js';
import { exactQuery, searchAnswer, searchFrames } from '../../exporters/text/web/search.js';
import { payloadOf, profileFile } from './support.mjs';

const payload = payloadOf('node');
const profile = openProfile(payload);
const tree = openTree(payload);

function found(query) {
  const { hits, error } = searchFrames(profile, query);
  assert.equal(error, null);
  return new Set(profile.name.filter((_, i) => hits[i]));
}

test('plain text ignores case unless it has a capital', () => {
  assert.ok(found('memmove').has('__memmove_avx_unaligned_erms'));
  assert.ok(found('execscan').has('ExecScanHashBucket'));
  assert.equal(found('execScan').size, 0);
  assert.ok(found('ExecScan').has('ExecScanHashBucket'));
});

test('bar is or, space is and, exclamation is not', () => {
  const either = found('zsl|longest_match');
  assert.ok(either.has('zslGetElementByRank') && either.has('longest_match'));
  assert.deepEqual([...found('tcp_sendmsg !locked')], ['tcp_sendmsg']);
});

test('quotes keep spaces and signs, slashes are a regular expression', () => {
  assert.deepEqual([...found('"walk(Node const*)"')], ['walk(Node const*)']);
  assert.ok(found('/^ip_(output|local_out)$/').size === 2);
  assert.ok(found('/EXECSORT/i').has('ExecSort'));
  assert.equal(found('/EXECSORT/').size, 0);
});

test('fields: kind, image, name; a C++ scope is not a field', () => {
  const kernel = searchFrames(profile, 'kind:kernel').hits;
  profile.kind.forEach((kind, i) => assert.equal(Boolean(kernel[i]), kind === KIND.kernel));
  assert.ok(found('image:libcrypto').has('ecp_nistz256_point_mul'));
  assert.ok(found('kind:jit handle').has('handleRequest /app/server.js:41'));
  assert.ok(found('node::Start').has('node::Start(int, char**)'));
});

test('a bad regular expression is an error in words', () => {
  const { hits, error } = searchFrames(profile, '/(/');
  assert.equal(hits, null);
  assert.match(error, /regular expression/i);
});

test('a search that takes too long is stopped between names', () => {
  let clock = 0;
  const { error } = searchFrames(profile, '/a/', () => (clock += 10));
  assert.match(error, /longer than 0\.5 s/);
});

test('empty and half-written queries match nothing loudly', () => {
  for (const query of ['', '   ', '|', '||']) assert.equal(searchFrames(profile, query).hits, null);
  for (const query of ['"', '/', '!', 'kind:', '/abc', '"abc']) {
    assert.equal(searchFrames(profile, query).error, null, query);
  }
});

test('the exact query of every name finds that name', () => {
  for (let i = 0; i < profile.frames; i += 11) {
    if (profile.kind[i] === KIND.folded) continue;
    assert.ok(searchFrames(profile, exactQuery(profile.name[i])).hits[i], profile.name[i]);
  }
});

test('the share is that of the stacks with a hit, recursion once', () => {
  const folded = readFileSync(profileFile('node', '.folded'), 'utf8').trim().split('\n');
  for (const text of ['memmove', 'walk', 'exec', 'tcp', 'main', 'malloc']) {
    let all = 0;
    let hit = 0;
    for (const line of folded) {
      const space = line.lastIndexOf(' ');
      const samples = Number(line.slice(space + 1));
      const frames = line.slice(0, space).split(';');
      all += samples;
      if (frames.some((frame) => frame.toLowerCase().includes(text))) hit += samples;
    }
    const answer = searchAnswer(tree, profile, searchFrames(profile, text).hits, 0);
    assert.equal(answer.ticks, hit, text);
    assert.equal(tree.total[0], all);
  }
});

test('hits are listed by weight and inside the zoom only', () => {
  const { hits } = searchFrames(profile, 'tcp_sendmsg');
  const whole = searchAnswer(tree, profile, hits, 0);
  for (let i = 1; i < whole.nodes.length; ++i) {
    assert.ok(tree.total[whole.nodes[i - 1]] >= tree.total[whole.nodes[i]]);
  }
  const inside = searchAnswer(tree, profile, hits, 1);
  assert.ok(inside.nodes.every((at) => at >= 1 && at < tree.end[1]));
  assert.ok(inside.ticks < whole.ticks);
});
