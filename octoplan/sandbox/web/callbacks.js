/** The callbacks of a message → a list of them, and small forms that send further ones. */

import { ask } from "./api.js";
import { make } from "./dom.js";
import { address } from "./routes.js";
import { inPieces, moment, reveal } from "./text.js";

const STATUSES = [
  ...["DELIVERED", "NOT_DELIVERED", "BAD_DESTINATION", "BLACKLISTED_NUMBER", "NOT_ALLOWED", "EXPIRED"],
  ...["UNKNOWN_DELIVERY", "TRANSMITTED", "PROCESSED", "READ", "OPENED", "CLICKED"],
];
const NAMES = { delivery: "Delivery", stop: "STOP", reply: "Reply" };

/** Draw what was posted, or waits to be. */
export function drawCallbacks(callbacks) {
  return [
    make("h3", {}, "Callbacks"),
    callbacks.length > 0 &&
      make(
        "ul",
        { class: "posted" },
        callbacks.map((one) => make("li", {}, drawCallback(one))),
      ),
  ];
}

function drawCallback(callback) {
  const said = { waiting: "waiting", sent: `answered ${callback.status ?? ""}`, failed: `failed: ${callback.error}` };
  const failed = callback.state === "failed" || callback.status >= 400;
  return make("details", { "data-key": `callback-${callback.id}` }, [
    make("summary", {}, [
      make("strong", {}, NAMES[callback.kind] ?? callback.kind),
      make("span", { class: "dim" }, moment(callback.at ?? callback.due)),
      make("span", { class: failed ? "status refused" : "status" }, said[callback.state] ?? callback.state),
    ]),
    make("p", { class: "dim" }, "POST ", make("code", {}, reveal(callback.url)), `, as ${callback.format}`),
    inPieces(callback.body, (piece) =>
      make(
        "pre",
        { tabindex: "0", role: "group", "aria-label": "Body of the callback" },
        make("code", {}, reveal(piece)),
      ),
    ),
  ]);
}

/** Draw the buttons, or say why there are none: without an address there is nobody to call back. */
export function drawSending(message, url, refresh) {
  if (!url) {
    const href = address("sandbox");
    return make("p", { class: "hint" }, [
      "Set a callback URL in the ",
      make("a", { href }, "sandbox"),
      " to send delivery reports, STOPs and replies.",
    ]);
  }
  const problem = make("p", { class: "problem", role: "alert" });
  const send = async (kind, body) => {
    problem.textContent = "";
    try {
      await ask(`messages/${message.id}/${kind}`, { method: "POST", body });
      refresh();
    } catch (failure) {
      problem.textContent = failure.message;
    }
  };
  return make("div", { class: "sendings" }, [
    drawDelivery(send),
    message.channel !== "email" && drawReplies(send),
    problem,
  ]);
}

function drawDelivery(send) {
  const status = make(
    "select",
    { id: "delivery-status", "aria-label": "Delivery status" },
    STATUSES.map((one) => make("option", {}, one)),
  );
  return drawForm(
    () => send("delivery", { status: status.value }),
    [status, make("button", { class: "small", id: "send-delivery" }, "Send delivery")],
  );
}

function drawReplies(send) {
  const text = make("input", {
    id: "reply-text",
    "aria-label": "Text of the reply",
    placeholder: "Text of a reply",
    maxlength: "1000",
    required: true,
  });
  const stop = make(
    "button",
    { type: "button", class: "small", id: "send-stop", on: { click: () => send("stop", { text: "STOP" }) } },
    "Send STOP",
  );
  return [
    drawForm(
      () => send("reply", { text: text.value }),
      [text, make("button", { class: "small", id: "send-reply" }, "Send reply")],
    ),
    stop,
  ];
}

function drawForm(act, content) {
  const submit = (event) => {
    event.preventDefault();
    act();
  };
  return make("form", { on: { submit } }, content);
}
