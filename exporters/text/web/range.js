// SPDX-License-Identifier: Apache-2.0
// Spans of time: as the address and the API write them, as people type and read them. Pure.
import { clockText, dateText } from './format.js';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const LATEST = 8.64e15; // of a Date

// `-15m` for what ends now, else `MS..MS`.
export function rangeText(range) {
  if (!range.ago) return `${range.from}..${range.to}`;
  for (const unit of ['d', 'h', 'm']) {
    if (range.ago % UNITS[unit] === 0) return `-${range.ago / UNITS[unit]}${unit}`;
  }
  return `-${Math.max(1, Math.round(range.ago / 1000))}s`;
}

// null if it is neither.
export function readRange(text) {
  const ago = /^-(\d{1,6})([smhd])$/.exec(text);
  if (ago) return Number(ago[1]) > 0 ? { ago: ago[1] * UNITS[ago[2]] } : null;
  const span = /^(\d{1,16})\.\.(\d{1,16})$/.exec(text);
  if (!span) return null;
  const [from, to] = [Number(span[1]), Number(span[2])];
  return from < to && to <= LATEST ? { from, to } : null;
}

// {from, to} in milliseconds; what follows ends at the last whole window.
export function resolveRange(range, now, windowMs) {
  if (!range.ago) return { from: range.from, to: range.to };
  const to = Math.floor(now / windowMs) * windowMs;
  return { from: to - range.ago, to };
}

// Widened to whole windows, at least one.
export function snapRange({ from, to }, windowMs) {
  const begin = Math.floor(from / windowMs) * windowMs;
  return { from: begin, to: Math.max(begin + windowMs, Math.ceil(to / windowMs) * windowMs) };
}

// `15 min`, `6 h`, `40 s`, `2 days`
export function spanText(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return seconds % 60 === 0 && seconds > 0 ? `${seconds / 60} min` : `${seconds} s`;
  if (seconds < 7200 && seconds !== 3600) {
    const rest = seconds % 60;
    return `${Math.floor(seconds / 60)} min${rest ? ` ${rest} s` : ''}`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 2880) {
    return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`;
  }
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} days${hours % 24 ? ` ${hours % 24} h` : ''}`;
}

// `14:02–14:17`; with seconds where they are not zero in less than 15 minutes, with dates where they
// differ from `today`.
export function clockRangeText({ from, to }, utc, today) {
  const seconds = (from % 60_000 !== 0 || to % 60_000 !== 0) && to - from < 900_000;
  const clock = (ms) => clockText(ms, utc).slice(0, seconds ? 8 : 5);
  const days = [from, to - 1, today].map((ms) => dateText(ms, utc));
  const first = days[0] === days[2] ? clock(from) : `${days[0]} ${clock(from)}`;
  return `${first}–${days[1] === days[0] ? '' : `${days[1]} `}${clock(to)}`;
}

function midnight(ms, utc) {
  const day = new Date(ms);
  if (utc) return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate());
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}

function onDay(day, clock, utc) {
  const [, hours, minutes, seconds = '0'] = clock;
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const at = new Date(day);
  if (utc) at.setUTCHours(hours, minutes, seconds, 0);
  else at.setHours(hours, minutes, seconds, 0);
  return at.getTime();
}

// A typed time in milliseconds: `14:02`, `yesterday 14:02`, `2025-06-13 14:02`, `-15m`, `now`,
// ISO 8601; null if it is none of them. A bare clock time is the latest one that has passed.
export function readTime(text, now, utc) {
  const typed = text.trim().toLowerCase();
  if (typed === 'now') return now;
  const ago = readRange(typed);
  if (ago?.ago) return now - ago.ago;
  const clock = /^(?:(yesterday|today|\d{4}-\d{2}-\d{2})[ t]+)?(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(typed);
  if (clock) {
    const [, day, ...time] = clock;
    const today = midnight(now, utc);
    let at = today;
    if (day === 'yesterday') at = midnight(today - UNITS.h * 12, utc);
    else if (day && day !== 'today') at = utc ? Date.parse(`${day}T00:00Z`) : Date.parse(`${day}T00:00`);
    if (Number.isNaN(at)) return null;
    const found = onDay(at, ['', ...time], utc);
    if (found === null || day || found <= now) return found;
    return onDay(midnight(today - UNITS.h * 12, utc), ['', ...time], utc);
  }
  if (!/^\d{4}-\d{2}-\d{2}(t[\d:.]+(z|[+-]\d{2}:?\d{2})?)?$/.test(typed)) return null;
  const iso = Date.parse(typed.toUpperCase());
  return Number.isNaN(iso) ? null : iso;
}
