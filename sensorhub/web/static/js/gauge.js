/** How far the movement goes: an arc with the target zone; a bar where less motion is wanted. */

import { h, s, setText } from "./dom.js";
import { t } from "./texts.js";

const RADIUS = 80;
const ZONE = [0.9, 1.15];
const LEAST_FULL_DEG = 60;

/** A point on the arc, `share` from 0 (left) to 1 (right). */
function point(share, radius = RADIUS) {
  const angle = Math.PI * (1 - share);
  return [100 + radius * Math.cos(angle), 100 - radius * Math.sin(angle)].map((v) => v.toFixed(1)).join(" ");
}

const arc = (from, to) => `M ${point(from)} A ${RADIUS} ${RADIUS} 0 0 1 ${point(to)}`;

/** @returns {{node: HTMLElement, update: (angle: ?number, target: ?number) => void}} */
export function gauge() {
  const way = s("path", { class: "gauge-way", d: arc(0, 1) });
  const zone = s("path", { class: "gauge-zone" });
  const edge = s("path", { class: "gauge-edge" });
  const done = s("path", { class: "gauge-done" });
  const needle = s("circle", { class: "gauge-needle", r: 9 });
  const picture = s("svg", { viewBox: "0 0 200 112", "aria-hidden": "true" }, way, zone, done, edge, needle);
  const bar = h("div", { class: "gauge-bar", "aria-hidden": "true" }, h("div", { class: "gauge-bar-zone" }), h("div", { class: "gauge-bar-done" }));
  const text = h("p", { class: "gauge-text" });
  const node = h("div", { class: "gauge", hidden: true }, picture, bar, text);
  let full = LEAST_FULL_DEG;
  let drawnFor = null;

  function target(degrees) {
    drawnFor = degrees;
    full = Math.max(LEAST_FULL_DEG, (degrees ?? 90) * 1.35);
    const [from, to] = ZONE.map((share) => Math.min(1, ((degrees ?? 0) * share) / full));
    const there = degrees != null;
    zone.setAttribute("d", there ? arc(from, to) : "");
    edge.setAttribute("d", there ? `M ${point(from, RADIUS - 14)} L ${point(from, RADIUS + 14)}` : "");
    bar.firstChild.style.left = `${from * 100}%`;
    bar.firstChild.style.width = there ? `${(to - from) * 100}%` : "0";
  }

  function update(angle, wanted) {
    node.hidden = angle == null;
    if (angle == null) return;
    if (wanted !== drawnFor) target(wanted);
    const share = Math.min(1, Math.max(0, angle / full));
    done.setAttribute("d", share > 0.001 ? arc(0, share) : "");
    const [x, y] = point(share).split(" ");
    needle.setAttribute("cx", x);
    needle.setAttribute("cy", y);
    bar.lastChild.style.width = `${share * 100}%`;
    const inside = wanted != null && angle >= wanted * ZONE[0];
    node.classList.toggle("inside", inside);
    const degrees = Math.round(angle);
    const where = wanted == null ? "" : ` – ${t(inside ? "in_zone" : "below_zone")}`;
    setText(text, (wanted == null ? t("angle_now", { angle: degrees }) : t("angle_of", { angle: degrees, target: Math.round(wanted) })) + where);
  }
  return { node, update };
}
