"""A campaign's inline recipients → people, each with a good address; without a table, so that duckdb is not loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from octoplan.audience import emails, numbers
from octoplan.audience.reading import Rows
from octoplan.audience.values import SHOWN, Counts, Origin, Reject
from octoplan.audience.verdict import Verdict
from octoplan.campaign import Campaign
from octoplan.errors import Place, Problem
from octoplan.table import Table


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
    for index, recipient in enumerate(recipients):
        place = campaign.document.place(("recipients", index, campaign.address_field))
        verdict = _verdict(campaign, recipient)
        if verdict.address is None:
            refused.append(Reject(place=place, reason=verdict.reason or ""))
            continue
        person = Person(address=verdict.address, country=verdict.country, values=recipient, place=place)
        kept.setdefault(verdict.address.lower(), person)
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


def _verdict(campaign: Campaign, recipient: Mapping[str, Any]) -> Verdict:
    raw = recipient.get(campaign.address_field)
    text = "" if raw is None else str(raw)
    return emails.verdict(text) if campaign.address_field == "email" else numbers.verdict(text, None)


def _problem(reject: Reject, campaign: Campaign) -> Problem:
    wanted = "an e-mail address" if campaign.address_field == "email" else "an international number, +33 6 ..."
    return Problem(
        place=reject.place,
        rule="recipients/address",
        message=f"{campaign.address_field}: {reject.reason}",
        hint=f"write {wanted}",
    )


def _columns(campaign: Campaign) -> tuple[str, ...]:
    return tuple(dict.fromkeys((campaign.address_field, *(key for one in campaign.recipients for key in one))))


def load_inline(campaign: Campaign, table: Table, names: Sequence[str]) -> Rows:
    """A Campaign with `recipients` and the fields needed, the address first → their Rows in the table."""
    recipients = campaign.recipients
    columns = [[one.get(name) for one in recipients] for name in names]
    columns[0] = [None if value is None else str(value) for value in columns[0]]
    typed = [_typed(values) for values in columns]
    rows = table.name("rows")
    table.execute(f"CREATE TABLE {rows} ({', '.join(f'f{number} {kind}' for number, (kind, _) in enumerate(typed))})")
    table.append(rows, [values for _, values in typed])
    spots = tuple(campaign.document.place(("recipients", index)) for index in range(len(recipients)))
    return Rows(
        name=rows,
        count=len(recipients),
        fields=MappingProxyType({name: f"f{number}" for number, name in enumerate(names)}),
        origins=(Origin(first=0, count=len(recipients), inline=spots),),
    )


def _typed(values: Sequence[Any]) -> tuple[str, list[Any]]:
    """The values of one field → their SQL type and themselves; as text where they do not agree."""
    kinds = {type(value) for value in values if value is not None}
    for python, sql in ((bool, "BOOLEAN"), (int, "BIGINT"), (float, "DOUBLE"), (str, "VARCHAR")):
        if kinds <= {python}:
            return (sql if kinds else "VARCHAR"), list(values)
    return "VARCHAR", [None if value is None else str(value) for value in values]
