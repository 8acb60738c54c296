/** The address after # ↔ what is shown: a view, perhaps one thing opened in it, and the filters of its list. */

const FILTERS = ["search", "channel", "state", "refused", "page"];
const VIEWS = { tickets: "inbox", messages: "inbox", requests: "requests", sandbox: "sandbox" };

/** Read `location.hash`; what makes no sense is the inbox. */
export function readRoute(hash) {
  const [path, asked = ""] = hash.replace(/^#\/?/, "").split("?");
  const [place, ...rest] = path.split("/");
  const given = new URLSearchParams(asked);
  const filters = Object.fromEntries(FILTERS.map((name) => [name, given.get(name) ?? ""]));
  const id = decode(rest.join("/"));
  return { view: VIEWS[place] ?? "inbox", kind: id && VIEWS[place] ? place : "", id, filters };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Write the address of a view (`kind` and `id` open one thing in it), its filters kept. */
export function address(view, filters = {}, kind = "", id = "") {
  const place = kind ? `${kind}/${encodeURIComponent(id)}` : view === "inbox" ? "" : view;
  const kept = FILTERS.filter((name) => filters[name]).map((name) => [name, filters[name]]);
  return `#/${place}${kept.length ? `?${new URLSearchParams(kept)}` : ""}`;
}

/** Go to an address: as a new step of the history, or in place of this one. */
export function go(target, { replace = false } = {}) {
  if (target === location.hash) {
    return;
  }
  if (replace) {
    history.replaceState(null, "", target);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = target;
  }
}
