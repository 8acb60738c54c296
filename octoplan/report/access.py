"""All that a state has of one person → text or JSON, for whoever asks what is known of them; the address is masked."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from octoplan.durations import moment
from octoplan.report.document import document
from octoplan.report.safe import masked, plain, words
from octoplan.report.style import Line, Style
from octoplan.report.text import ID_SHOWN
from octoplan.state.rights import Everything, Kept
from octoplan.state.told import Delivery, Heard, Optout


def text_everything(address: str, found: Everything) -> list[Line]:
    """All that there is of a person → a line for each message, and for all else."""
    title = Line(Style.TITLE, f"All that the state has of {masked(address)}")
    if found.forgotten is not None:
        return [title, Line(Style.WARN, f"forgotten on {found.forgotten.date()}; suppressed")]
    if found.is_nothing:
        return [title, Line(Style.SAME, "Nothing.")]
    return [
        title,
        *(Line(Style.PLAIN, _message(one)) for one in found.messages),
        *(Line(Style.PLAIN, _told(one)) for one in found.heard),
        *(Line(Style.PLAIN, f"in the suppressions of {plain(name)} at the last apply") for name in found.lists),
    ]


def json_everything(address: str, found: Everything) -> str:
    """All that there is of a person → its document."""
    return document(
        "person",
        address=masked(address),
        forgotten=_iso(found.forgotten),
        messages=[_row(one) for one in found.messages],
        deliveries=[
            {"ticket": plain(one.ticket), "status": one.status, "at": _iso(one.at)}
            for one in found.heard
            if isinstance(one, Delivery)
        ],
        optouts=[
            {"ticket": plain(one.ticket) or None, "at": _iso(one.at), "heard_at": _iso(one.heard_at)}
            for one in found.heard
            if isinstance(one, Optout)
        ],
        replies=[
            {"ticket": plain(one.ticket), "at": _iso(one.at)}
            for one in found.heard
            if not isinstance(one, Delivery | Optout)
        ],
        suppressions=list(found.lists),
    )


def _message(one: Kept) -> str:
    return f"{plain(one.campaign)}, edition {one.edition}, {one.channel}: {', '.join(_said(one))}"


def _said(one: Kept) -> Iterator[str]:
    if one.left_out:
        yield f"left out: {words(one.left_out)}"
        return
    yield str(one.status)
    if one.first_attempt is not None:
        yield moment(one.first_attempt)
    if one.due:
        yield f"for {moment(datetime.fromisoformat(one.due))}"
    if one.ticket:
        yield f"ticket {plain(one.ticket)}"
    if one.frame:
        yield f"request {one.frame[:ID_SHOWN]}"


def _told(one: Heard) -> str:
    ticket = f", ticket {plain(one.ticket)}" if one.ticket else ""
    when = f", {moment(one.at)}" if one.at else ""
    if isinstance(one, Delivery):
        return f"delivery: {words(one.status)}{when}{ticket}"
    return f"{'said STOP' if isinstance(one, Optout) else 'answered'}{when}{ticket}"


def _row(one: Kept) -> dict[str, Any]:
    return {
        "campaign": one.campaign,
        "edition": one.edition,
        "channel": one.channel,
        "status": None if one.left_out else one.status,
        "left_out": one.left_out or None,
        "refusals": one.refusals,
        "request": one.frame,
        "ticket": one.ticket,
        "first_attempt": _iso(one.first_attempt),
        "last_change": _iso(one.last_change),
        "send_at": one.due or None,
        "variant": one.arm or None,
    }


def _iso(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
