"""What was found of a state → text or JSON, for `octoplan state check`."""

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Final

from octoplan.report.compared import compared_facts, compared_lines
from octoplan.report.document import document
from octoplan.report.lines import count, several
from octoplan.report.safe import plain
from octoplan.report.style import BLANK, Line, Style
from octoplan.state.against import Compared
from octoplan.state.checking import MANY, RULES, SEALED, Checked
from octoplan.state.questions import FIRST, Breach

SAID: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "message/twice": ("message", "stand there more than once"),
        "message/campaign": ("message", "belong to a campaign that the state does not hold"),
        "message/no-frame": ("message", "are in a frame that the state does not hold"),
        "message/foreign-frame": ("message", "are in a frame of another campaign or edition"),
        "frame/campaign": ("frame", "belong to a campaign that the state does not hold"),
        "frame/size": ("frame", "hold more or fewer people than their size says"),
        "frame/status": ("frame", "have a status that does not exist"),
        "planned/attempted": ("frame", "are planned, which means certainly not sent, but were attempted"),
        "sending/first-attempt": ("frame", "are in sending without a first attempt: nobody can tell their age"),
        "sending/body": ("frame", "are in sending without a body: they cannot be sent again as they were"),
        "body/kept": ("body", "are kept for a frame that is not in sending"),
        SEALED: ("frame", "are in sending with a body that the state's key does not open"),
        MANY: ("frame", "are in sending, more than max_in_flight"),
        "skipped/campaign": ("message", "were left out of a campaign that the state does not hold"),
        "skipped/sent": ("message", "were left out by decision, and are in a frame nevertheless"),
        "sent/no-ticket": ("frame", "were sent without a ticket in the answer"),
        "run/not-ended": ("run", "never ended: they died, or are at work now"),
    }
)
_PLURALS: Final = MappingProxyType({"body": "bodies"})


def text_checked(environment: str, found: Checked, compared: Compared | None = None) -> list[Line]:
    """What was found of an environment's state → a line for each broken rule and each note, and how many there are.

    `compared`: with its receipts, where they were looked at.
    """
    state = found.identity
    return [
        Line(Style.TITLE, f"State of {plain(environment)}"),
        Line(
            Style.DETAIL,
            f"format {state.format}, lineage {plain(state.lineage)}, serial {count(state.serial)}, "
            f"epoch {count(state.epoch)}; lineage and key are the right ones",
        ),
        *(Line(Style.ERROR, f"broken: {_said(one, found)}") for one in found.broken),
        *(Line(Style.WARN, f"note: {_said(one, found)}") for one in found.notes),
        *(compared_lines(compared) if compared else ()),
        BLANK,
        Line(Style.TOTAL, check_line(found)),
    ]


def json_checked(environment: str, found: Checked, compared: Compared | None = None) -> str:
    """What was found of an environment's state → its document; `receipts` only where they were looked at."""
    return document(
        "checked",
        environment=environment,
        **asdict(found.identity),
        max_in_flight=found.max_in_flight,
        rules=list(RULES),
        broken=[{**asdict(one), "said": _said(one, found)} for one in found.broken],
        notes=[{**asdict(one), "said": _said(one, found)} for one in found.notes],
        **({"receipts": compared_facts(compared)} if compared else {}),
    )


def check_line(found: Checked) -> str:
    """What was found of a state → `Check: 13 rules, 0 broken, 1 note.`."""
    return (
        f"Check: {several(len(RULES), 'rule')}, {count(len(found.broken))} broken, {several(len(found.notes), 'note')}."
    )


def _said(breach: Breach, found: Checked) -> str:
    """A breach → a sentence with the first that it was found of, which are ids and hashes."""
    noun, what = SAID[breach.rule]
    many = f"{count(breach.count)} {_PLURALS.get(noun, f'{noun}s')}" if breach.count != 1 else f"1 {noun}"
    allowed = f" ({count(found.max_in_flight)})" if breach.rule == MANY else ""
    more = " and more" if breach.count > FIRST else ""
    return f"{many}: {what}{allowed} [{breach.rule}] {', '.join(plain(one) for one in breach.first)}{more}"
