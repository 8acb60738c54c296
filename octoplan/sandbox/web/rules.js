/** The rules of the API → a table with a switch for each, and what is an assumption marked as such. */

import { make } from "./dom.js";
import { words } from "./text.js";

/** Draw the table; `tell` changes the sandbox. */
export function drawRules(rules, tell) {
  const off = rules.filter((rule) => !rule.on).map((rule) => rule.id);
  const turn = (rule, on) => {
    const wanted = on ? off.filter((id) => id !== rule.id) : [...off, rule.id];
    tell("settings", { rules_off: wanted }, `Rule ${words(rule.id)}: ${on ? "on" : "off"}`);
  };
  return [
    make("h2", { id: "block-rules" }, "Rules"),
    make(
      "p",
      { class: "hint" },
      "What the sandbox holds a request to. No document settles what is marked as an assumption.",
    ),
    make("table", { class: "rules-table", "aria-labelledby": "block-rules" }, [
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          ["Rule", "Code", "What it says", "By whose word"].map((name) => make("th", { scope: "col" }, name)),
        ),
      ),
      make(
        "tbody",
        {},
        rules.map((rule) => drawRule(rule, turn)),
      ),
    ]),
  ];
}

function drawRule(rule, turn) {
  const change = (event) => turn(rule, event.target.checked);
  const box = make("input", {
    type: "checkbox",
    role: "switch",
    id: `rule-${rule.id}`,
    checked: rule.on,
    on: { change },
  });
  return make("tr", { class: rule.on ? null : "off" }, [
    make("th", { scope: "row" }, make("label", { class: "flag" }, box, make("span", {}, words(rule.id)))),
    make("td", { class: "code" }, rule.code ?? ""),
    make("td", {}, rule.what, !rule.on && rule.off ? make("strong", {}, ` Off: ${rule.off}.`) : null),
    make(
      "td",
      { class: "source" },
      rule.assumption ? make("span", { class: "badge assumption" }, "assumption") : null,
      rule.source,
    ),
  ]);
}
