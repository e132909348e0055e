// Answers while someone drags: one request under way, the newest one waiting, none aborted.
// Aborting would starve the page on a slow link: every answer would be thrown away for the next question.

import { say } from "./state.js";

/** The problem that a response tells of, in words. */
export async function problem(response) {
  try {
    const told = await response.json();
    return [told.detail, told.hint].filter(Boolean).join("; ");
  } catch {
    return `${response.status}`;
  }
}

export class Live {
  constructor({ ask, show, fail }) {
    Object.assign(this, { ask, show, fail });
    this.busy = false;
    this.next = null;
    this.waits = 1;
  }

  /** Ask for an answer; what was asked before and has not begun is forgotten. */
  want(question) {
    this.next = question;
    if (!this.busy) this.run();
  }

  async run() {
    this.busy = true;
    while (this.next) {
      const question = this.next;
      this.next = null;
      const begun = performance.now();
      try {
        const response = await fetch(this.ask(question));
        if (response.ok) {
          this.waits = 1;
          this.fail("");
          this.show(await response.json(), question, performance.now() - begun);
        } else if (response.status === 503 || response.status === 429) {
          await this.later(question, say("error.busy", { seconds: this.waits }));
        } else {
          this.fail(say("error.state", { reason: await problem(response) }));
        }
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        await this.later(question, say("error.offline", { seconds: this.waits }));
      }
    }
    this.busy = false;
  }

  /** Wait longer each time, then ask the same unless something newer was asked. */
  async later(question, words) {
    this.fail(words);
    await new Promise((done) => setTimeout(done, 1000 * this.waits));
    this.waits = Math.min(30, 2 * this.waits);
    this.next = this.next || question;
  }
}
