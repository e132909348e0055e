// A state of the page: a preset, the levers that were moved, and what it is compared with. It lives in the address.

export const setup = JSON.parse(document.getElementById("setup").textContent);
const order = Object.keys(setup.levers);

/** The text of the catalogue under a key, with its placeholders filled. */
export function say(key, values = {}) {
  return setup.words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The state that an address asks for. */
export function fromAddress(search = location.search) {
  const query = new URLSearchParams(search);
  const preset = query.get("p") in setup.law ? query.get("p") : setup.state.preset;
  const levers = {};
  for (const key of order) {
    const value = query.has(key) ? Number(query.get(key)) : NaN;
    if (Number.isFinite(value)) levers[key] = value;
  }
  const held = {};
  for (const [key, text] of query) if (key.startsWith("a.") && Number.isFinite(Number(text))) held[key.slice(2)] = Number(text);
  return { preset, levers, held, versus: query.get("vs") };
}

/** The state as a query, in the order that the server writes it in. */
export function query(state) {
  const pairs = [["p", state.preset], ...order.filter((key) => key in state.levers).map((key) => [key, state.levers[key]])];
  for (const name of Object.keys(state.held || {}).sort()) pairs.push([`a.${name}`, state.held[name]]);
  if (state.versus) pairs.push(["vs", state.versus]);
  return pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
}

/** The address of a state; the language stays. */
export function address(state) {
  const lang = new URLSearchParams(location.search).get("lang") || (setup.lang === "ja" ? "ja" : "");
  return `/?${query(state)}${lang ? `&lang=${lang}` : ""}`;
}

/** Where the law of a preset has a lever. */
export const law = (preset, key) => (setup.law[preset] || {})[key];

/** A state with one lever moved; back at the law, it counts as not moved. */
export function moved(state, key, value) {
  const levers = { ...state.levers };
  if (value === law(state.preset, key)) delete levers[key];
  else levers[key] = value;
  return { ...state, levers };
}

/** A lever's value in words. */
export function written(key, value) {
  const { text, factor } = setup.levers[key];
  if (!text) return say(value ? "unit.yes" : "unit.no");
  return text.replace("{value}", String(Math.round(value * factor * 1e6) / 1e6).replace("-", "−"));
}

/** Whether two states are the same. */
export const same = (a, b) => query(a) === query(b);
