/** The sensors of this house: find one, add it, say where it is worn, forget it. For who looks after the hub. */

import { get, post } from "../api.js";
import { h } from "../dom.js";
import { complaint } from "../shell.js";
import { t } from "../texts.js";

/**
 * The part of the sensors page that changes things.
 * @param {Function} again draws the page anew, with a sentence about what was done
 * @param {string} done that sentence, of the last time
 */
export async function knownSensors(again, done) {
  const { can_change: canChange, sensors, placements } = await get("/api/sensors/known");
  const heading = h("h2", { id: "known" }, t("known_sensors"));
  if (!canChange) return h("section", {}, heading, h("p", {}, t("sensors_given")));
  const said = h("div", { role: "status" }, done ? h("p", { class: "good" }, done) : null);
  const found = h("ul", { class: "cards" });
  const attempt = (work, busy) => async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    said.replaceChildren(busy ? h("p", {}, busy) : "");
    try {
      await work();
    } catch (error) {
      said.replaceChildren(complaint(error));
    } finally {
      button.disabled = false;
    }
  };
  let serial = 0;
  const choice = (chosen) => {
    const id = `where${serial++}`;
    const select = h("select", { id }, h("option", { value: "" }, t("not_placed")),
      placements.map((one) => h("option", { value: one, selected: one === chosen }, t(one))));
    return [h("p", {}, h("label", { for: id }, t("worn_where")), select), select];
  };
  const offer = (one) => {
    const id = `name${serial++}`;
    const name = h("input", { id, maxlength: 40, value: one.name.replace(/[:=?]/g, "").slice(0, 36), autocomplete: "off" });
    const [where, select] = choice("");
    const loud = one.rssi_dbm == null ? "" : ` · ${t("signal_strength", { n: one.rssi_dbm })}`;
    return h("li", { class: "card offered" },
      h("h3", {}, one.name), h("p", { class: "meta" }, `${t(one.how)}${loud}`),
      h("p", {}, h("label", { for: id }, t("sensor_name")), name), where,
      h("button", { class: "primary", "aria-label": `${t("add_this")}: ${one.name}`, onclick: attempt(async () => {
        const added = await post("/api/sensors/add", { target: one.target, name: name.value, placement: select.value });
        await again(t("sensor_added", { name: added.name }));
      }, t("meeting", { name: one.name })) }, t("add_this")));
  };
  const look = attempt(async () => {
    const heard = await post("/api/sensors/look");
    const lines = heard.found.length ? [h("p", {}, t("found_n", { n: heard.found.length }))] : [h("p", {}, t("found_none"))];
    if (heard.problem) lines.push(h("p", { class: "complaint" }, heard.problem));
    said.replaceChildren(...lines);
    found.replaceChildren(...heard.found.map(offer));
  }, t("listening"));
  const rows = sensors.map((one) => {
    const [where, select] = choice(one.placement);
    const battery = one.battery_percent == null ? "" : ` · ${t("battery", { n: one.battery_percent })}`;
    return h("li", { class: "card offered" }, h("h3", {}, one.name), h("p", { class: "meta" }, `${one.family}${battery}`), where,
      h("div", { class: "keys" },
        h("button", { "aria-label": `${t("save")}: ${one.name}`, onclick: attempt(async () => {
          await post("/api/sensors/place", { name: one.name, placement: select.value });
          await again(t("saved"));
        }) }, t("save")),
        h("button", { "aria-label": `${t("forget_sensor")}: ${one.name}`, onclick: attempt(async () => {
          await post("/api/sensors/forget", { name: one.name });
          await again(t("sensor_forgotten", { name: one.name }));
        }) }, t("forget_sensor"))));
  });
  return h("section", { "aria-labelledby": "known" }, heading,
    h("p", {}, t("add_sensor_intro")),
    h("button", { class: rows.length ? "" : "big primary", onclick: look }, t("look_for_sensors")),
    said, found, h("ul", { class: "cards" }, rows));
}
