/** Names, properties and children → elements. Text only ever becomes text: nothing here parses HTML. */

/**
 * Make an element. A property is an attribute; `on` holds listeners; true sets a bare attribute, false, null and
 * undefined set none. Children are nodes, text, or arrays of them; null and false are left out.
 */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (property === "on") {
      listen(element, value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(property, value === true ? "" : String(value));
    }
  }
  element.append(...flatten(children));
  return element;
}

function listen(element, listeners) {
  for (const [event, act] of Object.entries(listeners)) {
    element.addEventListener(event, act);
  }
}

function flatten(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Find the element of that id, which the page is known to have. */
export function byId(id) {
  return document.getElementById(id);
}

const signatures = new WeakMap();

/**
 * Fill `container` by `build`, unless it was filled from the same `source` (anything JSON) already: what does not
 * change keeps its focus, selection and scroll. Where it does change, they are given back to the elements that bear
 * the same id or data-key.
 */
export function keep(container, source, build) {
  const signature = JSON.stringify(source);
  if (signatures.get(container) === signature) {
    return;
  }
  const restore = remember(container);
  container.replaceChildren(...flatten([build()]));
  signatures.set(container, signature);
  restore();
}

function remember(container) {
  const focused = container.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  const scrolled = [...container.querySelectorAll("[data-key]")]
    .filter((element) => element.scrollTop > 0)
    .map((element) => [nameOf(element), element.scrollTop]);
  return () => {
    for (const [name, top] of scrolled) {
      const element = container.querySelector(name);
      if (element) {
        element.scrollTop = top;
      }
    }
    if (focused) {
      container.querySelector(focused)?.focus({ preventScroll: true });
    }
  };
}

function nameOf(element) {
  if (element.id) {
    return `#${CSS.escape(element.id)}`;
  }
  return element.dataset.key ? `[data-key="${CSS.escape(element.dataset.key)}"]` : null;
}

/**
 * Make the children of `list` those of `items`, in order. A child whose item did not change is the same element as
 * before, in its place; so new ones at the top take nobody's focus.
 */
export function syncList(list, items, keyOf, build) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => childFor(item, String(keyOf(item)), before, build));
  const staying = new Set(wanted);
  let lost = null;
  for (const child of [...list.children]) {
    if (!staying.has(child)) {
      lost = child.contains(document.activeElement) ? child.dataset.key : lost;
      child.remove();
    }
  }
  let place = list.firstElementChild;
  for (const child of wanted) {
    if (child === place) {
      place = place.nextElementSibling;
    } else {
      list.insertBefore(child, place);
    }
  }
  if (lost !== null) {
    focusRow([...list.children].find((child) => child.dataset.key === lost));
  }
}

function childFor(item, key, before, build) {
  const signature = JSON.stringify(item);
  const known = before.get(key);
  if (known && signatures.get(known) === signature) {
    return known;
  }
  const child = build(item);
  child.dataset.key = key;
  signatures.set(child, signature);
  return child;
}

function focusRow(child) {
  child?.querySelector("a, button")?.focus({ preventScroll: true });
}
