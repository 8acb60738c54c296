/** Keys pressed anywhere on the page → what they do; and the dialog that tells them. */

import { byId, make } from "./dom.js";

const TOLD = [
  [["/"], "Search"],
  [["j", "↓"], "Next row of the list"],
  [["k", "↑"], "Previous row of the list"],
  [["Enter"], "Open the row"],
  [["Esc"], "Close what is open"],
  [["g", "i"], "Inbox", "then"],
  [["g", "r"], "Requests", "then"],
  [["g", "s"], "Sandbox", "then"],
  [["?"], "This help"],
];
const PLACES = { i: "#/", r: "#/requests", s: "#/sandbox" };
const PATIENCE = 1000;

/** Listen. `act` has: step(by), search(), close(), and inList() which says whether the focus is on a row. */
export function listenToKeys(act) {
  let prefix = 0;
  document.addEventListener("keydown", (event) => {
    if (
      event.defaultPrevented ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      document.querySelector("dialog[open]")
    ) {
      return;
    }
    const typing = isTyping(event.target);
    const second = Date.now() - prefix < PATIENCE;
    prefix = event.key === "g" && !typing ? Date.now() : 0;
    if (second && !typing && PLACES[event.key]) {
      location.hash = PLACES[event.key];
      event.preventDefault();
    } else if (press(event.key, typing, event.target, act)) {
      event.preventDefault();
    }
  });
  byId("keys-open").addEventListener("click", showKeys);
  fillDialog();
}

function isTyping(target) {
  return target.matches("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]");
}

function press(key, typing, target, act) {
  if (key === "Escape") {
    return act.close(target);
  }
  if (typing) {
    return key === "ArrowDown" && target.type === "search" && act.step(0);
  }
  if (act.inList() && (key === "ArrowDown" || key === "ArrowUp")) {
    return act.step(key === "ArrowDown" ? 1 : -1);
  }
  const deeds = { j: () => act.step(1), k: () => act.step(-1), "/": act.search, "?": showKeys };
  return deeds[key]?.() ?? false;
}

function showKeys() {
  byId("keys").showModal();
  return true;
}

function fillDialog() {
  const row = ([keys, what, between]) =>
    make(
      "div",
      {},
      make(
        "dt",
        {},
        keys.map((key, index) => [index ? ` ${between ?? "or"} ` : "", make("kbd", {}, key)]),
      ),
      make("dd", {}, what),
    );
  byId("keys").append(
    make("h2", { id: "keys-title" }, "Keys"),
    make("dl", { class: "keys" }, TOLD.map(row)),
    make("form", { method: "dialog", class: "answers" }, make("button", { autofocus: true }, "Close")),
  );
}
