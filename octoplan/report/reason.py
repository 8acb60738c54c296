"""What is known of one person and one campaign → text or JSON, for `octoplan why`; the address is masked in both."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from octoplan.audience.finding import Found, Rule
from octoplan.pipeline.finding import Answer, Had
from octoplan.report.document import document, placed
from octoplan.report.lines import count, moment
from octoplan.report.safe import masked, plain, words
from octoplan.report.style import BLANK, Line, Style
from octoplan.report.text import ID_SHOWN
from octoplan.state.interface import FrameRecord, Status

_RULES: Final[Mapping[Rule, str]] = MappingProxyType(
    {
        Rule.INVALID: "the address is not valid",
        Rule.CLOSED: "the campaign is closed",
        Rule.ABSENT: "not in the contact files",
        Rule.WHERE: "left out by where",
        Rule.EXCLUDED: "excluded",
        Rule.SUPPRESSED: "suppressed",
        Rule.UNCHOSEN: "outside the sample or the limit",
        Rule.ON_MISSING: "left out by on_missing: skip",
        Rule.IN: "in the audience",
    }
)
_STATUSES: Final[Mapping[Status, str]] = MappingProxyType(
    {
        Status.FREE: "not sent",
        Status.PLANNED: "not sent, but planned",
        Status.SENDING: "open: no answer yet",
        Status.SENT: "sent",
        Status.REFUSED: "refused",
        Status.UNKNOWN: "unknown: a person has to decide",
    }
)


def text_answer(answer: Answer) -> list[Line]:
    """What is known of a person → in or out and why, then a line for each edition, the latest first."""
    campaign, found = answer.campaign, answer.found
    verdict = "In" if found.rule is Rule.IN else "Out"
    why = f" ({words(found.why)})" if found.why else ""
    return [
        Line(Style.TITLE, f"{plain(campaign.name)}, edition {campaign.edition}: {masked(answer.address)}"),
        Line(Style.SEND if found.rule is Rule.IN else Style.WARN, f"{verdict}: {_RULES[found.rule]}{why}"),
        *(Line(Style.DETAIL, f"    {text}") for text in _rows(found)),
        BLANK,
        *_history(answer),
    ]


def json_answer(answer: Answer) -> str:
    """What is known of a person → its document."""
    campaign, found = answer.campaign, answer.found
    return document(
        "why",
        campaign=campaign.name,
        edition=campaign.edition,
        address=masked(answer.address),
        rule=found.rule,
        why=words(found.why),
        rows=[placed(place) for place in found.rows],
        times=found.count,
        messages=[_message(had) for had in answer.had],
        **{"in": found.rule is Rule.IN},
    )


def _rows(found: Found) -> Iterator[str]:
    if found.rows:
        more = f", there {count(found.count)} times" if found.count > 1 else ""
        yield f"{', '.join(plain(str(place)) for place in found.rows)}{more}"


def _history(answer: Answer) -> Iterator[Line]:
    """A line for each edition; of the present one also where there is nothing."""
    present = answer.campaign.edition
    if answer.found.rule is Rule.INVALID:
        yield Line(Style.DETAIL, "Nothing can have been sent to it.")
    elif all(had.edition != present for had in answer.had):
        yield Line(Style.PLAIN, f"edition {present}: nothing was sent")
    for had in answer.had:
        frame = "" if had.frame is None else _frame(had.frame)
        refused = ", after a request with them was refused" if had.frame is None and had.refusals else ""
        yield Line(Style.PLAIN, f"edition {had.edition}: {_STATUSES[had.status]}{refused}{frame}")


def _frame(frame: FrameRecord) -> str:
    when = f", {moment(frame.last_change)}" if frame.last_change else ""
    ticket = f", ticket {plain(frame.ticket)}" if frame.ticket else ""
    why = f", {words(frame.why)}" if frame.why else ""
    return f"{when}, run {plain(frame.run)}, frame {frame.id[:ID_SHOWN]}{ticket}{why}"


def _message(had: Had) -> dict[str, Any]:
    return {
        "edition": had.edition,
        "status": had.status,
        "refusals": had.refusals,
        "frame": None if had.frame is None else _request(had.frame),
    }


def _request(frame: FrameRecord) -> dict[str, Any]:
    return {
        "id": frame.id,
        "run": frame.run,
        "first_attempt": frame.first_attempt.isoformat() if frame.first_attempt else None,
        "last_change": frame.last_change.isoformat() if frame.last_change else None,
        "ticket": frame.ticket,
        "code": frame.code,
        "why": words(frame.why),
    }
