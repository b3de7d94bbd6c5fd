// SPDX-License-Identifier: Apache-2.0
// Colours can be read and told apart: text on every ground, the steps of a difference under every
// kind of colour vision (Machado, Oliveira, Fernandes 2009), the origins with their variations.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { diffHex } from '../../exporters/text/web/diff.js';
import { FRAME_TEXT, rampHex, shadeHex } from '../../exporters/text/web/palette.js';
import { ROOT } from './support.mjs';

const VISIONS = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
const linear = (hex) => channels(hex).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
const times = (m, [r, g, b]) => [0, 3, 6].map((at) => m[at] * r + m[at + 1] * g + m[at + 2] * b);

function contrast(a, b) {
  const [low, high] = [a, b].map((hex) => times([0.2126, 0.7152, 0.0722, 0, 0, 0, 0, 0, 0], linear(hex))[0]).sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function oklab(rgb) {
  const lms = times([0.4122214708, 0.5363325363, 0.0514459929, 0.2119034982, 0.6806995451, 0.1073969566,
    0.0883024619, 0.2817188376, 0.6299787005], rgb.map((c) => Math.max(0, c))).map(Math.cbrt);
  return times([0.2104542553, 0.793617785, -0.0040720468, 1.9779984951, -2.428592205, 0.4505937099,
    0.0259040371, 0.7827717662, -0.808675766], lms);
}

// Smallest distance under any vision, times 100.
const distance = (a, b) => Math.min(...Object.values(VISIONS).map((vision) => {
  const [x, y] = [a, b].map((hex) => oklab(times(vision, linear(hex)).map((c) => Math.min(1, Math.max(0, c)))));
  return 100 * Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}));

// Tokens of style.css: the light ones come first, the dark ones under their own selector.
function tokens(theme) {
  const css = readFileSync(new URL('exporters/text/web/style.css', ROOT), 'utf8');
  const block = theme === 'light' ? css.slice(css.indexOf(':root {')) : css.slice(css.indexOf(':root[data-theme="dark"]'));
  return Object.fromEntries([...block.slice(0, block.indexOf('}')).matchAll(/--([a-z0-9]+): (#[0-9a-f]{6})/g)]
    .map(([, name, hex]) => [name, hex]));
}

test('words can be read on every ground of their theme, fields be seen', () => {
  for (const theme of ['light', 'dark']) {
    const all = tokens(theme);
    for (const ground of ['bg', 'surface', 'sunken', 'tint']) {
      for (const word of ['text', 'text2', 'text3', 'accent', 'ok', 'warn', 'bad']) {
        const ratio = contrast(all[word], all[ground]);
        assert.ok(ratio >= 4.5, `${theme} ${word} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
    for (const ground of ['bg', 'surface']) assert.ok(contrast(all.border, all[ground]) >= 3, `${theme} border on ${ground}`);
    assert.ok(contrast('#14181f', '#ffe14d') >= 4.5);
  }
});

test('labels can be read on every frame', () => {
  for (const theme of ['light', 'dark']) {
    for (let shade = 0; shade < 8 * 15; ++shade) {
      assert.ok(contrast(FRAME_TEXT[theme], shadeHex(shade, theme)) >= 4.5, `${theme} shade ${shade}`);
    }
    for (let step = 0; step < 7; ++step) {
      assert.ok(contrast(FRAME_TEXT[theme], diffHex(step, theme)) >= 4.5, `${theme} step ${step}`);
    }
    for (let share = 0; share <= 1; share += 1 / 12) {
      assert.ok(contrast(FRAME_TEXT[theme], rampHex(share, theme)) >= 4.5, `${theme} self ${share}`);
    }
  }
});

test('origins are told apart under every vision, also at their worst variations', () => {
  const KINDS = [1, 2, 3, 4, 5];
  const jittered = (kind) => (kind === 3 || kind === 5 ? [6, 7, 8] : Array.from({ length: 15 }, (_, i) => i)).map((i) => kind * 15 + i);
  for (const theme of ['light', 'dark']) {
    for (const a of KINDS) {
      for (const b of KINDS.filter((kind) => kind > a)) {
        const base = distance(shadeHex(a * 15 + 7, theme), shadeHex(b * 15 + 7, theme));
        assert.ok(base >= 8, `${theme} ${a} ${b}: ${base.toFixed(1)}`);
        for (const x of jittered(a)) {
          for (const y of jittered(b)) {
            const worst = distance(shadeHex(x, theme), shadeHex(y, theme));
            assert.ok(worst >= 4.5, `${theme} ${x} ${y}: ${worst.toFixed(1)}`);
          }
        }
      }
    }
  }
});

test('the steps of a difference are told apart under every vision', () => {
  for (const theme of ['light', 'dark']) {
    assert.ok(distance(diffHex(0, theme), diffHex(6, theme)) >= 21, theme);
    for (let step = 1; step < 7; ++step) {
      const found = distance(diffHex(step - 1, theme), diffHex(step, theme));
      assert.ok(found >= 6, `${theme} ${step - 1} and ${step}: ${found.toFixed(2)}`);
    }
  }
});
