/** Small helpers to build and change the page. */

/**
 * Make an element.
 * @param {string} tag
 * @param {Object<string, any>} [props] attributes; `on...` listeners; `class`; true/false set or leave out.
 * @param {...(Node|string|number|null|undefined|Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(3).filter((child) => child != null && child !== ""));
  return node;
}

/** Set an element's text only if it changes: nothing is laid out twice, and readers stay quiet. */
export function setText(node, text) {
  const wanted = text == null ? "" : String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Show or hide. */
export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

/** Say something to a screen reader, when it has time. */
export function announce(text) {
  setText(document.getElementById("polite"), text);
}

const drawings = new Map();

/**
 * One of the hub's drawings, inline so that it takes the page's colours.
 * @param {string} name without its ending
 * @param {string} label what it shows, for those who do not see it; empty: the text beside it says it
 */
export function drawing(name, label) {
  const frame = h("div", { class: "drawing" });
  if (!drawings.has(name)) {
    drawings.set(name, fetch(`/drawings/${encodeURIComponent(name)}.svg`).then((r) => (r.ok ? r.text() : "")));
  }
  drawings.get(name).then((text) => {
    if (!text) return;
    const svg = document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
    if (label) {
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", label);
    } else {
      svg.setAttribute("aria-hidden", "true");
    }
    frame.replaceChildren(svg);
  });
  return frame;
}

const SVG = "http://www.w3.org/2000/svg";

/** Make an SVG element. */
export function s(tag, props = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
