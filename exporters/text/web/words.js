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
  searchPlaceholder: 'Find a function, image or /regex/',
  noMatch: 'no match',
  slowRegex: 'That regex took longer than 0.5 s and was stopped.',
  noFunctions: 'No function matches',
  goneFrame: (name) => `${name} is not in this profile; showing its caller.`,
  badLink: (key) => `The link has a ${key} this page cannot read.`,
  copied: (what) => `${what} copied`,
  cannotCopy: 'The browser refused to copy. Select the text and copy it by hand.',
  empty: ['Nothing ran on the CPUs in this range',
    'Record for longer, or while the program is busy.'],
  tooNarrow: (count, share) =>
    `${count} frames narrower than a pixel, ${share}; Enter zooms to them`,
  narrowRun: (count) => `and ${count - 1} more frames narrower than a pixel`,
  deeper: (levels) => `↓ ${levels} deeper ${levels === 1 ? 'level' : 'levels'}  (scroll, or D to fit)`,
  paths: (count) => `${count} call ${count === 1 ? 'path' : 'paths'}`,
  pickFunction: 'Choose a function in the list, or press s on a frame.',
};

export const HELP = [
  ['Frames', [
    ['← ↑ → ↓', 'move to neighbour, caller, heaviest callee'],
    ['Enter, click', 'zoom to the frame'],
    ['Esc, Backspace', 'back to the zoom before'],
    ['0', 'whole graph'],
    ['Home, End', 'first, last frame of the row'],
    ['s', 'sandwich: callers above, callees below'],
    ['p', 'pin the box beside the pointer'],
    ['y, Y', 'copy the name, the stack'],
  ]],
  ['Search', [
    ['/', 'find; capitals make it case-sensitive'],
    ['n, N', 'next, previous hit by weight'],
    ['a|b  !c', 'either; not'],
    ['image:libc', 'fields: image, kind, name'],
    ['"a b"  /re/i', 'exact text; regular expression'],
  ]],
  ['View', [
    ['D', 'fit the depth to the window'],
    ['i', 'root at the bottom'],
    ['t', 'function table on, off'],
    ['PgUp, PgDn', 'scroll'],
    ['Ctrl + wheel', 'zoom at the pointer'],
    ['Shift + drag', 'zoom to a span'],
  ]],
];
