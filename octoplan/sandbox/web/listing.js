/** A kind of thing and a route → the list of it on the left: filters, fifty rows, and how to turn the page. */

import { ask, query } from "./api.js";
import { make, keep, syncList } from "./dom.js";
import { icon } from "./icons.js";
import { address, go } from "./routes.js";
import { count, number } from "./text.js";

const ROWS = 50;
const TYPING = 200;

/**
 * One list. `kind` says what is listed: `view`, `title`, `path` and `found` (of the API), `noun`, `filters` ([name,
 * label, choices]), `brief` (item → what of it
 * is kept), `keyOf`, `row` (item, now → elements of a link), `link` (item, filters → address), `isOpen`,
 * `tell` (item → a sentence), `welcome` (what an empty list teaches). `say` speaks to screen readers.
 */
export class Listing {
  constructor(root, kind, say) {
    this.root = root;
    this.kind = kind;
    this.say = say;
    this.seen = null;
    this.typed = "";
    this.build();
  }

  build() {
    const kind = this.kind;
    this.search = make("input", {
      type: "search",
      id: `${kind.view}-search`,
      placeholder: "Search",
      "aria-label": `Search ${kind.noun}s`,
      "aria-keyshortcuts": "/",
      autocomplete: "off",
      spellcheck: "false",
      on: { input: () => this.searchSoon() },
    });
    this.choices = kind.filters.map(([name, label, choices]) => this.buildChoice(name, label, choices));
    this.total = make("p", { class: "total" });
    this.rows = make("ol", { class: "rows", "aria-label": `${kind.title}, newest first` });
    this.empty = make("div", { class: "empty" });
    this.pages = make("nav", { class: "pages", "aria-label": "Pages" });
    this.scroller = make("div", { class: "scroller" }, this.rows, this.empty, this.pages);
    this.root.append(
      make("div", { class: "filters", role: "search" }, [
        make("h1", { id: `${kind.view}-title` }, kind.title),
        this.total,
        this.search,
        this.choices,
      ]),
      this.scroller,
    );
  }

  buildChoice(name, label, choices) {
    const options = [["", `Any ${label.toLowerCase()}`], ...choices].map(([value, text]) =>
      make("option", { value }, text),
    );
    const change = (event) => this.filter({ [name]: event.target.value });
    return make("select", { name, "aria-label": label, on: { change } }, options);
  }

  searchSoon() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      this.typed = this.search.value;
      this.filter({ search: this.typed });
    }, TYPING);
  }

  /** Change some filters; the list begins at its first page again. */
  filter(changes) {
    const { view, filters, kind, id } = this.route;
    go(address(view, { ...filters, page: "", ...changes }, kind, id), { replace: true });
  }

  /** Show what a route asks for, as it is now; what did not change is not touched. */
  async show(route, now) {
    const same = JSON.stringify(this.route?.filters) === JSON.stringify(route.filters);
    this.route = route;
    this.showFilters(route.filters);
    const { page, ...filters } = route.filters;
    const offset = (Math.max(1, Number(page) || 1) - 1) * ROWS;
    const found = await ask(this.kind.path + query({ ...filters, newest: true, brief: true, limit: ROWS, offset }));
    if (this.route !== route) {
      return;
    }
    const items = found[this.kind.found].map(this.kind.brief);
    this.showRows(items, route, now);
    this.showTotal(found.total, offset, items.length);
    this.announce(items, found.total, { same, first: offset === 0 });
  }

  showFilters(filters) {
    if (document.activeElement !== this.search || filters.search !== this.typed) {
      this.search.value = filters.search;
    }
    for (const choice of this.choices) {
      choice.value = filters[choice.name];
      choice.classList.toggle("on", choice.value !== "");
    }
  }

  showRows(items, route, now) {
    const rows = items.map((item) => ({ item, open: this.kind.isOpen(item), day: new Date(now).toDateString() }));
    const link = ({ item, open }) => {
      const href = this.kind.link(item, route.filters);
      return make("a", { href, class: "row", "aria-current": open ? "true" : null }, this.kind.row(item, now));
    };
    syncList(
      this.rows,
      rows,
      (row) => this.kind.keyOf(row.item),
      (row) => make("li", {}, link(row)),
    );
    for (const [index, { item }] of rows.entries()) {
      this.rows.children[index].firstChild.setAttribute("href", this.kind.link(item, route.filters));
    }
  }

  showTotal(total, offset, shown) {
    const filtered = this.isFiltered();
    this.total.textContent = count(total, this.kind.noun);
    const source = { filtered, empty: shown === 0, total, offset };
    keep(this.empty, source.empty ? { ...source, total: 0 } : {}, () =>
      shown > 0
        ? []
        : filtered || offset > 0
          ? this.drawNothing()
          : make("div", { class: "welcome" }, this.kind.welcome()),
    );
    keep(this.pages, { total, offset, filters: this.route.filters }, () => this.drawPages(total, offset, shown));
  }

  /** Whether nothing at all is there to be listed. */
  isEmpty() {
    return this.rows.childElementCount === 0 && !this.isFiltered() && !this.route.filters.page;
  }

  isFiltered() {
    const { page: _, ...filters } = this.route.filters;
    return Object.values(filters).some(Boolean);
  }

  drawNothing() {
    const href = address(this.route.view);
    return [make("p", {}, "Nothing fits these filters."), make("p", {}, make("a", { href }, "Show everything"))];
  }

  drawPages(total, offset, shown) {
    if (total <= ROWS) {
      return [];
    }
    const page = offset / ROWS + 1;
    return [
      this.drawTurn("Newer", page - 1, page > 1),
      make("span", {}, `${number(offset + 1)} to ${number(offset + shown)} of ${number(total)}`),
      this.drawTurn("Older", page + 1, offset + shown < total),
    ];
  }

  drawTurn(label, page, possible) {
    const { view, filters, kind, id } = this.route;
    const href = possible ? address(view, { ...filters, page: page > 1 ? page : "" }, kind, id) : null;
    const drawn = label === "Newer" ? [icon("back"), label] : [label, icon("next")];
    return make("a", { href, class: "turn", "data-key": label, "aria-disabled": possible ? null : "true" }, drawn);
  }

  /** Tell a screen reader what a filter left, or what came in since. */
  announce(items, total, { same, first }) {
    const fresh = items.filter((item) => this.seen !== null && item[this.kind.serial] > this.seen);
    this.seen = items.reduce((most, item) => Math.max(most, item[this.kind.serial]), this.seen ?? 0);
    if (!same && this.spoke) {
      this.say(`${count(total, this.kind.noun)} found`);
    } else if (fresh.length === 1 && first) {
      this.say(`New: ${this.kind.tell(fresh[0])}`);
    } else if (fresh.length > 1 && first) {
      this.say(`${number(fresh.length)} new ${this.kind.noun}s`);
    }
    this.spoke = true;
  }

  /** Move the focus by so many rows: from the focused one, else from the opened one, else to the first. */
  step(by) {
    const links = [...this.rows.querySelectorAll("a")];
    const opened = this.rows.querySelector("[aria-current]");
    const from = links.includes(document.activeElement) ? document.activeElement : opened;
    const at = from ? Math.min(links.length - 1, Math.max(0, links.indexOf(from) + by)) : 0;
    links[at]?.focus();
    links[at]?.scrollIntoView({ block: "nearest" });
  }

  /** Focus the opened row, or the first. */
  focusOpened() {
    (this.rows.querySelector("[aria-current]") ?? this.rows.querySelector("a") ?? this.search).focus();
  }
}
