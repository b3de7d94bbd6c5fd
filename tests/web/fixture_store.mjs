// SPDX-License-Identifier: Apache-2.0
// The fixed fixture as a history of windows: the samples of one invented profile, spread over time
// in a fixed way, chosen by range and labels. Any 90 windows hold each sample of the profile four times.
const TICK_NS = 52_631_579; // 19 Hz
const TIMES = 4; // one sample of the profile is so many here: the node is two thirds busy
const PERIOD = 90; // windows over which the profile's samples are spread
const KERNEL = 3;
const CUT = 7;

// A fixed number from two others, 0 to 2^32.
function mixed(a, b) {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x165667b1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

export class FixtureStore {
  // options: {windowMs, first, last}: begin of the oldest (0: none yet) and newest stored window;
  // open: the window after it has samples.
  constructor(payload, options) {
    Object.assign(this, { payload, windowMs: 10_000, open: true, hot: null, gaps: [], lost: [] }, options);
    this.parents = this.parentsOf(payload);
    this.groups = payload.f.map((_, node) => this.groupOf(node));
    this.spread = this.spreadSamples();
  }

  parentsOf({ d }) {
    const open = [];
    let level = 0;
    return d.map((step, node) => {
      level += step;
      open[level] = node;
      return level === 0 ? -1 : open[level - 1];
    });
  }

  groupOf(node) {
    let at = node;
    while (this.parents[at] > 0) at = this.parents[at];
    return at;
  }

  nameOf(node) {
    return this.payload.names[this.payload.fn[this.payload.f[node]]];
  }

  // By window of the period: pairs of node and samples.
  spreadSamples() {
    const windows = Array.from({ length: PERIOD }, () => new Map());
    const places = []; // more places in the second half: a bump
    for (let i = 0; i < PERIOD; ++i) {
      const busy = 10 + Math.round(4 * Math.sin((2 * Math.PI * (i - PERIOD / 2)) / PERIOD));
      for (let j = 0; j < busy; ++j) places.push(i);
    }
    this.payload.s.forEach((samples, node) => {
      for (let i = 0; i < samples; ++i) {
        const window = windows[places[mixed(node, i) % places.length]];
        window.set(node, (window.get(node) ?? 0) + TIMES);
      }
    });
    return windows;
  }

  // Begins of the stored windows in [from, to).
  windowsIn(from, to, live = false) {
    if (this.first === 0) return live && this.open ? [this.last + this.windowMs] : [];
    const out = [];
    const end = live ? this.last + 2 * this.windowMs : this.last + this.windowMs;
    let at = Math.max(Math.ceil(from / this.windowMs) * this.windowMs, this.first);
    for (; at < Math.min(to, end); at += this.windowMs) {
      if (!this.gaps.some(([begin, until]) => at >= begin && at < until)) out.push(at);
    }
    return out;
  }

  labelsOf(node) {
    const group = this.groups[node];
    const name = group > 0 ? this.nameOf(group) : '';
    const pids = this.payload.pids.find(([frame]) => frame === this.payload.f[group]);
    return { process: name, pid: pids ? String(pids[1]) : '', cgroup: `/system.slice/${name}.service` };
  }

  matches(node, filters) {
    const labels = this.labelsOf(node);
    return filters.every(({ key, op, value }) => {
      const has = labels[key] ?? '';
      const equal = op.endsWith('~') ? new RegExp(`^(?:${value})$`).test(has) : has === value;
      return op.startsWith('!') ? !equal : equal;
    });
  }

  // Calls visit(node, samples, window) for what is chosen.
  each(windows, filters, visit) {
    const known = new Map();
    for (const window of windows) {
      const spread = this.spread[(window / this.windowMs) % PERIOD];
      for (const [node, samples] of spread) {
        if (!known.has(node)) known.set(node, this.matches(node, filters));
        if (!known.get(node)) continue;
        const hot = this.hot && window >= this.hot.from && this.under(node, this.hot.name);
        visit(node, hot ? samples * this.hot.times : samples, window);
      }
    }
  }

  under(node, name) {
    for (let at = node; at > 0; at = this.parents[at]) if (this.nameOf(at) === name) return true;
    return false;
  }

  counts(windows, filters) {
    const out = new Array(this.payload.f.length).fill(0);
    this.each(windows, filters, (node, samples) => (out[node] += samples));
    return out;
  }

  // The answer of /flame. before: windows of side A, or null.
  flame(windows, filters, span, before = null) {
    const { payload } = this;
    const now = this.counts(windows, filters);
    const then = before ? this.counts(before.windows, filters) : null;
    const weight = now.map((samples, node) => samples + (then ? then[node] : 0));
    for (let node = weight.length - 1; node > 0; --node) weight[this.parents[node]] += weight[node];
    const kept = weight.flatMap((sum, node) => (sum > 0 || node === 0 ? [node] : []));
    const levels = this.levels ??= payload.d.reduce((list, step) => [...list, (list.at(-1) ?? 0) + step], []);
    const total = now.reduce((sum, samples) => sum + samples, 0);
    const cut = now.reduce((sum, samples, node) => sum + (this.isCut(node) ? samples : 0), 0);
    const lost = this.lostIn(windows);
    const answer = {
      ...payload, tick: TICK_NS, rates: [19], from: span.from, to: span.to, samples: total, total,
      trust: { produced: total + lost, lost, whole: total - cut, early: 0 },
      d: kept.map((node, i) => levels[node] - (i > 0 ? levels[kept[i - 1]] : 0)),
      f: kept.map((node) => payload.f[node]), s: kept.map((node) => now[node]),
      meta: { ...payload.meta, duration_ns: windows.length * this.windowMs * 1e6 },
      history: this.first, errors: [],
    };
    if (!then) return answer;
    const btotal = then.reduce((sum, samples) => sum + samples, 0);
    return { ...answer, b: kept.map((node) => then[node]), btotal, bsamples: btotal,
      bfrom: before.span.from, bto: before.span.to,
      bduration_ns: before.windows.length * this.windowMs * 1e6 };
  }

  isCut(node) {
    for (let at = node; at > 0; at = this.parents[at]) {
      if ((this.payload.fk[this.payload.f[at]] & 7) === CUT) return true;
    }
    return false;
  }

  lostIn(windows) {
    return this.lost.filter(([at]) => windows.includes(at)).reduce((sum, [, lost]) => sum + lost, 0);
  }

  // The answer of /series.
  series(span, filters, points, group, live) {
    const length = Math.max(1, (span.to - span.from) / this.windowMs);
    const step = Math.ceil(length / points) * this.windowMs;
    const windows = this.windowsIn(span.from, span.to, live);
    const columnOf = (at) => span.from + Math.floor((at - span.from) / step) * step;
    const t = [...new Set(windows.map(columnOf))];
    const at = new Map(t.map((begin, i) => [begin, i]));
    const zeros = () => t.map(() => 0);
    const out = { v: 1, from: span.from, to: span.to, step, ncpu: 2, rates: [19], history: this.first,
      t, cover: zeros(), user: zeros(), kernel: zeros(), samples: zeros(), lost: zeros() };
    for (const window of windows) {
      out.cover[at.get(columnOf(window))] += this.windowMs;
      out.lost[at.get(columnOf(window))] += this.lostIn([window]);
    }
    const groups = new Map();
    this.each(windows, filters, (node, samples, window) => {
      const column = at.get(columnOf(window));
      const kernel = (this.payload.fk[this.payload.f[node]] & 7) === KERNEL;
      out[kernel ? 'kernel' : 'user'][column] += samples * TICK_NS;
      out.samples[column] += samples;
      if (!group) return;
      const value = this.labelsOf(node)[group] ?? '';
      if (!groups.has(value)) groups.set(value, this.newGroup(value, node, zeros()));
      this.addTo(groups.get(value), { node, samples, kernel, column, window });
    });
    if (!group) return out;
    out.groups = [...groups.values()].sort((a, b) => b.user + b.kernel - a.user - a.kernel);
    out.others = { values: 0, user: 0, kernel: 0, samples: 0 };
    return out;
  }

  newGroup(value, node, cpu) {
    const pids = this.payload.pids.find(([frame]) => frame === this.payload.f[this.groups[node]]);
    return { value, user: 0, kernel: 0, samples: 0, whole: 0, early: 0, pids: pids?.[2] ?? 1,
      pid: pids?.[1] ?? 0, cpu, first: 0, last: 0, exited: 0 };
  }

  addTo(group, { node, samples, kernel, column, window }) {
    group[kernel ? 'kernel' : 'user'] += samples * TICK_NS;
    group.samples += samples;
    if (!this.isCut(node)) group.whole += samples;
    group.cpu[column] += samples * TICK_NS;
    group.first = group.first === 0 ? window : Math.min(group.first, window);
    group.last = Math.max(group.last, window + this.windowMs);
  }

  values(name, windows, filters, text) {
    const sums = new Map();
    this.each(windows, filters, (node, samples) => {
      const value = this.labelsOf(node)[name];
      if (value === undefined || !value.toLowerCase().includes(text.toLowerCase())) return;
      const sum = sums.get(value) ?? { value, ns: 0, samples: 0 };
      sum.ns += samples * TICK_NS;
      sum.samples += samples;
      sums.set(value, sum);
    });
    return [...sums.values()].sort((a, b) => b.samples - a.samples);
  }
}
