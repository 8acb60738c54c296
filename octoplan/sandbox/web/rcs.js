/** An RCS message → its bubble, its cards with their buttons, and in plain pairs whatever else a card says. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { clip, reveal, show, words } from "./text.js";

const TITLES = ["title", "header", "name"];
const TEXTS = ["description", "text", "body", "content"];
const MEDIA = ["media", "image", "media_url", "mediaUrl", "image_url", "imageUrl", "picture", "thumbnail"];
const BUTTONS = ["suggestions", "actions", "buttons", "replies"];
const LABELS = ["label", "text", "title", "name", "displayText"];
const URLS = ["url", "file_url", "fileUrl", "href", "src"];
const MOST = 50;
const LONGEST = 2000;

/** Draw the phone with the text, then the cards, then the buttons. */
export function drawRcs(message) {
  const cards = list(message.options.cards);
  const actions = list(message.options.actions);
  return make("div", { class: "phone rcs" }, [
    make("p", { class: "from" }, message.sender ? reveal(message.sender) : make("span", { class: "dim" }, "the agent")),
    make("div", { class: "glass", "data-key": "glass", tabindex: "0", role: "group", "aria-label": "RCS message" }, [
      message.text !== "" && make("p", { class: "bubble" }, show(clip(message.text, LONGEST * 5))),
      cards.length > 0 &&
        make(
          "ul",
          { class: "cards", "aria-label": "Cards" },
          cards.map((card) => make("li", { class: "card" }, drawCard(card))),
        ),
      actions.length > 0 && drawButtons(actions),
    ]),
  ]);
}

function list(value) {
  return Array.isArray(value) ? value.slice(0, MOST) : [];
}

/** Take the first of these names whose value is a text, out of the names still to be shown. */
function take(thing, names, left) {
  const name = names.find((one) => typeof thing[one] === "string" && thing[one] !== "" && left.has(one));
  left.delete(name);
  return name === undefined ? null : clip(thing[name], LONGEST);
}

function drawCard(card) {
  if (card === null || typeof card !== "object") {
    return reveal(String(card));
  }
  const left = new Set(Object.keys(card));
  const media = MEDIA.find((name) => card[name] && left.delete(name));
  const title = take(card, TITLES, left);
  const text = take(card, TEXTS, left);
  const buttons = BUTTONS.filter((name) => Array.isArray(card[name]) && left.delete(name)).flatMap((name) =>
    list(card[name]),
  );
  return [
    media && drawMedia(card[media]),
    title !== null && make("h4", {}, show(title)),
    text !== null && make("p", { class: "said" }, show(text)),
    drawPairs(card, left),
    buttons.length > 0 && drawButtons(buttons),
  ];
}

/** A picture is never fetched: its address stands where it would be. */
function drawMedia(media) {
  const one = typeof media === "object" && media !== null ? media : { url: media };
  const left = new Set(Object.keys(one));
  const url = take(one, URLS, left);
  return make("div", { class: "media" }, [
    icon("picture"),
    url !== null && make("span", {}, reveal(url)),
    drawPairs(one, left),
  ]);
}

function drawButtons(buttons) {
  return make(
    "ul",
    { class: "buttons", "aria-label": "Buttons" },
    buttons.map((button) => make("li", {}, drawButton(button))),
  );
}

/** A button of the message: it does nothing here, so it is no <button>. */
function drawButton(button) {
  if (button === null || typeof button !== "object") {
    return make("span", { class: "label" }, reveal(String(button)));
  }
  const left = new Set(Object.keys(button));
  const label = take(button, LABELS, left);
  return [make("span", { class: "label" }, label === null ? "no label" : show(label)), drawPairs(button, left)];
}

function drawPairs(thing, names) {
  const given = [...names].filter((name) => thing[name] !== null && thing[name] !== "").slice(0, MOST);
  if (given.length === 0) {
    return null;
  }
  const pair = (name) =>
    make("div", {}, make("dt", {}, reveal(words(clip(name, 60)))), make("dd", {}, reveal(sayValue(thing[name]))));
  return make("dl", { class: "pairs" }, given.map(pair));
}

function sayValue(value) {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 300 ? `${clip(text, 300)}…` : text;
}
