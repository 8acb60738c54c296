"""Plan, state, Problems, errors and events → Lines of text, aligned, safe to print anywhere."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from octoplan.apply.events import Event, FrameDone, Listed, Retrying, Settling, Started, Stopped, Waiting
from octoplan.durations import moment
from octoplan.plan import Action, Plan, Step
from octoplan.report.facts import details, one_line
from octoplan.report.found import error, problems, validated
from octoplan.report.heard import heard_lines
from octoplan.report.lines import (
    count,
    loosened_line,
    money,
    people,
    plan_line,
    sends_line,
    several,
    span,
    status_line,
)
from octoplan.report.safe import plain, words
from octoplan.report.style import BLANK, Line, Style
from octoplan.report.survey import CampaignStanding, Survey, replay_until
from octoplan.state.interface import FrameRecord, Status

__all__ = [
    "ID_SHOWN",
    "STATUS_HEAD",
    "error",
    "event",
    "last_lines",
    "nothing_to_do",
    "plan",
    "problems",
    "status",
    "status_row",
    "step",
    "validated",
    "way_out",
]

ID_SHOWN = 12
"""Hex digits of a frame's id: enough to name it to `state resolve`."""

_INDENT = 5
_LABEL_WIDTH = 12
_WIDEST_NAME = 40
_STYLES = {
    Action.SEND: Style.SEND,
    Action.EXTEND: Style.EXTEND,
    Action.WAITING: Style.EXTEND,
    Action.BLOCKED: Style.ERROR,
    Action.REMOVED: Style.WARN,
}
_DONE_STYLES = {
    "sent": Style.SEND,
    "refused": Style.ERROR,
    "open": Style.WARN,
    "unknown": Style.WARN,
    "opted_out": Style.WARN,
}


def plan(drawn: Plan) -> list[Line]:
    """A plan → its report: where, notices, every step, and the two last lines."""
    loosened = loosened_line(drawn)
    lines = [
        *([Line(Style.ERROR, loosened)] if loosened else []),
        Line(Style.TITLE, f"Plan for {plain(drawn.environment)}"),
        Line(Style.DETAIL, f"gateway {words(drawn.gateway)}, state {plain(drawn.lineage[:ID_SHOWN])}"),
        *([Line(Style.DETAIL, f"digest {drawn.digest}")] if drawn.digest else []),
        *(Line(Style.WARN, f"notice: {words(notice)}") for notice in drawn.notices),
        *(Line(Style.ERROR, f"blocked: {words(why)}") for why in drawn.blocked),
        BLANK,
    ]
    for one in drawn.steps:
        said = step(one, drawn.steps)
        lines += [BLANK, *said] if len(said) > 1 and lines[-1] != BLANK else said
    if lines[-1] != BLANK:
        lines.append(BLANK)
    return [*lines, *last_lines(drawn)]


def last_lines(drawn: Plan) -> list[Line]:
    """A plan → whether anything changes, and its two last lines."""
    said = nothing_to_do(drawn)
    return [
        *([Line(Style.SEND, said)] if said else []),
        Line(Style.TOTAL, plan_line(drawn)),
        Line(Style.TOTAL, sends_line(drawn)),
    ]


def nothing_to_do(drawn: Plan) -> str:
    """A plan → the sentence that nothing changes, as far as it is true; empty where something does or is blocked."""
    if drawn.is_left or any(one.action is Action.BLOCKED for one in drawn.steps):
        return ""
    if not any(one.action is Action.NOTHING for one in drawn.steps):
        return "No changes. There is nobody to send to."
    doubtful = sum(one.standing.open + one.standing.unknown for one in drawn.steps)
    if doubtful:
        return f"No changes. Whether {people(doubtful)} had these messages is not known: see octoplan status."
    but_for = " and ".join(_without(drawn))
    if any(one.standing.sent for one in drawn.steps if one.action is Action.NOTHING):
        return f"No changes. Everybody has had these messages{f', but for {but_for}' if but_for else ''}."
    return f"No changes. {f'Nobody has had these messages: {but_for}' if but_for else 'There is nobody to send to'}."


def _without(drawn: Plan) -> Iterator[str]:
    """A plan with nothing to do → who has not had its messages, and why."""
    if refused := sum(one.standing.refused for one in drawn.steps):
        yield f"{people(refused)} who {'was' if refused == 1 else 'were'} refused"
    if by_decision := sum(one.capped + one.held_out for one in drawn.steps):
        yield f"{people(by_decision)} left out by decision"
    if skipped := sum(one.skipped for one in drawn.steps):
        yield f"{people(skipped)} skipped, since a variable is blank"
    if unreviewed := sum(one.unreviewed for one in drawn.steps):
        are = "message is" if unreviewed == 1 else "messages are"
        yield f"{people(unreviewed)} whose {are} not in the reviewed plan"


def step(one: Step, among: Sequence[Step] = ()) -> list[Line]:
    """A step → its line and, where it sends, is blocked or differs, its facts below; aligned `among` others."""
    style = _STYLES.get(one.action, Style.WARN if one.symbol != "=" else Style.SAME)
    lines = [Line(style, _head(one, among or (one,)))]
    facts = details(one)
    if not facts:
        return lines
    for fact in facts:
        label = fact.label
        for said in fact.lines:
            urgent = fact.label in ("blocked", "characters", "lint", "changed")
            text = f"{'':<{_INDENT}}{label:<{_LABEL_WIDTH}}{said}"
            lines.append(Line(Style.WARN if urgent else Style.DETAIL, text))
            label = ""
    return [*lines, BLANK]


def _head(one: Step, among: Sequence[Step]) -> str:
    width = min(max(len(plain(other.campaign)) for other in among), _WIDEST_NAME)
    symbol = max(len(other.symbol) for other in among)
    channel = max(len(plain(other.channel)) for other in among)
    name, edition = plain(one.campaign), f"edition {one.edition}"
    wide = max(len(f"edition {other.edition}") for other in among)
    return (
        f"{one.symbol:<{symbol}}  {name:<{width}}  {plain(one.channel):<{channel}}  {edition:<{wide}}  {one_line(one)}"
    )


def event(happened: Event) -> Line:  # noqa: PLR0911 - one for each kind of event
    """One event of an apply → one line."""
    match happened:
        case Settling():
            return Line(Style.TITLE, f"settling {several(happened.frames, 'frame')} that an earlier run left open")
        case Started():
            to = several(happened.recipients, "recipient")
            said = f"run {plain(happened.run)[:ID_SHOWN]}: {to} in {several(happened.requests, 'request')}"
            return Line(Style.TITLE, said)
        case FrameDone():
            return _done(happened)
        case Listed():
            code = "" if happened.code is None else f", code {happened.code}"
            who = f"{_named(happened.campaign, happened.frame)} refused: {words(happened.who)}{code}"
            return Line(Style.ERROR, who)
        case Retrying():
            why = f"no answer ({words(happened.why)}), again in {happened.seconds:.1f} s"
            return Line(Style.WARN, f"{_named(happened.campaign, happened.frame)}: {why}")
        case Stopped():
            whose = f" {plain(happened.campaign)}" if happened.campaign is not None else ""
            return Line(Style.ERROR, f"stopped{whose}: {words(happened.why)}")
        case Waiting():
            return _waiting(happened)


def _waiting(event: Waiting) -> Line:
    until = f" until {moment(event.until)}" if event.until else ""
    who = f"{plain(event.campaign)} waiting{until}: {people(event.recipients)}"
    return Line(Style.EXTEND, f"{who}, {words(event.why)}")


def _done(done: FrameDone) -> Line:
    said = [f"{plain(done.status.replace('_', ' '))}: {people(done.recipients)}"]
    if done.ticket is not None:
        said.append(f"ticket {plain(done.ticket)}")
    if done.cost is not None:
        said.append(f"cost {money(done.cost)}")
    if done.code is not None:
        said.append(f"code {done.code}")
    if done.why:
        said.append(words(done.why))
    named = _named(done.campaign, done.frame)
    return Line(_DONE_STYLES.get(done.status, Style.DETAIL), f"{named} {', '.join(said)}")


def _named(campaign: str, frame: str) -> str:
    return f"{plain(campaign)} {plain(frame[:ID_SHOWN])}"


def status(found: Survey, now: datetime) -> list[Line]:
    """A state's survey → a table of campaigns, what is open or unknown, and the sum of people."""
    lines = [Line(Style.TITLE, f"State of {plain(found.environment)}, {plain(found.lineage[:ID_SHOWN])}"), BLANK]
    if not found.campaigns:
        lines.append(Line(Style.SAME, "Nothing was ever sent."))
    else:
        rows = [STATUS_HEAD, *(status_row(one) for one in found.campaigns)]
        styles = [Style.DETAIL, *(Style.WARN if one.open or one.unknown else Style.PLAIN for one in found.campaigns)]
        lines += [Line(style, said) for style, said in zip(styles, _aligned(rows), strict=True)]
    for what, sent in (("Test sends", found.tests), ("Seeds", found.seeds)):
        if sent:
            told = ", ".join(f"{plain(one.name)} {several(one.sent, 'message')}" for one in sent)
            lines += [BLANK, Line(Style.DETAIL, f"{what}, to own staff: {told}")]
    if found.halted:
        lines += [BLANK, *(Line(Style.ERROR, words(one.said)) for one in found.halted)]
    lines += heard_lines(found)
    if found.unsettled:
        lines += [BLANK, Line(Style.TITLE, "Open and unknown")]
        for frame in found.unsettled:
            lines += _unsettled(frame, now)
    return [*lines, BLANK, Line(Style.TOTAL, status_line(found.campaigns))]


STATUS_HEAD = ("campaign", "edition", "sent", "refused", "open", "unknown", "waiting", "cost", "last run")


def status_row(one: CampaignStanding) -> tuple[str, ...]:
    """One campaign's standing → the cells of its row, under `STATUS_HEAD`."""
    cost = money(one.cost) if one.cost is not None else "unknown"
    run = moment(one.last_run.started_at) if one.last_run else "-"
    if one.last_run and one.last_run.ended_at is None:
        run += " (not ended)"
    figures = (one.sent, one.refused, one.open, one.unknown, one.waiting)
    return (plain(one.name), str(one.edition), *map(count, figures), cost, run)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells → lines; the first and last columns to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *figures, last in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(figures, widths[1:-1], strict=True)]
        yield "  ".join((f"{name:<{widths[0]}}", *cells, last)).rstrip()


def _unsettled(frame: FrameRecord, now: datetime) -> list[Line]:
    since = f"since {moment(frame.first_attempt)}" if frame.first_attempt else "since an unknown moment"
    word = "unknown" if frame.status is Status.UNKNOWN else "open"
    said = (
        f"{word:<8}{_named(frame.campaign, frame.id)}  {people(frame.size)}, {since}: {words(frame.why) or 'no answer'}"
    )
    return [Line(Style.WARN, said), Line(Style.DETAIL, f"{'':<8}{way_out(frame, now)}")]


def way_out(frame: FrameRecord, now: datetime) -> str:
    """An open or unknown frame → what can still be done about it, and for how long."""
    if frame.status is Status.UNKNOWN:
        return f"a person decides: octoplan state resolve {plain(frame.id[:ID_SHOWN])}"
    until = replay_until(frame)
    if until is None or until <= now:
        return "too late to replay it; the next apply makes it unknown"
    return f"the next apply replays it; that is possible for {span(until - now)} more, until {moment(until)}"
