"""Frames that were refused for one person's fault → who that is, masked, and where they stand in the contacts."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octoplan.apply.events import Event, FrameDone
    from octoplan.pipeline.drafts import Draft
    from octoplan.table.connection import Table


def listed(table: "Table", drafts: "Iterable[Draft]", told: "Sequence[Event]") -> "Iterator[Event]":
    """What was told, and the drafts whose people are in the table → each who was refused, as an event of their own.

    Whoever is in no audience any more, or in that of a campaign that is closed, is not listed.
    """
    from octoplan.apply.events import FrameDone  # noqa: PLC0415 - loaded when called

    alone = [one for one in told if isinstance(one, FrameDone) and one.person is not None]
    for draft in drafts if alone else ():
        mine = {one.person: one for one in alone if one.person is not None and one.campaign == draft.campaign.held_as}
        if mine:
            yield from _list(table, draft, mine)


def _list(table: "Table", draft: "Draft", refused: "dict[int, FrameDone]") -> "Iterator[Event]":
    from octoplan.apply.events import Listed  # noqa: PLC0415 - loaded when called
    from octoplan.report.safe import masked  # noqa: PLC0415
    from octoplan.table import people  # noqa: PLC0415

    rows = people.rows_of(table, draft.audience.people, list(refused))
    places = _places(draft, [row[1:] for row in rows.values()])
    for (person, (address, _, _)), place in zip(rows.items(), places, strict=True):
        one = refused[person]
        who = f"{masked(address)} ({place})" if place else masked(address)
        yield Listed(campaign=one.campaign, frame=one.frame, who=who, code=one.code)


def _places(draft: "Draft", rows: Sequence[tuple[int, int]]) -> list[str]:
    """Where rows stand, as far as their files can still be read: they may have gone while the others were sent to."""
    from octoplan.table.dialect import Unreadable  # noqa: PLC0415 - loaded when called

    try:
        return [str(place) for place in draft.audience.places(rows)]
    except (OSError, ValueError, Unreadable):
        return [""] * len(rows)
