/** What is set on the sandbox → one block for each of it; `tell(path, body, done)` changes it. */

import { make } from "./dom.js";
import { count, dateTime, money, number, reveal, words } from "./text.js";
import { apiAddress, drawCommand, firstMessage } from "./welcome.js";

const DAY = 24 * 60;

/** The heading by which a block is named. */
export function title(name, text) {
  return make("h2", { id: `block-${name}` }, text);
}

function form(act, ...content) {
  const submit = (event) => {
    event.preventDefault();
    act();
  };
  return make("form", { on: { submit } }, content);
}

function button(label, act, properties = {}) {
  return make("button", { type: "button", class: "small", ...properties, on: { click: act } }, label);
}

/** Draw where to send to. */
export function drawAddress() {
  return [
    title("address", "Send here"),
    make("p", {}, "API: ", make("code", {}, apiAddress())),
    drawCommand(firstMessage()),
    make("p", { class: "hint" }, ["What it emulates: ", make("a", { href: "/openapi.json" }, "openapi.json")]),
  ];
}

/** Draw the clock: what it shows, and how it is moved. */
export function drawClock(clock, tell) {
  const input = make("input", {
    type: "datetime-local",
    id: "clock-now",
    step: "1",
    required: true,
    value: localTime(clock.now),
    "aria-label": "Set the clock to",
  });
  const set = () => tell("clock", { now: new Date(input.value).toISOString() }, "The clock was set");
  return [
    title("clock", "Clock"),
    make("p", { class: "sayings" }, sayClock(clock)),
    make("div", { class: "row-of" }, [
      button("Advance 1 h", () => tell("clock", { advance: "1h" }, "One hour passed"), { id: "clock-hour" }),
      button("Advance 24 h", () => tell("clock", { advance: "24h" }, "A day passed"), { id: "clock-day" }),
      button(
        clock.frozen ? "Let it run" : "Stop it",
        () => tell("clock", { frozen: !clock.frozen }, clock.frozen ? "The clock runs" : "The clock stands still"),
        { id: "clock-frozen" },
      ),
      button("Real time", () => tell("clock", { real: true }, "The clock shows real time"), { id: "clock-real" }),
    ]),
    form(set, input, make("button", { class: "small", id: "clock-set" }, "Set")),
  ];
}

/** A moment as the value of a field of the reader's own zone. */
function localTime(iso) {
  const at = new Date(iso);
  return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

function sayClock({ offset_seconds: offset, frozen, now }) {
  if (frozen) {
    const at = new Date(now);
    return `It stands still at ${dateTime(at)}:${String(at.getSeconds()).padStart(2, "0")}.`;
  }
  return Math.abs(offset) < 1
    ? "It shows real time."
    : `It is ${sayDuration(Math.abs(offset))} ${offset > 0 ? "ahead of" : "behind"} real time.`;
}

function sayDuration(seconds) {
  if (seconds < 60) {
    return `${number(Math.round(seconds))} s`;
  }
  const minutes = Math.round(seconds / 60);
  const [days, hours] = [Math.floor(minutes / DAY), Math.floor((minutes % DAY) / 60)];
  return [days && count(days, "day"), hours && `${hours} h`, minutes % 60 && `${minutes % 60} min`]
    .filter(Boolean)
    .join(" ");
}

/** Draw the credit left. */
export function drawCredit({ amount }, tell) {
  const input = make("input", {
    type: "text",
    inputmode: "decimal",
    id: "credit-amount",
    value: Number(amount.toFixed(5)),
    required: true,
    "aria-label": "Credit in EUR",
  });
  const set = () => tell("credit", { amount: Number(input.value.replace(",", ".")) }, "The credit was set");
  return [
    title("credit", "Credit"),
    make("p", { class: "figure" }, money(amount)),
    form(set, input, make("button", { class: "small", id: "credit-set" }, "Set")),
  ];
}

/** Draw who is on the blacklist. */
export function drawBlacklist(addresses, tell) {
  const input = make("input", {
    type: "text",
    id: "blacklist-add",
    required: true,
    "aria-label": "Number or e-mail to blacklist",
    placeholder: "+33600000001",
  });
  const add = () =>
    tell("blacklist", { addresses: [input.value.trim()] }, "Blacklisted").then(() => (input.value = ""));
  const row = (one) =>
    make("li", {}, [
      reveal(one),
      button("Remove", () => tell("blacklist", { addresses: [one] }, "Removed", "DELETE"), {
        "aria-label": `Remove ${one}`,
      }),
    ]);
  return [
    title("blacklist", "Blacklist"),
    addresses.length === 0
      ? make(
          "p",
          { class: "hint" },
          "Nobody is on it. Whoever is gets nothing from requests with auto_remove_blacklisted_contacts.",
        )
      : null,
    make("ul", { class: "addresses", "data-key": "addresses" }, addresses.slice(0, 200).map(row)),
    addresses.length > 200 && make("p", { class: "hint" }, `${number(addresses.length)} in all`),
    form(add, input, make("button", { class: "small", id: "blacklist-set" }, "Add")),
  ];
}

/** Draw where callbacks go. */
export function drawCallbackUrl(settings, tell) {
  const input = make("input", {
    type: "text",
    inputmode: "url",
    id: "callback-url",
    value: settings.callback_url,
    placeholder: "http://127.0.0.1:9000/octopush",
    "aria-label": "Callback URL",
  });
  const choices = ["json", "form"].map((one) =>
    make(
      "option",
      { value: one, selected: one === settings.callback_format },
      one === "json" ? "as JSON" : "as a form",
    ),
  );
  const format = make("select", { id: "callback-format", "aria-label": "Form of callbacks" }, choices);
  const set = () =>
    tell("settings", { callback_url: input.value.trim(), callback_format: format.value }, "Callbacks were set");
  return [
    title("callbacks", "Callbacks"),
    make("p", { class: "hint" }, "Where delivery reports, STOPs and replies are posted; blank for nowhere."),
    form(set, input, format, make("button", { class: "small", id: "callback-set" }, "Set")),
  ];
}

/** Draw what else is set on the account. */
export function drawStrictness(settings, tell) {
  const flag = (name, label) =>
    make("label", { class: "flag" }, [
      make("input", {
        type: "checkbox",
        role: "switch",
        id: `setting-${name}`,
        checked: settings[name] === true,
        on: {
          change: (event) =>
            tell("settings", { [name]: event.target.checked }, `${label}: ${event.target.checked ? "on" : "off"}`),
        },
      }),
      make("span", {}, label),
    ]);
  return [
    title("strictness", "Account"),
    flag("strict", "Strict: refuse what the API would forgive"),
    flag("rcs_agent", "The account has an RCS agent"),
    make("p", { class: "hint" }, `A request_id is remembered for ${number(settings.request_id_hours)} hours.`),
  ];
}

/** Draw the table of prices. */
export function drawPrices(prices) {
  const row = (product, places) =>
    make("tr", {}, [
      make("th", { scope: "row" }, words(product)),
      make(
        "td",
        {},
        Object.entries(places).map(([place, price]) =>
          make("span", { class: "price" }, `${place} `, make("strong", {}, money(price))),
        ),
      ),
    ]);
  return [
    title("prices", "Prices"),
    make("p", { class: "hint" }, "Invented; change them with POST /_sandbox/settings."),
    make(
      "table",
      { "aria-labelledby": "block-prices" },
      make(
        "tbody",
        {},
        Object.entries(prices ?? {}).map(([product, places]) => row(product, places)),
      ),
    ),
  ];
}
