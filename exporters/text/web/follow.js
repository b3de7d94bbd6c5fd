// SPDX-License-Identifier: Apache-2.0
// When the page asks again. It follows the agent's windows while its range ends now; it holds while
// the picture is being used; it waits longer and longer for an agent that does not answer.
import { AgentError } from './agent.js';

const CLOSING_MS = 1500; // after its end a window is still being drained
const TICK_MS = 250;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 10_000;

export class Follower {
  // owner: {load() -> Promise, using() -> bool, following() -> bool, previewMs() -> the pause while
  // no window has ended, else 0, windowMs(), now(), show()}
  constructor(owner) {
    this.owner = owner;
    this.held = false; // by Space, besides what the picture's use holds
    this.goneSince = 0; // time of the last answer while there is none, else 0
    this.wait = FIRST_WAIT_MS;
    this.due = 0; // by performance.now()
    this.lastAnswer = 0;
    setInterval(() => this.tick(), TICK_MS);
    document.addEventListener('visibilitychange', () => this.tick());
  }

  // off: the range does not end now.
  get mode() {
    if (!this.owner.following()) return 'off';
    return this.held || this.owner.using() ? 'held' : 'live';
  }

  tick() {
    if (document.hidden) return;
    this.owner.show();
    if (this.asking || performance.now() < this.due) return;
    if (this.goneSince || this.mode === 'live') this.ask();
  }

  // Seconds until the next try.
  get secondsLeft() {
    return Math.max(0, Math.ceil((this.due - performance.now()) / 1000));
  }

  // Asks now. Resolves when the answer is shown.
  async ask() {
    this.asking = (this.asking ?? 0) + 1;
    this.due = performance.now() + FIRST_WAIT_MS;
    try {
      await this.owner.load();
      this.answered();
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      if (error.kind === 'gone') this.missed();
      if (error.kind === 'refused') this.answered();
    } finally {
      this.asking -= 1;
      this.owner.show();
    }
  }

  answered() {
    this.goneSince = 0;
    this.wait = FIRST_WAIT_MS;
    this.lastAnswer = this.owner.now();
    const windowMs = this.owner.windowMs();
    const closing = Math.min(CLOSING_MS, windowMs / 4);
    const left = windowMs - ((this.lastAnswer - closing) % windowMs);
    this.due = performance.now() + (this.owner.previewMs() || left);
  }

  missed() {
    this.goneSince ||= this.lastAnswer || this.owner.now();
    this.due = performance.now() + this.wait;
    this.wait = Math.min(LONGEST_WAIT_MS, this.wait * 2);
  }
}
