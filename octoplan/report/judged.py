"""The window of one person, and the one that a request was judged by → sentences and JSON, for `octoplan why`."""

from datetime import datetime
from typing import Any, Final

from octoplan.durations import moment
from octoplan.pipeline.judging import Judged
from octoplan.report.lines import several
from octoplan.report.safe import plain
from octoplan.state.interface import FrameRecord
from octoplan.windows.opens import EVER, Opens

_ZONES: Final = 3


def judged_sentences(judged: Judged) -> tuple[str, str]:
    """A person's window → what it is, and whether it is open, until when."""
    rule = judged.window.rule
    kind = "own rule" if rule.confidence == "own" else rule.confidence
    return f"window {plain(rule.name)} ({kind}): {plain(rule.said)}, in {_zones(judged)}", _stands(judged)


def judged_facts(judged: Judged | None) -> dict[str, Any] | None:
    """A person's window → its part of a document; None where no rule binds them, or nothing is left to be sent."""
    if judged is None:
        return None
    rule, until = judged.window.rule, judged.until
    return {
        "rule": plain(rule.name),
        "open": plain(rule.said),
        "confidence": rule.confidence,
        "zones": list(judged.window.zones),
        "is_open": judged.is_open,
        "until": until.isoformat() if until is not None else None,
        "by": "send_at" if judged.send_at else "now",
        "outside": "refuse" if judged.refuses else "wait",
        "enforced": judged.enforced,
    }


def recorded_sentence(frame: FrameRecord) -> str:
    """A request that was begun → the window that it was judged by, as the state has it; blank where it had none."""
    found = _recorded(frame)
    if found is None:
        return ""
    start, end = found
    return f", in its window {moment(start)} to {moment(end)}" if start else f", in its window until {moment(end)}"


def recorded_facts(frame: FrameRecord) -> dict[str, str | None] | None:
    """The same → its part of a document. `from` is null where it might leave at any moment before `until`."""
    found = _recorded(frame)
    if found is None:
        return None
    start, end = found
    return {"from": start.isoformat() if start else None, "until": end.isoformat()}


def _recorded(frame: FrameRecord) -> tuple[datetime | None, datetime] | None:
    at = frame.first_attempt
    span = Opens.parse(frame.opens).around(at) if at is not None else None
    return None if span is None else (None if span[0] == EVER else span[0], span[1])


def _zones(judged: Judged) -> str:
    zones = [plain(zone) for zone in judged.window.zones]
    more = [several(len(zones) - _ZONES, "zone") + " more"] if len(zones) > _ZONES else []
    return " and ".join((*zones[:_ZONES], *more))


def _stands(judged: Judged) -> str:
    by = "at send_at" if judged.send_at else "now"
    until = f" until {moment(judged.until)}" if judged.until is not None else ""
    if judged.is_open:
        return f"open {by}{until}"
    if not judged.enforced:
        return f"closed {by}{until}, which is only shown here: nobody waits for it"
    if judged.refuses or judged.send_at:
        return f"closed {by}{until}: the campaign is blocked"
    return f"waits{until or ': no moment of the next days is inside'}"
