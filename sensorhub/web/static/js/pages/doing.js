/** The live page: one big thing at a time, to be read from across the room. */

import { get, once, post } from "../api.js";
import { announce, drawing, h, setText, show } from "../dom.js";
import { doseWords } from "../dose.js";
import { gauge } from "../gauge.js";
import { live } from "../live.js";
import { questionForm } from "../question.js";
import { complaint, icon } from "../shell.js";
import { ageS, big, keysFor, lostSensors } from "../stage.js";
import { known, t, words } from "../texts.js";

const LATE_MS = 1000;
const ANNOUNCE_EVERY = 5;

/** @param {{go: Function, place: Function}} page @returns {Promise<() => void>} how to end it */
export async function draw({ go, place }) {
  const { exercises } = await once("/api/exercises");
  const view = build(exercises, place);
  let was = {};

  const onFrame = (event) => {
    view.update(event.detail);
    if (was.kind === "closing" && event.detail.kind === "idle") toResult(go);
    was = event.detail;
  };
  const onSaid = (event) => {
    const said = event.detail;
    if (said.aloud && said.key !== "count" && said.key !== "seconds_left") announce(words(said.text));
  };
  const tick = setInterval(() => view.age(), 200);
  live.addEventListener("frame", onFrame);
  live.addEventListener("said", onSaid);
  if (live.frame) onFrame({ detail: live.frame });
  return () => {
    clearInterval(tick);
    live.removeEventListener("frame", onFrame);
    live.removeEventListener("said", onSaid);
    delete document.body.dataset.state;
  };
}

async function toResult(go) {
  const [latest] = await get("/api/sessions");
  go(latest ? `result/${latest.name}` : "plan");
}

function build(exercises, place) {
  const byId = new Map(exercises.map((one) => [one.id, one]));
  const title = h("p", { class: "stage-meta" });
  const simulated = h("p", { class: "simulated", hidden: true }, t("simulated"));
  const number = h("p", { class: "number", "data-number": "" });
  const label = h("p", { class: "number-label" });
  const unsure = h("p", { class: "unsure", hidden: true }, icon("?"), h("span"), h("small", {}, t("unsure_hint")));
  const partial = h("p", { class: "partial", hidden: true });
  const loss = h("div", { class: "loss", role: "alert" });
  const picture = h("div", { class: "picture" });
  const say = h("p", { class: "say" });
  const advice = h("div", { class: "advice", role: "alert" });
  const asked = h("div", { class: "asked" });
  const range = gauge();
  const tempo = h("div", { class: "tempo", hidden: true }, h("div", { class: "tempo-bar", "aria-hidden": "true" }, h("div"), h("i")), h("p"));
  const sensors = h("ul", { class: "sensors" });
  const keys = h("div", { class: "keys stage-keys" });
  const trouble = h("div");
  const focus = h("div", { class: "focus" }, loss, picture, number, label, unsure, partial);
  const heading = place(
    t("doing"),
    h("div", { class: "stage" }, h("div", { class: "stage-head" }, title, simulated), advice, asked, h("div", { class: "scene" }, focus, h("div", { class: "beside" }, range.node, tempo)), say, sensors, trouble, keys),
  );
  let drawn = {};

  async function send(path, body) {
    try {
      await post(path, body);
      trouble.replaceChildren();
    } catch (error) {
      trouble.replaceChildren(complaint(error));
    }
  }
  const press = (key) => send("/api/visit/key", { key });

  function update(frame) {
    document.body.dataset.state = frame.kind === "live" ? frame.state : frame.kind;
    if (frame.kind !== "live") {
      plain(frame);
      return;
    }
    const set = frame.set;
    setText(heading, set ? words(byId.get(set.exercise)?.words)?.title ?? set.exercise : t(frame.state));
    const meta = set ? [t(set.side), set.of > 1 ? t("set_of", set) : "", doseWords(set, byId.get(set.exercise))] : [];
    setText(title, meta.filter(Boolean).join(" · "));
    show(simulated, frame.simulated);
    showNumber(frame);
    showLoss(frame);
    const sees = frame.state === "running" && !focus.classList.contains("blind");
    range.update(sees ? frame.live?.angle_deg : null, frame.live?.target_deg);
    showTempo(sees ? frame.tempo : null);
    showPicture(frame);
    showSensors(frame.sensors);
    showQuestion(frame.question);
    showKeys(frame.state);
    const latest = frame.said.filter((one) => !["count", "seconds_left"].includes(one.key)).at(-1);
    setText(say, frame.question ? "" : latest ? words(latest.text) : t(frame.state));
    const advised = frame.advice ? words(frame.advice) : "";
    if (drawn.advice !== advised) {
      drawn.advice = advised;
      advice.replaceChildren(...(advised ? [icon("!"), h("p", {}, advised)] : []));
    }
  }

  /** Nothing runs, or not yet: a sentence instead of a picture. */
  function plain(frame) {
    setText(heading, t(frame.kind));
    setText(title, "");
    for (const node of [simulated, unsure, partial, tempo]) show(node, false);
    range.update(null, null);
    setText(number, "");
    setText(label, "");
    setText(say, frame.text ?? "");
    for (const node of [loss, picture, asked, advice, sensors]) node.replaceChildren();
    drawn = {};
    keys.replaceChildren(
      ["idle", "failed", "busy"].includes(frame.kind)
        ? h("a", { class: "button big primary", href: "#/plan" }, t("to_plan"))
        : h("button", { onclick: () => press("stop") }, t("key_stop")),
    );
  }

  function showNumber(frame) {
    const shown = big(frame);
    const before = number.textContent;
    setText(number, shown.number);
    setText(label, shown.label);
    const running = frame.state === "running" && frame.live;
    show(unsure, Boolean(running && frame.live.unsure));
    if (running && frame.live.unsure) setText(unsure.children[1], t("unsure", { n: frame.live.unsure }));
    number.classList.toggle("is-unsure", Boolean(running && frame.live.unsure));
    show(partial, Boolean(running && frame.live.partial));
    if (running && frame.live.partial) setText(partial, t("partial", { n: frame.live.partial }));
    if (running && before !== number.textContent) counted(frame, shown.number);
  }

  /** A new number is on the screen: said now and then to those who listen, told to who measures. */
  function counted(frame, count) {
    const { reps } = frame.set;
    if (reps != null && count > 0 && (count % ANNOUNCE_EVERY === 0 || count === reps)) announce(`${count} ${t("of", { n: reps })}`);
    requestAnimationFrame(() => setTimeout(() => {
      const detail = { count, reps, frame, shown_ms: performance.timeOrigin + performance.now() };
      document.dispatchEvent(new CustomEvent("counted", { detail }));
    }));
  }

  function showLoss(frame) {
    const lost = frame.state === "done" ? [] : lostSensors(frame);
    const where = lost.map((sensor) => t(sensor.placement)).join(", ");
    const main = byId.get(frame.set?.exercise)?.primary ?? [];
    const blind = lost.some((sensor) => main.some((segment) => sensor.placement.startsWith(segment)));
    const late = live.lateMs > LATE_MS ? Math.round(live.lateMs / 1000) : 0;
    const hint = frame.state === "running" && frame.set?.hold_s != null ? "signal_hint_hold" : "signal_hint";
    const key = `${where}|${lost[0]?.reason ?? ""}|${late}|${blind && frame.state === "running"}|${hint}`;
    focus.classList.toggle("blind", blind && frame.state === "running");
    if (drawn.loss === key) return;
    drawn.loss = key;
    const parts = [];
    if (where) {
      parts.push(h("div", { class: "alarm" }, icon("!"), h("div", {}, h("strong", {}, t("signal_lost")), h("p", {}, t(hint, { where })),
        lost[0].problem ? h("p", {}, words(lost[0].problem)) : null)));
    }
    if (late) parts.push(h("div", { class: "alarm" }, icon("!"), h("strong", {}, t("late", { s: late }))));
    loss.replaceChildren(...parts);
  }

  function showTempo(now) {
    show(tempo, Boolean(now));
    if (!now) return;
    const [bar, text] = tempo.children;
    const share = Math.min(1, (now.current_s ?? 0) / (now.asked_s * 1.5));
    bar.firstChild.style.width = `${share * 100}%`;
    tempo.classList.toggle("fast", now.too_fast);
    const verdict = now.last_s == null ? t("pace") : t(now.too_fast ? "pace_slow" : "pace_good");
    setText(text, now.last_s == null ? verdict : `${verdict} – ${t("pace_of", { last: now.last_s.toFixed(1), asked: now.asked_s })}`);
  }

  function showPicture(frame) {
    const set = frame.state === "preparing" ? frame.set : frame.state === "resting" ? frame.next : null;
    const key = set ? `${frame.state}${set.exercise}${set.side}` : "";
    if (drawn.picture === key) return;
    drawn.picture = key;
    if (!set) return void picture.replaceChildren();
    const text = words(byId.get(set.exercise)?.words);
    picture.replaceChildren(
      drawing(set.exercise, t("picture_poses", { exercise: text?.title ?? set.exercise })),
      h("p", {}, frame.state === "resting" ? `${t("next_set")}: ${text?.title} ${t(set.side)}` : text?.start ?? ""),
      frame.state === "preparing" ? h("p", { class: "hint" }, t("preparing_hint")) : "",
    );
  }

  function showSensors(list) {
    const key = list.map((one) => [one.placement, one.state, one.lost_s == null, one.battery].join()).join(";");
    if (drawn.sensors === key) return;
    drawn.sensors = key;
    sensors.replaceChildren(...list.map((one) => {
      const lost = one.lost_s != null || one.problem;
      const state = lost ? t("signal_lost") : known(one.state) ? t(one.state) : one.state;
      const low = one.battery != null && one.battery <= 15;
      const battery = one.battery == null ? "" : `${t("battery", { n: one.battery })}${low ? `, ${t("battery_low")}` : ""}`;
      return h("li", { class: lost ? "lost" : low ? "low" : "" }, icon(lost ? "✕" : "✓"), h("span", {}, [t(one.placement), state, battery].filter(Boolean).join(" · ")));
    }));
  }

  function showQuestion(question) {
    const key = question ? [question.id, question.ask.en].join() : "";
    if (drawn.question === key) return;
    drawn.question = key;
    asked.replaceChildren(...(question ? [questionForm(question, (value) => send("/api/visit/answer", { question: question.id, value }))] : []));
  }

  function showKeys(state) {
    if (drawn.keys === state) return;
    drawn.keys = state;
    const [first] = keysFor(state);
    const key = (name, text, style = "") => h("button", { class: style, "data-key": name, onclick: () => press(name) }, t(text));
    if (state === "done") return void keys.replaceChildren();
    const parts = [first ? key(first[0], first[1], "big primary") : null];
    // At any time: also who pauses, or is asked, can say it.
    parts.push(h("button", { class: "big hurt", "data-key": "hurt", onclick: () => press("hurt") }, icon("!"), t("key_hurt")));
    if (["preparing", "running", "resting"].includes(state)) parts.push(key("pause", "key_pause"));
    parts.push(
      h("details", { class: "more" }, h("summary", {}, t("more_keys")),
        state === "asking" ? null : key("skip", "key_skip"), state === "asking" ? null : key("repeat", "key_repeat"), state === "asking" ? null : key("questions", "key_questions"),
        h("button", { "data-key": "stop", onclick: () => stop() }, t("key_stop"))),
    );
    keys.replaceChildren(...parts.filter(Boolean));
  }

  function stop() {
    const dialog = h("dialog", { "aria-labelledby": "sure" },
      h("h2", { id: "sure" }, t("really_stop")),
      h("div", { class: "keys" },
        h("button", { class: "big hurt", onclick: () => { dialog.close(); press("stop"); } }, t("yes")),
        h("button", { class: "big", onclick: () => dialog.close() }, t("keep_on"))));
    dialog.addEventListener("close", () => dialog.remove());
    document.getElementById("main").append(dialog);
    dialog.showModal();
  }

  /** Time goes on without frames: what is on the screen must not look new. */
  function age() {
    const frame = live.frame;
    const old = !live.heard || (frame?.kind === "live" && ageS(frame) > 1);
    focus.classList.toggle("old", old);
  }

  return { update, age };
}
