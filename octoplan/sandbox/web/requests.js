/** What the list of requests is, refused and simulated ones too: its filters, its rows. For `listing.js`. */

import { make } from "./dom.js";
import { address } from "./routes.js";
import { drawChannel } from "./tickets.js";
import { CHANNEL_CHOICES, count, moment, number, reveal, snippet } from "./text.js";
import { drawWelcome } from "./welcome.js";

const OUTCOMES = [
  ["true", "Refused"],
  ["false", "Accepted"],
];

/** Describe the list of requests; `opened` says which request is open now. */
export function requestKind(opened) {
  return {
    view: "requests",
    title: "Requests",
    noun: "request",
    path: "requests",
    found: "requests",
    serial: "id",
    filters: [
      ["channel", "Channel", CHANNEL_CHOICES],
      ["refused", "Answer", OUTCOMES],
    ],
    brief: shorten,
    keyOf: (entry) => entry.id,
    isOpen: (entry) => String(entry.id) === opened(),
    link: (entry, filters) => address("requests", filters, "requests", entry.id),
    row: drawRow,
    tell: (entry) => `request ${entry.id}, answered ${entry.status}`,
    welcome: drawWelcome,
  };
}

/** What a row shows of an entry. */
function shorten({ answer, ...entry }) {
  return { ...entry, said: entry.status >= 400 ? readMessage(answer) : "" };
}

function drawRow(entry, now) {
  return [
    entry.channel ? drawChannel(entry.channel) : drawChannel(""),
    make(
      "span",
      { class: "title" },
      reveal(snippet(entry.endpoint.replace(/^(POST|GET|DELETE) \/v1\/public\//, ""), 80)),
    ),
    make("span", { class: "when" }, moment(entry.at, now)),
    make("span", { class: "snippet" }, drawMarks(entry), drawGist(entry)),
    make("span", { class: "contacts" }, entry.contacts ? count(entry.contacts, "contact") : ""),
    make("span", { class: "cost" }, drawStatus(entry)),
  ];
}

/** The status of an answer, red where it refuses; with the code of the API. */
export function drawStatus(entry) {
  const refused = entry.status >= 400;
  const code = entry.code !== null && entry.code !== entry.status ? ` (${entry.code})` : "";
  return make("span", { class: refused ? "status refused" : "status" }, `${entry.status}${code}`);
}

function drawMarks(entry) {
  const notes = entry.forgiven.length;
  return [
    entry.simulated ? make("span", { class: "badge simulated" }, "simulated") : null,
    notes ? make("span", { class: "badge forgiven" }, `${number(notes)} forgiven`) : null,
  ];
}

function drawGist(entry) {
  return reveal(snippet(entry.said || entry.list_name || entry.ticket || "", 80));
}

function readMessage(answer) {
  try {
    const { message, errors } = JSON.parse(answer);
    const nested = Object.values(errors ?? {})[0]?.message;
    return String(nested ?? message ?? "refused");
  } catch {
    return "refused";
  }
}
