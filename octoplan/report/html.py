"""A plan → one self-contained HTML page: no scripts, nothing loaded from elsewhere, light or dark, printable."""

from collections.abc import Iterable
from html import escape

from octoplan.plan import Action, Plan, Step
from octoplan.report import text
from octoplan.report.facts import details, one_line
from octoplan.report.lines import count, estimated, loosened_line
from octoplan.report.safe import plain, words
from octoplan.report.style import Style

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5c6576; --page: #fff; --rule: #dde1e8;
  --send: #116b33; --extend: #0b5cad; --warn: #8a5300; --error: #b3141d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --page: #14171d; --rule: #333a46;
  --send: #5fd38a; --extend: #72b4ff; --warn: #f0b557; --error: #ff8087; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 70rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.symbol { font-family: monospace; font-weight: bold; }
.soft, dt { color: var(--soft); }
.send .symbol { color: var(--send); } .extend .symbol { color: var(--extend); }
.blocked .symbol, .blocked dt { color: var(--error); } .warn, .removed .symbol { color: var(--warn); }
.total { font-weight: bold; margin: .2rem 0; }
section { break-inside: avoid; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; }
dd { grid-column: 2; margin: 0; white-space: pre-wrap; font-variant-numeric: tabular-nums; }
dd.counts { font-family: ui-monospace, monospace; }
@media print { body { margin: 0; max-width: none; } }
"""

_COLUMNS = ("", "campaign", "channel", "edition", "recipients", "requests", "parts", "cost", "why")
_FIGURES = frozenset(("edition", "recipients", "requests", "parts", "cost"))


def plan(drawn: Plan) -> str:
    """A plan → the page."""
    title = f"octoplan: plan for {_safe(drawn.environment)}"
    where = f"Gateway {_said(drawn.gateway)}, state {_safe(drawn.lineage[: text.ID_SHOWN])}"
    if drawn.digest:
        where += f", digest {_safe(drawn.digest)}"
    loosened = loosened_line(drawn)
    body = (
        _element("p", escape(loosened), Style.ERROR) if loosened else "",
        _element("h1", title),
        *(_element("p", _said(line.text), "total") for line in text.last_lines(drawn)),
        _element("p", where, "soft"),
        *(_element("p", _said(notice), Style.WARN) for notice in drawn.notices),
        *(_element("p", f"blocked: {_said(why)}", Style.ERROR) for why in drawn.blocked),
        _table(drawn.steps) if drawn.steps else "",
        *(_section(step) for step in drawn.steps if step.sends or step.action is Action.BLOCKED or step.differences),
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
{"".join(body)}</body>
</html>"""


def _table(steps: Iterable[Step]) -> str:
    head = "".join(_cell("th", name, name) for name in _COLUMNS)
    return _element("table", f"\n<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(map(_row, steps))}</tbody>\n")


def _row(step: Step) -> str:
    figures = ("", "", "", "")
    if step.recipients:
        cost = estimated(step.cost).removeprefix("est. ").removeprefix("cost ")
        parts = "" if step.parts is None else count(step.parts)
        figures = (count(step.recipients), count(step.requests), parts, escape(cost))
    symbol = f'<span class="symbol">{escape(step.symbol)}</span>'
    cells = (symbol, _safe(step.campaign), _safe(step.channel), str(step.edition), *figures, _said(one_line(step)))
    named = "".join(_cell("td", name, content) for name, content in zip(_COLUMNS, cells, strict=True))
    return _element("tr", named, step.action)


def _section(step: Step) -> str:
    facts = [
        f"<dt>{escape(fact.label)}</dt>"
        + "".join(f"<dd{_class('counts' if fact.label == 'people' else '')}>{escape(line)}</dd>" for line in fact.lines)
        for fact in details(step)
    ]
    heading = f'<span class="symbol">{escape(step.symbol)}</span> {_safe(step.campaign)}'
    listed = _element("dl", "\n" + "\n".join(facts) + "\n")
    return _element("section", f"\n{_element('h2', heading)}{listed}", step.action)


def _cell(tag: str, column: str, content: str) -> str:
    return f"<{tag}{_class('figure' if column in _FIGURES else '')}>{content}</{tag}>"


def _element(tag: str, content: str, kind: str = "") -> str:
    return f"<{tag}{_class(kind)}>{content}</{tag}>\n"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _safe(name: str) -> str:
    return escape(plain(name))


def _said(sentence: str) -> str:
    return escape(words(sentence))
