"""People of one variant, or of texts that one request can tell → frames: the body, its id, and its halves. Pure.

A frame is a leaf of the binary trie over the person keys of a variant: nodes are split by the next bit until at most
`frame_size` people remain, so that one person more or less changes one frame. `table.packing` does this in SQL for all
people at once; `leaves` is the same law for a few, and the tests hold one against the other.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, Self

from octoplan.content.digests import text_digest
from octoplan.content.placeholders import fill
from octoplan.errors import OctoplanError

KEY_BITS = 128
_RENAMED = {"auto_remove_blacklisted_contacts": "auto_remove_blacklisted_numbers"}
"""Settings that the older SMS endpoint calls otherwise; what stands in `metadata` stands at its top level."""


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
    """One request: at most 500 people of one variant, in order of their keys. `body` holds them: personal data.

    `opens`, `wave`, `arm` and `due` are as the state has them of it; its id does not follow from them.
    """

    id: str
    origin: Origin
    content: str
    refusals: int
    people: tuple[int, ...] = field(repr=False)
    body: bytes = field(repr=False)
    opens: str = ""
    wave: int = 0
    arm: str = ""
    due: str = ""

    def halves(self) -> tuple[Self, Self]:
        """A frame refused for one of its people → two frames of half its people each, of new ids.

        Halves by rank, not by bit: a bad address then stands alone after ceil(log2 n) splits, whatever the keys.
        """
        middle = len(self.people) // 2
        return self._part(slice(None, middle)), self._part(slice(middle, None))

    def singles(self) -> tuple[Self, ...]:
        """The same, but everybody in it alone."""
        return tuple(self._part(slice(number, number + 1)) for number in range(len(self.people)))

    def without(self, gone: Collection[int]) -> Self | None:
        """A frame of which nothing was ever sent → the same for the others of its people; None where nobody is left."""
        stays = [person not in gone for person in self.people]
        return self._of(stays, self.refusals) if any(stays) else None

    def _part(self, which: slice) -> Self:
        chosen = range(len(self.people))[which]
        return self._of([number in chosen for number in range(len(self.people))], self.refusals + 1)

    def _of(self, stays: Sequence[bool], refusals: int) -> Self:
        people = tuple(compress(self.people, stays))
        request = json.loads(self.body)
        request["recipients"] = [*compress(request["recipients"], stays)]
        content = words_digest(map(text_digest, texts(request))) if is_personal(request) else self.content
        new = request_id(self.origin, content, refusals, people)
        (request if is_personal(request) else request["metadata"])["request_id"] = new
        return replace(self, id=new, content=content, refusals=refusals, people=people, body=_bytes(request))


def request_id(origin: Origin, content: str, refusals: int, people: Sequence[int]) -> str:
    """Everything that makes a frame what it is → its request id, 32 hex digits; the same always, everywhere.

    `content`: digest of the variant in hex, or of what each person gets; `people`: person keys in order; `refusals`:
    how often these were definitely refused so far, so that a used-up id is never tried again.
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


def personal_body(
    settings: Mapping[str, Any], text: str, recipients: Sequence[Mapping[str, str]], request_id: str | None
) -> bytes:
    """Settings, a text with placeholders, and recipients with what fills them → the bytes for the older SMS endpoint.

    Source: Octopush's pages about that endpoint; `body` says the rest.
    """
    plain = {_RENAMED.get(name, name): value for name, value in settings.items() if name not in ("channel", "metadata")}
    request = {**plain, **settings.get("metadata", {}), "text": text, "recipients": list(recipients)}
    request["simulation_mode"] = request_id is None
    return _bytes(request if request_id is None else {**request, "request_id": request_id})


def is_personal(request: Mapping[str, Any]) -> bool:
    """Tell a request of `personal_body` from one of `body`: only the multi-channel endpoint is told the channel."""
    return "channel" not in request


def texts(request: Mapping[str, Any]) -> Iterator[str]:
    """A request of `personal_body` → the words that each of its recipients gets."""
    return (fill(request["text"], recipient) for recipient in request["recipients"])


def words_digest(digests: Iterable[str]) -> str:
    """The digests of what each person of a frame gets, in order of the people → the frame's own content digest."""
    return hashlib.sha256(",".join(digests).encode()).hexdigest()[:32]


def check_words(text: str, values: Sequence[Mapping[str, str]], digests: Sequence[str]) -> str:
    """A text with placeholders, and what fills it for each person → the frame's content digest.

    OctoplanError unless it gives everybody the words, here as their digests, that were planned and counted.
    """
    if [text_digest(fill(text, one)) for one in values] != list(digests):
        raise OctoplanError(
            "a request for the gateway to fill would not say what was planned; it was not made",
            hint="say `personalization: client`, and report this: it is a fault of octoplan",
        )
    return words_digest(digests)


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
