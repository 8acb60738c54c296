"""A file of own staff → whom a campaign's channel reaches of them, each once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octoplan.audience.emails import known_as
from octoplan.audience.selecting import judge
from octoplan.campaign import AddressField, Campaign
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.source import Document

if TYPE_CHECKING:
    from octoplan.audience.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One of them: an address as an audience holds it, and the country of a number."""

    address: str = field(repr=False)
    country: str | None = None


def reached(document: Document, campaign: Campaign) -> tuple[Seed, ...]:
    """A file of seeds, valid by its schema, and a campaign → its seeds; ProjectInvalid with every Problem.

    Mailboxes are compared as in an audience.
    """
    by = campaign.address_field
    given = [(number, one[by]) for number, one in enumerate(document.data["seeds"]) if by in one]
    found: dict[int, Verdict] = {number: judge(by, None)(written) for number, written in given}
    problems = [_problem(document, number, by) for number, verdict in found.items() if verdict.address is None]
    if not given:
        problems.append(_nobody(document, by, campaign))
    if problems:
        raise ProjectInvalid(*problems)
    once: dict[str, Seed] = {}
    for verdict in found.values():
        if verdict.address is not None:
            once.setdefault(known_as(verdict.address), Seed(address=verdict.address, country=verdict.country))
    return tuple(once.values())


def check_seeds(campaigns: Iterable[Campaign]) -> tuple[Problem, ...]:
    """Campaigns → the Problems of their seeds."""
    problems: dict[Problem, None] = {}
    for campaign in campaigns:
        try:
            reached(campaign.seeds.document, campaign) if campaign.seeds else ()
        except ProjectInvalid as invalid:
            problems |= dict.fromkeys(invalid.problems)
    return tuple(problems)


def _problem(document: Document, number: int, by: AddressField) -> Problem:
    return Problem(
        place=document.place(("seeds", number, by)),
        rule="seeds/address",
        message=f"this is no {by.replace('_', ' ')} that exists",
        hint="write it in international form, such as +33600000000"
        if by == "phone_number"
        else "as in ann@example.com",
    )


def _nobody(document: Document, by: AddressField, campaign: Campaign) -> Problem:
    return Problem(
        place=Place(file=document.shown, line=1, column=1),
        rule="seeds/nobody",
        message=f"nobody in it has the {by.replace('_', ' ')} that a campaign by {campaign.channel} needs",
        hint=f"give somebody a `{by}`",
    )
