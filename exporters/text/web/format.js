// SPDX-License-Identifier: Apache-2.0
// Figures and hostile text as people read them. Pure functions; point decimals in every locale.

const NARROW_SPACE = '\u202f';
const HIDDEN = new RegExp('[\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e' +
  '\\u2060\\u2066-\\u2069\\ufdd0-\\ufdef\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}' +
  '\\ufffe\\uffff\\u{1fffe}\\u{1ffff}\\u{2fffe}\\u{2ffff}]|\\p{Cs}', 'gu');

// What could move, recolour, reorder or hide text, as \x1b or \u202e.
export function printable(text) {
  return text.replace(HIDDEN, (found) => {
    const code = found.codePointAt(0);
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    if (code > 0xffff) return `\\u{${code.toString(16)}}`;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function threeDigits(value) {
  if (value >= 100) return String(Math.round(value));
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

// A share of 1 as percent: `5.58 %`, `100 %`, `0 %`, `< 0.01 %`.
export function percentText(share) {
  const percent = share * 100;
  if (!(percent > 0)) return `0${NARROW_SPACE}%`;
  if (percent < 0.01) return `<${NARROW_SPACE}0.01${NARROW_SPACE}%`;
  return `${threeDigits(percent)}${NARROW_SPACE}%`;
}

// CPU per second, of a number of cores: `340 ms/s`.
export function rateText(cores) {
  const ms = cores * 1000;
  const text = ms >= 1000 ? countText(ms) : ms > 0 && ms < 0.01 ? '< 0.01' : ms > 0 ? threeDigits(ms) : '0';
  return `${text}${NARROW_SPACE}ms/s`;
}

export function countText(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

// Nanoseconds as `24 min 3 s`, `11.4 s`, `323 ms`, `80 µs`.
export function timeText(ns) {
  const seconds = ns / 1e9;
  if (seconds >= 3600) {
    const minutes = Math.round(seconds / 60);
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
  if (seconds >= 60) {
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  if (seconds >= 1) return `${threeDigits(seconds)} s`;
  if (seconds >= 1e-3) return `${threeDigits(seconds * 1e3)} ms`;
  if (seconds > 0) return `${threeDigits(seconds * 1e6)} µs`;
  return '0';
}

// A value of the profile in its unit.
export function valueText(value, unit) {
  if (unit === 'nanoseconds') return timeText(value);
  if (unit !== 'bytes') return countText(value);
  const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let step = 0;
  let shown = value;
  while (shown >= 1024 && step + 1 < steps.length) {
    shown /= 1024;
    ++step;
  }
  return `${step === 0 ? Math.round(shown) : threeDigits(shown)} ${steps[step]}`;
}

function two(number) {
  return String(number).padStart(2, '0');
}

// Milliseconds since 1970 as `14:02:11` of the chosen zone.
export function clockText(ms, utc) {
  const date = new Date(ms);
  return utc
    ? `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
    : `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function dateText(ms, utc) {
  const date = new Date(ms);
  return utc
    ? `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

// `UTC`, `UTC+2`, `UTC-3:30`: the zone's offset at that time.
export function offsetText(ms, utc) {
  const minutes = utc ? 0 : -new Date(ms).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const rest = Math.abs(minutes) % 60;
  const sign = minutes < 0 ? '\u2212' : '+';
  return `UTC${sign}${Math.floor(Math.abs(minutes) / 60)}${rest ? `:${two(rest)}` : ''}`;
}

// The last component of a path.
export function baseName(path) {
  const slash = path.lastIndexOf('/');
  return slash < 0 || slash + 1 === path.length ? path : path.slice(slash + 1);
}

// `5d1e…a07c`
export function shortId(id) {
  return id.length > 12 ? `${id.slice(0, 4)}…${id.slice(-4)}` : id;
}
