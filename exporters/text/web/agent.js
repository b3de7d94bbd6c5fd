// SPDX-License-Identifier: Apache-2.0
// Asks the agent that served the page (docs/api.md). Nothing else is ever asked.

// kind: gone (no answer), stopped (by the page) or refused (an answer that is an error)
export class AgentError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

async function refusalWords(response) {
  try {
    const { error } = await response.json();
    if (typeof error === 'string') return error;
  } catch {
    // not JSON: the status has to do
  }
  return `HTTP ${response.status}`;
}

// pairs: [name, value]; a value of null is left out. Throws AgentError.
export async function askAgent(path, pairs = [], signal = undefined) {
  const query = new URLSearchParams(pairs.filter(([, value]) => value !== null)).toString();
  let response = null;
  try {
    response = await fetch(`/api/v1/${path}${query ? `?${query}` : ''}`, { signal });
  } catch (error) {
    throw new AgentError(error.name === 'AbortError' ? 'stopped' : 'gone', String(error.message));
  }
  if (!response.ok) throw new AgentError('refused', await refusalWords(response));
  try {
    return await response.json();
  } catch (error) {
    throw new AgentError(error.name === 'AbortError' ? 'stopped' : 'refused', String(error.message));
  }
}

// The selection as parameters of every question about profiles.
export function selectionPairs(state) {
  return [['type', 'cpu'],
    ...state.filters.map(({ key, op, value }) => ['f', `${key}${op}${value}`])];
}

// A range as parameters; what follows is resolved by the agent's own clock.
export function rangePairsOf(range, from = 'from', to = 'to') {
  if (!range) return [];
  return range.ago ? [[from, `-${Math.round(range.ago / 1000)}s`], [to, 'now']]
    : [[from, String(range.from)], [to, String(range.to)]];
}
