// SPDX-License-Identifier: Apache-2.0
// Regular expressions are searched for in a worker: one that takes too long is stopped there, not
// waited for here. The worker is the page's own script again, without a document.
import { searchFrames } from './search.js';
import { WORDS } from './words.js';

const LIMIT_MS = 500;
const SCRIPT = '/page.js';

export const inWorker = typeof document === 'undefined';

// In: {profile} first, then {query}. Out: {hits, error}.
export function serveSearches() {
  let searched = null;
  addEventListener('message', ({ data }) => {
    if (data.profile) searched = data.profile;
    else postMessage(searchFrames(searched, data.query, () => 0)); // the page keeps the time
  });
}

let worker = null;
let known = null; // the profile the worker has

function startWorker() {
  const policy = startWorker.policy ??= globalThis.trustedTypes?.createPolicy('worker',
    { createScriptURL: () => SCRIPT });
  return new Worker(policy ? policy.createScriptURL(SCRIPT) : SCRIPT, { type: 'module' });
}

function stopWorker() {
  worker?.terminate();
  worker = null;
  known = null;
}

// The answer of searchFrames() for a query with a regular expression; null if another search came.
export function searchApart(profile, query) {
  searchApart.cancel?.();
  worker ??= startWorker();
  if (known !== profile) {
    const { frames, name, image, kind } = profile;
    worker.postMessage({ profile: { frames, name, image, kind } });
    known = profile;
  }
  return new Promise((resolve) => {
    const finish = (answer, stop) => {
      clearTimeout(timer);
      searchApart.cancel = null;
      if (stop) stopWorker();
      resolve(answer);
    };
    const timer = setTimeout(() => finish({ hits: null, error: WORDS.slowRegex }, true), LIMIT_MS);
    worker.addEventListener('message', ({ data }) => finish(data, false), { once: true });
    worker.addEventListener('error', () => finish(searchFrames(profile, query), true), { once: true });
    searchApart.cancel = () => finish(null, true);
    worker.postMessage({ query });
  });
}
