/** One session: what was asked for, what was done, in numbers and pictures, with its doubts. */

import { get, once } from "../api.js";
import { chart, numbers } from "../charts.js";
import { h } from "../dom.js";
import { doseWords } from "../dose.js";
import { icon } from "../shell.js";
import { date, t, words } from "../texts.js";

const OVERLAY_POINTS = 50;

/** @param {{rest: string[], place: Function}} page */
export async function draw({ rest, place }) {
  const [result, { exercises }] = await Promise.all([get(`/api/sessions/${encodeURIComponent(rest[0])}`), once("/api/exercises")]);
  const known = new Map(exercises.map((one) => [one.id, one]));
  place(
    t("result_of", { when: date(result.started) }),
    result.simulated ? h("p", { class: "simulated" }, t("simulated")) : null,
    pain(result),
    result.notices.map((text) => h("p", { class: "complaint" }, icon("!"), text)),
    result.results.length ? result.results.map((one) => setCard(result, one, known)) : h("p", {}, t("nothing_done")),
    h("p", {}, h("a", { href: "#/history" }, t("history"))),
  );
}

function pain(result) {
  const rows = [["pain_before", result.pain_before], ["pain_after", result.pain_after]].filter(([, value]) => value !== "");
  return rows.length ? h("dl", { class: "facts" }, rows.map(([key, value]) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, `${value} / 10`)))) : null;
}

/** What was done in a set, in words. */
export function doneWords(one) {
  const parts = [];
  if (one.repetitions?.length) parts.push(t("full_reps", { n: one.full }), one.partial ? t("partial_reps", { n: one.partial }) : "");
  if (one.holds?.length) {
    const paced = one.holds.every((hold) => hold.evidence === "guided");
    const held = one.holds.reduce((sum, hold) => sum + hold.held_s, 0);
    parts.push(paced ? t("guided_holds", { n: one.holds.length }) : t("holds", { s: held.toFixed(1) }));
  }
  if (one.breaths?.length) parts.push(t("breaths", { n: one.breaths.length }));
  if (one.steps) parts.push(t("steps", { n: one.steps }));
  return parts.filter(Boolean).join(", ") || t("nothing_done");
}

function setCard(result, one, known) {
  const side = t(one.side);
  const best = Math.max(...(one.repetitions ?? []).filter((rep) => rep.full && rep.rom_deg != null).map((rep) => rep.rom_deg));
  const pictures = h("div", { class: "pictures" });
  const heard = one.said_too_much == null ? [] : [t("said_too_much", { n: one.said_too_much })];
  const flags = [...heard, ...(words(one.flag_texts) || [])];
  const card = h(
    "section",
    { class: "card set" },
    h("h2", {}, `${one.number}. ${words(known.get(one.exercise)?.words)?.title ?? one.exercise}${side ? `, ${side}` : ""}`),
    h("dl", { class: "facts" },
      h("div", {}, h("dt", {}, t("prescribed")), h("dd", {}, doseWords(one.prescribed, known.get(one.exercise)) || "–")),
      h("div", {}, h("dt", {}, t("was_done")), h("dd", {}, doneWords(one))),
      Number.isFinite(best) ? h("div", {}, h("dt", {}, t("range_deg")), h("dd", {}, t("best_range", { deg: best }))) : null),
    flags.length ? h("div", { class: "doubts" }, h("h3", {}, icon("!"), t("doubts")), h("ul", {}, flags.map((text) => h("li", {}, text)))) : null,
    pictures,
  );
  if (one.repetitions?.length) pictures.append(romChart(one));
  if (!result.open) {
    get(`/api/sessions/${encodeURIComponent(result.name)}/sets/${one.number}`)
      .then((trace) => pictures.append(...traceCharts(one, trace)))
      .catch(() => null);
  }
  return card;
}

function romChart(one) {
  const rows = one.repetitions;
  const partial = rows.some((rep) => !rep.full);
  const ranges = (full) => rows.map((rep) => (rep.full === full ? rep.rom_deg : null));
  return chart({
    title: t("picture_rom"), style: "bars", x: t("number"), y: t("range_deg"),
    data: [rows.map((_, k) => k + 1), ranges(true), ...(partial ? [ranges(false)] : [])],
    names: partial ? [t("full"), t("part")] : [t("full")], legend: partial,
    table: numbers([t("number"), t("range_deg"), t("duration"), t("kind")], rows.map((rep, k) => [
      k + 1, rep.rom_deg, (rep.end_s - rep.start_s).toFixed(1), `${t(rep.full ? "full" : "part")}, ${t(rep.sure ? "sure" : "doubt")}`])),
  });
}

function traceCharts(one, trace) {
  if (!trace.angle_deg.some((value) => value != null)) return [];
  const found = [];
  const whole = (one.repetitions ?? []).filter((rep) => rep.full);
  if (whole.length > 1) found.push(overlay(whole, trace));
  const held = (one.holds ?? []).map((hold) => [hold.start_s, hold.end_s, hold.held_s, hold.angle_deg]);
  found.push(chart({
    title: t("picture_trace"), x: t("time_s"), y: t("angle_deg"),
    data: [trace.time_s, trace.angle_deg], names: [t("angle_deg")],
    table: held.length ? numbers([t("time_s"), "–", t("held_s"), t("angle_deg")], held) : null,
  }));
  return found;
}

/** Each repetition from its begin to its end, stretched to the same length, and their mean. */
function overlay(reps, trace) {
  const share = Array.from({ length: OVERLAY_POINTS + 1 }, (_, k) => k / OVERLAY_POINTS);
  const curves = reps.map((rep) => share.map((at) => valueAt(trace, rep.start_s + at * (rep.end_s - rep.start_s))));
  const mean = share.map((_, k) => {
    const seen = curves.map((curve) => curve[k]).filter((value) => value != null);
    return seen.length ? seen.reduce((sum, value) => sum + value, 0) / seen.length : null;
  });
  return chart({
    title: t("picture_overlay"), x: "%", y: t("angle_deg"), thin: curves.length,
    data: [share.map((at) => Math.round(at * 100)), ...curves, mean],
    names: [...curves.map((_, k) => String(k + 1)), t("mean")],
  });
}

function valueAt(trace, at) {
  const times = trace.time_s;
  let low = 0;
  let high = times.length - 1;
  if (!times.length || at < times[0] || at > times[high]) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= at) low = middle;
    else high = middle;
  }
  const [a, b] = [trace.angle_deg[low], trace.angle_deg[high]];
  if (a == null || b == null || times[high] - times[low] > 0.5) return null;
  return a + ((b - a) * (at - times[low])) / (times[high] - times[low] || 1);
}
