"""What receipts say that a state does not → lines and JSON, for `octoplan state check --against-receipts`."""

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final

from octoplan.report.lines import count, several
from octoplan.report.style import Line, Style
from octoplan.state import against
from octoplan.state.against import Compared
from octoplan.state.questions import FIRST, Breach

TOLD: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        against.BEHIND: ("", "the state is behind its receipts, whose serial is"),
        against.MISSING: ("frame", "have a receipt, and the state does not hold them"),
        against.STATUS: ("frame", "have another status than their receipt, and no later one"),
        against.TICKET: ("frame", "have another ticket than their receipt"),
        against.SIZE: ("frame", "hold more or fewer people than their receipt"),
        against.FREE: ("person", "had it, or may have had it, and the state would send to them again"),
        against.ELSEWHERE: ("person", "stand in another frame than their receipt says"),
        against.REFUSALS: ("person", "were refused, which the state does not know: an id may be used up"),
    }
)
_PLURALS: Final = MappingProxyType({"person": "people"})


def compared_lines(compared: Compared) -> list[Line]:
    """What receipts say that a state does not → a line for each rule that is broken, and how many there are."""
    return [
        *(Line(Style.ERROR, f"broken: {_told(one)}") for one in compared.broken),
        Line(Style.TOTAL, receipts_line(compared)),
    ]


def receipts_line(compared: Compared) -> str:
    """What receipts say → `Receipts: 12 frames, 8 rules, 0 broken.`."""
    rules = several(len(against.RULES), "rule")
    return f"Receipts: {several(compared.receipts, 'frame')}, {rules}, {count(len(compared.broken))} broken."


def compared_facts(compared: Compared) -> dict[str, Any]:
    """What receipts say → its part of a document."""
    return {
        "frames": compared.receipts,
        "serial": compared.serial,
        "rules": list(against.RULES),
        "broken": [{**asdict(one), "said": _told(one)} for one in compared.broken],
    }


def _told(breach: Breach) -> str:
    """A rule that is broken → a sentence with the first that it was found of, which are ids and hashes."""
    noun, what = TOLD[breach.rule]
    if breach.rule == against.BEHIND:
        return f"{what} {breach.first[0]} [{breach.rule}]"
    named = noun if breach.count == 1 else _PLURALS.get(noun, f"{noun}s")
    more = " and more" if breach.count > FIRST else ""
    return f"{count(breach.count)} {named}: {what} [{breach.rule}] {', '.join(breach.first)}{more}"
