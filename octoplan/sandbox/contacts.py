"""The `recipients` of a body → addresses as understood, and what was forgiven; no value ever stands in a note.

Source: the contract (an array of objects with `phone_number`, or `email` on the e-mail channel).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from octoplan.sandbox.casting import Forgiven, How, cast_text
from octoplan.sandbox.fields import MOST_RECIPIENTS, RECIPIENTS

_NOT_IN_A_NUMBER = re.compile(r"[\s().\-/]")
_LONGEST_NAME = 60
_MOST_NAMES = 20

_Note = tuple[str, How, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """`count` is what the array holds, `addresses` what could be read of it; more than 500 are only counted."""

    count: int = 0
    addresses: tuple[str, ...] = ()
    forgiven: tuple[Forgiven, ...] = ()


def read_contacts(value: object, key: str) -> Contacts:
    """Read `value` as an array of contacts whose address stands under `key`."""
    notes: Counter[_Note] = Counter()
    if isinstance(value, dict | str):
        value = [value]
        notes[RECIPIENTS, "cast", "one contact to an array"] += 1
    if not isinstance(value, list):
        return Contacts()
    if len(value) > MOST_RECIPIENTS:
        return Contacts(count=len(value))
    addresses = tuple(address for contact in value if (address := _read_contact(contact, key, notes)))
    forgiven = tuple(Forgiven(field=field, how=how, note=note, times=n) for (field, how, note), n in notes.items())
    return Contacts(count=len(value), addresses=addresses, forgiven=forgiven)


def _read_contact(contact: object, key: str, notes: Counter[_Note]) -> str:
    where = f"{RECIPIENTS}[].{key}"
    if not isinstance(contact, dict):
        notes[RECIPIENTS, "cast", "a bare address to a contact"] += 1
        contact = {key: contact}
    for name in _others(contact, key):
        notes[f"{RECIPIENTS}[].{name}", "ignored", "not a field of this channel's contacts"] += 1
    cast = cast_text(contact.get(key))
    if cast.how is not None:
        notes[where, cast.how, cast.note] += 1
    if not isinstance(cast.value, str) or not cast.value.strip():
        notes[RECIPIENTS, "ignored", f"a contact without {key}"] += 1
        return ""
    clean = _NOT_IN_A_NUMBER.sub("", cast.value) if key == "phone_number" else cast.value.strip()
    if clean != cast.value:
        notes[where, "changed", "blanks and separators were deleted"] += 1
    return clean


def _others(contact: dict[str, object], key: str) -> Iterator[str]:
    names = (name for name in contact if name != key)
    for name, _ in zip(names, range(_MOST_NAMES), strict=False):
        yield shorten(name)


def shorten(name: str) -> str:
    """Make a client's own word fit to be listed: whole Unicode, at most 60 characters."""
    return name[:_LONGEST_NAME].encode("utf-8", "replace").decode()
