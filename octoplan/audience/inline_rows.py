"""A campaign's inline recipients → rows in the table, as if they came from a file."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from octoplan.audience.reading import Rows
from octoplan.audience.values import Origin
from octoplan.campaign import Campaign
from octoplan.table.connection import Table


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
    return "VARCHAR", [None if value is None else _text(value) for value in values]


def _text(value: object) -> str:
    """A value → its text as in a message: `true`, `3`."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
