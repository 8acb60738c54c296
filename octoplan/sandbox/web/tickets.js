/** What the list of tickets is: its filters, its rows, its address. For `listing.js`. */

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { address } from "./routes.js";
import { CHANNEL_CHOICES, channelName, count, moment, money, number, reveal, snippet } from "./text.js";
import { drawWelcome } from "./welcome.js";

const STATES = [
  ["sent", "Sent"],
  ["held", "Held"],
  ["canceled", "Canceled"],
];

/** Describe the list of tickets; `opened` says which ticket is open now. */
export function ticketKind(opened) {
  return {
    view: "inbox",
    title: "Inbox",
    noun: "ticket",
    path: "tickets",
    found: "tickets",
    serial: "request",
    filters: [
      ["channel", "Channel", CHANNEL_CHOICES],
      ["state", "State", STATES],
    ],
    brief: (ticket) => ticket,
    keyOf: (ticket) => ticket.ticket,
    isOpen: (ticket) => ticket.ticket === opened(),
    link: (ticket, filters) => address("inbox", filters, "tickets", ticket.ticket),
    row: drawRow,
    tell,
    welcome: drawWelcome,
  };
}

function drawRow(ticket, now) {
  const title = ticket.list_name || ticket.subject || ticket.sender || "no list";
  return [
    drawChannel(ticket.channel),
    make("span", { class: "title" }, reveal(snippet(title, 80))),
    make("span", { class: "when" }, moment(ticket.at, now)),
    make("span", { class: "snippet" }, drawBadges(ticket), reveal(snippet(plain(ticket)))),
    make("span", { class: "contacts" }, drawContacts(ticket)),
    make("span", { class: "cost" }, money(ticket.cost)),
  ];
}

/** An icon for a channel, with its name for those who do not see it. */
export function drawChannel(channel) {
  return make("span", { class: "channel", title: channelName(channel) }, [icon(channel), unseen(channelName(channel))]);
}

/** A word that is said and not seen. */
function unseen(word) {
  return make("span", { class: "unseen" }, ` ${word} `);
}

/** "120 × 3": so many contacts, so many parts for each of them. */
function drawContacts({ contacts, units }) {
  const each = contacts ? Math.round((10 * units) / contacts) / 10 : 0;
  const people = [number(contacts), unseen(contacts === 1 ? "contact" : "contacts")];
  return each > 1 ? [people, ` × ${number(each)}`, unseen("parts each")] : people;
}

function plain(ticket) {
  const text = ticket.channel === "email" ? ticket.text.replace(/<[^>]*>?/gu, " ") : ticket.text;
  return ticket.list_name && ticket.subject ? ticket.subject : text || "without text";
}

function drawBadges(ticket) {
  return [
    ticket.state === "sent" ? unseen("sent") : make("span", { class: `badge ${ticket.state}` }, ticket.state),
    ticket.forgiven ? make("span", { class: "badge forgiven" }, `${number(ticket.forgiven)} forgiven`) : null,
  ];
}

function tell(ticket) {
  const list = ticket.list_name ? `, list ${snippet(ticket.list_name, 60)}` : "";
  return `${channelName(ticket.channel)}${list}, ${count(ticket.contacts, "contact")}, ${ticket.state}`;
}
