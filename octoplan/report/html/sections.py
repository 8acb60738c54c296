"""One campaign → its section: who gets what and when, how it reads, from source to frames, what it costs."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from octoplan.durations import moment
from octoplan.limits import Bound
from octoplan.plan import Action, Step
from octoplan.report.expense_facts import Fact
from octoplan.report.facts import details, one_line
from octoplan.report.html.charts import keyed, parts_chart, people_funnel
from octoplan.report.html.markup import NOTHING, Html, element, joined, lines, name, said
from octoplan.report.html.previews import previews
from octoplan.report.lines import count, estimated, money, people, several
from octoplan.report.wording import chosen

CHANNELS = {"sms": "SMS", "voice_sms": "voice", "rcs": "RCS", "email": "e-mail"}
_DRAWN = frozenset(
    ("blocked", "people", "left out", "cost", "when", "waits", "parts", "differs")
)  # facts that have a place of their own
_FOLDED = frozenset(("messages", "variants", "simulated", "windows", "flags"))
_CHANGES = {"- ": "del", "+ ": "ins"}
_PERCENT = 100


def channel(step: Step) -> str:
    """A step → its channel, in the words of people."""
    return CHANNELS.get(step.channel, name(step.channel))


def when(step: Step) -> str:
    """A step → when its messages go."""
    until = [wait.until for wait in step.waits if wait.until is not None]
    if step.action is Action.WAITING and until:
        return f"from {moment(min(until))} on"
    return moment(step.send_at) if step.send_at else "as soon as it is applied"


def section(step: Step, number: int) -> Html:
    """A step that sends, is blocked or differs → its section; `number`: the campaign's, by which it is linked."""
    symbol = element("span", step.symbol, kind="symbol")
    return element(
        "section",
        lines(
            (
                element("h2", symbol, " ", name(step.campaign)),
                element("p", said(one_line(step)), kind="why"),
                _listed("Blocked", step.blocked),
                _list(_who(step), kind="who") if step.recipients else NOTHING,
                _reads(step),
                _differs(step),
                _figures(step, number) if step.recipients else NOTHING,
            )
        ),
        kind=f"campaign {step.action}",
        id=f"c{number}",
    )


def _listed(title: str, sentences: Sequence[str]) -> Html:
    if not sentences:
        return NOTHING
    return element(
        "div",
        element("h3", title),
        element("ul", *(element("li", said(one)) for one in sentences)),
        kind="stop",
    )


def _who(step: Step) -> Iterator[tuple[str, str]]:
    settings = step.settings or {}
    sender = settings.get("sender")
    yield "to", people(step.recipients)
    yield "by", f"{channel(step)}{f', {name(step.purpose)}' if step.purpose else ''}, edition {step.edition}"
    if sender:
        yield "from", name(str(sender))
    if settings.get("metadata", {}).get("email_from"):
        yield "written from", name(str(settings["metadata"]["email_from"]))
    yield "when", when(step)
    waits = next((fact.lines for fact in details(step) if fact.label == "waits"), ())
    yield from (("waiting", name(line)) for line in waits)
    if step.not_after:
        yield "not after", moment(step.not_after)
    unknown = f" ({said(step.cost.why)})" if step.cost.amount is None and step.cost.why else ""
    yield "cost", f"{estimated(step.cost).removeprefix('cost ')}{unknown}"


def _reads(step: Step) -> Html:
    shown = chosen(step)
    if not shown and not step.recipients:
        return NOTHING
    if not shown:
        return element("p", "How it reads is not shown here: octoplan render ", name(step.campaign), kind="soft")
    told = f"The words of {people(step.recipients)} in {several(step.variants, 'variant')}. "
    told += "A name in braces stands where a person's own value will."
    if step.previewed < step.variants:
        told += f" Looked at: the {count(step.previewed)} variants that most people get, and the extremes of all."
    if len(step.previews) > len(shown):
        told += f" {several(len(step.previews) - len(shown), 'wording')} more are not shown."
    return joined((element("h3", "How it reads"), element("p", told, kind="soft"), previews(step)))


def _differs(step: Step) -> Html:
    """What is not as it was when the campaign was last sent, in lines taken away and added."""
    fact = next((one for one in details(step) if one.label == "differs"), None)
    if fact is None:
        return NOTHING
    changes = (element(_CHANGES.get(line[:2], "div"), name(line)) for line in fact.lines)
    title = element("h3", "What differs from what was last sent")
    return joined((title, element("div", *changes, kind="diff")))


def _figures(step: Step, number: int) -> Html:
    """The numbers of a step: on the left where its people went, on the right what is to say of the rest."""
    facts = [fact for fact in details(step) if fact.label not in _DRAWN]
    keys = (("people", "people"), ("lost", "left out"), ("frame", "requests"))
    rest = (
        _figure("Parts", parts_chart(step, f"p{number}"), (("gsm7", "GSM-7"), ("ucs2", "UCS-2"))),
        _told([fact for fact in facts if fact.label not in _FOLDED]),
        _left_out(step),
        _folded([fact for fact in facts if fact.label in _FOLDED]),
    )
    funnel = _figure("From source to frames", people_funnel(step, f"f{number}"), keys)
    left, right = joined((funnel, bounds_table(step.bounds, "Limits"))), joined(rest)
    sides = [element("div", side) for side in (left, right) if side]
    return element("div", *sides, kind="charts") if sides else NOTHING


def _figure(title: str, drawn: Html, keys: Iterable[tuple[str, str]]) -> Html:
    return element("div", element("h3", title), drawn, keyed(keys)) if drawn else NOTHING


def bounds_table(bounds: Sequence[Bound], caption: str) -> Html:
    """Limits → a table of each with its number and its bound; nothing where there are none."""
    if not bounds:
        return NOTHING
    columns = (("limit", ""), ("here", "figure"), ("at most", "figure"), ("", ""))
    head = element("tr", *(element("th", one, kind=kind, scope="col") for one, kind in columns))
    rows = (
        element(
            "tr",
            element("th", f"max_{bound.name}", scope="row"),
            element("td", _number(bound, bound.real), kind="figure"),
            element("td", _number(bound, bound.most), kind="figure"),
            element("td", _verdict(bound)),
            kind="held" if bound.holds else "broken",
        )
        for bound in bounds
    )
    return element("table", element("caption", caption), element("thead", head), element("tbody", *rows), kind="bounds")


def _number(bound: Bound, number: int | Decimal | None) -> str:
    if number is None:
        return "nothing to compare" if bound.name == "growth" else "not known"
    if bound.name == "growth":
        return f"{number * _PERCENT:,.1f} %"
    return money(number) if isinstance(number, Decimal) else count(number)


def _verdict(bound: Bound) -> str:
    if not bound.holds:
        return "too much" if bound.real is not None else "not known, so refused"
    beyond = bound.real is not None and bound.real > bound.most
    return "accepted by name" if beyond else "holds"


def _left_out(step: Step) -> Html:
    fact = next((one for one in details(step) if one.label == "left out"), None)
    if fact is None or step.counts is None:
        return NOTHING
    rejected = step.counts.unreadable + sum(step.counts.rejected.values())
    return element(
        "details",
        element("summary", f"{several(rejected, 'row')} that cannot be used"),
        element("ul", *(element("li", name(line)) for line in fact.lines)),
    )


def _told(facts: Sequence[Fact]) -> Html:
    return joined((element("h3", "Worth knowing"), _facts(facts))) if facts else NOTHING


def _folded(facts: Sequence[Fact]) -> Html:
    return element("details", element("summary", "Variants, simulation and flags"), _facts(facts)) if facts else NOTHING


def _facts(facts: Sequence[Fact]) -> Html:
    return _list((fact.label, _named("\n".join(name(line) for line in fact.lines))) for fact in facts)


def _named(text: str) -> Html:
    """A text in which names stand between backticks → the same, as a page shows names."""
    return joined(element("code", piece) if at % 2 else piece for at, piece in enumerate(text.split("`")))


def _list(entries: Iterable[tuple[str, str]], kind: str = "facts") -> Html:
    return element(
        "dl", *(element("div", element("dt", label), element("dd", text)) for label, text in entries), kind=kind
    )


def matters(step: Step) -> bool:
    """Whether a step has a section: others have nothing to say but their line in the table."""
    return step.sends or step.action is Action.BLOCKED or bool(step.differences)
