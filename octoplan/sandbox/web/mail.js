/** An e-mail → its subject and sender, and its body in a frame that may do nothing at all. */

import { make } from "./dom.js";
import { reveal } from "./text.js";

/** Draw the letter. The frame is of its own, opaque origin: no scripts, no forms, no links out. */
export function drawMail(message) {
  const { subject, email_from: from, name_from: name, template_name: template } = message.options;
  return make("div", { class: "letter" }, [
    make("h3", { class: "subject" }, subject ? reveal(String(subject)) : make("span", { class: "dim" }, "no subject")),
    make("dl", { class: "envelope" }, [
      drawLine(
        "From",
        name
          ? [reveal(String(name)), " ", make("span", { class: "dim" }, "<", reveal(String(from ?? "")), ">")]
          : reveal(String(from ?? "nobody")),
      ),
      drawLine("To", reveal(message.address)),
      template &&
        drawLine("Template", [
          reveal(String(template)),
          make("span", { class: "dim" }, " (stands in the account, not here)"),
        ]),
    ]),
    message.text === ""
      ? make("p", { class: "nothing dim" }, "The request had no text of its own.")
      : drawFrame(message),
  ]);
}

function drawLine(name, value) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, value));
}

function drawFrame(message) {
  return make("iframe", {
    src: `/_sandbox/messages/${message.id}/body`,
    sandbox: "",
    referrerpolicy: "no-referrer",
    title: "Body of the e-mail",
    class: message.options.body_format === "html" ? "html" : "plain",
  });
}
