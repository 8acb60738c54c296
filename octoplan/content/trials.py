"""The tests of a campaign in; how each went out: made-up people, rendered, and what was expected of their messages.

What a failure quotes is rendered from the author's own values, which stand beside it in the campaign file.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from octoplan import parts
from octoplan.arms import HOLDOUT, VARIABLE
from octoplan.campaign import Campaign
from octoplan.content.check import did_you_mean
from octoplan.content.render import Failed, Rendered
from octoplan.content.variants import Kind, find_fault
from octoplan.content.wording import Renders, Wording
from octoplan.errors import Place, Problem

RULE: Final = "campaign/test"
_TEXT_FILES: Final = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_SIZES: Final = ("parts", "units", "encoding")
_MOST_QUOTED: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One test as it went: its name, where it stands, and what was not as expected; none where it passed."""

    name: str
    place: Place
    failures: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A test as written, numbered from 0, and the message that it is about: rendered, and what is wrong with it."""

    campaign: Campaign
    number: int
    written: Mapping[str, Any]
    arm: str
    rendered: Rendered | Failed
    fault: Kind | None

    @property
    def written_name(self) -> str:
        return str(self.written.get("name", f"test {self.number + 1}"))

    @property
    def name(self) -> str:
        return f"{self.written_name}, variant {self.arm}" if self.arm else self.written_name

    def place(self, *keys: str | int) -> Place:
        return self.campaign.document.place(("tests", self.number, *keys))

    def problem(self, message: str, *keys: str | int, hint: str = "") -> Problem:
        return Problem(place=self.place(*keys), rule=RULE, message=f"{self.name}: {message}", hint=hint)


def run_tests(campaign: Campaign, wording: Wording) -> tuple[Trial, ...]:
    """A campaign and its compiled words → its tests, in order, as they went."""
    names = names_of(campaign, wording)
    renders = wording.renderer(names, campaign.constants)
    written: Sequence[Mapping[str, Any]] = campaign.document.data.get("tests") or ()
    return tuple(_run(campaign, names, renders, (number, one)) for number, one in enumerate(written))


def names_of(campaign: Campaign, wording: Wording) -> tuple[str, ...]:
    """A campaign and its compiled words → the variables that differ from person to person."""
    return tuple(sorted(wording.variables - campaign.constants.keys()))


def given_values(campaign: Campaign, given: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    """What a test gives → values in the order of names, as the contact files would hold them; what lacks is blank."""
    return tuple(_as_in_file(given.get(name), campaign) for name in names)


def _as_in_file(value: Any, campaign: Campaign) -> Any:
    spec = campaign.audience
    if not isinstance(value, bool | int | float) or spec is None or not spec.sources:
        return value
    if not all(source.lower().endswith(_TEXT_FILES) for source in spec.sources):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)  # columns of these files are text


def _run(campaign: Campaign, names: Sequence[str], renders: Renders, numbered: tuple[int, Mapping[str, Any]]) -> Trial:
    """One test; where it gives no variant and texts differ by it, it must hold for every one."""
    number, written = numbered
    given = written.get("given") or {}
    free = VARIABLE in names and VARIABLE not in given
    found: list[Problem] = []
    for label in labels_of(campaign) if free else ("",):
        row = {**given, VARIABLE: label} if label else given
        rendered = renders.render(given_values(campaign, row, names))
        fault = find_fault(rendered, campaign)
        case = _Case(campaign=campaign, number=number, written=written, arm=label, rendered=rendered, fault=fault)
        found += [*_unknown(case, given, names), *_judged(case, written["expect"])]
    return Trial(name=case.written_name, place=case.place(), failures=tuple(found))


def labels_of(campaign: Campaign) -> tuple[str, ...]:
    """A campaign → the variants that people can get; one without a name where it has none."""
    return tuple(arm.label for arm in campaign.arms if arm.label != HOLDOUT) or ("",)


def _unknown(case: _Case, given: Mapping[str, Any], names: Sequence[str]) -> Iterator[Problem]:
    """What is given to no text says nothing, and is mostly a slip."""
    for name in given:
        if name in case.campaign.constants:
            yield case.problem(f"`{name}` is one of vars, which are the same for everybody", "given", name)
        elif name == VARIABLE and case.campaign.arms and given[name] not in labels_of(case.campaign):
            yield case.problem("nobody gets such a variant", "given", name, hint=_there_are(case.campaign))
        elif name not in names:
            yield case.problem(f"no text uses `{name}`", "given", name, hint=did_you_mean(name, names))


def _there_are(campaign: Campaign) -> str:
    return f"there are {', '.join(labels_of(campaign))}"


def _judged(case: _Case, expect: Mapping[str, Any]) -> Iterator[Problem]:
    wanted, rendered, fault = expect.get("fails"), case.rendered, case.fault
    if wanted is not None:
        missing = isinstance(rendered, Failed) and rendered.reason == "blank"
        if fault is None and isinstance(rendered, Rendered):
            yield case.problem(f"expected no message; it is {_quoted(_text(rendered) or '')}", "expect", "fails")
        elif wanted == "missing" and not missing and fault is not None:
            message = f"expected that a variable is missing; there is no message since {fault.message} ({fault.place})"
            yield case.problem(message, "expect", "fails")
    elif fault is not None:
        hint = f"{fault.hint}; or expect it: `fails: true`"
        yield case.problem(f"there is no message: {fault.message} ({fault.place})", "expect", hint=hint)
    elif isinstance(rendered, Rendered):
        yield from _worded(case, expect, "text", _text(rendered))
        if "subject" in expect:
            subject = rendered.content.get("metadata", {}).get("subject")
            yield from _worded(case, expect["subject"], "subject", subject, "subject")
        yield from _sized(case, expect, _text(rendered))


def _text(rendered: Rendered) -> str | None:
    text = rendered.content.get("text")
    return None if text is None else str(text)


def _worded(case: _Case, expect: Mapping[str, Any], what: str, words: str | None, *above: str) -> Iterator[Problem]:
    for key in ("contains", "excludes", "equals"):
        if key not in expect:
            continue
        pointer: tuple[str | int, ...] = ("expect", *above, key)
        if words is None:
            yield case.problem(f"a message of this campaign has no {what}", *pointer)
            continue
        listed = expect[key] if isinstance(expect[key], list) else [expect[key]]
        for index, phrase in enumerate(listed):
            if not _holds(key, phrase, words):
                place = (*pointer, index) if isinstance(expect[key], list) else pointer
                message = f"expected that the {what} {key} {_quoted(phrase)}; it is {_quoted(words)}"
                yield case.problem(message, *place)


def _holds(key: str, phrase: str, words: str) -> bool:
    if key == "equals":
        return phrase.removesuffix("\n") == words  # the last line break of a block in YAML is nobody's word
    return (phrase in words) == (key == "contains")


def _sized(case: _Case, expect: Mapping[str, Any], text: str | None) -> Iterator[Problem]:
    asked = [key for key in _SIZES if key in expect]
    if asked and case.campaign.channel != "sms":
        yield case.problem(f"only an SMS has {asked[0]}", "expect", asked[0])
    elif asked and text is not None:
        measured = parts.measure(text)
        for key in asked:
            found = getattr(measured, key)
            if found != expect[key]:
                yield case.problem(
                    f"expected {_size(key, expect[key])}; it is {_size(key, found)}: {_quoted(text)}",
                    *("expect", key),
                    hint=f"UCS-2 because of {' '.join(measured.costly)}" if measured.costly else "",
                )


def _size(key: str, value: object) -> str:
    if key == "encoding":
        return str(value).upper().replace("UCS2", "UCS-2").replace("GSM7", "GSM-7")
    return f"{value} {key if value != 1 else key.removesuffix('s')}"


def _quoted(words: str) -> str:
    cut = words if len(words) <= _MOST_QUOTED else f"{words[:_MOST_QUOTED]}…"
    return '"' + cut.replace("\n", "⏎") + '"'
