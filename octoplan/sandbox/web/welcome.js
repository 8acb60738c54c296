/** What an empty inbox teaches: the command that sends the first message to this very address. */

import { make } from "./dom.js";

/** The API's address, as the page was reached. */
export function apiAddress() {
  return `${location.origin}/v1/public`;
}

/** Draw what to do where nothing has arrived yet. */
export function drawWelcome() {
  return [
    make("h2", {}, "Nothing has arrived yet"),
    make("p", {}, "Send the first message to this sandbox; it appears here by itself. Any key and login will do."),
    drawCommand(firstMessage()),
    make("p", {}, ["Or point your own program at ", make("code", {}, apiAddress()), " in place of the real API."]),
  ];
}

/** The command that sends an SMS here. */
export function firstMessage() {
  return [
    `curl ${apiAddress()}/multi-channel/send \\`,
    "  -H 'api-key: any' -H 'api-login: any' \\",
    "  -H 'content-type: application/json' \\",
    '  -d \'{"channel": "sms", "purpose": "alert", "sender": "OctoShop",',
    '       "text": "Hello from the sandbox",',
    '       "recipients": [{"phone_number": "+33600000001"}]}\'',
  ].join("\n");
}

/** Draw a command with a button that copies it. */
export function drawCommand(command) {
  const button = make("button", { type: "button", class: "small copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it and copy";
    }
  });
  const text = make("pre", { tabindex: "0", role: "group", "aria-label": "Command" }, make("code", {}, command));
  return make("div", { class: "command" }, text, button);
}
