"""A draft → whoever of its people is over a cap, row by row, for `--rejects`."""

from collections.abc import Iterator

from octoplan.audience.rejects import RejectedRow
from octoplan.pipeline.capping import Caps
from octoplan.pipeline.drafts import Draft


def capped_rows(draft: Draft, caps: Caps) -> Iterator[RejectedRow]:
    """Who is over a cap → where they stand and which cap it is, in order of their rows; the row itself is not shown."""
    for batch in caps.listed(draft.messages):
        places = draft.audience.places([(0, record) for record, _, _ in batch])
        for place, (_, address, reason) in zip(places, batch, strict=True):
            yield RejectedRow(asked_by=draft.campaign.document.shown, place=place, reason=reason, address=address)
