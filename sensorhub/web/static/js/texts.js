/** The words of the page, in the person's language. */

export const LANGUAGES = { en: "English", de: "Deutsch" };

let table = {};
let current = "en";

/** @returns {string} the language in use */
export const language = () => current;

/** Take up a language; everything drawn from then on is in it. */
export async function useLanguage(name) {
  current = name in LANGUAGES ? name : "en";
  table = await (await fetch(`/static/texts/${current}.json`)).json();
  document.documentElement.lang = current;
}

/**
 * A text with its blanks filled in; where `n` is 1, the text for one of it, if there is such a text.
 * @param {string} key
 * @param {Object<string, any>} [blanks]
 */
export function t(key, blanks = {}) {
  const text = (blanks.n === 1 && table[`${key}_one`]) || (table[key] ?? key);
  return text.replace(/\{(\w+)\}/g, (_, name) => blanks[name] ?? "");
}

/** Whether there is a text of that key. */
export const known = (key) => key in table;

/** Of words in several languages, those in the one in use. */
export const words = (inEvery) => inEvery?.[current] ?? inEvery?.en ?? "";

/** A date as people write it here. */
export const date = (when, options = { dateStyle: "medium", timeStyle: "short" }) =>
  new Intl.DateTimeFormat(current, options).format(new Date(when));
