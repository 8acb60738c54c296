"""The `state` of an environment, where it is a postgresql:// address → what to connect to, and in which schema it is.

Its shape is checked by `schemas/octoplan.schema.json`, which lets no password in. `schema` is ours, the rest libpq's:
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
"""

from dataclasses import dataclass, field
from typing import Final

SCHEMA: Final = "octoplan"
_OURS: Final = "schema="


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A database (`uri`, as libpq reads it) and the schema in it that holds one state."""

    uri: str = field(repr=False)
    schema: str = SCHEMA

    @property
    def shown(self) -> str:
        """How people see it: servers and users are nobody's business."""
        return f"the schema {self.schema}"


def is_address(state: str) -> bool:
    """Whether a state is kept by a server, and not in a file."""
    return state.startswith(("postgresql://", "postgres://"))


def parse(state: str) -> Address:
    """A postgresql:// address → the Address; the schema is `octoplan` unless `?schema=` names another."""
    uri, _, query = state.partition("?")
    parameters = query.split("&") if query else []
    named = [each.removeprefix(_OURS) for each in parameters if each.startswith(_OURS)]
    others = "&".join(each for each in parameters if not each.startswith(_OURS))
    return Address(uri=f"{uri}?{others}" if others else uri, schema=named[-1] if named else SCHEMA)
