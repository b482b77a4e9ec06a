/** Start: who are we, which page, and what the hub is doing. */

import { get, post } from "./api.js";
import { live } from "./live.js";
import { useTheme, wantedLanguage } from "./settings.js";
import { complaint, drawTop, place, watchConnection } from "./shell.js";
import { t, useLanguage } from "./texts.js";
import { startTones } from "./tones.js";

/** Pages by the first part of the address; each module draws itself and may return how to end it. */
const PAGES = {
  plan: () => import("./pages/plan.js"),
  do: () => import("./pages/doing.js"),
  result: () => import("./pages/result.js"),
  history: () => import("./pages/history.js"),
  sensors: () => import("./pages/sensors.js"),
  edit: () => import("./pages/edit.js"),
  settings: () => import("./pages/settings.js"),
  people: () => import("./pages/people.js"),
};

const state = { me: null, end: null, page: "", turn: 0 };

/** Go to a page. */
export const go = (where) => {
  if (location.hash === `#/${where}`) route();
  else location.hash = `#/${where}`;
};

/** Ask again who this screen shows; draws the page anew. */
export async function refresh() {
  state.me = await get("/api/me");
  if (state.me.paired) live.restart();
  else live.stop();
  await route();
}

async function route() {
  const turn = ++state.turn;
  state.end?.();
  state.end = null;
  const [name, ...rest] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  const page = !state.me?.paired ? "pair" : name in PAGES ? name : "plan";
  const heading = () => document.querySelector("#main h1");
  // The sign and the looks of a page come with its content, never before it: what it needs may take
  // long to fetch. A page that comes after the person has gone on is not shown any more.
  const put = (...content) => {
    if (turn !== state.turn) throw new Error("another page is wanted by now");
    document.body.dataset.page = page;
    return place(...content);
  };
  try {
    const module = page === "pair" ? await import("./pages/pair.js") : await PAGES[page]();
    if (turn !== state.turn) return;
    drawTop(page, state.me);
    const end = await module.draw({ me: state.me, go, refresh, rest, place: put });
    if (turn !== state.turn) end?.();
    else state.end = end ?? null;
  } catch (error) {
    if (turn !== state.turn) return;
    if (error.status === 401) return void refresh();
    put(t("error"), complaint(error));
    if (!error.body) throw error;
  }
  if (state.page && state.page !== page) heading()?.focus();
  state.page = page;
}

/** Where a session begins, the page follows by itself; elsewhere it stays where the person is. */
function follow(event) {
  const busy = ["live", "searching"].includes(event.detail.kind);
  const resting = ["", "#/", "#/plan"].includes(location.hash);
  if (busy && resting && event.detail.state !== "done") go("do");
}

/** The address that the terminal shows as a QR code carries the PIN behind the #: it is never sent. */
async function pairByAddress() {
  const pin = /^#pin=(\d+)$/.exec(location.hash)?.[1];
  if (!pin) return false;
  history.replaceState(null, "", "/");
  if (!state.me.paired) await post("/api/pair", { pin }).catch(() => null);
  state.me = await get("/api/me");
  return true;
}

/** Another address: a page of ours, or the PIN, opened where this page was open already. */
async function addressChanged() {
  if (await pairByAddress()) return void refresh();
  if (location.hash.startsWith("#/") || !location.hash) route();
}

async function begin() {
  useTheme();
  await useLanguage(wantedLanguage());
  state.me = await get("/api/me");
  await pairByAddress();
  watchConnection();
  startTones();
  live.addEventListener("frame", follow);
  window.addEventListener("hashchange", addressChanged);
  if (state.me.paired) live.start();
  await route();
  document.documentElement.dataset.ready = "yes";
}

begin();
