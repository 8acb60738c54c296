/** An SMS → a phone that shows it, where its parts end, and which characters made it dear. */

import { make } from "./dom.js";
import { PIECE, clip, reveal, show } from "./text.js";

const MOST_MARKS = 500;
const CLUSTERS = /\p{M}+|[^\p{M}]\p{M}*/gsu; // a letter with its accents is marked as one

/** Draw the phone; `sms` tells the parts, null if the sandbox cannot say. */
export function drawSms(message, sms) {
  const parts = sms?.parts.length ? sms.parts : [{ text: message.text, units: 0 }];
  return make("div", { class: "phone" }, [
    make(
      "p",
      { class: "from" },
      message.sender ? reveal(message.sender) : make("span", { class: "dim" }, "a short code"),
    ),
    make(
      "div",
      { class: "glass", "data-key": "glass", tabindex: "0", role: "group", "aria-label": "Text of the SMS" },
      [make("p", { class: "bubble" }, drawParts(parts, new Set(sms?.costly.map((one) => one.character) ?? [])))],
    ),
  ]);
}

/** Draw the parts one after the other, as they read, with a mark where each further one begins. */
function drawParts(parts, costly) {
  const marks = { left: MOST_MARKS };
  let room = PIECE;
  return parts.map((part, index) => {
    const text = clip(part.text, Math.max(0, room));
    room -= text.length;
    return [index > 0 && text !== "" ? drawCut(index + 1) : null, drawPart(text, costly, marks)];
  });
}

function drawCut(part) {
  return make("span", { class: "cut", title: `Part ${part} begins here` }, [
    make("span", { class: "unseen" }, ` (part ${part}) `),
    make("span", { class: "cut-number", "aria-hidden": "true" }, part),
  ]);
}

function drawPart(text, costly, marks) {
  const pieces = [];
  let plain = "";
  for (const [cluster] of text.matchAll(CLUSTERS)) {
    if (marks.left > 0 && [...cluster].some((character) => costly.has(character))) {
      marks.left -= 1;
      pieces.push(show(plain), make("mark", { title: "forced UCS-2" }, reveal(cluster)));
      plain = "";
    } else {
      plain += cluster;
    }
  }
  return make("span", { class: "part" }, pieces, show(plain));
}
