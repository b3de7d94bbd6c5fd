// SPDX-License-Identifier: Apache-2.0
// One function in the middle: callers above, growing up, callees below.
import { calleesTree, callersTree, isFunction, outermostNodes, KIND } from './flame.js';
import { layoutTree } from './layout.js';
import { Stage } from './stage.js';
import { nameNode, refill, make } from './dom.js';
import { percentText } from './format.js';
import { WORDS } from './words.js';

export class Sandwich {
  // elements: {header, callers, callees}; owner: hover, menu, centre(frame)
  constructor(elements, owner) {
    Object.assign(this, elements);
    const half = (view) => ({
      hover: (node, run, event) => owner.hover(view(), node, run, event),
      menu: (node, event) => owner.menu(view(), node, event),
      span: () => {},
      click: (node) => {
        if (node < 0) return;
        const frame = view().tree.frame[node];
        if (isFunction(this.profile, frame)) owner.centre(frame);
      },
    });
    this.up = new Stage(this.callers, half(() => this.up.view));
    this.down = new Stage(this.callees, half(() => this.down.view));
    this.up.view.flipped = true;
    this.down.view.skip = 1; // the middle row belongs to the upper half
    this.frame = -1;
  }

  setProfile(profile) {
    this.profile = profile;
    this.frame = -1;
    for (const stage of [this.up, this.down]) stage.setProfile(profile, 1);
  }

  // frame -1: nothing chosen yet.
  show(tree, frame, totals, all) {
    if (frame < 0) {
      refill(this.header, WORDS.pickFunction);
      this.frame = -1;
      return;
    }
    const kernel = this.profile.kind[frame] === KIND.kernel ? ' [k]' : '';
    const paths = outermostNodes(tree, frame).length;
    refill(this.header, make('b', {}, nameNode(this.profile.name[frame] + kernel)),
      make('span', {}, `total ${percentText(totals.total[frame] / all)}`),
      make('span', {}, `self ${percentText(totals.self[frame] / all)}`),
      make('span', { class: 'quiet' }, WORDS.paths(paths)));
    if (frame === this.frame) return;
    this.frame = frame;
    this.up.setLayout(layoutTree(callersTree(tree, frame)));
    this.down.setLayout(layoutTree(calleesTree(tree, frame)));
    for (const stage of [this.up, this.down]) stage.view.whole = all;
    this.up.measure();
    this.down.measure();
    this.callers.scrollTop = this.callers.scrollHeight;
  }

  paint(settings) {
    for (const stage of [this.up, this.down]) {
      Object.assign(stage.view, settings);
      if (stage.view.layout) stage.view.setHits(settings.hits);
      stage.paint();
    }
  }
}
