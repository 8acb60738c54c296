"""The messages of a campaign → the windows of its people: who is in which, and who is outside theirs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from octoplan.audience.zones import zones_of
from octoplan.campaign import Campaign
from octoplan.errors import Problem, ProjectInvalid
from octoplan.pipeline.course import Course
from octoplan.pipeline.gathering import Gathered
from octoplan.table.lots import Division, Lot
from octoplan.table.quoting import literal
from octoplan.table.zoning import UNKNOWN, Row, Zoning
from octoplan.windows import moments
from octoplan.windows.choice import Choice
from octoplan.windows.opens import ALWAYS, Opens
from octoplan.windows.rules import Ruled
from octoplan.windows.window import Window, fits_all, merged, windows

_MISSPELT = "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Windowed:
    """The windows of a campaign's people. `people`: how many have which; `at`: the moment by which they are judged.

    `by_key`: the windows by the key of a lot, and `names` of the rules that are behind it. `enforced`: whoever is
    outside theirs is not sent to. `send_at`: the moment is the gateway's to send, not ours.
    """

    at: datetime
    enforced: bool
    refuses: bool
    send_at: bool
    people: Mapping[Window, int] = field(default_factory=lambda: MappingProxyType({}))
    by_key: Mapping[str, Window] = field(default_factory=lambda: MappingProxyType({}))
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def opens(self, lot: Lot) -> Opens:
        """When a request to the people of a lot may leave: what the gateway keeps until then, before `send_at` too."""
        window = self.by_key.get(lot.zone)
        if window is None:
            return ALWAYS
        return window.opens(self.at).before(self.at) if self.send_at else window.opens(self.at)

    @property
    def outside(self) -> tuple[tuple[Window, int], ...]:
        """Windows that are closed at the moment, and how many people have each."""
        return tuple(
            (window, count) for window, count in self.people.items() if not window.opens(self.at).holds(self.at)
        )

    def wait(self, lot: Lot) -> tuple[datetime | None, str] | None:
        """Until when the people of a lot have to wait for their window, and why; None: they need not."""
        window = self.by_key.get(lot.zone)
        if window is None or not self.waits or window.opens(self.at).holds(self.at):
            return None
        until = window.opens(self.at).first_from(self.at)
        shown = None if until is None else window.shown(until)
        return shown, f"outside the window {self.names.get(lot.zone, window.rule.name)}"

    @property
    def waits(self) -> bool:
        """Whether people outside their window wait for it."""
        return self.enforced and not self.send_at and not self.refuses

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the campaign may not be sent for its windows' sake."""
        if not self.enforced or not self.outside or not (self.send_at or self.refuses):
            return ()
        count = sum(people for _, people in self.outside)
        names = ", ".join(sorted({window.rule.name for window, _ in self.outside}))
        people = f"{count:,} {'person' if count == 1 else 'people'}"
        fit = fits_all(self.people, self.at)
        near = (
            "no moment of the next days fits all" if fit is None else f"the next that fits all is {fit:%Y-%m-%dT%H:%MZ}"
        )
        what = "send_at" if self.send_at else "now"
        return (f"{what} is outside the window of {people} ({names}); {near}",)

    @property
    def ruled(self) -> tuple[Ruled, ...]:
        """The rules that bind somebody, and how many people each."""
        found: dict[str, list[tuple[Window, int]]] = {}
        for window, count in self.people.items():
            found.setdefault(f"{window.rule.name} {window.rule.said}", []).append((window, count))
        return tuple(
            Ruled(
                rule=some[0][0].rule.name,
                said=some[0][0].rule.said,
                confidence=some[0][0].rule.confidence,
                source=some[0][0].rule.source or some[0][0].rule.why,
                people=sum(count for _, count in some),
                outside=sum(count for window, count in some if not window.opens(self.at).holds(self.at)),
                enforced=self.enforced,
            )
            for _, some in sorted(found.items())
        )


def choice_of(campaign: Campaign, shared: Mapping[str, Mapping[str, object]]) -> Choice:
    """A campaign, and what its project says of windows → which rules are whose."""
    return Choice(channel=campaign.channel, purpose=campaign.purpose, own=campaign.window, shared=shared)


def window_all(gathered: Gathered, course: Course) -> tuple[Windowed | None, Division, tuple[Problem, ...]]:
    """A campaign's messages → their windows, what divides people by them, and Problems; None where nobody is bound."""
    campaign = gathered.campaign
    choice = choice_of(campaign, course.windows)
    if not choice.binds:
        return None, Division(), ()
    column, variables = campaign.timezone.column, gathered.audience.variables
    told = variables.index(column) if column is not None and column in variables else None
    zoning = Zoning(gathered.table, gathered.audience.people, told)
    known: dict[str, Window] = {}
    zoning.know(_rows(zoning, choice, campaign, known))
    counts = zoning.count()
    beside = frozenset(key for key in ("", UNKNOWN, _MISSPELT) if key in counts)
    odd = tuple(_problem(campaign, key, counts.pop(key)) for key in (UNKNOWN, _MISSPELT) if key in counts)
    at = campaign.send_at or course.now
    bound = {key: window for key, window in known.items() if counts.get(key)}
    same = merged(bound, at)
    found = Windowed(
        at=at,
        enforced=course.environment.enforces_windows,
        refuses=choice.refuses,
        send_at=campaign.send_at is not None,
        people={known[key]: count for key, count in counts.items() if key},
        by_key=known,
        names=_names(bound, same),
    )
    return found, _division(found, zoning, same, beside), odd


def _names(bound: Mapping[str, Window], same: Mapping[str, str]) -> Mapping[str, str]:
    """Windows, and which are open at the same moments → the key of those → the rules behind it."""
    found: dict[str, set[str]] = {}
    for key, window in bound.items():
        found.setdefault(same[key], set()).add(window.rule.name)
    return {key: ", ".join(sorted(names)) for key, names in found.items()}


def _division(found: Windowed, zoning: Zoning, same: Mapping[str, str], beside: frozenset[str]) -> Division:
    """Windows → what divides people by them: nothing where they are only shown. Those of the same moments are one.

    `beside`: the keys of whoever has none. A campaign that refuses, or has a `send_at`, is divided too: a run may begin
    inside the window and go on outside it, and a request without an answer may be repeated much later.
    """
    if not found.enforced or not found.people:
        return Division()
    zones = tuple(sorted({*same.values(), *beside}))
    if len(zones) == 1:
        return Division(zone=literal(zones[0]), zones=zones)
    zoning.merge(same)
    return Division(zone=zoning.zone, zones=zones, joins=zoning.joins)


def _problem(campaign: Campaign, key: str, count: int) -> Problem:
    people = f"{count:,} {'person has' if count == 1 else 'people have'}"
    if key == _MISSPELT:
        return Problem(
            place=campaign.document.place(("timezone", "column")),
            rule="campaign/timezone",
            message=f"{people} a time zone that there is not, in column {campaign.timezone.column}",
            hint="time zones are IANA names, such as Europe/Paris; leave it blank where it is not known",
        )
    return Problem(
        place=campaign.document.place(("timezone",)),
        rule="campaign/timezone",
        message=f"{people} no time zone that is known, and this campaign has a window",
        hint="name the column that holds it, or a default: `timezone: {column: tz, default: Europe/Paris}`",
    )


def window_of(campaign: Campaign, choice: Choice, place: tuple[str, str], address: str) -> Window | None:
    """A campaign, its Choice, an address with its country and what the column tells of it → the Window; None: none.

    ProjectInvalid where its zone is not known: then nobody gets the campaign.
    """
    found = _beginnings(campaign, choice, *place)
    window = found[max((one for one in found if address.startswith(one)), key=len)]
    if isinstance(window, Window):
        return window
    if window:
        raise ProjectInvalid(_problem(campaign, window, 1))
    return None


def _rows(zoning: Zoning, choice: Choice, campaign: Campaign, known: dict[str, Window]) -> Iterator[Row]:
    """For each place that people are in: how their numbers begin, and the key of the window that they then have."""
    keys: dict[Window, str] = {}  # short ones: the table compares them for everybody
    for country, told in zoning.places():
        for prefix, window in _beginnings(campaign, choice, country, told).items():
            if isinstance(window, Window):
                known[keys.setdefault(window, f"w{len(keys)}")] = window
            yield country, told, prefix, keys[window] if isinstance(window, Window) else window


def _beginnings(campaign: Campaign, choice: Choice, country: str, told: str) -> Mapping[str, Window | str]:
    """A place → how numbers begin there → their Window; where they have none a key that says why: blank, if unbound."""
    rules = choice.rules(country)
    if not rules:
        return {"": ""}
    if told and moments.zone(told) is None:
        return {"": _MISSPELT}
    zones = {"": (told,)} if told else zones_of(country) if country else {}
    found = windows(country, rules, zones, campaign.timezone.default)
    return {prefix: UNKNOWN if window is None else window for prefix, window in found.items()}
