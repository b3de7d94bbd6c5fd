// SPDX-License-Identifier: Apache-2.0
// The difference of two sides: whether it is beyond chance, as `sonde diff` tests it, and its colour:
// blue = less, orange = more, lightness carries the amount. Pure.
import { percentText, rateText } from './format.js';
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

// The same of CPU per second, in cores; aCore, bCore: samples that one busy core makes in each time.
export function compareRates(a, b, aCore, bCore) {
  if (!(aCore > 0 && bCore > 0)) return { before: 0, after: 0, sigma: 0, beyond: false };
  const [before, after] = [a / aCore, b / bCore];
  const drawn = ((a + b) / (aCore + bCore)) * (1 / aCore + 1 / bCore);
  const sigma = Math.sqrt(Math.max(a / aCore ** 2 + b / bCore ** 2, drawn));
  return { before, after, sigma, beyond: Math.max(a, b) >= ENOUGH_SAMPLES && Math.abs(after - before) >= SIGMAS * sigma };
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

const signOf = (value) => (value < 0 ? '\u2212' : value > 0 ? '+' : '');

// `+2.6 pp`, `−0.03 pp`
export function pointsText(share) {
  const size = Math.abs(share * 100);
  const text = size > 0 && size < 0.01 ? '< 0.01' : size.toFixed(size >= 10 ? 1 : 2);
  return `${signOf(share)}${text}\u202fpp`;
}

// `+34 %` of what it was; new, gone where one side has none.
export function ratioText({ before, after }) {
  if (before === 0) return after === 0 ? '' : WORDS.onlyInB;
  if (after === 0) return WORDS.onlyInA;
  const percent = Math.round((after / before - 1) * 100);
  return `${percent < 0 ? '\u2212' : '+'}${Math.abs(percent)}\u202f%`;
}

// Samples of a side, all of them and by tick; core: those that one busy core makes in its time.
function sideOf(samples, total, tick, ns) {
  return { samples, perTick: total > 0 ? samples / total : 0, core: total > 0 ? (ns * samples) / (total * tick) : ns / tick };
}

export const ONLY_B = 1;
export const ONLY_A = 2;

// Both sides of one payload: comparisons of nodes and of functions, as shares of the range or as CPU
// per second (absolute), and their words.
export class Comparison {
  constructor(payload, absolute) {
    const { tick, total, samples, btotal, bsamples } = payload;
    this.absolute = absolute;
    this.a = sideOf(bsamples, btotal, tick, payload.bduration_ns ?? (payload.bto - payload.bfrom) * 1e6);
    this.b = sideOf(samples, total, tick, payload.meta.duration_ns);
    this.whole = { a: btotal, b: total };
  }

  // ticksA, ticksB: of the sides.
  of(ticksA, ticksB) {
    const { a, b } = this;
    const counts = [ticksA * a.perTick, ticksB * b.perTick];
    return this.absolute ? compareRates(...counts, a.core, b.core) : compareShares(...counts, a.samples, b.samples);
  }

  // Of one side.
  valueText(value) {
    return this.absolute ? rateText(value) : percentText(value);
  }

  changeText({ before, after }) {
    const change = after - before;
    return this.absolute ? signOf(change) + rateText(Math.abs(change)) : pointsText(change);
  }

  // Twice the error of a change, in its unit.
  errorText({ sigma }) {
    return this.absolute ? rateText(2 * sigma) : (200 * sigma).toFixed(2);
  }

  // By node: ONLY_A, ONLY_B where it is beyond chance, else 0.
  marks({ total, totalBefore, count }) {
    return Uint8Array.from({ length: count }, (_, node) => {
      if (total[node] > 0 && totalBefore[node] > 0) return 0;
      if (!this.of(totalBefore[node], total[node]).beyond) return 0;
      return total[node] > 0 ? ONLY_B : ONLY_A;
    });
  }

  // The colour of each node.
  colours(tree, theme) {
    return Array.from({ length: tree.count }, (_, node) =>
      diffHex(diffStep(this.of(tree.totalBefore[node], tree.total[node])), theme));
  }
}
