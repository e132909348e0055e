// What opens: tables, files, assumptions, the audit, dialogs.

import { query, say, setup } from "./state.js";
import { announce } from "./view.js";

const byId = (id) => document.getElementById(id);

/** Copy a text; where the browser does not let us, show it marked. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    announce(say("say.copied"));
    return true;
  } catch {
    const dialog = byId("text-dialog");
    dialog.querySelector("p").textContent = say("say.not_copied");
    dialog.querySelector("textarea").value = text;
    dialog.showModal();
    dialog.querySelector("textarea").select();
    return false;
  }
}

/** The tables that are open, anew from the server, which writes them with the functions of the charts. */
export async function refreshTables(state) {
  for (const details of document.querySelectorAll("details.table[open]")) {
    const response = await fetch(`/tables/${details.dataset.table}?${query(state)}&lang=${setup.lang}`);
    if (response.status !== 200) continue;
    details.querySelector(".scroll").innerHTML = await response.text();
  }
}

/** The link to the one-page brief of an exact run, where the server makes it. */
export function showBrief(id) {
  const link = byId("brief");
  link.hidden = !id || !link.dataset.runs;
  if (!link.hidden) link.href = `${link.dataset.runs}${id}/brief.html?lang=${setup.lang}`;
}

/** Links to the files of a chart, once there is an exact run; until then the button that starts it. */
export function showFiles(id) {
  for (const details of document.querySelectorAll("details.files")) {
    const links = details.querySelector(".links");
    details.querySelector(".wait").hidden = Boolean(id);
    links.hidden = !id;
    if (!id) continue;
    const { files, name } = details.dataset;
    const made = [
      ...["csv", "parquet", "json"].map((form) => [`${files}.${form}`, form]),
      [`${name}.svg?lang=${setup.lang}`, "svg"],
      [`${name}.png?lang=${setup.lang}`, "png"],
      ["results.nc", `netCDF (${say("data.all")})`],
    ].map(([file, words]) => {
      const link = document.createElement("a");
      link.href = `/api/v1/runs/${id}/${file}`;
      link.textContent = words.length < 8 ? words.toUpperCase() : words;
      return link;
    });
    links.replaceChildren(...made);
  }
}

function allTables(open) {
  for (const details of document.querySelectorAll("details.table")) details.open = open;
  byId("tables").setAttribute("aria-pressed", String(open));
}

export const toggleTables = () => allTables(byId("tables").getAttribute("aria-pressed") !== "true");

function findAssumptions(event) {
  const words = event.target.value.trim().toLowerCase();
  const rows = [...document.querySelectorAll("#assumptions tbody tr")];
  let shown = 0;
  for (const row of rows) {
    row.hidden = !row.dataset.find.includes(words);
    if (!row.hidden) shown += 1;
  }
  byId("assumptions-count").textContent = say("assumptions.count", { shown, all: rows.length });
}

/** The audit, which the server computes once after it was first asked for. */
async function loadAudit() {
  if (byId("audit").dataset.loaded) return;
  byId("audit").dataset.loaded = "yes";
  try {
    let response = await fetch(`/api/v1/audit?wait=20&lang=${setup.lang}`);
    while (response.status === 202) response = await fetch(`/api/v1/audit?wait=20&lang=${setup.lang}`);
    if (!response.ok) throw new TypeError(`${response.status}`);
    const found = await response.json();
    byId("audit-rows").querySelector("tbody").replaceChildren(...found.rows.map(claim));
    byId("audit-rows").hidden = false;
    byId("audit-wait").textContent = Object.entries(found.counts)
      .map(([verdict, count]) => `${say(`audit.${verdict}`)} ${count}`)
      .join(" · ");
  } catch (error) {
    delete byId("audit").dataset.loaded;
    byId("audit-wait").textContent = say("error.run", { reason: error.message });
  }
}

function claim(row) {
  const line = document.createElement("tr");
  const told = Object.values(row.statistics).map((one) => `${one.what}: ${figure(one)}`);
  const cells = [`${row.id}. ${row.claim}`, say(`audit.${row.verdict}`), row.reason, told.join("; "), row.would_change_it];
  cells.forEach((words, k) => {
    const cell = document.createElement(k ? "td" : "th");
    if (!k) cell.scope = "row";
    if (k === 1) cell.className = "verdict";
    if (k < 2 || k === 4) cell.lang = setup.lang;
    cell.textContent = words;
    line.append(cell);
  });
  return line;
}

/** A statistic with three figures; the server has them all. */
function figure(one) {
  const write = (value) => (value === null ? "–" : String(Number(value.toPrecision(3))).replace("-", "−"));
  const band = one.low === null || one.high === null ? "" : ` (${write(one.low)} … ${write(one.high)})`;
  return `${write(one.value)}${one.unit ? ` ${one.unit}` : ""}${band}`;
}

async function openReproduce(state) {
  const response = await fetch(`/api/v1/state?${query(state)}`);
  if (!response.ok) return;
  const told = await response.json();
  for (const place of document.querySelectorAll("#reproduce-dialog pre")) place.textContent = told[place.dataset.form];
  byId("reproduce-dialog").showModal();
}

/** Wire up everything that opens. `state` tells the state when it is needed. */
export function start(state) {
  byId("tables").addEventListener("click", toggleTables);
  for (const details of document.querySelectorAll("details.table")) {
    details.addEventListener("toggle", () => details.open && refreshTables(state()));
  }
  byId("find-assumption").addEventListener("input", findAssumptions);
  byId("audit").addEventListener("toggle", () => byId("audit").open && loadAudit());
  byId("help").addEventListener("click", () => byId("help-dialog").showModal());
  byId("reproduce").addEventListener("click", () => openReproduce(state()));
  byId("share").addEventListener("click", () => copy(location.href));
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(document.querySelector(`pre[data-form=${button.dataset.copy}]`).textContent));
  }
  for (const link of document.querySelectorAll("[data-opens]")) {
    link.addEventListener("click", () => {
      byId(link.dataset.opens).open = true;
    });
  }
  if (location.hash) {
    const panel = document.querySelector(location.hash)?.closest("details");
    if (panel) panel.open = true;
  }
}
