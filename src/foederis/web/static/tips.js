// What a mark says when the pointer is on it. Positions are set as properties: style attributes are forbidden here.

const GAP = 12;
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);

function line(key, value) {
  const row = document.createElement("p");
  const name = document.createElement("span");
  const figure = document.createElement("b");
  name.textContent = key;
  figure.textContent = value;
  row.append(name, " ", figure);
  return row;
}

/** A handler for the charts: shows a value, or the fields of one, beside the pointer. */
export function show(handler, event, item, value) {
  if (value === null || value === undefined || value === "") {
    tip.hidden = true;
    return;
  }
  const rows = typeof value === "object" ? Object.entries(value).filter(([, text]) => text !== "" && text !== null) : [["", value]];
  tip.replaceChildren(...rows.map(([key, text]) => line(key, text)));
  tip.hidden = false;
  const left = event.clientX + GAP + tip.offsetWidth > innerWidth ? event.clientX - GAP - tip.offsetWidth : event.clientX + GAP;
  const top = event.clientY + GAP + tip.offsetHeight > innerHeight ? event.clientY - GAP - tip.offsetHeight : event.clientY + GAP;
  tip.style.left = `${Math.max(0, left)}px`;
  tip.style.top = `${Math.max(0, top)}px`;
}
