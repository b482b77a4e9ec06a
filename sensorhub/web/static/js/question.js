/** One question at a time, with answers large enough for a shaking thumb. */

import { h } from "./dom.js";
import { t, words } from "./texts.js";

/**
 * @param {Object} question as the frame brings it
 * @param {(value: string) => void} answer
 */
export function questionForm(question, answer) {
  const labels = words(question.words);
  const button = (value, text = labels[value] ?? value) =>
    h("button", { class: "answer", onclick: () => answer(value) }, text);
  const body = { scale, choice, choices, yes_no: choice, text: own }[question.kind];
  return h(
    "section",
    { class: "question", "data-kind": question.kind, "aria-labelledby": "ask" },
    h("h2", { id: "ask" }, words(question.ask)),
    body(),
    h("button", { class: "quiet", onclick: () => answer("") }, t("no_answer")),
  );

  function scale() {
    return [
      h("div", { class: "scale" }, question.options.map((value) => button(value))),
      h("p", { class: "ends", "aria-hidden": "true" }, h("span", {}, `0 ${t("not_at_all")}`), h("span", {}, `10 ${t("worst")}`)),
    ];
  }

  function choice() {
    return h("div", { class: "answers" }, question.options.map((value) => button(value)));
  }

  function choices() {
    const chosen = new Set();
    const boxes = question.options.map((value) =>
      h("label", { class: "choice" },
        h("input", { type: "checkbox", onchange: (event) => chosen[event.target.checked ? "add" : "delete"](value) }),
        h("span", {}, labels[value] ?? value)));
    return [
      h("div", { class: "answers" }, boxes),
      h("button", { class: "big primary", onclick: () => answer([...chosen].join(",")) }, t("answer")),
    ];
  }

  function own() {
    const field = h("textarea", { rows: 3, maxlength: 500, "aria-labelledby": "ask" });
    return [field, h("button", { class: "big primary", onclick: () => answer(field.value) }, t("answer"))];
  }
}
