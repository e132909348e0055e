// The page at work: levers move, answers follow, the address keeps up.

import * as charts from "./charts.js";
import { Live } from "./live.js";
import * as panels from "./panels.js";
import { Exact } from "./runs.js";
import { address, fromAddress, law, moved, query, same, say, setup } from "./state.js";
import * as view from "./view.js";

const REST = 150; // ms without input, then the exact run
const byId = (id) => document.getElementById(id);
const past = []; // states before each change, for undo
let state = fromAddress();
let settled = state;
let answered = null;
let delta = false;
let resting = 0;

const live = new Live({
  ask: (asked) => `/api/v1/live?${query(asked)}&lang=${setup.lang}`,
  show,
  fail: view.showFault,
});
const exact = new Exact({
  progress: view.showProgress,
  done: (run, asked) => {
    if (asked === query({ ...state, versus: null })) live.want(state);
  },
  fail: view.showFault,
});

function show(answer, asked, ms) {
  if (answer.source === "none") {
    document.body.classList.add("stale");
    byId("chip").textContent = say(answered ? "chip.stale" : "chip.none");
    byId("chip").className = "chip chip-none";
    if (same(asked, state) && !resting) exact.want(state);
    byId("exact").hidden = false;
    return;
  }
  answered = answer;
  document.body.classList.toggle("stale", false);
  view.showAnswer(answer, delta && Boolean(state.versus));
  charts.show(answer.data, asked.preset).then(() => {
    document.body.dataset.answered = query(asked);
    document.body.dataset.milliseconds = Math.round(ms);
  });
  panels.showFiles(answer.run_id);
  panels.showBrief(answer.run_id);
  if (same(asked, state) && same(state, settled)) panels.refreshTables(state);
}

/** Go to a state: `push` makes a place to come back to, as when a lever is let go or a preset is pressed. */
function go(next, push) {
  const changed = !same(next, state);
  state = next;
  if (push) {
    if (!same(settled, state)) {
      past.push(settled);
      history.replaceState(null, "", address(settled)); // what dragging wrote over
      history.pushState(null, "", address(state));
    }
    settled = state;
    byId("undo").disabled = !past.length;
  } else {
    history.replaceState(null, "", address(state));
  }
  if (changed) afterMove(); // a key fires both `input` and `change`
  else view.showLevers(state);
}

function afterMove() {
  view.showLevers(state);
  view.showHeld(state.held);
  showComparison();
  byId("language").href = `/?${query(state)}&lang=${setup.lang === "ja" ? "en" : "ja"}`;
  exact.drop();
  live.want(state);
  clearTimeout(resting);
  resting = setTimeout(() => {
    resting = 0;
    exact.want(state);
  }, REST);
}

function showComparison() {
  const on = Boolean(state.versus);
  byId("comparison").hidden = !on;
  byId("compare").setAttribute("aria-pressed", String(on));
  byId("compare").textContent = say(on ? "act.compare.off" : "act.compare");
  if (on) byId("versus").value = state.versus;
}

function toggleCompare() {
  const versus = Object.keys(state.levers).length ? state.preset : state.preset === "before-2025" ? "july-2025-deal" : "before-2025";
  go({ ...state, versus: state.versus ? null : versus }, true);
}

function toggleDelta() {
  if (!state.versus) return;
  delta = !delta;
  byId("delta").setAttribute("aria-pressed", String(delta));
  if (answered) view.showAnswer(answered, delta);
}

function undo() {
  if (!past.length) return view.announce(say("say.nothing_to_undo"));
  const last = past.pop();
  state = last;
  settled = last;
  byId("undo").disabled = !past.length;
  history.pushState(null, "", address(state));
  afterMove();
  return view.announce(say("say.undone"));
}

function reading(control) {
  return control.type === "checkbox" ? Number(control.checked) : Number(control.value);
}

function wireLevers() {
  const form = byId("lever-form");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => go(moved(state, event.target.name, reading(event.target)), false));
  form.addEventListener("change", (event) => go(moved(state, event.target.name, reading(event.target)), true));
  form.addEventListener("keydown", (event) => {
    const { low, high, step } = setup.levers[event.target.name] || {};
    const way = { PageUp: 10, PageDown: -10 }[event.key];
    if (!way || event.target.type !== "range") return;
    event.preventDefault(); // ten steps, whatever the browser takes for a page
    const value = Math.min(high, Math.max(low, reading(event.target) + way * step));
    go(moved(state, event.target.name, value), true);
  });
  form.addEventListener("click", (event) => {
    const key = event.target.closest("[data-reset]")?.dataset.reset;
    if (key) {
      go(moved(state, key, law(state.preset, key)), true);
      byId(`lever-${key}`).focus();
    }
  });
  byId("reset-all").addEventListener("click", () => go({ ...state, levers: {} }, true));
  for (const link of document.querySelectorAll(".preset")) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go({ preset: link.dataset.preset, levers: {}, held: state.held, versus: state.versus }, true);
    });
  }
  byId("sheet").addEventListener("click", () => {
    const closed = document.body.classList.toggle("sheet-closed");
    byId("sheet").setAttribute("aria-expanded", String(!closed));
  });
}

/** Unknowns held at a value: an exact run when the slider is let go, because no surface is over them. */
function wireAssumptions() {
  const table = byId("assumptions");
  table.addEventListener("input", (event) => {
    if (event.target.dataset.held) event.target.nextElementSibling.textContent = event.target.value;
  });
  table.addEventListener("change", (event) => {
    const name = event.target.dataset.held;
    if (name) go({ ...state, held: { ...state.held, [name]: Number(event.target.value) } }, true);
  });
  table.addEventListener("click", (event) => {
    const name = event.target.dataset.release;
    if (!name) return;
    const held = { ...state.held };
    delete held[name];
    go({ ...state, held }, true);
  });
}

function wireActions() {
  byId("compare").addEventListener("click", toggleCompare);
  byId("delta").addEventListener("click", toggleDelta);
  byId("undo").addEventListener("click", undo);
  for (const button of document.querySelectorAll("#exact, [data-exact]")) button.addEventListener("click", () => exact.want(state));
  byId("versus").addEventListener("change", (event) => go({ ...state, versus: event.target.value }, true));
  byId("theme").addEventListener("click", toggleTheme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.redraw());
  addEventListener("popstate", () => {
    const next = fromAddress();
    state = next;
    settled = next;
    afterMove();
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=search], select, textarea, dialog *")) return;
    const act = { c: toggleCompare, d: toggleDelta, u: undo, t: panels.toggleTables, "?": () => byId("help").click() }[event.key];
    if (act) act();
  });
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("foederis-theme", root.dataset.theme);
  } catch {
    // Storage may be forbidden; the theme then holds until the page is left.
  }
  nameTheme();
  charts.redraw();
}

/** The button says where it leads. */
function nameTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  byId("theme").textContent = dark ? byId("theme").dataset.light : byId("theme").dataset.dark;
}

/** The server says when it has loaded everything; until then answers take longer. */
async function awaitReady() {
  for (;;) {
    try {
      const health = await (await fetch("/healthz")).json();
      if (health.ready) break;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await new Promise((done) => setTimeout(done, 1000));
  }
  byId("state-of-server").textContent = say("page.ready");
}

nameTheme();
wireLevers();
wireAssumptions();
wireActions();
panels.start(() => state);
charts.start();
view.showLevers(state);
view.showHeld(state.held);
showComparison();
live.want(state);
awaitReady();
