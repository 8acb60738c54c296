"""What is known of one person and one campaign → text or JSON, for `octoplan why`; the address is masked in both."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from octoplan.audience.finding import Found, Rule
from octoplan.durations import moment
from octoplan.pipeline.finding import Answer, Had
from octoplan.plan import Wait
from octoplan.report.document import document, placed
from octoplan.report.judged import judged_facts, judged_sentences, recorded_facts, recorded_sentence
from octoplan.report.lines import count, several
from octoplan.report.safe import masked, plain, words
from octoplan.report.style import BLANK, Line, Style
from octoplan.report.text import ID_SHOWN
from octoplan.state.interface import FrameRecord, Status
from octoplan.state.told import Delivery, Heard, Optout, Reply

_RULES: Final[Mapping[Rule, str]] = MappingProxyType(
    {
        Rule.INVALID: "the address is not valid",
        Rule.CLOSED: "the campaign is closed",
        Rule.UNREACHABLE: "a number that the channel does not reach",
        Rule.ABSENT: "not in the contact files",
        Rule.WHERE: "left out by where",
        Rule.EXCLUDED: "excluded",
        Rule.SUPPRESSED: "suppressed",
        Rule.OPTED_OUT: "has said STOP",
        Rule.FORGOTTEN: "forgotten and suppressed",
        Rule.UNCHOSEN: "outside the sample or the limit",
        Rule.HELD_OUT: "held out: gets nothing of this edition",
        Rule.CAPPED: "left out of this edition, over a cap",
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
    campaign, found, pending = answer.campaign, answer.found, answer.pending
    verdict = "In" if found.rule is Rule.IN else "Out"
    why = f" ({words(found.why)})" if found.why else ""
    return [
        Line(Style.TITLE, f"{plain(campaign.name)}, edition {campaign.edition}: {masked(answer.address)}"),
        Line(Style.SEND if found.rule is Rule.IN else Style.WARN, f"{verdict}: {_RULES[found.rule]}{why}"),
        *(Line(Style.DETAIL, f"    {text}") for text in _rows(found)),
        *(Line(Style.DETAIL, f"    {text}") for text in (judged_sentences(pending.judged) if pending.judged else ())),
        *(Line(Style.DETAIL, f"    {text}") for text in map(_waits, pending.waits)),
        *(Line(Style.WARN, f"    blocked: {words(text)}") for text in pending.blocked),
        BLANK,
        *_history(answer),
        *_stops(answer.heard),
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
        window=judged_facts(answer.pending.judged),
        waits=[{"until": _iso(one.until), "why": words(one.why)} for one in answer.pending.waits],
        blocked=[words(one) for one in answer.pending.blocked],
        messages=[_message(had) for had in answer.had],
        deliveries=[
            {"ticket": plain(one.ticket), "status": one.status, "at": _iso(one.at)}
            for one in answer.heard
            if isinstance(one, Delivery)
        ],
        optouts=[
            {"ticket": plain(one.ticket) or None, "at": _iso(one.at), "heard_at": one.heard_at.isoformat()}
            for one in answer.heard
            if isinstance(one, Optout)
        ],
        replies=sum(isinstance(one, Reply) for one in answer.heard),
        **{"in": found.rule is Rule.IN},
    )


def _waits(wait: Wait) -> str:
    until = f" until {moment(wait.until)}" if wait.until is not None else ""
    return f"waits{until}: {words(wait.why)}"


def _rows(found: Found) -> Iterator[str]:
    if found.rows:
        more = f", there {count(found.count)} times" if found.count > 1 else ""
        yield f"{', '.join(plain(str(place)) for place in found.rows)}{more}"


def _history(answer: Answer) -> Iterator[Line]:
    """A line for each edition; of the present one also where there is nothing."""
    present = answer.campaign.edition
    if answer.found.rule is Rule.FORGOTTEN:
        return
    if answer.found.rule is Rule.INVALID:
        yield Line(Style.DETAIL, "Nothing can have been sent to it.")
    elif all(had.edition != present for had in answer.had):
        yield Line(Style.PLAIN, f"edition {present}: nothing was sent")
    for had in answer.had:
        frame = "" if had.frame is None else _frame(had.frame) + _arrived(had.frame, answer.heard)
        refused = ", after a request with them was refused" if had.frame is None and had.refusals else ""
        yield Line(Style.PLAIN, f"edition {had.edition}: {_STATUSES[had.status]}{refused}{frame}")


def _arrived(frame: FrameRecord, heard: Sequence[Heard]) -> str:
    """A request, and what was heard of the person → what became of their message in it."""
    found = [one for one in heard if isinstance(one, Delivery) and frame.ticket == one.ticket]
    return "".join(f", {_words(one.status)}{f' {moment(one.at)}' if one.at else ''}" for one in found)


def _stops(heard: Sequence[Heard]) -> Iterator[Line]:
    """What was heard of the person → a line for each STOP, and one for their replies."""
    for one in heard:
        if isinstance(one, Optout):
            ticket = f", to ticket {plain(one.ticket)}" if one.ticket else ""
            yield Line(Style.WARN, f"said STOP{ticket}: {moment(one.at or one.heard_at)}")
    replies = sum(isinstance(one, Reply) for one in heard)
    if replies:
        yield Line(Style.PLAIN, several(replies, "reply") if replies == 1 else f"{count(replies)} replies")


def _words(status: str) -> str:
    return status.lower().replace("_", " ")


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _frame(frame: FrameRecord) -> str:
    when = f", {moment(frame.last_change)}" if frame.last_change else ""
    ticket = f", ticket {plain(frame.ticket)}" if frame.ticket else ""
    why = f", {words(frame.why)}" if frame.why else ""
    named = f"run {plain(frame.run)}, frame {frame.id[:ID_SHOWN]}{ticket}"
    return f"{when}{recorded_sentence(frame)}, {named}{why}"


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
        "window": recorded_facts(frame),
        "ticket": frame.ticket,
        "code": frame.code,
        "why": words(frame.why),
    }
