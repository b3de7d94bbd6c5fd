// SPDX-License-Identifier: Apache-2.0
// The page's modules alone: names, palette, tree, layout, address, figures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LabelMaker, nameForms } from '../../exporters/text/web/names.js';
import { frameColours, shadeHex, shadeOf } from '../../exporters/text/web/palette.js';
import * as flame from '../../exporters/text/web/flame.js';
import { firstPast, layoutTree, nodeAt } from '../../exporters/text/web/layout.js';
import { fragmentOf, readFragment } from '../../exporters/text/web/url.js';
import { DEFAULT_STATE } from '../../exporters/text/web/state.js';
import { countText, percentText, printable, timeText, valueText } from '../../exporters/text/web/format.js';
import { tableCsv, stackText } from '../../exporters/text/web/export.js';
import { tableRows } from '../../exporters/text/web/table.js';
import { lostShare, trustVerdict } from '../../exporters/text/web/health.js';
import { ROOT, payloadOf, profileFile } from './support.mjs';

const node = payloadOf('node');
const profile = flame.openProfile(node);
const tree = flame.openTree(node);

// A font whose every letter is 7 px wide.
const fixedWidth = { width: (text) => 7 * [...text].length };

function sharedNames() {
  const table = readFileSync(new URL('tests/fixtures/short_names.tsv', ROOT), 'utf8');
  return table.split('\n').slice(1, -1).map((line) => line.split('\t'));
}

test('name forms are those of the shared table', () => {
  const rows = sharedNames();
  assert.ok(rows.length >= 45);
  for (const forms of rows) assert.deepEqual(nameForms(forms[0]), forms);
});

test('labels fit at every width and keep the tail as long as any form does', () => {
  const labels = new LabelMaker(fixedWidth);
  for (const [name, ...rest] of sharedNames()) {
    for (const width of [10, 24, 60, 120, 240, 600]) {
      const label = labels.fit(name, width);
      assert.ok(fixedWidth.width(label) <= width, `${label} in ${width}`);
      const fitting = [name, ...rest].find((form) => fixedWidth.width(form) <= width);
      if (fitting !== undefined) assert.equal(label, fitting);
    }
  }
});

test('palette and hash are those of the C++ exporters', () => {
  assert.equal(shadeHex(15 + 7, 'light'), '#f2ba78');
  assert.equal(shadeHex(30 + 7, 'dark'), '#3d6a9d');
  const svg = readFileSync(profileFile('node', '.svg'), 'utf8');
  const light = svg.slice(0, svg.indexOf('@media screen'));
  const rules = new Map([...light.matchAll(/^\.(k\d{3})\{fill:(#[0-9a-f]{6})\}$/gm)]
    .map(([, group, hex]) => [group, hex]));
  let checked = 0;
  for (let i = 0; i < profile.frames; ++i) {
    const shade = shadeOf(profile.kind[i], profile.image[i].path, profile.name[i]);
    const group = `k${Math.floor(shade / 15)}${Math.floor((shade % 15) / 3)}${shade % 3}`;
    assert.ok(rules.has(group), `${profile.name[i]} is ${group} here and something else there`);
    assert.equal(rules.get(group), shadeHex(shade, 'light'));
    ++checked;
  }
  assert.ok(checked > 1000);
  assert.equal(frameColours(profile, 'light', 'origin', []).length, profile.frames);
});

test('sums: self adds up to total, children never exceed their parent', () => {
  assert.equal(tree.total[0], node.total);
  assert.equal(tree.self.reduce((a, b) => a + b), node.total);
  for (let i = 0; i < tree.count; ++i) {
    const below = flame.childrenOf(tree, i).reduce((sum, child) => sum + tree.total[child], 0);
    assert.equal(below + tree.self[i], tree.total[i]);
  }
  const totals = flame.frameTotals(tree, profile.frames, 0);
  assert.equal(totals.self.reduce((a, b) => a + b), node.total);
  for (const total of totals.total) assert.ok(total <= node.total);
});

test('recursion counts once', () => {
  const frame = profile.name.indexOf('walk(Node const*)');
  const totals = flame.frameTotals(tree, profile.frames, 0);
  const outer = flame.outermostNodes(tree, frame).reduce((sum, at) => sum + tree.total[at], 0);
  assert.ok(outer > 0);
  assert.equal(totals.total[frame], outer);
  assert.ok(totals.total[frame] < tree.total[0]);
});

test('callers and callees of a function both weigh its total', () => {
  const totals = flame.frameTotals(tree, profile.frames, 0);
  for (const name of ['_copy_to_iter', 'malloc', 'walk(Node const*)', 'main']) {
    const frame = profile.name.indexOf(name);
    const up = flame.callersTree(tree, frame);
    const down = flame.calleesTree(tree, frame);
    assert.equal(up.total[0], totals.total[frame], name);
    assert.equal(down.total[0], totals.total[frame], name);
    assert.equal(up.frame[0], frame);
    assert.equal(down.frame[0], frame);
  }
});

test('order by name keeps every weight', () => {
  const sorted = flame.sortedTree(tree, (a, b) =>
    (profile.name[tree.frame[a]] < profile.name[tree.frame[b]] ? -1 : 1));
  assert.equal(sorted.count, tree.count);
  assert.equal(sorted.total[0], tree.total[0]);
  const names = flame.childrenOf(sorted, 0).map((child) => profile.name[sorted.frame[child]]);
  assert.deepEqual(names, [...names].sort());
});

test('hit test finds exactly the node under a tick', () => {
  const layout = layoutTree(tree);
  for (let i = 0; i < tree.count; i += 7) {
    if (tree.total[i] === 0) continue;
    const level = tree.level[i];
    assert.equal(nodeAt(layout, level, layout.x[i]), i);
    assert.equal(nodeAt(layout, level, layout.x[i] + tree.total[i] - 0.25), i);
  }
  assert.equal(nodeAt(layout, -1, 0), -1);
  assert.equal(nodeAt(layout, layout.depth, 0), -1);
  assert.equal(nodeAt(layout, 0, tree.total[0] + 1), -1);
  assert.equal(firstPast(layout, 1, -1), layout.start[1]);
});

test('a zoom survives as a path of names and images', () => {
  for (let i = 0; i < tree.count; i += 97) {
    const path = flame.pathOf(tree, profile, i);
    assert.deepEqual(flame.nodeOfPath(tree, profile, path), { node: i, missing: null });
  }
  const found = flame.nodeOfPath(tree, profile, [{ name: 'postgres', image: '' },
    { name: 'gone', image: '' }]);
  assert.equal(found.missing, 'gone');
  assert.equal(profile.name[tree.frame[found.node]], 'postgres');
});

test('the address holds the state, whatever is in the names', () => {
  const state = {
    ...DEFAULT_STATE, mode: 'sandwich', query: 'a|b & "c=d" /x/ #%', colour: 'image',
    fn: { name: 'a/b@c&d=e?f', image: 'lib x.so' }, sort: 'name.asc', inverted: true,
    zoom: [{ name: 'x/y', image: '' }, { name: '<script>', image: 'a@b' }],
    view: 'processes', range: { from: 1749810120000, to: 1749811020000 }, zone: 'utc',
    before: { from: 1749809120000, to: 1749810020000 }, context: { ago: 6 * 3_600_000 },
    filters: [{ key: 'process', op: '!=', value: 'a=b&c' }, { key: 'cgroup', op: '=~', value: '/x.*' }],
    group: 'container,process', collapsed: true,
    transforms: [{ op: 'hid', frame: { name: 'a&b', image: '' } }, { op: 'foc', frame: { name: 'f', image: 'x=y' } },
      { op: 'fold', frame: { name: '*', image: 'libc.so.6' } }],
  };
  const fragment = fragmentOf(state, [['later', '-15m']]);
  const back = readFragment(fragment);
  assert.deepEqual(back.state, state);
  assert.deepEqual(back.kept, [['later', '-15m']]);
  assert.deepEqual(back.bad, []);
  assert.equal(fragmentOf(back.state, back.kept), fragment);
});

test('bad values fall back and are named; unknown keys are kept', () => {
  const { state, bad, kept } = readFragment('#/nowhere?m=wild&c=%&q=%E0%A4%A&new=1&constructor=2&z=%' +
    '&t=-0m&a=-5m&x=9..1&f=PID=1&f=pid&g=a,b,c&tz=mars&s=cpu.up');
  assert.deepEqual(bad.map(([key]) => key),
    ['view', 'm', 'c', 'q', 'z', 't', 'a', 'x', 'f', 'f', 'g', 'tz', 's']);
  assert.deepEqual(kept, [['new', '1'], ['constructor', '2']]);
  assert.deepEqual(state, DEFAULT_STATE);
});

test('a path too long for an address becomes its last frame', () => {
  const zoom = Array.from({ length: 200 }, (_, i) => ({ name: `function_number_${i}`, image: 'app' }));
  const fragment = fragmentOf({ ...DEFAULT_STATE, zoom });
  assert.ok(fragment.length < 200);
  assert.match(fragment, /fn=function_number_199@app/);
});

test('hostile text is visible, as in every other export', () => {
  assert.equal(printable('\x1b[31m\u202eevil\u200b\u2028\ud800x\ufeff\u{e0041}\uffff'),
    '\\x1b[31m\\u202eevil\\u200b\\u2028\\ud800x\\ufeff\\u{e0041}\\uffff');
  assert.equal(printable('été שלום …'), 'été שלום …');
  for (const name of flame.openProfile(payloadOf('hostile')).name) assert.equal(printable(name), name);
});

test('figures', () => {
  const plain = (text) => text.replaceAll('\u202f', ' ');
  assert.equal(plain(percentText(0.0558)), '5.58 %');
  assert.equal(plain(percentText(0.00005)), '< 0.01 %');
  assert.equal(plain(percentText(0)), '0 %');
  assert.equal(countText(27412), '27,412');
  assert.equal(timeText(1443e9), '24 min 3 s');
  assert.equal(timeText(323e6), '323 ms');
  assert.equal(valueText(3 * 1024 * 1024, 'bytes'), '3.00 MiB');
});

test('CSV cells cannot be formulas', () => {
  const hostile = payloadOf('hostile');
  const shown = flame.openProfile(hostile);
  const shownTree = flame.openTree(hostile);
  const totals = flame.frameTotals(shownTree, shown.frames, 0);
  const rows = tableRows(shown, totals, [], 'self.desc');
  const csv = tableCsv(shown, rows, totals, shownTree.total[0]);
  assert.match(csv, /^'=cmd/m);
  for (const line of csv.split('\r\n').slice(1)) assert.doesNotMatch(line, /^[=+\-@]/);
  assert.ok(stackText(shownTree, shown, 2).split(';').length === 2);
});

test('missed ticks are a share of the ticks: an idle host is no bad one', () => {
  const judge = (samples, lost, missed, expected) =>
    trustVerdict({ samples, trust: { produced: samples + lost, lost, missed, expected, whole: samples, early: 0 } });
  assert.deepEqual((({ level, rest }) => [level, rest])(judge(25, 5, 5, 34_200)), ['ok', '0.01\u202f% lost']);
  assert.equal(judge(25, 5, 0, 34_200).level, 'bad'); // the ring was full: these were samples
  assert.equal(judge(30_000, 600, 600, 34_200).level, 'bad'); // a busy host: 1.75 %
  assert.equal(judge(25, 5, 5, 0).level, 'bad'); // how many ticks there were is not known
  assert.deepEqual([lostShare({ produced: 0, lost: 0, missed: 0, expected: 0 }), lostShare({ produced: 100, lost: 10, missed: 0, expected: 1000 }),
    lostShare({ produced: 105, lost: 15, missed: 5, expected: 1000 }).toFixed(6)], [0, 0.1, '0.105000']);
});

test('the badge is judged by whole and lost', () => {
  const judge = (whole, lost, samples = 10000) =>
    trustVerdict({ samples, trust: { produced: samples + lost, lost, whole, early: 0 } });
  assert.equal(judge(9950, 0).level, 'ok');
  assert.equal(judge(9800, 0).level, 'warn');
  assert.equal(judge(9950, 50).level, 'warn');
  assert.match(judge(9950, 50).text, /lost/);
  assert.equal(judge(9000, 0).level, 'bad');
  assert.equal(judge(10000, 500).level, 'bad');
  assert.equal(judge(0, 0, 0).level, 'ok');
  assert.equal(judge(49, 2, 49).level, 'warn'); // two samples say little of a rate
  assert.equal(judge(30, 9, 30).level, 'bad'); // but a quarter is a quarter
  assert.equal(judge(9600, 50).text, '0.50\u202f% lost'); // as bad as the stacks: said first
  const early = { samples: 1000, trust: { produced: 1000, lost: 0, whole: 899, early: 100 } };
  assert.equal(trustVerdict(early).level, 'ok');
});
