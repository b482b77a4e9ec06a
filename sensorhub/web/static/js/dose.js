/** How much is asked for, in words. */

import { t } from "./texts.js";

/**
 * @param {{reps: ?number, hold_s: ?number, duration_s: ?number}} [dose]
 * @param {{counts: string}} [exercise] as /api/exercises tells it: breaths are no repetitions
 * @returns {string} empty where nothing is asked for
 */
export function doseWords(dose, exercise) {
  for (const kind of ["reps", "hold_s", "duration_s"]) {
    if (dose?.[kind] != null) return t(kind === "reps" && exercise?.counts === "breath" ? "breaths" : kind, { n: dose[kind] });
  }
  return "";
}
