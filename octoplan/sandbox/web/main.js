/** The page: what the address asks for is fetched and shown, again whenever the sandbox changed. */

import { ask } from "./api.js";
import { byId, keep, make } from "./dom.js";
import { drawEntry } from "./entry.js";
import { icon } from "./icons.js";
import { listenToKeys } from "./keys.js";
import { Listing } from "./listing.js";
import { watch } from "./live.js";
import { MessagePage, fetchMessage, findFirst } from "./message.js";
import { requestKind } from "./requests.js";
import { address, go, readRoute } from "./routes.js";
import { SandboxPage } from "./sandbox.js";
import { clockTime, dateTime } from "./text.js";
import { ticketKind } from "./tickets.js";
import { drawCommand, drawWelcome, firstMessage } from "./welcome.js";

const NAMES = { inbox: "Inbox", requests: "Requests", sandbox: "Sandbox" };
const shown = {
  route: readRoute(location.hash),
  ticket: "",
  now: new Date().toISOString(),
  turn: 0,
  opened: "",
  answered: null,
};
const detail = byId("detail");
const lists = {
  inbox: addListing(ticketKind, () => shown.ticket),
  requests: addListing(requestKind, () => (shown.route.kind === "requests" ? shown.route.id : "")),
};
const message = new MessagePage();
const request = make("article", { class: "message" });
const none = make("div", { class: "none" });
const sandbox = new SandboxPage(byId("sandbox"), () => refresh(), say);

function addListing(kind, opened) {
  const root = make("div", { class: "listing" });
  byId("list").append(root);
  return new Listing(root, kind(opened), say);
}

/** Speak to a screen reader, when it has time. */
function say(sentence) {
  byId("spoken").textContent = sentence;
}

/** Fetch and show what the address asks for. Of two that overlap, only the later one is shown. */
async function refresh() {
  const turn = (shown.turn += 1);
  const route = shown.route;
  try {
    if (route.view === "sandbox") {
      await sandbox.show();
    } else if (route.kind === "") {
      shown.ticket = "";
      await showList(route);
      showNone(route, turn);
    } else {
      await Promise.all([showDetail(route, turn), showList(route)]);
    }
  } catch (failure) {
    report(failure, turn);
  }
  if (turn === shown.turn) {
    byId("main").removeAttribute("aria-busy");
  }
}

async function showList(route) {
  await lists[route.view].show(route, shown.now);
}

async function showDetail(route, turn) {
  if (route.kind === "tickets") {
    await openTicket(route, turn);
  } else if (route.kind === "messages") {
    await openMessage(route, turn);
  } else {
    await openRequest(route, turn);
  }
}

/** Show that nothing is opened: how to send a message here. */
function showNone({ view }, turn) {
  if (turn === shown.turn) {
    const first = lists[view].isEmpty();
    place("none");
    keep(none, [view, first], () => drawNone(view, first));
  }
}

async function openTicket(route, turn) {
  const id = await findFirst(route.id, route.filters);
  if (turn !== shown.turn) {
    return;
  }
  if (id === null) {
    fail("There is no such ticket.", "It may have been forgotten by a reset.");
  } else {
    go(address("inbox", route.filters, "messages", id), { replace: true });
  }
}

async function openMessage(route, turn) {
  const found = await fetchMessage(route.id).catch((failure) => failIfGone(failure, turn));
  if (turn !== shown.turn || !found) {
    return;
  }
  const another = shown.ticket !== found.message.ticket;
  shown.ticket = found.message.ticket;
  message.show(found, route.filters, refresh);
  place(`messages/${route.id}`, message.root);
  if (another) {
    await showList(route); // so that the row of the ticket is marked
  }
}

async function openRequest(route, turn) {
  const found = await ask(`requests/${encodeURIComponent(route.id)}`).catch((failure) => failIfGone(failure, turn));
  if (turn === shown.turn && found) {
    keep(request, [found.request.id, found.request.at], () => drawEntry(found.request));
    place(`requests/${route.id}`, request);
  }
}

function failIfGone(failure, turn) {
  if (failure.lost) {
    throw failure;
  }
  if (turn === shown.turn) {
    fail(`${failure.message}.`.replace("..", "."), failure.hint);
  }
}

function fail(sentence, hint) {
  shown.ticket = "";
  place("failure");
  keep(none, [sentence, hint], () => [
    make("h2", { id: "opened-title", tabindex: "-1" }, sentence),
    hint ? make("p", {}, hint) : null,
  ]);
}

/** Put `page` into the right-hand side; where it is another one than before, at its top and with the focus. */
function place(name, page = none) {
  const fresh = shown.opened !== name;
  shown.opened = name;
  if (page.parentElement !== detail) {
    detail.replaceChildren(drawClose(), page);
  }
  if (fresh) {
    detail.scrollTop = 0;
  }
  if (fresh && shown.wantsFocus) {
    byId("opened-title")?.focus({ preventScroll: true });
  }
  shown.wantsFocus = false;
  byId("main").classList.toggle("opened", name !== "none");
  nameWindow();
}

function drawClose() {
  return make("button", { type: "button", class: "quiet close", on: { click: close } }, [
    icon("back"),
    make("span", {}, "Back to the list"),
  ]);
}

/** Close what is open: the list has the focus again. */
function close() {
  const { view, filters, kind } = shown.route;
  if (!kind) {
    return false;
  }
  go(address(view, filters));
  return true;
}

function drawNone(view, first) {
  if (first) {
    return drawWelcome();
  }
  const what =
    view === "inbox" ? "Choose a ticket to see its messages." : "Choose a request to see it as it was received.";
  return [make("p", {}, what), make("p", {}, "Or send one more:"), drawCommand(firstMessage())];
}

function report(failure, turn) {
  if (failure.lost === true) {
    return; // the line at the top says so
  }
  if (turn === shown.turn) {
    fail(failure.message, failure.hint ?? "");
  }
}

function nameWindow() {
  const opened = shown.route.kind ? `${byId("opened-title")?.textContent.slice(0, 60) ?? ""} · ` : "";
  document.title = `${opened}${NAMES[shown.route.view]} · octoplan sandbox`;
}

function follow() {
  const before = shown.route;
  const route = readRoute(location.hash);
  shown.route = route;
  byId("main").setAttribute("aria-busy", "true");
  shown.wantsFocus = route.kind !== "" && (route.kind !== before.kind || route.id !== before.id);
  const closed = before.kind !== "" && route.kind === "" && before.view === route.view;
  showView(route.view);
  if (closed && !document.activeElement.closest(".bar, .filters")) {
    lists[route.view].focusOpened();
  }
  if (route.view === "sandbox" && before.view !== "sandbox") {
    byId("sandbox-title").focus({ preventScroll: true });
  }
  refresh();
}

function showView(view) {
  byId("sandbox").hidden = view !== "sandbox";
  byId("list").hidden = byId("detail").hidden = view === "sandbox";
  for (const [name, list] of Object.entries(lists)) {
    list.root.hidden = name !== view;
  }
  byId("list").setAttribute("aria-labelledby", `${view}-title`);
  for (const link of document.querySelectorAll("nav a[data-view]")) {
    link.toggleAttribute("aria-current", link.dataset.view === view);
    link.dataset.view === view && link.setAttribute("aria-current", "page");
  }
  byId("main").classList.toggle("opened", shown.route.kind !== "");
  nameWindow();
}

function tick(now) {
  shown.now = now;
  shown.answered = new Date();
  const at = new Date(now);
  const apart = Math.abs(at - Date.now()) > 5000;
  byId("clock").replaceChildren(
    make(
      "time",
      { datetime: now, title: "The sandbox's clock" },
      apart ? `${dateTime(at).replace(/, .*/, "")}, ${clockTime(at)}` : clockTime(at),
    ),
  );
  byId("clock").classList.toggle("apart", apart);
}

function lose() {
  const since = shown.answered ? ` What is shown is as of ${clockTime(shown.answered)}.` : "";
  byId("offline").textContent = `The sandbox does not answer.${since} Trying again every second.`;
  byId("offline").hidden = false;
}

listenToKeys({
  step: (by) => shown.route.view !== "sandbox" && (lists[shown.route.view].step(by), true),
  inList: () => document.activeElement.matches(".row"),
  search: () => shown.route.view !== "sandbox" && (lists[shown.route.view].search.focus(), true),
  close: (target) => (target.type === "search" && target.value !== "" ? false : close()),
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
window.addEventListener("hashchange", follow);
showView(shown.route.view);
watch({ changed: refresh, ticked: tick, lost: lose, found: () => (byId("offline").hidden = true) });
