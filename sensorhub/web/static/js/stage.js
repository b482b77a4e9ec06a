/** What the big place on the live page shows: from a frame to words. No elements in here. */

import { t } from "./texts.js";

const LOST = (sensor) => sensor.lost_s != null || sensor.problem;

/** The one big thing: a number, and what it counts. */
export function big(frame) {
  const { set, live } = frame;
  if (frame.state === "resting" && frame.rest_s != null) {
    return { number: Math.ceil(frame.rest_s), label: t("seconds") };
  }
  if (!live || !set) return { number: null, label: "" };
  if (set.hold_s != null) {
    const left = frame.left_s ?? Math.max(0, set.hold_s - frame.held_s);
    return { number: Math.ceil(left), label: t("seconds_left") };
  }
  return { number: live.count, label: set.reps != null ? t("of", { n: set.reps }) : t("duration_s", { n: set.duration_s }) };
}

/** Which sensors are not heard, by what the hub says of them. */
export const lostSensors = (frame) => frame.sensors.filter(LOST);

/** How old the newest sample is, in seconds of the wall. */
export const ageS = (frame) => (frame.age_ms == null ? 0 : frame.age_ms / 1000 / frame.speed);

/** What the buttons do in each state; the first is the large one. */
export function keysFor(state) {
  return {
    checking: [["next", "key_next"]],
    preparing: [["next", "key_begin"]],
    running: [["next", "key_end"]],
    resting: [["next", "key_next"]],
    paused: [["pause", "key_resume"]],
  }[state] ?? [];
}
