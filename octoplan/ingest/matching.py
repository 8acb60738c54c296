"""What callbacks say → what the state is told, with people as their keys: from here on nobody knows an address."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from octoplan.audience.persons import person_of
from octoplan.audience.steps import normalise
from octoplan.ingest.bodies import Unreadable, read
from octoplan.ingest.callbacks import Callback, Unusable, read_callbacks
from octoplan.state.keys import Keys
from octoplan.state.told import Delivery, Heard, Optout, Reply

_DIGITS: Final = re.compile(r"\+?[1-9]\d{5,14}")
_SPACES: Final = re.compile(r"[\s.()/-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """By which keys people are known, and when it is heard."""

    keys: Keys
    now: datetime

    def hear(self, body: bytes) -> tuple[tuple[Heard, ...], tuple[Unusable, ...]]:
        """The bytes of one or several callbacks → what the state is told, and what of them cannot be used."""
        try:
            return self.match(read(body))
        except Unreadable as unreadable:
            return (), (Unusable(rule=unreadable.rule, reason=unreadable.reason),)

    def match(self, bodies: Iterable[object]) -> tuple[tuple[Heard, ...], tuple[Unusable, ...]]:
        """The fields of callbacks, or what stands there for them → the same."""
        found = [one for fields in bodies for one in read_callbacks(fields)]
        matched = [self._match(one) if isinstance(one, Callback) else one for one in found]
        heard = tuple(one for one in matched if not isinstance(one, Unusable))
        return heard, tuple(one for one in matched if isinstance(one, Unusable))

    def _match(self, one: Callback) -> Heard | Unusable:
        address = canonical(one.address)
        if address is None:
            return Unusable(rule="ingest/address", reason="its number has no country code, or is none")
        person = person_of(self.keys.person, address)
        match one.kind:
            case "stop":
                return Optout(person=person, ticket=one.ticket, at=one.at, heard_at=self.now)
            case "reply":
                answer = f"{one.at.isoformat() if one.at else ''}\0{one.said}"
                return Reply(ticket=one.ticket, person=person, mark=self.keys.keyed_digest(answer.encode()), at=one.at)
            case "delivery":
                return Delivery(ticket=one.ticket, person=person, status=one.status, at=one.at)


def canonical(address: str) -> str | None:
    """An address as the gateway writes it → as audiences hold it; None where nobody can be meant.

    A number that the library of numbers does not believe in is kept as it is: the gateway did reach it.
    """
    if "@" in address:
        return normalise(address, "email", None) or address
    bare = _SPACES.sub("", address)
    if not _DIGITS.fullmatch(bare):
        return normalise(address, "phone_number", None)
    number = bare if bare.startswith("+") else f"+{bare}"
    return normalise(number, "phone_number", None) or number


def counts(heard: Sequence[Heard]) -> tuple[int, int, int]:
    """What was heard → how many deliveries, STOPs and replies it holds."""
    kinds = [type(one) for one in heard]
    return kinds.count(Delivery), kinds.count(Optout), kinds.count(Reply)
