/** Pictures of results with uPlot, each with its numbers as a table for who does not see it. */

import { h } from "./dom.js";
import { language, t } from "./texts.js";

const SCRIPT = "/static/vendor/uPlot.iife.min.js";
const HEIGHT = 240;

let loading = null;

/** uPlot, fetched when the first picture is wanted. */
function uplot() {
  loading ??= new Promise((resolve, reject) => {
    const script = h("script", { src: SCRIPT, onload: () => resolve(window.uPlot), onerror: reject });
    document.head.append(script);
  });
  return loading;
}

const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Colours and dashes of series: never by colour alone. */
const LOOKS = [
  { stroke: "--accent", dash: [] },
  { stroke: "--second", dash: [8, 4] },
  { stroke: "--third", dash: [2, 3] },
];

const PATHS = {
  // The first series is filled; others are outlines.
  bars: (number) => ({ paths: window.uPlot.paths.bars({ size: [0.7, 60] }), fill: number ? "transparent" : ink("--accent"), points: { show: false } }),
  points: () => ({ points: { show: true, size: 9 } }),
  line: () => ({ points: { show: false } }),
};

/**
 * @param {Object} picture
 * @param {string} picture.title
 * @param {Array<Array<?number>>} picture.data x, then one array a series
 * @param {string[]} picture.names of the series
 * @param {"bars"|"points"|"line"} [picture.style]
 * @param {boolean} [picture.time] x are seconds since the epoch
 * @param {string} picture.x @param {string} picture.y names of the axes
 * @param {?HTMLElement} [picture.table] the same numbers
 * @param {number} [picture.thin] so many faint series before the others
 * @param {boolean} [picture.legend] say which series is which
 */
export function chart({ title, data, names, style = "line", time = false, x, y, table = null, thin = 0, legend = false }) {
  // Whoever does not see it has the table, or else what the picture comes to.
  const stage = h("div", { class: "chart", ...(table ? { "aria-hidden": "true" } : { role: "img", "aria-label": inWords(title, data, y) }) });
  const figure = h("figure", {}, h("figcaption", {}, h("h3", {}, title)), stage,
    legend ? h("p", { class: "legend", "aria-hidden": "true" }, names.map((name, k) => h("span", { class: `look${k}` }, name))) : null,
    table ? h("details", {}, h("summary", {}, `${t("as_table")}: ${title}`), table) : null);
  uplot().then((UPlot) => {
    const axis = (label) => ({ label, stroke: ink("--ink"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line") } });
    const series = names.map((name, number) => {
      const look = LOOKS[Math.max(0, number - thin) % LOOKS.length];
      const faint = number < thin;
      return { label: name, stroke: ink(faint ? "--faint" : look.stroke), width: faint ? 1.5 : 3, dash: faint ? [] : look.dash, spanGaps: false, ...PATHS[style](number) };
    });
    const options = {
      width: Math.max(240, stage.clientWidth), height: HEIGHT,
      scales: { x: { time } }, series: [{ label: x }, ...series],
      axes: [{ ...axis(x), ...(style === "bars" ? { incrs: [1, 2, 5, 10] } : {}) }, { ...axis(y), size: 56 }],
      legend: { show: false }, cursor: { show: false },
      fmtDate: () => (stamp) => new Intl.DateTimeFormat(language(), { day: "numeric", month: "numeric" }).format(stamp),
    };
    if (style === "bars") {
      options.scales.x.range = (_, first, last) => [first - 0.6, last + 0.6];
      options.scales.y = { range: (_, __, most) => [0, most * 1.1] };
    }
    if (style === "points") options.scales.y = { range: (_, __, most) => [0, most * 1.15 || 1] };
    const plot = new UPlot(options, data, stage);
    new ResizeObserver(() => {
      const width = Math.max(200, stage.clientWidth);
      if (Math.abs(width - plot.width) > 2) plot.setSize({ width, height: HEIGHT });
    }).observe(stage);
  });
  return figure;
}

/** A picture that has no table, in a sentence: over what it goes. */
function inWords(title, data, y) {
  const seen = data.slice(1).flat().filter((value) => value != null);
  if (!seen.length) return title;
  const [low, high] = seen.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
  return `${title}: ${t("picture_range", { y, low: low.toFixed(1), high: high.toFixed(1) })}`;
}

/** A table of numbers. @param {string[]} heads @param {Array<Array<any>>} rows */
export function numbers(heads, rows) {
  return h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": heads.join(", ") },
    h("table", {},
      h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell ?? "–")))))));
}
