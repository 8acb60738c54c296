"""The `recipients` of a body → addresses as understood, and what was forgiven; no value ever stands in a note.

Source: the contract (an array of objects with `phone_number`, or `email` on the e-mail channel), and the older pages
for the personal fields.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from octoplan.sandbox.casting import Forgiven, How, cast_text
from octoplan.sandbox.endpoints import LONGEST_PERSONAL
from octoplan.sandbox.fields import RECIPIENTS

_NOT_IN_A_NUMBER = re.compile(r"[\s().\-/]")
_LONGEST_NAME = 60
_MOST_NAMES = 20

_Note = tuple[str, How, str]
Personal = Mapping[str, str]
"""What one contact brings along for its text, by field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """`count` is what the array holds, `addresses` what could be read of it; more than `most` are only counted.

    `personal` holds one mapping an address, or nothing where the endpoint knows no personal fields.
    """

    count: int = 0
    addresses: tuple[str, ...] = ()
    personal: tuple[Personal, ...] = ()
    forgiven: tuple[Forgiven, ...] = ()


def read_contacts(value: object, key: str, *, personal: Collection[str] = (), most: int | None = None) -> Contacts:
    """Read `value` as an array of contacts whose address stands under `key`."""
    notes: Counter[_Note] = Counter()
    if isinstance(value, dict | str):
        value = [value]
        notes[RECIPIENTS, "cast", "one contact to an array"] += 1
    if not isinstance(value, list):
        return Contacts()
    if most is not None and len(value) > most:
        return Contacts(count=len(value))
    reader = _Reader(key, personal, notes)
    found = [read for contact in value if (read := reader.read(contact))[0]]
    return Contacts(
        count=len(value),
        addresses=tuple(address for address, _ in found),
        personal=tuple(one for _, one in found) if personal else (),
        forgiven=tuple(Forgiven(field=field, how=how, note=note, times=n) for (field, how, note), n in notes.items()),
    )


class _Reader:
    """Reads one contact after the other, and counts what it forgives."""

    def __init__(self, key: str, personal: Collection[str], notes: Counter[_Note]) -> None:
        self._key = key
        self._where = f"{RECIPIENTS}[].{key}"
        self._personal = personal
        self._known = frozenset({key, *personal})
        self._is_number = key == "phone_number"
        self._notes = notes

    def read(self, contact: object) -> tuple[str, Personal]:
        """Read an address, blank if there is none, and the contact's personal fields."""
        if not isinstance(contact, dict):
            self._notes[RECIPIENTS, "cast", "a bare address to a contact"] += 1
            contact = {self._key: contact}
        elif not contact.keys() <= self._known:
            for name in self._others(contact):
                self._notes[f"{RECIPIENTS}[].{name}", "ignored", "not a field of these contacts"] += 1
        return self._read_address(contact.get(self._key)), self._read_personal(contact)

    def _read_address(self, value: object) -> str:
        cast = cast_text(value)
        if cast.how is not None:
            self._notes[self._where, cast.how, cast.note] += 1
        if not isinstance(cast.value, str) or not cast.value.strip():
            self._notes[RECIPIENTS, "ignored", f"a contact without {self._key}"] += 1
            return ""
        clean = _NOT_IN_A_NUMBER.sub("", cast.value) if self._is_number else cast.value.strip()
        if clean != cast.value:
            self._notes[self._where, "changed", "blanks and separators were deleted"] += 1
        return clean

    def _read_personal(self, contact: Mapping[str, object]) -> Personal:
        found = {}
        for name in self._personal:
            if (value := contact.get(name)) is not None:
                found[name] = self._read_field(name, value)
        return found

    def _read_field(self, name: str, value: object) -> str:
        where = f"{RECIPIENTS}[].{name}"
        cast = cast_text(value)
        if not isinstance(cast.value, str):
            self._notes[where, "ignored", "cannot be read as text"] += 1
            return ""
        if cast.how is not None:
            self._notes[where, cast.how, cast.note] += 1
        if len(cast.value) > LONGEST_PERSONAL:
            self._notes[where, "changed", f"cut to {LONGEST_PERSONAL} characters"] += 1
        return cast.value[:LONGEST_PERSONAL]

    def _others(self, contact: Mapping[str, object]) -> Iterator[str]:
        names = (name for name in contact if name not in self._known)
        for name, _ in zip(names, range(_MOST_NAMES), strict=False):
            yield shorten(name)


def shorten(name: str) -> str:
    """Make a client's own word fit to be listed: whole Unicode, at most 60 characters."""
    return name[:_LONGEST_NAME].encode("utf-8", "replace").decode()
