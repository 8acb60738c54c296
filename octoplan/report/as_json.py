"""Plan, Problems, state and events → versioned JSON documents, byte for byte the same for the same input.

Money is a string, since a JSON number is not a decimal; moments are ISO 8601 with their offset. Within a version no key
is removed or given another meaning. Examples hold people, units and parts, never content.
"""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from octoplan.apply.events import Event, FrameDone, Listed, Retrying, Settling, Started, Stopped, Waiting
from octoplan.expense import Beside
from octoplan.plan import Action, Cost, Difference, Plan, Simulation, Step, Wait
from octoplan.report.document import VERSION, document, line, placed
from octoplan.report.expense_json import expense
from octoplan.report.found import json_error as error
from octoplan.report.found import json_problems as problems
from octoplan.report.found import json_rows
from octoplan.report.found import json_validated as validated
from octoplan.report.heard import heard_facts
from octoplan.report.lines import already_sent, opted_out, suppressed
from octoplan.report.safe import masked, plain, words
from octoplan.report.survey import CampaignStanding, Survey, replay_until
from octoplan.state.interface import FrameRecord, Status
from octoplan.windows.rules import Ruled

__all__ = ["VERSION", "changes", "error", "event", "events_header", "plan", "problems", "status", "validated"]


def plan(drawn: Plan) -> str:
    """A plan → its document."""
    actions = [step.action for step in drawn.steps]
    summary = {
        "send": actions.count(Action.SEND),
        "extend": actions.count(Action.EXTEND),
        "unchanged": actions.count(Action.NOTHING) + actions.count(Action.CLOSED),
        "blocked": actions.count(Action.BLOCKED),
        "removed": actions.count(Action.REMOVED),
        "waiting": actions.count(Action.WAITING),
        "recipients": drawn.recipients,
        "requests": drawn.requests,
        "parts": drawn.parts,
        "cost": _cost(drawn.cost),
        "suppressed": suppressed(drawn),
        "opted_out": opted_out(drawn),
        "already_sent": already_sent(drawn),
        "findings": len(drawn.findings),
    }
    return document(
        "plan",
        environment=drawn.environment,
        gateway=words(drawn.gateway),
        lineage=drawn.lineage,
        digest=drawn.digest or None,
        changes=drawn.has_changes,
        notices=[words(notice) for notice in drawn.notices],
        blocked=[words(why) for why in drawn.blocked],
        loosened=[words(said) for said in drawn.loosened],
        summary=summary,
        steps=[_step(step) for step in drawn.steps],
    )


def changes(drawn: Plan) -> str:
    """A plan → what GitLab shows of it in a merge request, by its `terraform` report: campaigns to create or update."""
    actions = [step.action for step in drawn.steps]
    return line({"create": actions.count(Action.SEND), "update": actions.count(Action.EXTEND), "delete": 0})


def _wait(wait: Wait) -> dict[str, Any]:
    return {"people": wait.people, "until": _moment(wait.until), "why": words(wait.why)}


def _step(step: Step) -> dict[str, Any]:
    return {
        "campaign": step.campaign,
        "channel": step.channel,
        "purpose": step.purpose,
        "edition": step.edition,
        "action": str(step.action),
        "symbol": step.symbol,
        "reason": words(step.reason),
        "changed": step.changed,
        "blocked": [words(why) for why in step.blocked],
        "recipients": step.recipients,
        "requests": step.requests,
        "client_requests": step.client_requests,
        "parts": step.parts,
        "variants": step.variants,
        "skipped": step.skipped,
        "people": _counts(step),
        "rejects": [{**placed(reject.place), "reason": words(reject.reason)} for reject in step.rejects],
        "standing": asdict(step.standing),
        "gone": step.gone,
        "same_day": step.same_day,
        "waiting": step.waiting,
        "waits": [_wait(one) for one in step.waits],
        "capped": step.capped,
        "held_out": step.held_out,
        "arms": [{"variant": label, "people": number} for label, number in step.arms],
        "held_back": [_wait(one) for one in step.held_back],
        "windows": [_ruled(one) for one in step.windows],
        "ends": _moment(step.ends),
        **({"seeds": _beside(step.beside)} if step.beside else {}),
        "heard": None if step.heard is None else heard_facts(step.heard),
        "cost": _cost(step.cost),
        "flags": {name: _flag(value) for name, value in sorted((step.stated or {}).items())},
        "send_at": _moment(step.send_at),
        "not_after": _moment(step.not_after),
        "costly": [
            {"characters": one.name, "people": one.people, "several": one.several} for one in step.expense.culprits
        ],
        "expense": expense(step.expense),
        "examples": [{"people": one.people, "units": one.units, "parts": one.parts} for one in step.examples],
        "simulation": _simulation(step.simulation),
        "differences": [_difference(one) for one in step.differences],
        "findings": json_rows(step.findings),
    }


def _beside(one: Beside) -> dict[str, Any]:
    sizes = {"people": one.people, "messages": one.messages, "parts": one.parts, "cost": _money(one.cost)}
    return {**sizes, "addresses": [masked(address) for address in one.addresses]}


def _ruled(one: Ruled) -> dict[str, Any]:
    said = {"rule": plain(one.rule), "open": plain(one.said), "confidence": one.confidence, "source": words(one.source)}
    return {**said, "people": one.people, "outside": one.outside, "enforced": one.enforced}


def _difference(one: Difference) -> dict[str, str | None]:
    said = {"before": one.before, "after": one.after}
    return {"key": one.key, **{name: None if value is None else words(value) for name, value in said.items()}}


def _counts(step: Step) -> dict[str, Any] | None:
    counts = step.counts
    if counts is None:
        return None
    return {
        "rows": counts.rows,
        "unreadable": counts.unreadable,
        "filtered": counts.filtered,
        "rejected": dict(sorted(counts.rejected.items())),
        **({"unreachable": dict(sorted(counts.unreachable.items()))} if counts.unreachable else {}),
        "duplicates": counts.duplicates,
        "excluded": counts.excluded,
        "suppressed": counts.suppressed,
        "opted_out": counts.opted_out,
        "outside_sample_or_limit": counts.unchosen,
        "people": counts.people,
    }


def _simulation(simulation: Simulation | None) -> dict[str, Any] | None:
    if simulation is None:
        return None
    return {
        "requests": simulation.requests,
        "recipients": words(simulation.recipients),
        "gateway_says": _money(simulation.cost),
        "units": simulation.units,
        "refused": [words(why) for why in simulation.refused],
    }


def status(found: Survey, now: datetime) -> str:
    """A state's survey → its document."""
    return document(
        "status",
        environment=found.environment,
        lineage=found.lineage,
        campaigns=[_campaign(one) for one in found.campaigns],
        unsettled=[_frame(frame, now) for frame in found.unsettled],
        tests=[_own(one) for one in found.tests],
        **({"seeds": [_own(one) for one in found.seeds]} if found.seeds else {}),
        halted=[
            {"campaign": one.campaign or None, "by": words(one.who), "at": _moment(one.at), "why": words(one.why)}
            for one in found.halted
        ],
    )


def _own(one: CampaignStanding) -> dict[str, Any]:
    return {"campaign": one.name, "sent": one.sent, "cost": _money(one.cost)}


def _campaign(one: CampaignStanding) -> dict[str, Any]:
    run = one.last_run
    people = {name: getattr(one, name) for name in ("sent", "refused", "open", "unknown", "waiting")}
    return {
        "campaign": one.name,
        "channel": one.channel,
        "edition": one.edition,
        **people,
        **heard_facts(one.response),
        "cost": _money(one.cost),
        "last_run": run and {"id": run.id, "started_at": _moment(run.started_at), "ended_at": _moment(run.ended_at)},
    }


def _frame(frame: FrameRecord, now: datetime) -> dict[str, Any]:
    until = replay_until(frame) if frame.status is Status.SENDING else None
    return {
        "frame": frame.id,
        "campaign": frame.campaign,
        "edition": frame.edition,
        "status": "open" if frame.status is Status.SENDING else str(frame.status),
        "people": frame.size,
        "since": _moment(frame.first_attempt),
        "why": words(frame.why),
        "attempts": frame.attempts,
        "replay_until": _moment(until),
        "replay_possible": until is not None and now < until,
    }


def events_header() -> str:
    """Nothing → the first line of a stream of events."""
    return line({"octoplan": "events", "version": VERSION})


def event(happened: Event) -> str:
    """One event → one line; a finished frame's event is called by its status."""
    return line(_event(happened))


def _event(happened: Event) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind of event
    match happened:
        case Settling():
            return {"event": "settling", "frames": happened.frames}
        case Started():
            sizes = {"recipients": happened.recipients, "requests": happened.requests}
            return {"event": "started", "run": happened.run, **sizes}
        case FrameDone():
            return _done(happened)
        case Listed():
            named = {"campaign": happened.campaign, "frame": happened.frame}
            return {"event": "listed", **named, "who": words(happened.who), "code": happened.code}
        case Retrying():
            named = {"campaign": happened.campaign, "frame": happened.frame}
            return {"event": "retrying", **named, "why": words(happened.why), "seconds": round(happened.seconds, 3)}
        case Stopped():
            return {"event": "stopped", "campaign": happened.campaign, "why": words(happened.why)}
        case Waiting():
            told = {"until": _moment(happened.until), "why": words(happened.why)}
            return {"event": "waiting", "campaign": happened.campaign, "recipients": happened.recipients, **told}


def _done(done: FrameDone) -> dict[str, Any]:
    return {
        "event": done.status,
        "campaign": done.campaign,
        "frame": done.frame,
        "recipients": done.recipients,
        "ticket": done.ticket,
        "cost": _money(done.cost),
        "units": done.units,
        "code": done.code,
        "why": words(done.why),
    }


def _cost(cost: Cost) -> dict[str, Any]:
    return {"amount": _money(cost.amount), "currency": cost.currency, "why": words(cost.why)}


def _money(amount: Decimal | None) -> str | None:
    """Exact, unlike in a text: what reads it may have to add it up."""
    return None if amount is None else f"{amount:f}"


def _moment(when: datetime | None) -> str | None:
    return when.isoformat() if when is not None else None


def _flag(value: Any) -> Any:
    return value if isinstance(value, bool | int) else words(str(value))
