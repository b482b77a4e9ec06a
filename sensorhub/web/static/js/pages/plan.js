/** Today: the plans, and what each of them holds. */

import { get, once, post } from "../api.js";
import { drawing, h } from "../dom.js";
import { doseWords } from "../dose.js";
import { complaint } from "../shell.js";
import { language, t, words } from "../texts.js";

/** About how long a plan takes, rests and getting ready included. */
function minutes(plan) {
  const seconds = plan.items.reduce((sum, item) => {
    const work = item.hold_s ?? item.duration_s ?? 4 * item.reps;
    return sum + item.sets * item.sides.length * (15 + work + item.rest_s);
  }, 0);
  return Math.ceil(seconds / 60);
}

/** The hub's own plans are called by a name in every language. */
const titleOf = (plan) => t(plan.title);

const sided = (item) => (item.sides.length > 1 ? t("each_side") : t(item.sides[0]));

/** @param {{me: Object, go: Function, place: Function}} page */
export async function draw({ me, go, place }) {
  const [plans, { exercises }] = await Promise.all([get("/api/plans"), once("/api/exercises")]);
  const byId = new Map(exercises.map((one) => [one.id, one]));
  const said = h("div", {});

  async function start(plan, interview) {
    try {
      await post("/api/visit/start", { plan: plan.id, language: language(), interview });
      go("do");
    } catch (error) {
      said.replaceChildren(complaint(error));
    }
  }

  const card = (plan, number) =>
    h(
      "details",
      { class: "plan", open: number === 0 },
      h("summary", {}, h("h2", {}, titleOf(plan)), h("span", { class: "meta" }, plan.problem ? "" : t("about_min", { minutes: minutes(plan) }))),
      plan.problem ? h("p", { class: "complaint" }, t("problem", { text: plan.problem })) : null,
      h("ol", { class: "items" }, plan.items.map((item) => row(item))),
      h(
        "div",
        { class: "keys" },
        me.mine
          ? h("a", { class: "button big primary", href: "#/do" }, t("go_on"))
          : h("button", { class: "big primary", onclick: () => start(plan, false), disabled: Boolean(plan.problem) }, `${t("start")}: ${titleOf(plan)}`),
        me.mine ? null : h("button", { onclick: () => start(plan, true) }, t("with_questions")),
        me.role === "patient" ? null : h("a", { class: "button", href: `#/edit/${plan.id}` }, t("change")),
      ),
    );

  const row = (item) => {
    const title = words(byId.get(item.exercise)?.words)?.title ?? item.exercise;
    const detail = [doseWords(item, byId.get(item.exercise)), sided(item), item.sets > 1 ? t("sets_of", { n: item.sets }) : ""];
    return h("li", {}, drawing(item.exercise, ""), h("div", {}, h("strong", {}, title), h("span", {}, detail.filter(Boolean).join(" · "))));
  };

  place(t("today"), said, plans.length ? plans.map(card) : h("p", {}, t("no_plan")));
}
