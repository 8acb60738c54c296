/** Values → what people read: text of strangers made harmless and bounded, times, money, numbers. */

import { make } from "./dom.js";

const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/u;
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
const MOST_CHIPS = 300;
/** Characters of a long text that are shown at once. */
export const PIECE = 20000;

/** Show `text` as it reads: its direction stays its own, and control characters are visible. */
export function show(text) {
  return make("bdi", {}, chips(String(text), CONTROLS));
}

/** Show `text` letter for letter: everything that is invisible or turns the direction is spelt out. */
export function reveal(text) {
  return make("bdi", {}, chips(String(text), HIDDEN));
}

/** Split `text` where a character matches, and show that one as its code point. */
function chips(text, pattern) {
  const parts = [];
  let rest = text;
  for (let number = 0; number < MOST_CHIPS; number += 1) {
    const found = rest.search(pattern);
    if (found < 0) {
      break;
    }
    parts.push(rest.slice(0, found), chip(rest[found]));
    rest = rest.slice(found + 1);
  }
  return [...parts, rest];
}

function chip(character) {
  const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return make("span", { class: "chip" }, `U+${code}`);
}

/** Cut `text` after so many UTF-16 units, never inside a surrogate pair. */
export function clip(text, most) {
  if (text.length <= most) {
    return text;
  }
  const end = /[\ud800-\udbff]$/.test(text.slice(0, most)) ? most - 1 : most;
  return text.slice(0, end);
}

/** One line of a text for a list: whitespace made one blank, cut. */
export function snippet(text, most = 160) {
  const line = clip(String(text), most * 4)
    .replace(/\s+/gu, " ")
    .trim();
  return line.length > most ? `${clip(line, most)}…` : line;
}

/** Show a text of any length in pieces: the first one, and a button for the next. */
export function inPieces(text, draw) {
  const box = make("div", { class: "pieces" });
  const more = (from) => {
    const piece = clip(text.slice(from), PIECE);
    box.append(draw(piece));
    const left = text.length - from - piece.length;
    if (left > 0) {
      const next = make("button", { type: "button", class: "small" }, `Show more (${number(left)} characters left)`);
      next.addEventListener("click", () => {
        next.remove();
        more(from + piece.length);
      });
      box.append(next);
    }
  };
  more(0);
  return box;
}

/** A number with separators. */
export function number(value) {
  return Number(value).toLocaleString("en-GB", { maximumFractionDigits: 3 });
}

/** A number and its noun: "1 contact", "2,000 contacts". */
export function count(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** An amount of EUR; three decimals, since one message costs less than a cent. */
export function money(amount) {
  return `€${Number(amount).toLocaleString("en-GB", { minimumFractionDigits: 3, maximumFractionDigits: 5 })}`;
}

/** A moment as a <time> in the reader's zone; with `now` in short: the time alone if it is of the same day. */
export function moment(iso, now = null) {
  const at = new Date(iso);
  return make("time", { datetime: iso, title: iso }, now === null ? dateTime(at) : shortTime(at, new Date(now)));
}

function shortTime(at, now) {
  if (at.toDateString() === now.toDateString()) {
    return clockTime(at);
  }
  const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return at.toLocaleString("en-GB", { day: "numeric", month: "short", year, hour: "2-digit", minute: "2-digit" });
}

/** Hours, minutes and seconds. */
export function clockTime(at) {
  return at.toLocaleTimeString("en-GB");
}

/** "3 Nov 2026, 10:00". */
export function dateTime(at) {
  if (Number.isNaN(at.getTime())) {
    return "?";
  }
  return at.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

const CHANNELS = { sms: "SMS", voice_sms: "Voice", rcs: "RCS", email: "E-mail" };

/** The name of a channel, as people call it. */
export function channelName(channel) {
  return CHANNELS[channel] ?? (channel || "no channel");
}

export const CHANNEL_CHOICES = Object.entries(CHANNELS);

/** `voice_gender` → `voice gender`, for the names of fields. */
export function words(name) {
  return String(name).replaceAll("_", " ");
}
