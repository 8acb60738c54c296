"""A campaign's words in; what they make of rows that nobody has, but somebody could have, out.

For every variable that is used: blank, 50 characters, right-to-left, emoji, braces, a placeholder, HTML, a line break,
quotes, each in a row that is ordinary otherwise. A message without a fault, or a clean refusal of one person, is fine;
what costs more is told. No contact file is looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import Any, Final

from octoplan import parts
from octoplan.arms import VARIABLE
from octoplan.campaign import Campaign
from octoplan.content.placeholders import has_placeholder
from octoplan.content.render import Failed, Rendered
from octoplan.content.trials import given_values, labels_of, names_of
from octoplan.content.variants import find_fault
from octoplan.content.wording import Renders, Wording
from octoplan.errors import Place, Problem

RULE: Final = "campaign/made-up"
PLACEHOLDER: Final = "a placeholder"
VALUES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "blank": "",
        "50 characters": "Maximiliana Theodora Ferdinanda von Hohenstaufen-X"[:50],
        "right-to-left": "فاطمة الزهراء",
        "emoji": "Ana 🎉",
        "braces": "{{ 6 * 7 }}{% if x %}",
        PLACEHOLDER: "{first_name}",
        "HTML": "<script>alert(1)</script>",
        "a line break": "Ana\nMaria",
        "quotes": 'Ana "O\'Neil"',
    }
)
_ORDINARY: Final = ("Ana", "1", "2026-12-01")
_MOST_TRIED: Final = 4
"""Variables whose ordinary values are tried in all combinations; of more, all have the same one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One made-up row: which variable is odd, how, in which language and variant, and what became of it.

    `parts`, `encoding`: of an SMS; `why`: there is no message. `usual`: how many parts the ordinary row has.
    """

    variable: str
    kind: str
    language: str
    usual: int
    parts: int = 0
    encoding: str = ""
    why: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def is_notable(self) -> bool:
        """Whether it is other than the ordinary row, and than what is refused of everybody."""
        odd = bool(self.why) or self.parts != self.usual or self.encoding == "ucs2"
        return bool(self.problems) or (odd and self.kind != PLACEHOLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUp:
    """All made-up rows of a campaign; `unknown`: the languages in which no ordinary row renders, so that none is."""

    rows: tuple[Row, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordinary:
    """An ordinary row of a campaign in a language, and its message."""

    campaign: Campaign
    wording: Wording
    language: str
    arm: str
    names: tuple[str, ...]
    renders: Renders
    values: tuple[Any, ...]
    rendered: Rendered

    def render(self, variable: str, value: Any) -> Rendered | Failed:
        values = [value if name == variable else usual for name, usual in zip(self.names, self.values, strict=True)]
        return self.renders.render(values)

    def takes_words(self, variable: str) -> bool:
        """Whether an ordinary word renders there: no number or date is needed."""
        return isinstance(self.render(variable, _ORDINARY[0]), Rendered)

    def place(self, variable: str) -> Place:
        """Where a variable is used first."""
        uses = [
            one.sheet.place(use.offset)
            for one in self.wording.templates[self.language].compiled
            for use in one.uses
            if use.name == variable
        ]
        return min(uses, default=self.wording.place)


def make_up(campaign: Campaign, wording: Wording) -> MadeUp:
    """A campaign and its compiled words → what these make of made-up rows."""
    rows: list[Row] = []
    unknown: list[str] = []
    for language, arm in product(wording.templates, labels_of(campaign)):
        ordinary = _ordinary(campaign, wording, language, arm)
        if ordinary is None:
            unknown.append(f"{language} {arm}".strip())
            continue
        used = wording.templates[language].variables & set(ordinary.names) - ({VARIABLE} if arm else set())
        rows += [_row(ordinary, name, kind) for name in sorted(used) for kind in VALUES]
    return MadeUp(rows=tuple(rows), unknown=tuple(unknown))


def _ordinary(campaign: Campaign, wording: Wording, language: str, arm: str) -> _Ordinary | None:
    """A row that renders: one of the author's tests, or one of ordinary words, numbers and dates."""
    names = names_of(campaign, wording)
    renders = wording.renderer(names, campaign.constants)
    speaks = wording.written.language
    for tried in _candidates(campaign, names):
        row = dict(zip(names, tried, strict=True))
        row |= {speaks.column: language} if speaks is not None else {}
        row |= {VARIABLE: arm} if arm and VARIABLE in row else {}
        values = tuple(row[name] for name in names)
        rendered = renders.render(values)
        if isinstance(rendered, Rendered) and find_fault(rendered, campaign) is None:
            return _Ordinary(
                campaign=campaign,
                wording=wording,
                language=language,
                arm=arm,
                names=names,
                renders=renders,
                values=values,
                rendered=rendered,
            )
    return None


def _candidates(campaign: Campaign, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    given = [test.get("given") or {} for test in campaign.document.data.get("tests") or ()]
    usual = (
        product(_ORDINARY, repeat=len(names))
        if len(names) <= _MOST_TRIED
        else ((one,) * len(names) for one in _ORDINARY)
    )
    for values in usual:
        for each in given:
            # What a test leaves blank, or makes odd on purpose, must not be blank in an ordinary row.
            known = given_values(campaign, each, names)
            yield tuple(mine if mine not in (None, "") else other for mine, other in zip(known, values, strict=True))
        yield values


def _row(ordinary: _Ordinary, variable: str, kind: str) -> Row:
    campaign, rendered = ordinary.campaign, ordinary.render(variable, VALUES[kind])
    usual, fault = _measured(campaign, ordinary.rendered), find_fault(rendered, campaign)
    row = Row(
        variable=variable,
        kind=kind,
        language=f"{ordinary.language} {ordinary.arm}".strip(),
        usual=usual.parts,
        problems=tuple(_wrong(ordinary, variable, kind, rendered)),
    )
    if isinstance(rendered, Failed) and rendered.reason == "blank" and campaign.skip_missing:
        return replace(row, why="left out (on_missing: skip)")
    if isinstance(rendered, Failed) or fault is not None:
        return replace(row, why=fault.message if fault else "")
    size = _measured(campaign, rendered)
    return replace(row, parts=size.parts, encoding="" if size.encoding == usual.encoding else size.encoding)


def _measured(campaign: Campaign, rendered: Rendered) -> parts.Parts:
    return parts.measure(rendered.content["text"] if campaign.channel == "sms" else "")


def _wrong(ordinary: _Ordinary, variable: str, kind: str, rendered: Rendered | Failed) -> Iterator[Problem]:
    """What must hold of every row → Problems where it does not."""
    shown = f"`{variable}` ({kind})"

    def problem(message: str, hint: str) -> Problem:
        return Problem(place=ordinary.place(variable), rule=RULE, message=f"{shown}: {message}", hint=hint)

    if isinstance(rendered, Failed):
        if rendered.reason in ("error", "limit") and kind != "a line break" and ordinary.takes_words(variable):
            yield problem(rendered.message, "mend the template: whoever has such a value stops the whole campaign")
        return
    fault = find_fault(rendered, ordinary.campaign)
    text = str(rendered.content.get("text", ""))
    usual = str(ordinary.rendered.content.get("text", ""))
    if fault is not None and fault.rule == "content/too-long":
        yield problem(fault.message, f"shorten the text, or the value: {{{{ {variable} | truncate(20) }}}}")
    if kind == "braces" and text.count("42") > usual.count("42"):
        yield problem("the template in it was run", "")
    if kind == PLACEHOLDER and fault is None and has_placeholder(text):
        yield problem("Octopush would fill it in", "")
    if kind == "HTML" and ordinary.campaign.html_body and "<script" in text.lower():
        yield problem("it is not escaped in the body", "")
