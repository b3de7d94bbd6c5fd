// SPDX-License-Identifier: Apache-2.0
// Colours from OKLCH, made once at start: one hue per origin, varied by image (hue) and function
// (lightness). The C++ exporters compute the same values. Pure.
import { baseName } from './format.js';

export const PALETTE = {
  light: [[0.905, 0.010, 255], [0.825, 0.105, 70], [0.735, 0.100, 258], [0.655, 0.100, 345],
    [0.900, 0.085, 160], [0.815, 0.006, 260], [0.905, 0.010, 255], [0.815, 0.006, 260]],
  dark: [[0.335, 0.014, 255], [0.545, 0.105, 66], [0.515, 0.095, 253], [0.407, 0.120, 318],
    [0.420, 0.068, 156], [0.325, 0.006, 260], [0.335, 0.014, 255], [0.325, 0.006, 260]],
};
export const FRAME_TEXT = { light: '#14181f', dark: '#ffffff' };
const HUE_STEP = 3;
const LIGHTNESS_STEP = 0.02;
const IMAGE_HUES = 12;

const utf8 = new TextEncoder();

export function fnv1a32(text) {
  let hash = 0x811c9dc5;
  for (const byte of utf8.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function srgbChannel(linear) {
  const clipped = Math.min(1, Math.max(0, linear));
  const encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255).toString(16).padStart(2, '0');
}

// Ottosson 2020, "A perceptual color space for image processing".
export function oklchHex(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180;
  const a = chroma * Math.cos(angle);
  const b = chroma * Math.sin(angle);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3;
  return `#${srgbChannel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)}` +
    srgbChannel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) +
    srgbChannel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
}

// kind * 15 + hue step * 3 + lightness step.
export function shadeOf(kind, imagePath, functionName) {
  if (kind === 0 || kind >= 6) return kind * 15 + 7;
  const hue = kind === 3 || kind === 5 ? 2 : fnv1a32(baseName(imagePath)) % 5;
  return kind * 15 + hue * 3 + (fnv1a32(functionName) % 3);
}

export function shadeHex(shade, theme) {
  const [lightness, chroma, hue] = PALETTE[theme][Math.floor(shade / 15)];
  const hueStep = Math.floor((shade % 15) / 3) - 2;
  return oklchHex(lightness + LIGHTNESS_STEP * ((shade % 3) - 1), chroma, hue + HUE_STEP * hueStep);
}

function imageHex(imagePath, theme) {
  const hue = (fnv1a32(baseName(imagePath)) % IMAGE_HUES) * (360 / IMAGE_HUES) + 15;
  return theme === 'light' ? oklchHex(0.80, 0.085, hue) : oklchHex(0.47, 0.080, hue);
}

// A ramp for "by self": 0 is calm, 1 is hot.
export function rampHex(share, theme) {
  const t = Math.sqrt(Math.min(1, Math.max(0, share)));
  return theme === 'light'
    ? oklchHex(0.93 - 0.22 * t, 0.012 + 0.125 * t, 75 - 25 * t)
    : oklchHex(0.33 + 0.19 * t, 0.012 + 0.115 * t, 75 - 25 * t);
}

// Colour of each frame of the table. colour = origin, image or self.
export function frameColours(profile, theme, colour, selfShare) {
  const cache = new Map();
  const out = new Array(profile.frames);
  for (let i = 0; i < profile.frames; ++i) {
    const kind = profile.kind[i];
    const plain = kind === 0 || kind >= 5;
    if (colour === 'self' && !plain) {
      out[i] = rampHex(Math.round(Math.min(1, selfShare[i] * 8) * 12) / 12, theme);
    } else if (colour === 'image' && !plain) {
      out[i] = imageHex(profile.image[i].path, theme);
    } else {
      const shade = shadeOf(kind, profile.image[i].path, profile.name[i]);
      if (!cache.has(shade)) cache.set(shade, shadeHex(shade, theme));
      out[i] = cache.get(shade);
    }
  }
  return out;
}

// Base colour of a kind, for legend and swatches.
export function kindHex(kind, theme) {
  return shadeHex(kind * 15 + 7, theme);
}

// The base colour of each frame's kind.
export function kindColours(profile, theme) {
  const kinds = PALETTE[theme].map((_, kind) => kindHex(kind, theme));
  return Array.from(profile.kind, (kind) => kinds[kind]);
}
