/** The therapist changes a plan: exercises, sides, sets, dose, rests. The hub holds the caps. */

import { get, once, put } from "../api.js";
import { h } from "../dom.js";
import { complaint } from "../shell.js";
import { t, words } from "../texts.js";

const KINDS = { reps: "dose_reps", hold_s: "dose_hold", duration_s: "dose_duration" };

/** @param {{me: Object, rest: string[], place: Function}} page */
export async function draw({ me, rest, place }) {
  const [plans, { exercises, caps }] = await Promise.all([get("/api/plans"), once("/api/exercises")]);
  const found = plans.find((one) => one.id === rest[0]) ?? plans[0];
  const plan = structuredClone(found);
  const byId = new Map(exercises.map((one) => [one.id, one]));
  const titles = new Map(exercises.map((one) => [one.id, words(one.words).title]));
  const list = h("ol", { class: "editor" });
  const said = h("div", {});
  let serial = 0;

  const number = (item, key, label, cap, least = 1) => {
    const id = `n${serial++}`;
    return h("p", {}, h("label", { for: id }, label),
      h("input", { id, type: "number", min: least, max: cap, value: item[key], "aria-describedby": `${id}h`,
        onchange: (event) => { item[key] = Number(event.target.value); } }),
      h("span", { class: "meta", id: `${id}h` }, t("at_most", { n: cap })));
  };

  const row = (item, place_) => {
    const known = byId.get(item.exercise);
    const kind = Object.keys(KINDS).find((key) => item[key] != null);
    const [exercise, given] = [`e${serial++}`, `k${serial++}`];
    const move = (to) => () => {
      plan.items.splice(to, 0, ...plan.items.splice(place_, 1));
      fill();
    };
    return h("li", { class: "card" },
      h("fieldset", {},
        h("legend", {}, `${place_ + 1}. ${titles.get(item.exercise) ?? item.exercise}`),
        h("p", {}, h("label", { for: exercise }, t("exercise")),
          h("select", { id: exercise, onchange: (event) => {
            const usual = byId.get(event.target.value);
            Object.assign(item, { exercise: usual.id, sides: [...usual.sides] });
            fill();
          } }, [...titles].map(([id, title]) => h("option", { value: id, selected: id === item.exercise }, title)))),
        known.sides.length < 2 ? null : h("div", { class: "choices", role: "group", "aria-label": t("sides") }, known.sides.map((side) =>
          h("label", { class: "choice" }, h("input", { type: "checkbox", checked: item.sides.includes(side), onchange: (event) => {
            item.sides = known.sides.filter((one) => (one === side ? event.target.checked : item.sides.includes(one)));
          } }), h("span", {}, t(side))))),
        number(item, "sets", t("sets"), caps.sets),
        h("p", {}, h("label", { for: given }, t("dose_kind")),
          h("select", { id: given, onchange: (event) => {
            for (const key of Object.keys(KINDS)) delete item[key];
            item[event.target.value] = 10;
            fill();
          } }, Object.entries(KINDS).map(([key, text]) => h("option", { value: key, selected: key === kind }, t(text))))),
        number(item, kind, t("dose"), caps[kind]),
        number(item, "rest_s", t("rest"), caps.rest_s, 0)),
      h("div", { class: "keys" },
        place_ > 0 ? h("button", { onclick: move(place_ - 1) }, t("up")) : null,
        place_ < plan.items.length - 1 ? h("button", { onclick: move(place_ + 1) }, t("down")) : null,
        h("button", { onclick: () => { plan.items.splice(place_, 1); fill(); } }, t("remove"))));
  };

  const fill = () => list.replaceChildren(...plan.items.map(row));

  const title = h("input", { id: "title", value: plan.title, maxlength: 80, oninput: (event) => { plan.title = event.target.value; } });
  place(
    `${t("edit")}: ${found.title}`,
    h("p", {}, t("edit_intro", { person: me.person })),
    h("p", {}, h("label", { for: "title" }, t("plan_title")), title),
    list,
    h("div", { class: "keys" },
      h("button", { onclick: () => {
        const first = exercises[0];
        plan.items.push({ exercise: first.id, sides: [...first.sides], sets: 1, reps: 10, rest_s: 20 });
        fill();
      } }, t("add")),
      h("button", { class: "big primary", onclick: async () => {
        try {
          await put(`/api/plans/${plan.id}`, { title: plan.title, items: plan.items });
          said.replaceChildren(h("p", { class: "good", role: "status" }, t("saved")));
        } catch (error) {
          said.replaceChildren(complaint(error));
        }
      } }, t("save"))),
    said,
  );
  fill();
}
