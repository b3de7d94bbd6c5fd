// SPDX-License-Identifier: Apache-2.0
// Every word the page shows that is not data. One table; English.

export const WORDS = {
  kinds: ['group', 'own', 'library', 'kernel', 'runtime / JIT', 'unresolved', 'folded', 'stack cut'],
  kindsLong: ['group', 'own code', 'library code', 'kernel code', 'runtime or JIT code',
    'no name', 'small frames put together', 'stack cut'],
  reasons: {
    no_symbols: 'the file and its debug file have no function symbols',
    no_symbol: 'no symbol covers this address',
    outside_file: 'the file has no code at this offset',
    not_elf: 'the file is not an ELF file',
    corrupt: 'the file contradicts itself or ends too early',
    unreadable: 'the file could not be read',
  },
  tip: 'Click a frame to zoom. / searches.',
  crumbHint: 'click a frame to zoom',
  searchPlaceholder: 'Find a function or /regex/',
  noMatch: 'no match',
  slowRegex: 'That regex took longer than 0.5 s and was stopped.',
  noFunctions: 'No function matches',
  goneFrame: (name) => `${name} is not in this profile; showing its caller.`,
  movedOn: 'The history has moved on. Press r to read this range anew.',
  badLink: (pairs) => {
    const [key, text] = pairs[0];
    const names = { t: 'range', a: 'range', x: 'range', f: 'filter', z: 'zoom', view: 'view' };
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    const instead = key === 't' ? ' Showing the last 15 min.' : '';
    return `The link has a ${names[key] ?? 'setting'} this page cannot read (${key}=${shown}).${instead}`;
  },
  copied: (what) => `${what} copied`,
  cannotCopy: 'The browser refused to copy. Select the text and copy it by hand.',
  empty: ['Nothing ran on the CPUs in this range',
    'Record for longer, or while the program is busy.'],
  collecting: ['Collecting the first samples', (seconds) =>
    `sonde has watched this node for ${seconds} s. The graph appears with the first samples.`],
  idle: ['Nothing ran on the CPUs in this range', (cpus, idle) =>
    `${cpus} CPU${cpus === 1 ? ' was' : 's were'} idle ${idle} of the time. ` +
    'Drag on the strip where it rises, or choose a longer range.'],
  noMatchTitle: 'No samples match these filters',
  noMatchLine: (samples) => `${samples} samples are in this range without them.`,
  before: [(clock) => `History begins at ${clock}`, ({ cut, limit }) => ({
    bytes: `Older windows were dropped to stay under ${limit}.`,
    age: 'Older windows were dropped: they were past the age limit.',
  }[cut] ?? 'sonde did not run before.')],
  sideEmpty: ['A has no samples', (clock) => `sonde started at ${clock}. Choose a later A, or turn Compare off.`],
  typeOff: (name) => `${name} profiling is off`,
  degraded: [(error) => `Profiles are off: ${error}.`, (fix) => `Run  ${fix}  for the exact fix. Metrics work.`],
  halfPage: 'A part of this page did not arrive. Reload it.',
  agentGone: (clock, seconds) => `No answer from sonde since ${clock}. Trying again in ${seconds} s.`,
  apiError: (error) => `sonde could not read this range: ${error}.`,
  partly: (error) => `sonde could not read this range: ${error}. The other blocks are shown.`,
  updated: (version) => `sonde was updated to ${version}.`,
  reading: (span) => `Reading ${span} of history.`,
  shared: (span) => 'Link copied. It opens on machines that can reach this address' +
    (span ? `; history here keeps ${span}.` : '.'),
  trust: {
    ok: 'You can trust these profiles',
    warn: (why) => `Read with care: ${why}`,
    bad: (why) => `Do not trust this range: ${why}`,
    cut: (share) => `${share} of stacks are cut`,
    lost: (share) => `${share} of samples were lost`,
    figures: (lost, taken, missed, ticks) => `lost: ${lost} of ${taken} samples, ${missed} of ${ticks} ticks`,
    unaccounted: (count) => `${count} ticks are not accounted for`,
    taken: (span, count, even) => `${span}: ${count} stacks taken${even ? ', every one accounted for' : ''}.`,
    short: (path, whole, all) => `Worst executable: ${path}, ${whole} of ${all} samples whole.`,
  },
  noName: '(no name)',
  processesAbout: 'by CPU in the samples of this range; a row opens its profile, Ctrl+click on two compares them',
  chooseSecond: (name) => `${name} is A. Ctrl+click another process to compare it with, or the same again to stop.`,
  processesCome: 'Run-queue wait, memory, disk and network come with node metrics, containers and pods with their names.',
  nodeCome: ['Node metrics are not in this version', 'They will be here, over the same range as the profile:'],
  nodePanels: ['CPU by mode and run-queue latency', 'memory, pressure and page faults', 'disk throughput, latency and busy time',
    'network, retransmits and drops', 'file systems', 'the largest containers and processes'],
  diagnostics: 'Has the answers of status and health; no environment, no arguments, no samples',
  transforms: { foc: 'only through', hid: 'without', fold: 'folded', image: 'folded image' },
  takeBack: 'Take this back',
  showing: (share) => `showing ${share} of the selection`,
  filesWhole: 'files have the whole selection, without focus, hide and fold',
  onlyInA: 'gone',
  onlyInB: 'new',
  tooFew: 'too few samples to say',
  diffLegend: ['less CPU', 'more CPU', 'share of range, steps at 1.1× 1.4× 2×',
    'CPU per second, steps at 1.1× 1.4× 2×'],
  addFilter: '+ label=value, or pick',
  chipHelp: 'Click to edit, Alt-click to negate, Delete to remove',
  badTime: 'Not a time this page can read. Try 14:02, yesterday 14:02, -15m or 2025-06-13T14:02:00Z.',
  timesSwapped: 'The end has to be after the begin.',
  notRecorded: 'not recorded',
  showAsTable: 'Show as table',
  liveTip: 'Click a frame to zoom. / searches. Drag on the strip to choose a time.',
  tooNarrow: (count, share) =>
    `${count} frames narrower than a pixel, ${share}; Enter zooms to them`,
  narrowRun: (count) => `and ${count - 1} more frames narrower than a pixel`,
  deeper: (levels) => `↓ ${levels} deeper ${levels === 1 ? 'level' : 'levels'}  (scroll, or D to fit)`,
  paths: (count) => `${count} call ${count === 1 ? 'path' : 'paths'}`,
  pickFunction: 'Choose a function in the list, or press s on a frame.',
};
