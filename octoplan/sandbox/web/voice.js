/** A voice message → who speaks, in which language, and what is said. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { inPieces, reveal, show } from "./text.js";

/** Draw the call. */
export function drawVoice(message) {
  const { voice_language: language, voice_gender: gender, get_back_pressed_keys: keys } = message.options;
  return make("div", { class: "call" }, [
    make(
      "p",
      { class: "from" },
      message.sender ? reveal(message.sender) : make("span", { class: "dim" }, "unknown caller"),
    ),
    make("p", { class: "voice" }, [
      icon("voice_sms"),
      make(
        "span",
        {},
        `${gender === "male" ? "Male" : gender === "female" ? "Female" : String(gender ?? "Some")} voice, `,
      ),
      make("span", {}, reveal(nameLanguage(language))),
    ]),
    make(
      "blockquote",
      { class: "spoken", lang: isTag(language) ? language : null, "data-key": "spoken-text", tabindex: "0" },
      [inPieces(message.text, (piece) => make("p", { class: "said" }, show(piece)))],
    ),
    keys === true && make("p", { class: "dim" }, "Keys that are pressed are reported back."),
  ]);
}

function isTag(language) {
  return /^[a-z]{2}-[A-Z]{2}$/.test(language ?? "");
}

function nameLanguage(language) {
  if (!isTag(language)) {
    return String(language ?? "no language");
  }
  // es-LA is the API's own tag: Spanish of Latin America, not of Laos
  const name =
    language === "es-LA" ? "Spanish (Latin America)" : new Intl.DisplayNames("en", { type: "language" }).of(language);
  return `${name} (${language})`;
}
