// SPDX-License-Identifier: Apache-2.0
// The difference of two sides: whether it is beyond chance, as `sonde diff` tests it, and its colour:
// blue = less, orange = more, lightness carries the amount. Pure.
import { WORDS } from './words.js';

const DIFF_HEX = {
  light: ['#4b8bdd', '#7faee8', '#b4d0f2', '#e8eaed', '#fbddb0', '#f4b45c', '#e58412'],
  dark: ['#3773c1', '#2e5c99', '#26446b', '#2a3038', '#57401f', '#7f5516', '#a3660a'],
};
const RATIOS = [1.1, 1.4, 2]; // from which on a step is taken
const SAME = 3;
const ENOUGH_SAMPLES = 20;
const SIGMAS = 2;

// {before, after: shares; sigma: error of their difference; beyond: more than chance}
export function compareShares(a, b, aSamples, bSamples) {
  const before = aSamples > 0 ? a / aSamples : 0;
  const after = bSamples > 0 ? b / bSamples : 0;
  const observed = (aSamples > 0 ? (before * (1 - before)) / aSamples : 0) +
    (bSamples > 0 ? (after * (1 - after)) / bSamples : 0);
  const common = aSamples > 0 && bSamples > 0 ? (a + b) / (aSamples + bSamples) : 0;
  const drawn = common * (1 - common) * (1 / Math.max(1, aSamples) + 1 / Math.max(1, bSamples));
  const sigma = Math.sqrt(Math.max(observed, drawn));
  const beyond = Math.max(a, b) >= ENOUGH_SAMPLES && Math.abs(after - before) >= SIGMAS * sigma;
  return { before, after, sigma, beyond };
}

// 0 to 6, 3 = no change that can be told from chance.
export function diffStep({ before, after, beyond }) {
  if (!beyond) return SAME;
  const ratio = after > before ? after / before : before / after; // one of them is not 0
  const steps = RATIOS.filter((least) => ratio >= least).length;
  return after > before ? SAME + steps : SAME - steps;
}

export function diffHex(step, theme) {
  return DIFF_HEX[theme][step];
}

// `+2.6 pp`, `−0.03 pp`
export function pointsText(share) {
  const points = share * 100;
  const size = Math.abs(points);
  const digits = size >= 10 ? 1 : 2;
  const text = size > 0 && size < 0.01 ? '< 0.01' : size.toFixed(digits);
  return `${points < 0 ? '\u2212' : points > 0 ? '+' : ''}${text}\u202fpp`;
}

// `+34 %` of what it was; new, gone where one side has none.
export function ratioText({ before, after }) {
  if (before === 0) return after === 0 ? '' : WORDS.onlyInB;
  if (after === 0) return WORDS.onlyInA;
  const percent = Math.round((after / before - 1) * 100);
  return `${percent < 0 ? '\u2212' : '+'}${Math.abs(percent)}\u202f%`;
}

// Both sides of one payload: ticks to samples, comparisons of nodes and of functions.
export class Comparison {
  constructor(payload) {
    this.samples = { a: payload.bsamples, b: payload.samples };
    this.perTick = { a: payload.btotal > 0 ? payload.bsamples / payload.btotal : 0,
      b: payload.total > 0 ? payload.samples / payload.total : 0 };
    this.whole = { a: payload.btotal, b: payload.total };
  }

  // a, b: ticks of the sides.
  of(a, b) {
    return compareShares(a * this.perTick.a, b * this.perTick.b, this.samples.a, this.samples.b);
  }

  // The colour of each node.
  colours(tree, theme) {
    return Array.from({ length: tree.count }, (_, node) =>
      diffHex(diffStep(this.of(tree.totalBefore[node], tree.total[node])), theme));
  }
}
