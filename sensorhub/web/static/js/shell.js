/** The frame around every page: navigation, title, alarms. */

import { h, setText } from "./dom.js";
import { live } from "./live.js";
import { t } from "./texts.js";

const PAGES = [
  ["plan", "patient"],
  ["history", "patient"],
  ["sensors", "patient"],
  ["people", "patient"],
  ["settings", "patient"],
];

/** Draw the navigation. `page` is the one shown. */
export function drawTop(page, me) {
  const top = document.getElementById("top");
  top.hidden = !me?.paired;
  setText(document.getElementById("skip"), t("skip"));
  if (top.hidden) return;
  top.replaceChildren(
    h(
      "nav",
      { "aria-label": t("nav") },
      h("ul", {}, PAGES.map(([name]) =>
        h("li", {}, h("a", { href: `#/${name}`, "aria-current": name === page ? "page" : false }, t(name))))),
    ),
    h("p", { class: "who" }, h("span", { class: "unseen" }, `${t("person")} `), me.person),
  );
}

/** Put a page in its place, and tell a screen reader where it is now. */
export function place(title, ...content) {
  const main = document.getElementById("main");
  const heading = h("h1", { tabindex: -1 }, title);
  main.replaceChildren(heading, ...content.flat().filter(Boolean));
  document.title = `${title} – sensorhub`;
  return heading;
}

/** Say loudly that the hub is not heard, on whatever page. */
export function watchConnection() {
  const alarm = document.getElementById("alarm");
  live.addEventListener("lost", () => {
    alarm.replaceChildren(
      h("div", { class: "alarm" }, icon("!"), h("div", {}, h("strong", {}, t("connection_lost")), h("p", {}, t("connection_hint")))),
    );
  });
  live.addEventListener("found", () => alarm.replaceChildren());
}

/** A sign beside a text, for eyes only. */
export const icon = (sign) => h("span", { class: "icon", "aria-hidden": "true" }, sign);

/** A sentence about what went wrong. */
export function complaint(error) {
  const keys = [`error_${error.message}`, error.message, `error_${error.status}`, "error"];
  const key = keys.find((one) => t(one) !== one) ?? "error";
  return h("p", { class: "complaint", role: "alert" }, icon("!"), error.body?.text ?? t(key, { wait: error.body?.wait_s }));
}
