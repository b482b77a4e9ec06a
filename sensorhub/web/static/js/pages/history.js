/** What was done so far: the sessions, and how each exercise develops, left beside right. */

import { get, once } from "../api.js";
import { chart, numbers } from "../charts.js";
import { h } from "../dom.js";
import { date, t, words } from "../texts.js";

/** Which of a point's numbers tells how an exercise develops. */
const TRENDS = [["rom_deg", "trend_rom"], ["held_s", "trend_held"], ["count", "trend_count"]];

/** @returns {Promise<void>} */
export async function draw({ place }) {
  const [sessions, trends, { exercises }] = await Promise.all([get("/api/sessions"), get("/api/history"), once("/api/exercises")]);
  const titles = new Map(exercises.map((one) => [one.id, words(one.words).title]));
  if (!sessions.length) return void place(t("history"), h("p", {}, t("history_none")));
  place(
    t("history"),
    h("h2", {}, t("trends")),
    h("div", { class: "pictures" }, trends.map((one) => trend(one, titles.get(one.exercise) ?? one.exercise))),
    h("h2", {}, t("sessions")),
    h("ul", { class: "cards" }, sessions.map(line)),
  );
}

function line(session) {
  const notes = [t("sets_of", { n: session.sets }), session.simulated ? t("was_simulated") : "", session.open ? t("open_session") : "",
    session.pain_before !== "" ? `${t("pain_before")} ${session.pain_before}` : "", session.pain_after !== "" ? `${t("pain_after")} ${session.pain_after}` : ""];
  return h("li", { class: "card row" },
    h("a", { href: `#/result/${encodeURIComponent(session.name)}` }, date(session.started)),
    h("span", { class: "meta" }, notes.filter(Boolean).join(" · ")));
}

function trend({ exercise, points, detectable_deg }, title) {
  const [key, name] = TRENDS.find(([one]) => points.some((point) => point[one] != null)) ?? TRENDS[2];
  const sides = [...new Set(points.map((point) => point.side))].sort();
  const times = [...new Set(points.map((point) => point.when))].sort((a, b) => a - b);
  const at = (side, when) => {
    const seen = points.filter((point) => point.side === side && point.when === when && point[key] != null).map((point) => point[key]);
    return seen.length ? Math.max(...seen) : null;
  };
  const sideName = (side) => t(side) || t(name);
  const rows = times.map((when) => [date(when * 1000, { dateStyle: "short", timeStyle: "short" }), ...sides.map((side) => at(side, when))]);
  return h("section", { class: "card", "data-exercise": exercise },
    chart({
      title: `${title}: ${t(name)}`, style: "points", time: true, x: t("date"), y: t(name),
      data: [times, ...sides.map((side) => times.map((when) => at(side, when)))], names: sides.map(sideName),
      table: numbers([t("date"), ...sides.map(sideName)], rows),
    }),
    sides.length > 1 ? h("p", { class: "legend", "aria-hidden": "true" }, sides.map((side, k) => h("span", { class: `look${k}` }, sideName(side)))) : null,
    key === "rom_deg" && detectable_deg ? h("p", { class: "meta" }, t("detectable", { deg: Math.round(detectable_deg) })) : null);
}
