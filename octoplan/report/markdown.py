"""A plan → a comment on a pull request: the summary first, a table of steps, the details folded.

GitHub refuses a comment of more than 65,536 characters, so it stays under 65,000 bytes whatever the plan holds. Names
and sentences come from files that anybody may propose: none of them can become markup, link, mention or reference.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import accumulate

from octoplan.plan import Action, Plan, Step
from octoplan.report import text
from octoplan.report.applied import facts, head, heard_before, refused_lines, rows_of, title
from octoplan.report.facts import one_line
from octoplan.report.lines import count, estimated, loosened_line, several
from octoplan.report.outcome import Outcome
from octoplan.report.safe import plain, words
from octoplan.report.wording import wordings

LIMIT = 65_000
"""Bytes of UTF-8."""

_FOR_TABLE = 40_000
_FOR_NOTICES = 4_000
_NAMES = 2
"""How many columns of an apply's table are words, and stand on the left."""
_FOR_THE_LAST_WORD = 500
_LONGEST_CELL = 300
_LONGEST_DETAIL = 12_000
_OUTSIDE_NAMES = re.compile(r"[^A-Za-z0-9._-]")
# Backslashes do not hold everywhere (a `|` ends a cell, `@` and `#` are found after rendering); entities do.
_MARKUP = re.compile(r"[^\w\s.,;:%()'/+=-]|_|(?<=www)\.|:(?=//)", re.ASCII)
_REFERENCE = re.compile(r"[@#](?=\w)|\bGH-(?=\d)", re.IGNORECASE)
# What may name a commit, of which our own ids are some: literal, so that they can still be copied.
_HASH = re.compile(r"\b(?=[a-f]*\d)[\da-f]{7,40}\b", re.IGNORECASE | re.ASCII)
_NO_BREAK = "\u2060"
_HEAD = (
    "| | campaign | channel | edition | recipients | requests | parts | cost | why |\n"
    "|---|---|---|--:|--:|--:|--:|--:|---|\n"
)


def marker(environment: str) -> str:
    """An environment's name → the hidden line by which its comment is found again."""
    return f"<!-- octoplan:plan {_OUTSIDE_NAMES.sub('_', _short(environment))} -->"


def plan(drawn: Plan) -> str:
    """A plan → Markdown of less than 65,000 bytes; what does not fit is counted."""
    ordered = drawn.weighed
    notices = [*(f"Blocked: {why}" for why in drawn.blocked), *(f"Notice: {said}" for said in drawn.notices)]
    head = _top(drawn) + _fitting([f"> {_text(said)}\n>\n" for said in notices], "notice", _FOR_NOTICES)
    if ordered:
        head += "\n" + _HEAD + _fitting([_row(step) for step in ordered], "step", _FOR_TABLE)
    details = [_details(step, drawn.steps) for step in ordered if _matters(step) or step.differences]
    room = LIMIT - _FOR_THE_LAST_WORD - len(head.encode())
    return f"{head}\n{_fitting(details, 'detail', room)}".rstrip("\n")


def applied(found: Outcome) -> str:
    """The Outcome of an apply → Markdown of less than 65,000 bytes; what does not fit is counted."""
    top = f"### octoplan: {_text(title(found))}\n\n**{_text(found.line)}**\n\n"
    top += "<br>\n".join(_text(said) for said in facts(found)) + "\n\n"
    top += _fitting([f"> {_text(f'Stopped: {why}')}\n>\n" for why in found.stopped], "reason", _FOR_NOTICES)
    if found.campaigns:
        columns = head(found)
        named = f"\n| {' | '.join(columns)} |\n|{'---|' * _NAMES}{'--:|' * (len(columns) - _NAMES)}\n"
        top += named + _fitting([_applied_row(cells) for cells in rows_of(found)], "campaign", _FOR_TABLE)
        top += "\n" + _fitting([f"{_text(said)}<br>\n" for said in heard_before(found)], "campaign", _FOR_NOTICES)
    if not found.who:
        return top.rstrip("\n")
    who = _fitting([f"{escape(_short(said))}\n" for said in refused_lines(found)], "line", _LONGEST_DETAIL)
    folded = (
        f"<details><summary>{several(len(found.who), 'refused message')}</summary>\n\n<pre>\n{who}</pre>\n\n</details>"
    )
    return f"{top}\n{folded}"


def _applied_row(cells: Sequence[str]) -> str:
    campaign, *others = cells
    return f"| {' | '.join((_code(campaign), *map(_text, others)))} |\n"


def _top(drawn: Plan) -> str:
    summary = "<br>\n".join(f"**{_text(line.text)}**" for line in text.last_lines(drawn))
    where = f"Gateway {_code(words(drawn.gateway))}, state {_code(drawn.lineage[: text.ID_SHOWN])}."
    if drawn.digest:
        where += f" Digest {_code(drawn.digest)}."
    loosened = loosened_line(drawn)
    first = f"> **{_text(loosened)}**\n\n" if loosened else ""
    title = f"### octoplan: plan for {_code(drawn.environment)}"
    return f"{marker(drawn.environment)}\n{first}{title}\n\n{summary}\n\n{where}\n\n"


def _matters(step: Step) -> bool:
    return step.sends or step.action is Action.BLOCKED


def _row(step: Step) -> str:
    figures = ["", "", "", ""]
    if step.recipients:
        cost = estimated(step.cost).removeprefix("est. ").removeprefix("cost ")
        parts = "" if step.parts is None else count(step.parts)
        figures = [count(step.recipients), count(step.requests), parts, _text(cost)]
    cells = (_code(step.symbol), _code(step.campaign), _text(step.channel), str(step.edition), *figures)
    return f"| {' | '.join((*cells, _text(one_line(step))))} |\n"


def _details(step: Step, among: Sequence[Step]) -> str:
    """A step → its folded text. Nothing in a `<pre>` is Markdown; a `|` outside of a table is only itself."""
    told = [line.text for line in text.step(step, among)[1:] if line.text]
    lines = [f"{escape(_short(line))}\n" for line in (*told, *_words(step))]
    kept, left = _packed(lines, _LONGEST_DETAIL)
    more = f"and {several(left, 'line')} more\n" if left else ""
    said = "".join(kept) + more
    return f"<details><summary>{_code(step.campaign)}</summary>\n\n<pre>\n{said}</pre>\n\n</details>\n"


def _words(step: Step) -> Iterator[str]:
    """How its messages read, under the facts and as far right as they."""
    if step.recipients and not step.previews:
        yield f"     reads       not shown here: octoplan render {plain(step.campaign)}"
    for at, (whose, *said) in enumerate(wordings(step)):
        yield f"{'' if at else '     reads':<17}{whose}"
        yield from (f"{'':<19}{line}" for line in said)


def _fitting(blocks: Sequence[str], noun: str, room: int) -> str:
    """Blocks → as many as fit into `room` bytes, and a line that counts the others."""
    kept, left = _packed(blocks, room)
    more = f"\n*{several(left, noun)} more did not fit into this comment: see the output of octoplan plan.*\n"
    return "".join(kept) + (more if left else "")


def _packed(blocks: Sequence[str], room: int) -> tuple[Sequence[str], int]:
    """Blocks → the first of them that fit into `room` bytes, and how many do not."""
    fit = sum(size <= room for size in accumulate(len(block.encode()) for block in blocks))
    return blocks[:fit], len(blocks) - fit


def _code(name: str) -> str:
    """A name → literal text; GitHub looks for no mention or reference in it."""
    return f"<code>{_entities(_short(plain(name)))}</code>"


def _text(sentence: str) -> str:
    shown = _short(words(sentence))
    broken = _entities(_REFERENCE.sub(lambda found: found[0] + _NO_BREAK, shown))
    return _HASH.sub(r"<code>\g<0></code>", broken)


def _entities(shown: str) -> str:
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};" if found[0].isascii() else found[0], shown)


def _short(shown: str) -> str:
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[: _LONGEST_CELL - 1]}…"
