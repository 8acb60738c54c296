/** The sandbox itself → its clock, credit, blacklist, callbacks, rules, faults and reset; each in a block of its own. */

import { ask } from "./api.js";
import { keep, make } from "./dom.js";
import { drawFaults } from "./faults.js";
import { drawRules } from "./rules.js";
import { clockTime, count, dateTime, money, number, reveal, words } from "./text.js";
import { apiAddress, drawCommand, firstMessage } from "./welcome.js";

const DAY = 24 * 60;

/** The view of the sandbox. `refresh` fetches everything again; `say` speaks to screen readers. */
export class SandboxPage {
  constructor(root, refresh, say) {
    this.refresh = refresh;
    this.say = say;
    this.problem = make("p", { class: "problem", role: "alert" });
    const names = ["address", "clock", "credit", "blacklist", "callbacks", "strictness", "faults", "prices", "reset", "rules"];
    this.blocks = Object.fromEntries(names.map((name) => [name, make("section", { class: `block ${name}`, "aria-labelledby": `block-${name}` })]));
    root.append(make("h1", { id: "sandbox-title", tabindex: "-1" }, "Sandbox"), this.problem, make("div", { class: "blocks" }, Object.values(this.blocks)));
    keep(this.blocks.address, "", drawAddress);
    keep(this.blocks.reset, "", () => this.drawReset());
  }

  /** Fetch what is set, and draw what changed of it. A field that is being typed in is left alone. */
  async show() {
    const paths = ["clock", "credit", "blacklist", "settings", "rules", "faults"];
    const [clock, credit, blacklist, settings, rules, faults] = await Promise.all(paths.map((path) => ask(path)));
    const blocks = this.blocks;
    const tell = (...order) => this.tell(...order);
    this.keep("clock", { ...clock, now: clock.frozen ? clock.now : "" }, () => drawClock(clock, tell));
    this.keep("credit", credit, () => drawCredit(credit, tell));
    this.keep("blacklist", blacklist, () => drawBlacklist(blacklist.addresses, tell));
    this.keep("callbacks", [settings.callback_url, settings.callback_format], () => drawCallbackUrl(settings, tell));
    this.keep("strictness", [settings.strict, settings.rcs_agent, settings.request_id_hours], () => drawStrictness(settings, tell));
    keep(blocks.prices, settings.prices, () => drawPrices(settings.prices));
    keep(blocks.rules, rules, () => drawRules(rules.rules, tell));
    this.keep("faults", faults, () => drawFaults(faults, tell));
  }

  keep(name, source, build) {
    const block = this.blocks[name];
    const typing = block.contains(document.activeElement) && document.activeElement.matches("input[type=text], textarea") && document.activeElement.value !== document.activeElement.defaultValue;
    if (!typing) {
      keep(block, source, build);
    }
  }

  /** Tell the sandbox to change something; a refusal is shown, in its own words. */
  async tell(path, body, done, method = "POST") {
    this.problem.textContent = "";
    try {
      await ask(path, { method, body });
      document.activeElement?.matches("input") && (document.activeElement.defaultValue = document.activeElement.value);
      this.say(done);
      await this.refresh();
    } catch (failure) {
      this.problem.textContent = [failure.message, failure.hint].filter(Boolean).join(": ");
      this.problem.scrollIntoView({ block: "nearest" });
    }
  }

  drawReset() {
    const question = make("dialog", { "aria-labelledby": "reset-title", id: "reset-dialog" }, [
      make("h2", { id: "reset-title" }, "Reset the sandbox?"),
      make("p", {}, "Every message, request and callback is forgotten, and so is what was set here. This cannot be undone."),
      make("form", { method: "dialog", class: "answers" }, [
        make("button", { id: "reset-no", value: "no", autofocus: true }, "Keep everything"),
        make("button", { id: "reset-yes", value: "yes", class: "danger" }, "Reset"),
      ]),
    ]);
    question.addEventListener("close", () => question.returnValue === "yes" && this.tell("reset", undefined, "The sandbox is empty"));
    const open = () => {
      question.returnValue = "";
      question.showModal();
    };
    return [
      title("reset", "Reset"),
      make("p", { class: "hint" }, "Forget messages, requests, request ids and settings."),
      make("button", { type: "button", id: "reset-open", class: "danger", "aria-haspopup": "dialog", on: { click: open } }, "Reset…"),
      question,
    ];
  }
}

function title(name, text) {
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

function drawAddress() {
  return [
    title("address", "Send here"),
    make("p", {}, "API: ", make("code", {}, apiAddress())),
    drawCommand(firstMessage()),
    make("p", { class: "hint" }, ["What it emulates: ", make("a", { href: "/openapi.json" }, "openapi.json")]),
  ];
}

function drawClock(clock, tell) {
  const input = make("input", { type: "datetime-local", id: "clock-now", step: "1", required: true, value: localTime(clock.now), "aria-label": "Set the clock to" });
  const set = () => tell("clock", { now: new Date(input.value).toISOString() }, "The clock was set");
  return [
    title("clock", "Clock"),
    make("p", { class: "sayings" }, sayClock(clock)),
    make("div", { class: "row-of" }, [
      button("Advance 1 h", () => tell("clock", { advance: "1h" }, "One hour passed"), { id: "clock-hour" }),
      button("Advance 24 h", () => tell("clock", { advance: "24h" }, "A day passed"), { id: "clock-day" }),
      button(clock.frozen ? "Let it run" : "Stop it", () => tell("clock", { frozen: !clock.frozen }, clock.frozen ? "The clock runs" : "The clock stands still"), { id: "clock-frozen" }),
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
    return `It stands still at ${dateTime(new Date(now))}, ${clockTime(new Date(now))}.`;
  }
  return Math.abs(offset) < 1 ? "It shows real time." : `It is ${sayDuration(Math.abs(offset))} ${offset > 0 ? "ahead of" : "behind"} real time.`;
}

function sayDuration(seconds) {
  if (seconds < 60) {
    return `${number(Math.round(seconds))} s`;
  }
  const minutes = Math.round(seconds / 60);
  const [days, hours] = [Math.floor(minutes / DAY), Math.floor((minutes % DAY) / 60)];
  return [days && count(days, "day"), hours && `${hours} h`, minutes % 60 && `${minutes % 60} min`].filter(Boolean).join(" ");
}

function drawCredit({ amount }, tell) {
  const input = make("input", { type: "text", inputmode: "decimal", id: "credit-amount", value: Number(amount.toFixed(5)), required: true, "aria-label": "Credit in EUR" });
  const set = () => tell("credit", { amount: Number(input.value.replace(",", ".")) }, "The credit was set");
  return [title("credit", "Credit"), make("p", { class: "figure" }, money(amount)), form(set, input, make("button", { class: "small", id: "credit-set" }, "Set"))];
}

function drawBlacklist(addresses, tell) {
  const input = make("input", { type: "text", id: "blacklist-add", required: true, "aria-label": "Number or e-mail to blacklist", placeholder: "+33600000001" });
  const add = () => tell("blacklist", { addresses: [input.value.trim()] }, "Blacklisted").then(() => (input.value = ""));
  const row = (one) => make("li", {}, [reveal(one), button("Remove", () => tell("blacklist", { addresses: [one] }, "Removed", "DELETE"), { "aria-label": `Remove ${one}` })]);
  return [
    title("blacklist", "Blacklist"),
    addresses.length === 0 ? make("p", { class: "hint" }, "Nobody is on it. Whoever is gets nothing from requests with auto_remove_blacklisted_contacts.") : null,
    make("ul", { class: "addresses", "data-key": "addresses" }, addresses.slice(0, 200).map(row)),
    addresses.length > 200 && make("p", { class: "hint" }, `${number(addresses.length)} in all`),
    form(add, input, make("button", { class: "small", id: "blacklist-set" }, "Add")),
  ];
}

function drawCallbackUrl(settings, tell) {
  const input = make("input", { type: "text", inputmode: "url", id: "callback-url", value: settings.callback_url, placeholder: "http://127.0.0.1:9000/octopush", "aria-label": "Callback URL" });
  const choices = ["json", "form"].map((one) => make("option", { value: one, selected: one === settings.callback_format }, one === "json" ? "as JSON" : "as a form"));
  const format = make("select", { id: "callback-format", "aria-label": "Form of callbacks" }, choices);
  const set = () => tell("settings", { callback_url: input.value.trim(), callback_format: format.value }, "Callbacks were set");
  return [
    title("callbacks", "Callbacks"),
    make("p", { class: "hint" }, "Where delivery reports, STOPs and replies are posted; blank for nowhere."),
    form(set, input, format, make("button", { class: "small", id: "callback-set" }, "Set")),
  ];
}

function drawStrictness(settings, tell) {
  const flag = (name, label) =>
    make("label", { class: "flag" }, [
      make("input", { type: "checkbox", role: "switch", id: `setting-${name}`, checked: settings[name] === true, on: { change: (event) => tell("settings", { [name]: event.target.checked }, `${label}: ${event.target.checked ? "on" : "off"}`) } }),
      make("span", {}, label),
    ]);
  return [
    title("strictness", "Account"),
    flag("strict", "Strict: refuse what the API would forgive"),
    flag("rcs_agent", "The account has an RCS agent"),
    make("p", { class: "hint" }, `A request_id is remembered for ${number(settings.request_id_hours)} hours.`),
  ];
}

function drawPrices(prices) {
  const row = (product, places) =>
    make("tr", {}, [make("th", { scope: "row" }, words(product)), make("td", {}, Object.entries(places).map(([place, price]) => make("span", { class: "price" }, `${place} `, make("strong", {}, money(price)))))]);
  return [
    title("prices", "Prices"),
    make("p", { class: "hint" }, "Invented; change them with POST /_sandbox/settings."),
    make("table", { "aria-labelledby": "block-prices" }, make("tbody", {}, Object.entries(prices ?? {}).map(([product, places]) => row(product, places)))),
  ];
}
