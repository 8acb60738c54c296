"""A campaign with variants and its people → the arm of each, and who is held out."""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import replace

from octoplan.arms import HOLDOUT, VARIABLE
from octoplan.audience.values import Audience
from octoplan.campaign import Campaign
from octoplan.errors import Problem
from octoplan.table import arms
from octoplan.table.lots import Division
from octoplan.table.sending import Messages

WHY = "holdout"


def clash(campaign: Campaign, used: frozenset[str], columns: Sequence[str]) -> tuple[Problem, ...]:
    """A campaign, the variables that its texts use, and the columns there are → whether `variant` says two things."""
    if not campaign.arms or VARIABLE not in used or VARIABLE not in {*columns, *campaign.constants}:
        return ()
    return (
        Problem(
            place=campaign.document.place(("variants",)),
            rule="campaign/variants",
            message=f"`{VARIABLE}` is each person's variant, and a column or a var too",
            hint="give the column another name in `columns`, or rename the var",
        ),
    )


def arm(audience: Audience, campaign: Campaign) -> Audience:
    """People of a campaign, selected with the arm of each behind their values → it is one more variable."""
    return replace(audience, variables=(*audience.variables, VARIABLE)) if campaign.arms else audience


def arm_sql(person: str, campaign: Campaign, person_key: bytes) -> str:
    """SQL of a person key → SQL of the label of their arm: by the key of the state and the campaign's name alone.

    Blank where there are no arms.
    """
    if not campaign.arms:
        return ""
    salt = hmac.digest(person_key, f"arm\x1f{campaign.held_as}".encode(), hashlib.sha256).hex()[:32]
    return arms.arm_sql(person, salt, [(one.label, one.share) for one in campaign.arms])


def by_arm(campaign: Campaign, person_key: bytes) -> Division:
    """A campaign → by what people are divided who may not share a frame since they have different variants."""
    labels = tuple(one.label for one in campaign.arms if one.label != HOLDOUT)
    return Division(arm=arm_sql("m.person", campaign, person_key), arms=labels)


def hold_out(messages: Messages, campaign: Campaign, audience: Audience) -> int:
    """Messages whose free people are known → without those who are held out; how many these are."""
    if all(one.label != HOLDOUT for one in campaign.arms):
        return 0
    return arms.hold_out(messages, f"v{audience.variables.index(VARIABLE)}", HOLDOUT)


def held_out(messages: Messages) -> Iterator[Sequence[tuple[int, str]]]:
    """Messages of which some were held out → (person, why), in batches."""
    for keys in arms.held_out(messages):
        yield [(key, WHY) for key in keys]
