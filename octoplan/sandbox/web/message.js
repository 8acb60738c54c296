/** A message's id → all about it: its ticket, the other messages, how it reads, its request and callbacks. */

import { ask, query } from "./api.js";
import { drawCallbacks, drawSending } from "./callbacks.js";
import { keep, make } from "./dom.js";
import { drawForgiven, drawRequest, drawSum } from "./entry.js";
import { icon } from "./icons.js";
import { drawMail } from "./mail.js";
import { PEOPLE, drawPeople } from "./people.js";
import { drawRcs } from "./rcs.js";
import { address } from "./routes.js";
import { drawSms } from "./sms.js";
import { drawVoice } from "./voice.js";
import { channelName, count, moment, money, number, reveal, show } from "./text.js";

const FACES = { sms: drawSms, voice_sms: drawVoice, rcs: drawRcs, email: drawMail };
const SHOWN_ELSEWHERE = new Set(["subject", "email_from", "name_from", "cards", "actions"]);

/** Find the message by which a ticket is opened: its first one, or the first that the search finds. */
export async function findFirst(ticket, filters) {
  const sought = await ask(`messages${query({ ticket, search: filters.search, limit: 1 })}`);
  const found = sought.total ? sought : await ask(`messages${query({ ticket, limit: 1 })}`);
  return found.messages[0]?.id ?? null;
}

/** Fetch a message and what stands around it. */
export async function fetchMessage(id) {
  const found = await ask(`messages/${encodeURIComponent(id)}`);
  const { ticket } = found.message;
  const [tickets, settings] = await Promise.all([ask(`tickets${query({ ticket, limit: 1 })}`), ask("settings")]);
  const campaign = tickets.tickets[0] ?? null;
  const place = campaign?.first_message ? found.message.id - campaign.first_message : 0;
  const offset = Math.floor(Math.max(0, place) / PEOPLE) * PEOPLE;
  const others = await ask(`messages${query({ ticket, limit: PEOPLE, offset })}`);
  const people = others.messages.map((one) => ({ id: one.id, address: one.address }));
  return { ...found, campaign, place, offset, total: others.total, people, callbackUrl: settings.callback_url };
}

/** The parts of the page that show a message, each of them redrawn only when its own matter changes. */
export class MessagePage {
  constructor() {
    this.head = make("header", { class: "head" });
    this.people = make("div", {});
    this.forgiven = make("div", {});
    this.face = make("section", { class: "face", "aria-label": "Message" });
    this.facts = make("section", { class: "facts", "aria-label": "Details" });
    this.callbacks = make("div", {});
    this.sending = make("div", {});
    this.request = make("section", { "aria-label": "Request" });
    this.root = make("article", { class: "message" }, [
      this.head,
      this.people,
      this.forgiven,
      make("div", { class: "reading" }, this.face, this.facts),
      make("section", { class: "block", "aria-label": "Callbacks" }, this.callbacks, this.sending),
      this.request,
    ]);
  }

  /** Show what `fetchMessage` found. */
  show(found, filters, refresh) {
    const { message, sms, request, campaign, callbackUrl } = found;
    // neither a message's content nor its request ever changes; after a reset, numbers may be used again
    const own = [message.id, message.request, message.at];
    this.root.dataset.channel = message.channel;
    keep(this.head, [own, message.state, message.due, campaign, found.total], () => drawHead(message, campaign));
    keep(this.people, [own, found.people, found.total, filters], () => drawPeople(found, filters));
    keep(this.forgiven, [request.id, request.at], () => drawForgiven(request.forgiven));
    keep(this.face, own, () => (FACES[message.channel] ?? drawOther)(message, sms));
    keep(this.facts, own, () => drawFacts(message, sms));
    keep(this.callbacks, found.callbacks, () => drawCallbacks(found.callbacks));
    keep(this.sending, [own, callbackUrl], () => drawSending(message, callbackUrl, refresh));
    keep(this.request, [request.id, request.at], () => drawRequest(request));
  }
}

function drawHead(message, campaign) {
  const name = message.list_name || message.options.subject || `${channelName(message.channel)} to ${message.address}`;
  return [
    make("p", { class: "kicker" }, [
      icon(message.channel),
      ` ${channelName(message.channel)} · `,
      reveal(message.ticket),
    ]),
    make("h2", { id: "opened-title", tabindex: "-1" }, reveal(String(name))),
    make("dl", { class: "sums" }, [
      drawSum("State", make("span", { class: `state ${message.state}` }, message.state)),
      drawSum(sayDue(message.state), moment(message.due)),
      drawSum("Purpose", message.purpose || "none"),
      campaign && drawSum("Contacts", number(campaign.contacts)),
      campaign && message.channel === "sms" && drawSum("Parts", number(campaign.units)),
      campaign && drawSum("Cost", money(campaign.cost)),
    ]),
    message.state === "held" && drawHeld(),
  ];
}

function sayDue(state) {
  return { held: "Due", canceled: "Was due" }[state] ?? "Sent";
}

/** What is held waits for the sandbox's own clock, which can be moved. */
function drawHeld() {
  return make("p", { class: "hint" }, [
    "It is sent when the sandbox's clock gets there; ",
    make("a", { href: address("sandbox") }, "move the clock"),
    " to see it.",
  ]);
}

function drawOther(message) {
  return make("div", { class: "paper" }, make("p", { class: "said" }, show(message.text)));
}

/** Everything else that was set, by the names that the API gives it. */
function drawFacts(message, sms) {
  const facts = Object.entries(message.options).filter(([name]) => !SHOWN_ELSEWHERE.has(name));
  const common = [
    ["sender", message.sender],
    ["list_name", message.list_name],
    ["send_at", message.send_at],
  ];
  return [
    sms && drawCounter(sms),
    make("h3", {}, "Fields"),
    make(
      "dl",
      { class: "pairs" },
      [...common, ...facts].map(([name, value]) => drawFact(name, value)),
    ),
  ];
}

function drawFact(name, value) {
  const blank = value === "" || value === null || value === undefined;
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return make(
    "div",
    {},
    make("dt", {}, make("code", {}, reveal(name))),
    make("dd", {}, blank ? make("span", { class: "dim" }, "none") : reveal(text)),
  );
}

/** The counter of an SMS: units of the room that its parts give, each part's filling, and what forced UCS-2. */
function drawCounter(sms) {
  const many = sms.parts.length > 1;
  const single = sms.parts.length ? sms.room / sms.parts.length : sms.room;
  return make("div", { class: "counter" }, [
    make("h3", {}, "Size"),
    make("p", { class: "gauge" }, make("strong", {}, `${number(sms.units)} / ${number(sms.room)}`), " units"),
    make("p", { class: "dim" }, `${count(sms.parts.length, "part")} · ${sms.encoding}`),
    many &&
      make(
        "ol",
        { class: "meters", "aria-label": "Parts" },
        sms.parts.slice(0, 50).map((part, index) => drawMeter(part, index, single)),
      ),
    sms.costly.length > 0 && drawCostly(sms),
  ]);
}

function drawMeter(part, index, room) {
  const fill = make("span", { class: "fill" });
  fill.style.setProperty("--filled", `${Math.min(100, (100 * part.units) / room)}%`);
  return make("li", {}, [
    make("span", {}, `Part ${index + 1}`),
    make("span", { class: "meter", "aria-hidden": "true" }, fill),
    make("span", { class: "units" }, `${number(part.units)} / ${number(room)}`),
  ]);
}

function drawCostly(sms) {
  const row = ({ character, name, times }) =>
    make("li", {}, [
      make("mark", {}, /^\p{M}/u.test(character) ? `◌${character}` : reveal(character)),
      make("span", {}, name.toLowerCase()),
      make("span", { class: "units" }, `× ${number(times)}`),
    ]);
  return [
    make("p", { class: "costly" }, "These characters forced UCS-2, which has room for 70 in place of 160:"),
    make("ul", { class: "costlies", "data-key": "costlies" }, sms.costly.slice(0, 60).map(row)),
  ];
}
