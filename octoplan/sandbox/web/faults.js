/** The faults that wait for requests → a list of them, what was used, and a form that queues one. */

import { make } from "./dom.js";
import { count, moment, number, reveal } from "./text.js";

const KINDS = [
  ["latency", "Latency: taken at once, answered late"],
  ["status", "Status: not taken, answered so"],
  ["retry_after", "429 with Retry-After: not taken"],
  ["reset_before", "Reset before reading: not taken"],
  ["reset_after", "Reset after accepting: the answer is lost"],
  ["truncated", "Truncated: taken, half an answer"],
  ["invalid_json", "Invalid JSON: taken"],
  ["slow", "Slow: taken, the answer drips"],
  ["duplicate", "Duplicate: taken once, answered twice"],
];
const WITH_SECONDS = new Set(["latency", "retry_after", "slow"]);

/** Draw what `GET faults` tells; `tell` changes the sandbox. */
export function drawFaults(faults, tell) {
  const { queue = [], used = [], probability, faults: chances = [] } = faults;
  return [
    probability > 0 &&
      make("p", {}, `Each request runs into one with a probability of ${probability}: ${name(chances)}.`),
    make(
      "ol",
      { class: "queue", "data-key": "queue" },
      queue.slice(0, 100).map((fault) => make("li", {}, drawFault(fault))),
    ),
    queue.length > 100 && make("p", { class: "hint" }, `${number(queue.length)} in all`),
    (queue.length > 0 || probability > 0) &&
      make(
        "button",
        {
          type: "button",
          class: "small",
          id: "faults-clear",
          on: { click: () => tell("faults", undefined, "No more faults", "DELETE") },
        },
        "Clear all",
      ),
    used.length > 0 && drawUsed(used),
  ];
}

function name(faults) {
  return faults.map((one) => one.kind.replaceAll("_", " ")).join(", ");
}

function drawFault({ kind, times, seconds, status, path }) {
  const facts = [
    status && kind === "status" ? `answers ${status}` : null,
    seconds && WITH_SECONDS.has(kind) ? `${number(seconds)} s` : null,
    times > 1 ? count(times, "time") : null,
  ].filter(Boolean);
  return [
    make("strong", {}, kind.replaceAll("_", " ")),
    facts.length ? ` · ${facts.join(" · ")}` : "",
    path ? [" · ", make("code", {}, reveal(path))] : "",
  ];
}

function drawUsed(used) {
  return make("details", { "data-key": "used" }, [
    make("summary", {}, `Used: ${number(used.length)}`),
    make(
      "ol",
      { class: "used", "data-key": "used-list" },
      used
        .slice(-100)
        .reverse()
        .map((one) =>
          make("li", {}, [moment(one.at), " ", one.kind.replaceAll("_", " "), " ", make("code", {}, reveal(one.path))]),
        ),
    ),
  ]);
}

/** Draw the form that queues a fault: its kind, and the numbers that this kind needs. */
export function drawFaultForm(tell) {
  const choices = KINDS.map(([value, label]) => make("option", { value }, label));
  const kind = make("select", { id: "fault-kind" }, choices);
  const numbers = {
    times: field("fault-times", "Times", 1),
    seconds: field("fault-seconds", "Seconds", 2),
    status: field("fault-status", "Status", 503),
  };
  const fit = () => {
    numbers.seconds.hidden = !WITH_SECONDS.has(kind.value);
    numbers.status.hidden = kind.value !== "status";
  };
  const submit = (event) => {
    event.preventDefault();
    tell("faults", { faults: [{ kind: kind.value, ...readNumbers(numbers) }] }, "Queued");
  };
  kind.addEventListener("change", fit);
  fit();
  return make("form", { class: "fault", on: { submit } }, [
    make("label", {}, make("span", {}, "Kind"), kind),
    Object.values(numbers),
    make("button", { class: "small", id: "fault-queue" }, "Queue it"),
  ]);
}

function readNumbers(labels) {
  const seen = Object.entries(labels).filter(([, label]) => !label.hidden);
  return Object.fromEntries(
    seen.map(([name, label]) => [name, Number(label.querySelector("input").value.replace(",", "."))]),
  );
}

function field(id, label, value) {
  return make(
    "label",
    { class: "narrow" },
    make("span", {}, label),
    make("input", { type: "text", inputmode: "decimal", id, value, required: true }),
  );
}
