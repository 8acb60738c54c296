/** The sandbox itself → its clock, credit, blacklist, callbacks, rules, faults and reset, each in a block. */

import { ask } from "./api.js";
import { keep, make } from "./dom.js";
import { drawFaultForm, drawFaults } from "./faults.js";
import { drawRules } from "./rules.js";
import {
  drawAddress,
  drawBlacklist,
  drawCallbackUrl,
  drawClock,
  drawCredit,
  drawPrices,
  drawStrictness,
  title,
} from "./settings.js";

/** The view of the sandbox. `refresh` fetches everything again; `say` speaks to screen readers. */
export class SandboxPage {
  constructor(root, refresh, say) {
    this.refresh = refresh;
    this.say = say;
    this.problem = make("p", { class: "problem", role: "alert" });
    const names = [
      "address",
      "clock",
      "credit",
      "blacklist",
      "callbacks",
      "strictness",
      "faults",
      "prices",
      "reset",
      "rules",
    ];
    this.blocks = Object.fromEntries(
      names.map((name) => [name, make("section", { class: `block ${name}`, "aria-labelledby": `block-${name}` })]),
    );
    root.append(
      make("h1", { id: "sandbox-title", tabindex: "-1" }, "Sandbox"),
      this.problem,
      make("div", { class: "blocks" }, Object.values(this.blocks)),
    );
    keep(this.blocks.address, "", drawAddress);
    keep(this.blocks.reset, "", () => this.drawReset());
    this.faults = make("div", { class: "waiting" });
    this.blocks.faults.append(
      title("faults", "Faults"),
      make("p", { class: "hint" }, "What the next requests run into, first come, first served."),
      this.faults,
      drawFaultForm((...order) => this.tell(...order)),
    );
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
    this.keep("strictness", [settings.strict, settings.rcs_agent, settings.request_id_hours], () =>
      drawStrictness(settings, tell),
    );
    keep(blocks.prices, settings.prices, () => drawPrices(settings.prices));
    keep(blocks.rules, rules, () => drawRules(rules.rules, tell));
    keep(this.faults, faults, () => drawFaults(faults, tell));
  }

  keep(name, source, build) {
    if (!isTyping(this.blocks[name])) {
      keep(this.blocks[name], source, build);
    }
  }

  /** Tell the sandbox to change something; a refusal is shown, in its own words. */
  async tell(path, body, done, method = "POST") {
    this.problem.textContent = "";
    try {
      await ask(path, { method, body });
      settle(document.activeElement);
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
      make(
        "p",
        {},
        "Every message, request and callback is forgotten, and so is what was set here. This cannot be undone.",
      ),
      make("form", { method: "dialog", class: "answers" }, [
        make("button", { id: "reset-no", value: "no", autofocus: true }, "Keep everything"),
        make("button", { id: "reset-yes", value: "yes", class: "danger" }, "Reset"),
      ]),
    ]);
    question.addEventListener(
      "close",
      () => question.returnValue === "yes" && this.tell("reset", undefined, "The sandbox is empty"),
    );
    const open = () => {
      question.returnValue = "";
      question.showModal();
    };
    return [
      title("reset", "Reset"),
      make("p", { class: "hint" }, "Forget messages, requests, request ids and settings."),
      make(
        "button",
        { type: "button", id: "reset-open", class: "danger", "aria-haspopup": "dialog", on: { click: open } },
        "Reset…",
      ),
      question,
    ];
  }
}

/** Whether a text is being typed into `block`. */
function isTyping(block) {
  const field = document.activeElement;
  return block.contains(field) && field.matches("input[type=text]") && field.value !== field.defaultValue;
}

/** What was typed is sent: the field is no longer in the way of a refresh. */
function settle(field) {
  if (field?.matches("input[type=text]")) {
    field.defaultValue = field.value;
  }
}
