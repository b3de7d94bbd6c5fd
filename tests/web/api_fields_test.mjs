// SPDX-License-Identifier: Apache-2.0
// The fixture that the page is tested with answers as the agent does: what has a field in one has it,
// with the same type, in the other.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { ROOT } from './support.mjs';
import { startServer } from './fixture_server.mjs';

const API_ANSWERS = process.env.SONDE_API_ANSWERS ?? 'build/dev/tests/support/api_answers';
const RANGE = 'from=WINDOW2&to=WINDOW6';
// By question to the agent: the same question to the fixture.
const QUESTIONS = {
  '/status': '/status',
  [`/flame?${RANGE}`]: '/flame?from=-15m',
  [`/flame?${RANGE}&afrom=WINDOW0&ato=WINDOW2`]: null, // of the fixture with its own times
  '/series?from=-60s&g=process': '/series?from=-15m&g=process',
  [`/labels?${RANGE}`]: '/labels?from=-15m',
  [`/label/process/values?${RANGE}`]: '/label/process/values?from=-15m',
  [`/health?${RANGE}`]: '/health?from=-15m',
};
// Objects whose keys are data, and fields that only one of both has for a reason.
const DATA = new Set(['lost', 'stops', 'notes', 'explain', 'advice', 'reasons']);
const AGENT_ALONE = new Set(['.trust.unaccounted', '.btrust', '.errors']);

let server;
let answers;

before(async () => {
  server = await startServer();
  answers = JSON.parse(execFileSync(API_ANSWERS, Object.keys(QUESTIONS), { cwd: ROOT }));
});
after(() => server.close());

const typeOf = (value) => (Array.isArray(value) ? 'list' : typeof value);

// Field paths of an answer with their types; of a list its first item.
function fieldsOf(value, path = '', out = new Map()) {
  out.set(path, typeOf(value));
  if (Array.isArray(value)) {
    if (value.length > 0) fieldsOf(value[0], `${path}[]`, out);
  } else if (typeof value === 'object' && !DATA.has(path.split('.').at(-1))) {
    for (const [key, one] of Object.entries(value)) fieldsOf(one, `${path}.${key}`, out);
  }
  return out;
}

// An empty list says nothing of its items.
const isBelowEmpty = (path, fields) => [...fields].some(([other, type]) =>
  type === 'list' && !fields.has(`${other}[]`) && path.startsWith(`${other}[]`));

async function fixtureAnswer(agentPath) {
  let path = QUESTIONS[agentPath];
  if (path === null) {
    const { last, windowMs } = server.fixture.store;
    const [a, b, c] = [last - 60 * windowMs, last - 30 * windowMs, last];
    path = `/flame?from=${b}&to=${c}&afrom=${a}&ato=${b}`;
  }
  const response = await fetch(`${server.address}/api/v1${path}`);
  assert.equal(response.status, 200, path);
  return response.json();
}

for (const path of Object.keys(QUESTIONS)) {
  test(`the agent and the fixture have the same fields: ${path}`, async () => {
    const agent = fieldsOf(answers[path]);
    const fixture = fieldsOf(await fixtureAnswer(path));
    const missing = (of, other) => [...of].filter(([field]) => !other.has(field) && !isBelowEmpty(field, other));
    assert.deepEqual(missing(fixture, agent), [], 'the page is tested with fields that no agent sends');
    assert.deepEqual(missing(agent, fixture).filter(([field]) =>
      ![...AGENT_ALONE].some((one) => field.startsWith(one))), [], 'fields that the fixture lacks');
    for (const [field, type] of fixture) {
      if (agent.has(field)) assert.equal(agent.get(field), type, field);
    }
  });
}
