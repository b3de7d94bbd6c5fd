// SPDX-License-Identifier: Apache-2.0
// Elements from data. Text goes in as text only; there is no way to pass markup.

// make('button', {class: 'x', 'aria-label': 'y'}, 'text', child) -> element
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A button that does `press`.
export function button(press, attributes, ...children) {
  const element = make('button', { type: 'button', ...attributes }, ...children);
  element.addEventListener('click', press);
  return element;
}

// The element with this id, which the document must have.
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element ${id}`);
  return element;
}

export const FOCUSABLE = 'a[href], button:enabled, input, select, [tabindex]';

// Other children. If one that had the focus goes, it is given to the one that says the same, else to
// the one in its place.
export function refill(element, ...children) {
  const had = document.activeElement;
  const at = had === element || !element.contains(had) ? -1 : [...element.querySelectorAll(FOCUSABLE)].indexOf(had);
  element.replaceChildren(...children);
  if (at < 0) return;
  const now = [...element.querySelectorAll(FOCUSABLE)];
  const next = now.find((one) => one === had) ?? now.find((one) => one.textContent === had.textContent);
  (next ?? now[Math.min(at, now.length - 1)])?.focus({ preventScroll: true });
}

// A name from the profile: printable, isolated from the text around it, escapes dimmed.
export function nameNode(text) {
  const node = make('bdi', {});
  let at = 0;
  for (const match of text.matchAll(/\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]+\})/g)) {
    node.append(text.slice(at, match.index), make('span', { class: 'escape' }, match[0]));
    at = match.index + match[0].length;
  }
  node.append(text.slice(at));
  return node;
}

// One call per animation frame, however often it is asked for.
export function oncePerFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
