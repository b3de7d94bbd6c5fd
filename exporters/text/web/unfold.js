// SPDX-License-Identifier: Apache-2.0
// Frames too light for one answer come folded into one per caller. Zooming to such a caller asks for
// what is below it, once, and puts that into the picture.
import { childrenOf, KIND, nodeOfPath, pathOf } from './flame.js';
import { pathText } from './url.js';
import { WORDS } from './words.js';

export class Unfolder {
  // app: a GraphView; take(payload): shows it in place of the one it came from
  constructor(app, take) {
    Object.assign(this, { app, take });
    this.fetchBelow = null; // (path) -> Promise of a payload, null if it failed; none in a file
    this.forget();
  }

  // Other data came.
  forget() {
    this.asked = new Set();
    this.waiting = null;
  }

  // The node to zoom to for `node`: of a folded frame its caller, if more of it can be had.
  target(node) {
    const { tree, profile } = this.app;
    const parent = tree.parent[node];
    if (!this.fetchBelow || parent <= 0 || profile.kind[tree.frame[node]] !== KIND.folded) return node;
    return this.asked.has(pathText(pathOf(tree, profile, parent))) ? node : parent;
  }

  // Asks for what is folded at the end of this path, if anything is. True if an answer will come.
  ask(path) {
    const { given: { tree, profile }, payload } = this.app;
    if (!this.fetchBelow) return false;
    const { node } = nodeOfPath(tree, profile, path);
    const folded = childrenOf(tree, node).some((child) => profile.kind[tree.frame[child]] === KIND.folded);
    const found = pathOf(tree, profile, node);
    const key = pathText(found);
    if (node === 0 || !folded) return false;
    if (this.asked.has(key)) return this.waiting === key;
    this.asked.add(key);
    this.waiting = key;
    this.fetchBelow(found).then((below) => {
      if (this.waiting === key) this.waiting = null;
      if (!below) this.asked.delete(key);
      if (!below || payload !== this.app.payload) return;
      this.app.withParts(({ withBelow }) => {
        const whole = withBelow(payload, node, below);
        if (whole) this.take(whole);
        else this.app.shell.toast(WORDS.movedOn);
      });
    });
    return true;
  }
}
