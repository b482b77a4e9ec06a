/** People and the screens they use. */

import { get, post, remove } from "../api.js";
import { h } from "../dom.js";
import { complaint } from "../shell.js";
import { date, t } from "../texts.js";

/** @param {{me: Object, refresh: Function, go: Function, place: Function}} page */
export async function draw({ me, refresh, go, place }) {
  const said = h("div", {});
  const attempt = (work) => async () => {
    try {
      await work();
    } catch (error) {
      said.replaceChildren(complaint(error));
    }
  };
  const showPin = (made) =>
    said.replaceChildren(
      h("div", { class: "card pin", role: "status" },
        h("p", {}, `${t("new_pin")} (${made.person}, ${t(made.role)})`),
        h("p", { class: "digits" }, `${made.pin.slice(0, 3)} ${made.pin.slice(3)}`),
        h("p", {}, t("open_there", { address: made.address }))),
    );
  const locked = me.role === "patient" ? me.locked : [];
  const switcher = (person) => {
    const code = locked.includes(person)
      ? h("input", { type: "password", "aria-label": t("code_of", { person }), placeholder: t("code"), autocomplete: "off" })
      : null;
    return h("span", { class: "row" }, code,
      h("button", { onclick: attempt(async () => {
        await post("/api/switch", { person, code: code?.value ?? "" });
        await refresh();
      }) }, t("switch_to", { person })),
      me.role === "admin" && me.locked.includes(person)
        ? h("button", { onclick: attempt(async () => {
            await remove(`/api/people/${person}/code`);
            await refresh();
          }) }, t("forget_code"))
        : null);
  };
  const people = me.people.map((person) =>
    h("li", { class: "card row" }, h("strong", {}, person),
      person === me.person
        ? h("span", {}, t("shown"))
        : switcher(person)));
  const content = [h("p", {}, t("people_intro")), said, h("ul", { class: "cards" }, people)];
  if (me.role === "admin") {
    content.push(
      h("button", { onclick: attempt(async () => showPin(await post("/api/people"))) }, t("add_person")),
      h("h2", {}, t("devices")),
      await devices(attempt, go),
      invitation(me, attempt, showPin),
    );
  }
  place(t("people"), content);
}

async function devices(attempt, go) {
  const found = await get("/api/devices");
  return h("ul", { class: "cards" }, found.map((one) =>
    h("li", { class: "card row" },
      h("span", {}, `${t(one.role)} · ${one.people.join(", ")} · ${date(one.paired * 1000)}`),
      one.this
        ? h("span", {}, t("this_device"))
        : h("button", { onclick: attempt(async () => {
            await remove(`/api/devices/${one.id}`);
            go("people");
          }) }, t("revoke")))));
}

function invitation(me, attempt, showPin) {
  const role = h("select", { id: "role" }, ["patient", "therapist", "admin"].map((one) => h("option", { value: one }, t(one))));
  const person = h("select", { id: "person" }, me.people.map((one) => h("option", { value: one }, one)));
  return h("section", { class: "card" },
    h("h2", {}, t("invite")),
    h("p", {}, h("label", { for: "person" }, t("person")), person),
    h("p", {}, h("label", { for: "role" }, t("role")), role),
    h("button", { onclick: attempt(async () => showPin(await post("/api/devices", { role: role.value, person: person.value }))) }, t("make_pin")));
}
