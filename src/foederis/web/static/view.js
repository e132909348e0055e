// What the answer says in words: sentence, cards, chip; and where the levers stand.

import { law, say, setup, written } from "./state.js";

const byId = (id) => document.getElementById(id);
let spoken = 0;

/** The answer in its places. With `delta` the cards show differences. */
export function showAnswer(answer, delta) {
  const numbers = Object.fromEntries(answer.numbers.map((one) => [one.key, one]));
  emphasise(byId("sentence"), answer.sentence, numbers);
  for (const card of document.querySelectorAll(".number")) {
    const one = numbers[card.dataset.number];
    if (one) showCard(card, one, delta);
  }
  byId("chip").textContent = answer.chip;
  byId("chip").className = `chip chip-${answer.source}`;
  byId("exact").hidden = answer.source === "exact";
  clearTimeout(spoken);
  spoken = setTimeout(() => {
    byId("spoken").textContent = answer.sentence;
  }, 800);
}

function showCard(card, one, delta) {
  const compared = Boolean(one.compared);
  const text = (name, words) => {
    const place = card.querySelector(`.${name}`);
    if (place.textContent !== words) place.textContent = words;
  };
  card.classList.toggle("assumed", one.badge === "A");
  text("name", one.label);
  text("value", delta && compared ? one.difference : one.value);
  text("interval", delta && compared ? "" : one.interval);
  text("word", delta && compared ? `A ${one.compared} → B ${one.value}` : one.word);
  text("compared", one.compared || "");
  card.querySelector(".versus").hidden = !compared || delta;
}

/** A sentence in which what the cards say too is strong. */
function emphasise(place, sentence, numbers) {
  const said = Object.values(numbers).flatMap((one) => [one.value, one.word]).filter(Boolean);
  const pieces = [];
  let rest = sentence;
  while (rest) {
    const [at, text] = said
      .map((one) => [rest.indexOf(one), one])
      .filter(([found]) => found >= 0)
      .sort((a, b) => a[0] - b[0] || b[1].length - a[1].length)[0] || [rest.length, ""];
    pieces.push(rest.slice(0, at));
    if (text) {
      const strong = document.createElement("strong");
      strong.textContent = text;
      pieces.push(strong);
    }
    rest = rest.slice(at + text.length);
  }
  place.replaceChildren(...pieces);
}

/** Where the levers stand; an unmoved lever stands at the law. */
export function showLevers(state) {
  for (const key of Object.keys(setup.levers)) {
    const control = byId(`lever-${key}`);
    const is = key in state.levers;
    const value = is ? state.levers[key] : law(state.preset, key) ?? Number(control.value);
    if (control.type === "checkbox") control.checked = Boolean(value);
    else control.value = value;
    showLever(key, value, is, state.preset);
  }
  for (const link of document.querySelectorAll(".preset")) {
    if (link.dataset.preset === state.preset) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  byId("reset-all").hidden = !Object.keys(state.levers).length;
}

export function showLever(key, value, is, preset) {
  const control = byId(`lever-${key}`);
  const box = control.closest(".lever");
  const text = written(key, value);
  byId(`out-${key}`).textContent = text;
  if (control.type === "range") control.setAttribute("aria-valuetext", text);
  box.classList.toggle("moved", is);
  box.querySelector(".reset").disabled = !is;
  const legal = law(preset, key);
  if (legal === undefined) return;
  box.querySelector(".legal").textContent = say("lever.legal", { value: written(key, legal) });
  const mark = box.querySelector("option");
  if (mark) mark.value = legal;
}

/** Which unknowns are held at a value, and which are drawn. */
export function showHeld(held = {}) {
  for (const slider of document.querySelectorAll("[data-held]")) {
    const name = slider.dataset.held;
    const is = name in held;
    if (is) slider.value = held[name];
    slider.nextElementSibling.textContent = is ? String(held[name]) : say("assumptions.drawn");
    document.querySelector(`[data-release="${CSS.escape(name)}"]`).disabled = !is;
    slider.closest("td").classList.toggle("moved", is);
  }
}

/** How far an exact run is; null where there is none. */
export function showProgress(run) {
  const bar = byId("progress");
  bar.hidden = !run;
  byId("progress-text").textContent = "";
  if (!run) return;
  const { done, of, position } = run.progress;
  const share = of ? Math.round((100 * done) / of) : 0;
  bar.value = share;
  const words = position ? say("chip.queued", { ahead: position }) : say("chip.computing", { progress: share });
  byId("progress-text").textContent = words;
}

/** Something went wrong, in plain words; "" takes it back. */
export function showFault(words) {
  byId("fault").hidden = !words;
  byId("fault").textContent = words;
}

/** Say something once to who listens. */
export function announce(words) {
  clearTimeout(spoken);
  byId("spoken").textContent = words;
}
