// SPDX-License-Identifier: Apache-2.0
// Spans of time: addresses, typed times, words; in UTC and across a change to summer time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockRangeText, rangeText, readRange, readTime, resolveRange, snapRange, spanText }
  from '../../exporters/text/web/range.js';

process.env.TZ = 'Europe/Berlin';
const now = Date.UTC(2025, 5, 13, 12, 17, 12); // 14:17:12 in Berlin

test('ranges of the address go out as they came in', () => {
  for (const text of ['-15m', '-6h', '-2d', '-90s', '-1m', '1749810120000..1749811020000']) {
    assert.equal(rangeText(readRange(text)), text);
  }
  for (const bad of ['', '-0m', '-5', '15m', '5..5', '9..1', '1..9e9', '-1w', '1..99999999999999999']) {
    assert.equal(readRange(bad), null, bad);
  }
});

test('what follows ends at the last whole window', () => {
  const { from, to } = resolveRange({ ago: 900_000 }, now, 10_000);
  assert.equal(to, Date.UTC(2025, 5, 13, 12, 17, 10));
  assert.equal(to - from, 900_000);
  assert.deepEqual(resolveRange({ from: 1, to: 2 }, now, 10_000), { from: 1, to: 2 });
  assert.deepEqual(snapRange({ from: 10_001, to: 19_999 }, 10_000), { from: 10_000, to: 20_000 });
  assert.deepEqual(snapRange({ from: 10_000, to: 10_001 }, 10_000), { from: 10_000, to: 20_000 });
});

test('typed times', () => {
  const iso = (text, utc) => {
    const found = readTime(text, now, utc);
    return found === null ? null : new Date(found).toISOString().slice(0, 19);
  };
  assert.equal(iso('14:02', false), '2025-06-13T12:02:00');
  assert.equal(iso('14:02', true), '2025-06-12T14:02:00'); // the latest one that has passed
  assert.equal(iso('yesterday 14:02', false), '2025-06-12T12:02:00');
  assert.equal(iso('today 23:00:30', true), '2025-06-13T23:00:30');
  assert.equal(iso('2025-03-01 09:05', false), '2025-03-01T08:05:00');
  assert.equal(iso('-15m', false), '2025-06-13T12:02:12');
  assert.equal(iso('now', false), '2025-06-13T12:17:12');
  assert.equal(iso('2025-06-13T12:00:00Z', false), '2025-06-13T12:00:00');
  assert.equal(iso('2025-06-13T12:00:00+02:00', true), '2025-06-13T10:00:00');
  for (const bad of ['', '25:00', '12:60', 'tomorrow 10:00', '2025-13-45', '-', 'noon', '14']) {
    assert.equal(iso(bad, false), null, bad);
  }
});

test('yesterday is a calendar day, also where it has 23 or 25 hours', () => {
  const afterSpring = Date.UTC(2025, 2, 31, 8, 0); // the day after the clocks went forward
  assert.equal(new Date(readTime('yesterday 01:30', afterSpring, false)).toISOString(), '2025-03-30T00:30:00.000Z');
  assert.equal(new Date(readTime('yesterday 03:30', afterSpring, false)).toISOString(), '2025-03-30T01:30:00.000Z');
  const onAutumn = Date.UTC(2025, 9, 27, 7, 0);
  assert.equal(new Date(readTime('yesterday 12:00', onAutumn, false)).toISOString(), '2025-10-26T11:00:00.000Z');
});

test('words for spans and clock times', () => {
  assert.deepEqual([10, 40, 60, 61, 900, 930, 3600, 7200, 21600, 86400, 172800, 190000]
    .map((seconds) => spanText(seconds * 1000)),
  ['10 s', '40 s', '1 min', '61 s', '15 min', '15 min 30 s', '1 h', '2 h', '6 h', '24 h', '2 days', '2 days 5 h']);
  const at = (h, m, s = 0, day = 13) => Date.UTC(2025, 5, day, h, m, s);
  assert.equal(clockRangeText({ from: at(12, 2), to: at(12, 17) }, false, now), '14:02–14:17');
  assert.equal(clockRangeText({ from: at(12, 2), to: at(12, 17) }, true, now), '12:02–12:17');
  assert.equal(clockRangeText({ from: at(12, 2, 10), to: at(12, 17) }, true, now), '12:02:10–12:17:00');
  assert.equal(clockRangeText({ from: at(22, 0, 0, 12), to: at(1, 0) }, true, now), '2025-06-12 22:00–2025-06-13 01:00');
});
