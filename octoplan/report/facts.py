"""A step → what there is to say about it, as labelled facts in safe words; text, Markdown and HTML only lay them out.

Rendered content is never among the facts: a variant is its people, units and parts, and characters that force UCS-2
are shown alone, in the order of how many people it touches, so that no word can be read from it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from octoplan.durations import moment
from octoplan.plan import Action, Step
from octoplan.report.expense_facts import Fact, expense_facts
from octoplan.report.heard import heard_words
from octoplan.report.lines import count, money, people, several
from octoplan.report.safe import masked, plain, words

_REJECTS = 5
_EXAMPLES = 3
_DIFFERENCES = 12
_WAITS = 6
_SEEDS = 6
_LONGEST = 500
_BESIDE_FLAGS = {
    "auto_remove_blacklisted_contacts": "Octopush charges its check for {requests}",
    "auto_optimize_text": "Octopush may rewrite the text, so that parts and cost may differ",
}


class Count(NamedTuple):
    """One line of the funnel; `sign` is `-` for people left out."""

    sign: str
    number: int
    words: str


def details(step: Step) -> tuple[Fact, ...]:
    """A step → its facts, in the order in which people ask; those that have nothing to say are left out.

    Of one that neither sends, nor is blocked, nor leaves anybody out, only what differs from what was last sent.
    """
    differs = Fact("differs", tuple(_difference_lines(step)))
    if not (step.sends or step.action is Action.BLOCKED or _left_out(step)):
        return (differs,) if differs.lines else ()
    facts = (
        Fact("blocked", tuple(words(why) for why in step.blocked if why != step.reason)),
        Fact("people", tuple(_funnel_lines(step))),
        Fact("also", tuple(_also_lines(step))),
        Fact("left out", tuple(_reject_lines(step))),
        Fact("messages", (_size(step),) if step.recipients else ()),
        Fact("split", tuple(f"{plain(arm)}: {people(number)}" for arm, number in step.arms)),
        Fact("cost", (_cost(step),) if step.recipients else ()),
        Fact("seeds", tuple(_seed_lines(step))),
        *expense_facts(step),
        Fact("lint", tuple(_finding_lines(step))),
        Fact("variants", tuple(_example_lines(step))),
        Fact("simulated", tuple(_simulation_lines(step))),
        Fact("when", tuple(_when_lines(step))),
        Fact("waits", tuple(_wait_lines(step))),
        Fact("ends", (_ends(step),) if step.ends is not None else ()),
        Fact("windows", tuple(_window_lines(step))),
        Fact("flags", tuple(_flag_lines(step))),
        differs,
        Fact("changed", (_CHANGED,) if step.changed else ()),
    )
    return tuple(fact for fact in facts if fact.lines)


def _left_out(step: Step) -> int:
    """A step → how many of its people get nothing of this edition, or nothing of the plan that was reviewed."""
    return step.capped + step.held_out + step.skipped + step.unreviewed


def _difference_lines(step: Step) -> Iterator[str]:
    for one in step.differences[:_DIFFERENCES]:
        if one.before is None and one.after is None:
            yield f"{plain(one.key)}: another"
            continue
        for sign, value in (("-", one.before), ("+", one.after)):
            if value is not None:
                yield f"{sign} {plain(one.key)}: {_cut(words(value))}"
    if len(step.differences) > _DIFFERENCES:
        yield f"and {several(len(step.differences) - _DIFFERENCES, 'key')} more"


def _cut(said: str) -> str:
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


_CHANGED = "whoever has had the message keeps the words that were sent; the present ones reach only people who join"


def one_line(step: Step) -> str:
    """A step → its reason, what is not certain about people who were sent to before, and what was heard of them."""
    standing = step.standing
    doubts = {"open": standing.open, "unknown": standing.unknown, "refused": standing.refused}
    doubtful = ", ".join(f"{count(number)} {status}" for status, number in doubts.items() if number)
    said = [words(step.reason), *([doubtful] if doubtful else [])]
    if step.changed and step.action is Action.NOTHING:
        said.append("changed after it was sent, which cannot be recalled")
    if heard := heard_words(step.heard):
        said.append(f"heard since: {heard}")
    return "; ".join(said)


def funnel(step: Step) -> tuple[Count, ...]:
    """A step → its people, from the rows of the contact files to those who would be sent to."""
    if step.counts is None:
        return ()
    counts, standing = step.counts, step.standing
    left_out = (
        Count("-", counts.unreadable, "could not be read"),
        Count("-", counts.filtered, "left out by where"),
        *(Count("-", number, plain(reason)) for reason, number in sorted(counts.rejected.items())),
        *(Count("-", number, _unreachable(kind, number)) for kind, number in sorted(counts.unreachable.items())),
        Count("-", counts.duplicates, "there twice" if counts.duplicates == 1 else "there more than once"),
        Count("-", counts.excluded, "excluded"),
        Count("-", counts.suppressed, "suppressed"),
        Count("-", counts.opted_out, "said STOP"),
        Count("-", counts.unchosen, "outside sample or limit"),
    )
    known = (
        Count("-", standing.sent, "had it already"),
        Count("-", standing.open, "open: no answer yet"),
        Count("-", standing.unknown, "unknown: a person decides"),
        Count("-", standing.refused, "refused before"),
        Count("-", step.held_out, "held out: nothing of this edition"),
        Count("-", step.capped, "over a cap: left out of this edition"),
        Count("-", sum(wait.people for wait in step.held_back), "over a cap: waiting until it frees"),
        Count("-", step.skipped, "skipped: a variable is blank"),
        Count("-", step.unreviewed, "not in the reviewed plan"),
    )
    return (
        Count("", counts.rows, "row in the contact files" if counts.rows == 1 else "rows in the contact files"),
        *(left for left in left_out if left.number),
        Count("=", counts.people, "person" if counts.people == 1 else "people"),
        *(left for left in known if left.number),
        *((Count("=", step.recipients, "to send to"),) if any(left.number for left in known) else ()),
    )


def _unreachable(kind: str, number: int) -> str:
    return f"{plain(kind)}{' number' if kind == 'premium' else ''}{'s' * (number != 1)}"


def _funnel_lines(step: Step) -> Iterator[str]:
    counts = funnel(step)
    width = max((len(count(one.number)) for one in counts), default=0)
    for one in counts:
        yield f"{one.sign or ' '} {count(one.number):>{width}} {one.words}"


def _also_lines(step: Step) -> Iterator[str]:
    if step.gone:
        yield f"{people(step.gone)} of this edition {_are(step.gone)} in the audience no more"
    if step.same_day:
        get = "gets" if step.same_day == 1 else "get"
        yield f"{people(step.same_day)} {get} another message of this plan that day"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _reject_lines(step: Step) -> Iterator[str]:
    for reject in step.rejects[:_REJECTS]:
        yield f"{plain(str(reject.place))}: {words(reject.reason)}"
    if step.counts is None or not step.rejects:
        return
    more = step.counts.unreadable + sum(step.counts.rejected.values()) - len(step.rejects[:_REJECTS])
    if more > 0:
        yield f"and {count(more)} more"


def _size(step: Step) -> str:
    sizes = [several(step.recipients, "recipient") + " in " + several(step.requests, "request")]
    if step.parts is not None:
        sizes.append(several(step.parts, "part"))
    sizes.append(several(step.variants, "variant"))
    said = ", ".join(sizes)
    if step.client_requests is None:
        return said
    return (
        f"{said}; Octopush fills in what differs: rendered here it would be {several(step.client_requests, 'request')}"
    )


def _cost(step: Step) -> str:
    if step.cost.amount is None:
        return f"unknown: {words(step.cost.why)}" if step.cost.why else "unknown"
    return f"est. {money(step.cost.amount)} {plain(step.cost.currency)}"


def _seed_lines(step: Step) -> Iterator[str]:
    """What own staff get beside the recipients, and who they are."""
    one = step.beside
    if one is None:
        return
    parts = "" if one.parts is None else f", {several(one.parts, 'part')}"
    cost = "cost unknown" if one.cost is None else f"est. {money(one.cost)} {plain(step.cost.currency)}"
    yield f"{people(one.people)} of your own, {several(one.messages, 'message')}{parts}, {cost}; beside the recipients"
    shown = ", ".join(masked(address) for address in one.addresses[:_SEEDS])
    more = len(one.addresses) - _SEEDS
    yield f"{shown} and {count(more)} more" if more > 0 else shown


def _example_lines(step: Step) -> Iterator[str]:
    for number, example in enumerate(step.examples[:_EXAMPLES], 1):
        said = [people(example.people)]
        if step.parts is not None:
            said += [several(example.units, "unit"), several(example.parts, "part")]
        yield f"variant {number}: {', '.join(said)}"
    shown = min(len(step.examples), _EXAMPLES)
    if shown and step.variants > shown:
        yield f"and {count(step.variants - shown)} more"


def _finding_lines(step: Step) -> Iterator[str]:
    for one in step.findings:
        yield f"{plain(str(one.place))}: {words(one.message)} [{plain(one.rule)}]"


def _simulation_lines(step: Step) -> Iterator[str]:
    simulation = step.simulation
    if simulation is None:
        return
    outcome = "refused" if simulation.refused else "accepted"
    said = f"{several(simulation.requests, 'request')} to {words(simulation.recipients)}, {outcome}"
    yield said + (f"; the gateway says {money(simulation.cost)}, not a price" if simulation.cost is not None else "")
    yield from (f"refused: {words(why)}" for why in simulation.refused)


def _when_lines(step: Step) -> Iterator[str]:
    if step.send_at is not None:
        yield f"send_at {moment(step.send_at)}"
    if step.not_after is not None:
        yield f"not after {moment(step.not_after)}"


def _wait_lines(step: Step) -> Iterator[str]:
    waits = (*step.waits, *step.held_back)
    for one in waits[:_WAITS]:
        until = f" until {moment(one.until)}" if one.until is not None else ""
        yield f"{people(one.people)}{until}: {words(one.why)}"
    if len(waits) > _WAITS:
        yield f"and {people(sum(one.people for one in waits[_WAITS:]))} more"


def _ends(step: Step) -> str:
    said = f"about {moment(step.ends)}" if step.ends is not None else ""
    return f"{said}, if a request takes half a second and an apply is run whenever a window opens"


def _window_lines(step: Step) -> Iterator[str]:
    for one in step.windows:
        kind = "own rule" if one.confidence == "own" else one.confidence
        shown = "" if one.enforced else "; only shown here"
        yield f"{plain(one.rule)} ({kind}): {people(one.people)}, {plain(one.said)}{shown}"


def _flag_lines(step: Step) -> Iterator[str]:
    if not step.recipients:
        return
    for name, value in sorted((step.stated or {}).items()):
        beside = _BESIDE_FLAGS.get(name, "") if value is True else ""
        said = beside.format(requests=several(step.requests, "request"))
        yield f"{plain(name)}: {_value(value)}" + (f" ({said})" if said else "")


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else words(str(value))
