"""People of one variant → frames: the request's body, its id, and its halves. Pure.

A frame is a leaf of the binary trie over the person keys of a variant: nodes are split by the next bit until at most
`frame_size` people remain, so that one person more or less changes one frame. `table.sending` does this in SQL for all
people at once; `leaves` is the same law for a few, and the tests hold one against the other.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

KEY_BITS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a request id follows from besides content and people: the state's request key and lineage, the campaign."""

    key: bytes = field(repr=False)
    lineage: str
    campaign: str
    edition: int

    @property
    def prefix(self) -> str:
        """What is hashed first; the key comes before all, and half of the hash is kept, so nobody can extend it."""
        return "\x1f".join((self.key.hex(), self.lineage, self.campaign, str(self.edition)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One request: at most 500 people of one variant, in order of their keys. `body` holds them: personal data."""

    id: str
    origin: Origin
    content: str
    refusals: int
    people: tuple[int, ...] = field(repr=False)
    body: bytes = field(repr=False)

    def halves(self) -> tuple[Self, Self]:
        """A frame refused for one of its people → two frames of half its people each, of new ids.

        Halves by rank, not by bit: a bad address then stands alone after ceil(log2 n) splits, whatever the keys.
        """
        middle = len(self.people) // 2
        return self._part(slice(None, middle)), self._part(slice(middle, None))

    def singles(self) -> tuple[Self, ...]:
        """The same, but everybody in it alone."""
        return tuple(self._part(slice(number, number + 1)) for number in range(len(self.people)))

    def _part(self, which: slice) -> Self:
        people = self.people[which]
        refusals = self.refusals + 1
        new = request_id(self.origin, self.content, refusals, people)
        request = json.loads(self.body)
        request["recipients"] = request["recipients"][which]
        request["metadata"]["request_id"] = new
        return replace(self, id=new, refusals=refusals, people=people, body=_bytes(request))


def request_id(origin: Origin, content: str, refusals: int, people: Sequence[int]) -> str:
    """Everything that makes a frame what it is → its request id, 32 hex digits; the same always, everywhere.

    `content`: digest of the variant in hex; `people`: person keys in order; `refusals`: how often these were definitely
    refused so far, so that a used-up id is never tried again.
    """
    parts = (origin.prefix, content, str(refusals), ",".join(f"{person:X}" for person in people))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def body(
    settings: Mapping[str, Any],
    content: Mapping[str, Any],
    recipients: Sequence[Mapping[Any, str]],
    request_id: str | None,
) -> bytes:
    """Settings, rendered content and recipients → the bytes of a request; without a request id it is a simulated one.

    `recipients`: objects of the API, such as {"phone_number": "+33..."}.
    """
    metadata = {**settings.get("metadata", {}), **content.get("metadata", {})}
    if request_id is not None:
        metadata["request_id"] = request_id
    request = {**settings, **content, "recipients": list(recipients), "simulation_mode": request_id is None}
    return _bytes({**request, "metadata": metadata} if metadata else request)


def leaves(people: Sequence[int], size: int, depth: int = 0) -> Iterator[tuple[int, ...]]:
    """Person keys in order → the leaves of their trie, at most `size` people each, in order; a partition of them."""
    if len(people) <= size or depth == KEY_BITS:
        yield from [tuple(people)] if people else []
        return
    bit = 1 << (KEY_BITS - 1 - depth)
    yield from leaves([person for person in people if not person & bit], size, depth + 1)
    yield from leaves([person for person in people if person & bit], size, depth + 1)


def _bytes(request: Mapping[str, Any]) -> bytes:
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
