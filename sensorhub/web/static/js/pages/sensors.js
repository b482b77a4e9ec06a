/** Sensors and where they are worn; how every exercise goes. */

import { get, once } from "../api.js";
import { drawing, h } from "../dom.js";
import { known, t, words } from "../texts.js";
import { knownSensors } from "./known.js";

const HOW_WORN = (placement) => `worn_${placement.replace(/_(left|right)$/, "")}`;

/**
 * @param {{me: Object, place: Function}} page
 * @param {string} [done] what was just done here
 * @returns {Promise<void>}
 */
export async function draw({ me, place }, done = "") {
  const [sensors, { exercises }] = await Promise.all([get("/api/sensors"), once("/api/exercises")]);
  const cards = sensors.map((sensor) => {
    const where = t(sensor.placement);
    const state = sensor.state ? (known(sensor.state) ? t(sensor.state) : sensor.state) : t("not_running");
    const battery = sensor.battery_percent == null ? "" : ` · ${t("battery", { n: sensor.battery_percent })}`;
    return h(
      "li",
      { class: "card" },
      drawing(`worn-${sensor.placement}`, t("picture_worn", { where })),
      h("div", {}, h("h2", {}, where), h("p", {}, t(HOW_WORN(sensor.placement))), h("p", { class: "meta" }, `${t(sensor.how)} · ${state}${battery}`)),
    );
  });
  const guide = exercises.map((exercise) => {
    const text = words(exercise.words);
    return h(
      "details",
      { class: "guide" },
      h("summary", {}, h("h3", {}, text.title)),
      drawing(exercise.id, t("picture_poses", { exercise: text.title })),
      h("dl", {}, ["start", "movement", "easier"].filter((key) => text[key]).map((key) => [
        h("dt", {}, t(key === "start" ? "start_pose" : key)), h("dd", {}, text[key])])),
    );
  });
  const mayChange = me.role !== "patient";
  const changes = mayChange ? await knownSensors((sentence) => draw({ me, place }, sentence), done) : null;
  place(
    t("sensors"),
    h("p", {}, sensors.length ? t("sensors_intro") : t(mayChange ? "no_sensors" : "no_sensors_ask")),
    h("ul", { class: "cards" }, cards),
    changes,
    h("h2", {}, t("guide")),
    guide,
  );
}
