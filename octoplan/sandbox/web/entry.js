/** A request → what was forgiven in it, its body (as JSON, text and bytes), and what was answered. */

import { make } from "./dom.js";
import { drawStatus } from "./requests.js";
import { address } from "./routes.js";
import { channelName, inPieces, moment, number, reveal } from "./text.js";

const MOST_JSON = 2000000;
const BYTES = 2048;
const TOKENS = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gu;

/** Draw, in plain words, what the API would mend or drop without a word; nothing if there is nothing. */
export function drawForgiven(notes) {
  if (notes.length === 0) {
    return [];
  }
  const title = `Forgiven: ${notes.length === 1 ? "one thing" : `${number(notes.length)} things`} in the request`;
  return make("section", { class: "notice", "aria-label": "Forgiven" }, [
    make("h3", {}, title),
    make(
      "ul",
      { "data-key": "forgiven" },
      notes.slice(0, 200).map((note) => make("li", {}, drawNote(note))),
    ),
  ]);
}

function drawNote({ field, how, note, times }) {
  return [make("code", {}, reveal(field)), " ", sayNote(how, note), times > 1 ? ` (${number(times)} times)` : ""];
}

/** Say what was done about a field: `how` in words, and the sandbox's note on it. */
function sayNote(how, note) {
  const done = make("strong", {}, how);
  if (how === "ignored" && note.startsWith("not a field")) {
    return ["is ", reveal(note), ": ", done];
  }
  const cut = note.lastIndexOf(": ");
  if (how === "defaulted" && cut >= 0) {
    const [reason, value] = [note.slice(0, cut), note.slice(cut + 2)];
    return [
      reason === "absent" ? "is absent: " : ["is not usable (", reveal(reason), "): "],
      done,
      " to ",
      make("code", {}, reveal(value)),
    ];
  }
  return ["was ", done, ": ", reveal(note)];
}

/** Draw a request: what was asked, what was answered. */
export function drawRequest(entry) {
  return [
    make("div", { class: "block" }, [
      make("h3", {}, "Request"),
      make("p", { class: "dim" }, [make("code", {}, reveal(entry.endpoint)), " · ", moment(entry.at)]),
      drawBody(entry),
    ]),
    make("div", { class: "block" }, [
      make("h3", {}, "Answer ", drawStatus(entry)),
      drawText("answer", format(entry.answer) ?? entry.answer),
    ]),
  ];
}

/** Draw the page of one request, by itself. */
export function drawEntry(entry) {
  return [
    make("header", { class: "head" }, [
      make("p", { class: "kicker" }, `Request ${entry.id}`),
      make("h2", { id: "opened-title", tabindex: "-1" }, reveal(entry.endpoint)),
      make("dl", { class: "sums" }, [
        drawSum("Answer", drawStatus(entry)),
        entry.simulated && drawSum("Simulated", "yes, nothing was sent"),
        entry.channel && drawSum("Channel", channelName(entry.channel)),
        entry.contacts > 0 && drawSum("Contacts", number(entry.contacts)),
        entry.list_name && drawSum("List", reveal(entry.list_name)),
        entry.ticket && drawSum("Ticket", drawTicket(entry)),
      ]),
    ]),
    drawForgiven(entry.forgiven),
    drawRequest(entry),
  ];
}

/** Name the ticket; that of a simulation is as unreal as the rest of its answer, and leads nowhere. */
function drawTicket({ ticket, simulated }) {
  return simulated ? reveal(ticket) : make("a", { href: address("inbox", {}, "tickets", ticket) }, reveal(ticket));
}

/** Draw one name and value of the sums at the top. */
export function drawSum(name, value) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, value));
}

/** The three ways to look at a body. They are radio buttons: one Tab stop, arrows choose. */
function drawBody(entry) {
  const json = format(entry.body);
  const ways = { JSON: json, Text: entry.body, Bytes: entry.body_base64 };
  const box = make("div", {});
  const draw = (way) =>
    box.replaceChildren(way === "Bytes" ? drawBytes(entry.body_base64) : drawText("body", ways[way]));
  const names = Object.keys(ways).filter((way) => ways[way] !== null);
  if (entry.body === "") {
    return make("p", { class: "dim" }, "Without a body.");
  }
  draw(names[0]);
  const radio = (way, index) =>
    make("label", {}, [
      make("input", {
        type: "radio",
        name: `body-${entry.id}`,
        id: `body-${entry.id}-${way}`,
        checked: index === 0,
        on: { change: () => draw(way) },
      }),
      make("span", {}, way === "JSON" ? "JSON" : way === "Text" ? "As received" : "Bytes"),
    ]);
  return [
    make("fieldset", { class: "ways" }, make("legend", { class: "unseen" }, "Show the body as"), names.map(radio)),
    box,
  ];
}

function format(text) {
  if (text.length > MOST_JSON) {
    return null;
  }
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null; // no JSON, or nested too deep
  }
}

function drawText(name, text) {
  const draw = (piece) =>
    make(
      "pre",
      { tabindex: "0", role: "group", "aria-label": `Text of the ${name}`, "data-key": name },
      make("code", {}, colour(piece)),
    );
  return inPieces(text, draw);
}

/** Tell keys from values by colour. */
function colour(text) {
  const drawn = [];
  let from = 0;
  for (const found of text.matchAll(TOKENS)) {
    const [whole, quoted, colon] = found;
    const kind = quoted === undefined ? "atom" : colon === undefined ? "text" : "key";
    drawn.push(text.slice(from, found.index), make("span", { class: kind }, reveal(quoted ?? whole)), colon ?? "");
    from = found.index + whole.length;
  }
  return [...drawn, reveal(text.slice(from))];
}

function drawBytes(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const shown = bytes.slice(0, BYTES);
  const lines = [];
  for (let at = 0; at < shown.length; at += 16) {
    lines.push(drawLine(at, [...shown.slice(at, at + 16)]));
  }
  const rest = bytes.length > BYTES ? `\n… ${number(bytes.length)} bytes in all` : "";
  return make(
    "pre",
    { class: "bytes", tabindex: "0", role: "group", "aria-label": "Bytes of the body", "data-key": "bytes" },
    make("code", {}, lines.join("\n") + rest),
  );
}

function drawLine(at, bytes) {
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const text = bytes.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
  return `${at.toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${text}`;
}
