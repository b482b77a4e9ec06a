/** What this screen remembers: language, colours, sound. Nothing of it is about a person. */

const DEFAULTS = { language: "", theme: "auto", sound: "tones", volume: 60 };
const NAME = "sensorhub";

let kept = { ...DEFAULTS };
try {
  kept = { ...DEFAULTS, ...JSON.parse(localStorage.getItem(NAME) ?? "{}") };
} catch {
  // A browser that keeps nothing: the defaults are good.
}

/** One setting. */
export const setting = (name) => kept[name];

/** Change a setting. */
export function keep(name, value) {
  kept[name] = value;
  try {
    localStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // It then lasts as long as the page.
  }
  document.dispatchEvent(new CustomEvent("setting", { detail: name }));
}

/** Show the page in the colours that were chosen. */
export function useTheme() {
  const theme = setting("theme");
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The language chosen, or the browser's own. */
export const wantedLanguage = () =>
  setting("language") || ((navigator.language ?? "").startsWith("de") ? "de" : "en");
