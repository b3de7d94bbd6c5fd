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

// The one trusted-types policy, which makes the address of this script.
const policy = inWorker ? null : globalThis.trustedTypes?.createPolicy('worker', { createScriptURL: () => SCRIPT });

// One search at a time; another one ends it.
export class SearchWorker {
  stop() {
    this.worker?.terminate();
    this.worker = null;
    this.known = null; // the profile that the worker has
  }

  // The answer of searchFrames() for a query with a regular expression; null if another search came.
  find(profile, query) {
    this.cancel?.();
    this.worker ??= new Worker(policy ? policy.createScriptURL(SCRIPT) : SCRIPT, { type: 'module' });
    const { worker } = this;
    if (this.known !== profile) {
      const { frames, name, image, kind } = profile;
      worker.postMessage({ profile: { frames, name, image, kind } });
      this.known = profile;
    }
    return new Promise((resolve) => {
      const finish = (answer, stop) => {
        clearTimeout(timer);
        this.cancel = null;
        if (stop) this.stop();
        resolve(answer);
      };
      const timer = setTimeout(() => finish({ hits: null, error: WORDS.slowRegex }, true), LIMIT_MS);
      worker.addEventListener('message', ({ data }) => finish(data, false), { once: true });
      worker.addEventListener('error', () => finish(searchFrames(profile, query), true), { once: true });
      this.cancel = () => finish(null, true);
      worker.postMessage({ query });
    });
  }
}
