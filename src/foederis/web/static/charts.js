// The charts: specifications from the server with named data, drawn once, then fed in place.
// A chart that is not on the screen is fed when it comes there, or when nothing has moved for a while: the page may be
// printed.

import { say, setup } from "./state.js";
import * as tips from "./tips.js";

// Of a chart: its element and view, the names of its data, the width and preset it was drawn for; whether it is on the
// screen, has not shown the last data, is being drawn, has to be drawn again.
const plots = new Map();
let data = null; // of the last answer
let preset = "";
let renderer = "canvas";
let resting = 0; // the timer of what is not on the screen
const REST_MS = 1500;

/** Names of the data sets that a specification takes. */
function named(part, found = new Set()) {
  if (Array.isArray(part)) part.forEach((one) => named(one, found));
  else if (part && typeof part === "object") {
    if (part.data && typeof part.data.name === "string") found.add(part.data.name);
    Object.values(part).forEach((one) => named(one, found));
  }
  return found;
}

const theme = () => {
  const chosen = document.documentElement.dataset.theme;
  if (chosen) return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
};

async function draw(plot) {
  const { name } = plot;
  const width = Math.floor(plot.element.clientWidth);
  if (!width || !data) return;
  plot.again = plot.drawing; // something changed meanwhile: once more afterwards
  if (plot.drawing) return;
  plot.drawing = true;
  try {
    const query = new URLSearchParams({ lang: setup.lang, theme: theme(), width, p: preset });
    const response = await fetch(`/api/v1/charts/${name}.json?${query}`);
    if (!response.ok) throw new Error(`${response.status}`);
    const spec = await response.json();
    await loaded();
    const names = named(spec);
    plot.due = false;
    const drawn = preset;
    spec.datasets = Object.fromEntries([...names].map((one) => [one, data[one] || []]));
    const host = document.createElement("div");
    const { view } = await window.vegaEmbed(host, spec, {
      ast: true,
      actions: false,
      defaultStyle: false,
      tooltip: tips.show,
      logLevel: 1, // errors only: an empty data set is no fault here
      renderer,
    });
    if (plot.view) plot.view.finalize();
    Object.assign(plot, { view, names, width, drawn });
    plot.element.replaceChildren(host);
    plot.element.classList.remove("plot-failed");
    if (plot.due && plot.drawn === preset) await feed(plot);
  } catch (error) {
    console.error(`chart ${name}`, error);
    if (!plot.view) {
      plot.element.classList.add("plot-failed");
      plot.element.textContent = say("error.chart");
    }
  } finally {
    plot.drawing = false;
  }
  if (plot.again) await draw(plot);
}

/** The renderer, which the browser loads while everything else is already there. */
function loaded() {
  if (window.vegaEmbed) return Promise.resolve();
  return new Promise((done) => {
    document.querySelector("script[src='/static/vega.js']").addEventListener("load", done, { once: true });
  });
}

async function feed(plot) {
  plot.due = false;
  if (!plot.view) return;
  for (const name of plot.names) plot.view.data(name, data[name] || []);
  await plot.view.runAsync();
}

const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      const plot = plots.get(entry.target.parentElement.dataset.chart);
      plot.seen = entry.isIntersecting;
      if (!plot.seen) continue;
      if (plot.drawn !== preset) draw(plot);
      else if (plot.due) feed(plot);
    }
  },
  { rootMargin: "120px" },
);

const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const plot = plots.get(entry.target.parentElement.dataset.chart);
    if (!plot.view || Math.abs(plot.width - entry.contentRect.width) < 2) continue;
    clearTimeout(plot.resizing);
    plot.resizing = setTimeout(() => draw(plot), 200);
  }
});

/** Take charge of the charts of the page. */
export function start() {
  const asked = new URLSearchParams(location.search).get("renderer");
  if (asked === "svg") renderer = "svg";
  for (const figure of document.querySelectorAll(".chart")) {
    const element = figure.querySelector(".plot");
    plots.set(figure.dataset.chart, { name: figure.dataset.chart, element, seen: false, due: true });
    watcher.observe(element);
    sizes.observe(element);
  }
}

/** Show new data of a preset: what is on the screen now, the rest when it comes there. */
export async function show(rows, of) {
  data = rows;
  preset = of;
  const now = [];
  for (const plot of plots.values()) {
    plot.due = true;
    if (plot.seen) now.push(plot.drawn === preset ? feed(plot) : draw(plot));
  }
  await Promise.all(now);
  clearTimeout(resting);
  resting = setTimeout(rest, REST_MS);
}

/** One after another, what is not on the screen; new data end it, and it begins again after them. */
async function rest() {
  const shown = data;
  for (const plot of plots.values()) {
    if (data !== shown) return;
    if (plot.due || plot.drawn !== preset) await (plot.drawn === preset ? feed(plot) : draw(plot));
  }
}

/** Draw anew, in another theme. */
export function redraw() {
  for (const plot of plots.values()) if (plot.view) draw(plot);
}
