// Exact runs: asked for when the levers rest, followed while they run; the newest question counts.

import { query, say } from "./state.js";
import { problem } from "./live.js";

const API = "/api/v1/runs";
const client = `page-${Math.random().toString(36).slice(2, 12)}`;

export class Exact {
  constructor({ progress, done, fail }) {
    Object.assign(this, { progress, done, fail });
    this.asked = "";
  }

  /** Forget what was asked; its answer will not be shown. */
  drop() {
    this.asked = "";
    this.progress(null);
  }

  /** Ask for the exact run of a state and follow it to its end. */
  async want(state) {
    const asked = query({ ...state, versus: null });
    if (asked === this.asked) return;
    this.asked = asked;
    try {
      await this.follow(asked);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      if (asked === this.asked) this.fail(say("error.offline", { seconds: 5 }));
    }
    if (asked === this.asked) this.drop();
  }

  async follow(asked) {
    let response = await this.post(asked);
    while (response && asked === this.asked) {
      if (!response.ok) return this.fail(say("error.run", { reason: await problem(response) }));
      const run = await response.json();
      if (run.status === "done") return this.done(run, asked);
      if (run.status === "failed" || run.status === "cancelled") {
        return this.fail(say("error.run", { reason: run.problem ? run.problem.detail : run.status }));
      }
      this.progress(run);
      response = await fetch(`${run.links.self}?wait=10`);
    }
    return null;
  }

  /** Post the order; where the queue is full, wait as long as the server says. */
  async post(asked) {
    while (asked === this.asked) {
      const response = await fetch(API, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Client": client },
        body: JSON.stringify({ state: asked }),
      });
      if (response.status !== 429 && response.status !== 503) return response;
      const seconds = Number(response.headers.get("Retry-After")) || 5;
      this.fail(say("error.busy", { seconds }));
      await new Promise((rest) => setTimeout(rest, 1000 * seconds));
      this.fail("");
    }
    return null;
  }
}
