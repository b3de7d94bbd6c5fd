// SPDX-License-Identifier: Apache-2.0
// What https://www.speedscope.app/file-format-schema.json asks of a file with sampled profiles, and what
// the program itself checks when it opens one. Words for what is wrong; none for a good file.

const UNITS = ['none', 'nanoseconds', 'microseconds', 'milliseconds', 'seconds', 'bytes'];
const FRAME_FIELDS = { name: 'string', file: 'string', line: 'number', col: 'number' };
const PROFILE_FIELDS = ['type', 'name', 'unit', 'startValue', 'endValue', 'samples', 'weights'];
const FILE_FIELDS = ['$schema', 'version', 'shared', 'profiles', 'name', 'activeProfileIndex', 'exporter'];

const isIndex = (value, length) => Number.isInteger(value) && value >= 0 && value < length;

function* frameProblems(frames) {
  for (const [at, frame] of frames.entries()) {
    if (typeof frame.name !== 'string') yield `frame ${at} has no name`;
    for (const [key, value] of Object.entries(frame)) {
      if (typeof value !== FRAME_FIELDS[key]) yield `frame ${at}: ${key} is ${JSON.stringify(value)}`;
    }
  }
}

function* profileProblems(profile, frames) {
  for (const key of PROFILE_FIELDS) if (!(key in profile)) yield `a profile has no ${key}`;
  for (const key of Object.keys(profile)) if (!PROFILE_FIELDS.includes(key)) yield `a profile has ${key}`;
  if (profile.type !== 'sampled') yield `type ${profile.type}`;
  if (typeof profile.name !== 'string') yield 'a name that is no text';
  if (!UNITS.includes(profile.unit)) yield `unit ${profile.unit}`;
  const { samples = [], weights = [], startValue, endValue } = profile;
  if (samples.length !== weights.length) yield `${samples.length} samples, ${weights.length} weights`;
  if (!samples.every((stack) => Array.isArray(stack) && stack.every((frame) => isIndex(frame, frames)))) yield 'a sample of no frame';
  if (!weights.every((weight) => Number.isFinite(weight) && weight >= 0)) yield 'a weight that is no number';
  const sum = weights.reduce((all, weight) => all + weight, startValue);
  if (!(Math.abs(sum - endValue) <= 1e-6 * endValue)) yield `ends at ${endValue}, its weights at ${sum}`;
}

function* allProblems(file) {
  if (file.$schema !== 'https://www.speedscope.app/file-format-schema.json') yield `schema ${file.$schema}`;
  for (const key of Object.keys(file)) if (!FILE_FIELDS.includes(key)) yield `the file has ${key}`;
  const { frames } = file.shared;
  yield* frameProblems(frames);
  if (file.profiles.length === 0) yield 'no profile';
  for (const profile of file.profiles) yield* profileProblems(profile, frames.length);
  if (file.activeProfileIndex !== undefined && !isIndex(file.activeProfileIndex, file.profiles.length)) yield 'no active profile';
}

export const speedscopeProblems = (file) => [...allProblems(file)];
