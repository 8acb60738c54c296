"""A campaign's inline recipients → rows in the table, as if they came from a file."""

from collections.abc import Sequence
from types import MappingProxyType

from octoplan.audience.inline import TEXT, agreed_fields
from octoplan.audience.reading import Rows
from octoplan.audience.values import Origin
from octoplan.campaign import Campaign
from octoplan.table.connection import Table


def load_inline(campaign: Campaign, table: Table, names: Sequence[str]) -> Rows:
    """A Campaign with `recipients` and the fields needed, the address first → their Rows in the table."""
    recipients = campaign.recipients
    agreed = agreed_fields(campaign)
    typed = [agreed.get(name, (TEXT, [None] * len(recipients))) for name in names]
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
