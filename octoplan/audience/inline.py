"""A campaign's inline recipients → people, each with a good address; without a table, so that duckdb is not loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from octoplan.audience import emails, numbers
from octoplan.audience.values import SHOWN, Counts, Reject
from octoplan.audience.verdict import Verdict
from octoplan.campaign import Campaign
from octoplan.errors import Place, Problem

TEXT: Final = "VARCHAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One inline recipient: canonical address, country of a number, own variables. Personal data; its repr is quiet."""

    address: str
    country: str | None
    values: Mapping[str, Any]
    place: Place

    def __repr__(self) -> str:
        return f"<Person at {self.place}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """Inline recipients, each once. `columns`: their fields, the address first."""

    people: tuple[Person, ...]
    columns: tuple[str, ...]
    counts: Counts
    rejects: tuple[Reject, ...]
    problems: tuple[Problem, ...]


def read_inline(campaign: Campaign) -> Inline:
    """A Campaign with `recipients` → its people; an address that is not good is a Problem, a duplicate is counted."""
    kept: dict[str, Person] = {}
    refused: list[Reject] = []
    recipients = campaign.recipients
    agreed = agreed_fields(campaign)
    for index, recipient in enumerate(recipients):
        place = campaign.document.place(("recipients", index, campaign.address_field))
        verdict = _verdict(campaign, recipient)
        if verdict.address is None:
            refused.append(Reject(place=place, reason=verdict.reason or ""))
            continue
        values = {name: found[index] for name, (_, found) in agreed.items()}
        person = Person(address=verdict.address, country=verdict.country, values=values, place=place)
        kept.setdefault(emails.known_as(verdict.address), person)
    reasons = [reject.reason for reject in refused]
    counts = Counts(
        rows=len(recipients),
        rejected=MappingProxyType({reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}),
        duplicates=len(recipients) - len(refused) - len(kept),
        people=len(kept),
    )
    return Inline(
        people=tuple(kept.values()),
        columns=_columns(campaign),
        counts=counts,
        rejects=tuple(refused[:SHOWN]),
        problems=tuple(_problem(reject, campaign) for reject in refused),
    )


def agreed_fields(campaign: Campaign) -> Mapping[str, tuple[str, Sequence[Any]]]:
    """A Campaign with `recipients` → each field's SQL type and values, so that a column holds them; addresses as text.

    Whole numbers and others become floating-point ones where that loses nothing; what does not agree becomes text.
    """
    columns = {name: [one.get(name) for one in campaign.recipients] for name in _columns(campaign)}
    address = campaign.address_field
    texts = [None if value is None else str(value) for value in columns[address]]
    return {name: _agreed(values) for name, values in columns.items()} | {address: (TEXT, texts)}


def _agreed(values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    for python, sql in ((bool, "BOOLEAN"), (int, "BIGINT"), (str, TEXT)):
        if kinds <= {python}:
            return (sql if kinds else TEXT), values
    if kinds <= {int, float} and all(float(value) == value for value in present if isinstance(value, int)):
        return "DOUBLE", [None if value is None else float(value) for value in values]
    return TEXT, [None if value is None else _text(value) for value in values]


def _text(value: object) -> str:
    """A value → its text as in a message: `true`, `3`."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value + 0.0).removesuffix(".0") if isinstance(value, float) else str(value)


def _verdict(campaign: Campaign, recipient: Mapping[str, Any]) -> Verdict:
    raw = recipient.get(campaign.address_field)
    text = "" if raw is None else str(raw)
    return emails.verdict(text) if campaign.address_field == "email" else numbers.verdict(text, None)


def _problem(reject: Reject, campaign: Campaign) -> Problem:
    hint = f"write {'an e-mail address' if campaign.address_field == 'email' else 'an international number, +33 6 ...'}"
    message = f"{campaign.address_field}: {reject.reason}"
    return Problem(place=reject.place, rule="recipients/address", message=message, hint=hint)


def _columns(campaign: Campaign) -> tuple[str, ...]:
    return tuple(dict.fromkeys((campaign.address_field, *(key for one in campaign.recipients for key in one))))
