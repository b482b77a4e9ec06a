/** Talking to the hub. */

/** What the hub refused, with a key of the page's texts. */
export class Refused extends Error {
  /** @param {number} status @param {Object} body */
  constructor(status, body) {
    super(body.error ?? "error");
    this.status = status;
    this.body = body;
  }
}

async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, { error: "error_net" });
  }
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, found);
  return found;
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);
export const put = (path, body) => ask("PUT", path, body);
export const remove = (path) => ask("DELETE", path);

const kept = new Map();

/** Something that does not change while the page is open. */
export function once(path) {
  if (!kept.has(path)) {
    const found = get(path);
    found.catch(() => kept.delete(path));
    kept.set(path, found);
  }
  return kept.get(path);
}
