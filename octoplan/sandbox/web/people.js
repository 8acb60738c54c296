/** The contacts of a ticket → links to each one's message: the one before, the one after, and fifty in a list. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { address } from "./routes.js";
import { count, number, reveal } from "./text.js";

/** How many contacts are listed at once. */
export const PEOPLE = 50;
const FEW = 8;

/** Draw whom `message` goes to, and the ways to the others; `place` counts from 0, and so does `offset`. */
export function drawPeople({ message, people, offset, place, total }, filters) {
  const link = (step, properties, ...content) => {
    const possible = place + step >= 0 && place + step < total;
    const href = possible ? address("inbox", filters, "messages", message.id + step) : null;
    return make("a", { href, "aria-disabled": possible ? null : "true", ...properties }, content);
  };
  const heading = make("h3", { class: "to" }, "To ", make("strong", {}, reveal(message.address)));
  if (total < 2) {
    return make("div", { class: "people" }, heading);
  }
  return [
    make("div", { class: "people" }, [
      heading,
      link(-1, { class: "turn", "data-key": "previous" }, icon("back"), unseen("Previous message")),
      make("span", { class: "place" }, `${number(place + 1)} of ${number(total)}`),
      link(1, { class: "turn", "data-key": "next" }, unseen("Next message"), icon("next")),
    ]),
    make("details", { class: "everybody", open: total <= FEW }, [
      make("summary", {}, total > PEOPLE ? sayRange(offset, people.length) : count(total, "contact")),
      make(
        "ol",
        { "data-key": "people" },
        people.map((one) => drawPerson(one, message.id, link)),
      ),
      total > PEOPLE && drawPages(offset - place, link),
    ]),
  ];
}

function unseen(words) {
  return make("span", { class: "unseen" }, words);
}

function sayRange(offset, length) {
  return `Contacts ${number(offset + 1)} to ${number(offset + length)}`;
}

function drawPerson({ id, address: to }, shown, link) {
  const current = id === shown ? "true" : null;
  return make("li", {}, link(id - shown, { "aria-current": current, "data-key": `person-${id}` }, reveal(to)));
}

/** Draw links to the fifty before and after those that begin `first` messages from the one that is shown. */
function drawPages(first, link) {
  return make("div", { class: "pages" }, [
    link(first - PEOPLE, { class: "turn" }, icon("back"), `Previous ${PEOPLE}`),
    link(first + PEOPLE, { class: "turn" }, `Next ${PEOPLE}`, icon("next")),
  ]);
}
