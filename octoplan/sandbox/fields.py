"""What the rows of the API's tables are: a Channel, a Field of a body, an Endpoint. The rows stand in `endpoints`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

Kind = Literal["text", "sender", "choice", "flag", "moment", "objects"]
"""How a value is read; `channel` and `recipients` are read by themselves, since all else depends on them."""

Unit = Literal["parts", "blocks", "messages"]
"""What is paid for: parts of an SMS, blocks of a call, whole messages."""

CHANNEL = "channel"
RECIPIENTS = "recipients"
METADATA = "metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How one channel names its address and its ticket, what it is paid by, and what its answer says besides.

    `answers`: keys of a success that only some channels have, in their documented places. `instead_of_text`: the
    option that may stand in for the text.
    """

    name: str
    address: Literal["phone_number", "email"]
    ticket_key: str
    ticket_prefix: str
    unit: Unit = "messages"
    answers: tuple[str, ...] = ()
    instead_of_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One parameter: where it stands in the body, how it is read, and for which channels it counts (none: all).

    `option` is the name under which the sandbox keeps it, where that is not the field's own. `default` is used without
    a word where the field is absent, unless `noted`: then its absence is listed as forgiven, because the default
    decides something that nobody wrote down.
    """

    path: tuple[str, ...]
    kind: Kind
    channels: frozenset[str] = frozenset()
    option: str = ""
    choices: tuple[str, ...] = ()
    default: str | bool | None = None
    noted: bool = False
    longest: int | None = None

    @property
    def name(self) -> str:
        """The name under which the value is kept."""
        return self.option or self.path[-1]

    @property
    def label(self) -> str:
        """The name by which notes and errors call it."""
        return ".".join(self.path)

    def counts_for(self, channel: str) -> bool:
        """Whether the field means something on `channel`; on a blank channel everything does."""
        return not (channel and self.channels) or channel in self.channels


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One path of the API and the fields of its body.

    `channels`: one that is fixed, or those that `channel` may name. `personal`: the fields of a contact that its text
    may quote in braces.
    """

    method: str
    path: str
    does: Literal["send", "cancel", "balance", "credits"]
    fields: tuple[Field, ...] = ()
    channels: Mapping[str, Channel] = field(default_factory=lambda: MappingProxyType({}))
    personal: tuple[str, ...] = ()
    known: frozenset[tuple[str, ...]] = field(init=False, repr=False)
    """Every path that the body may hold."""
    by_channel: Mapping[str, tuple[Field, ...]] = field(init=False, repr=False)
    """The fields that count for each channel; under the blank channel, all of them."""

    def __post_init__(self) -> None:
        named = {one.path for one in self.fields}
        named |= {(RECIPIENTS,)} if self.does == "send" else set()
        named |= {(CHANNEL,)} if len(self.channels) > 1 else set()
        named |= {(METADATA,)} if any(path[0] == METADATA for path in named) else set()
        rows = {name: tuple(one for one in self.fields if one.counts_for(name)) for name in ("", *self.channels)}
        object.__setattr__(self, "known", frozenset(named))  # worked out once: each request asks
        object.__setattr__(self, "by_channel", MappingProxyType(rows))

    @property
    def fixed(self) -> str:
        """The only channel, or blank where the body names it."""
        return next(iter(self.channels)) if len(self.channels) == 1 else ""


def text(name: str, *channels: str, longest: int | None = None) -> Field:
    """Make a field that holds text."""
    return Field(path=(name,), kind="text", channels=frozenset(channels), longest=longest)


def flag(name: str, *channels: str, default: bool = False, option: str = "") -> Field:
    """Make a field that is true or false."""
    return Field(path=(name,), kind="flag", channels=frozenset(channels), default=default, option=option)


def choice(name: str, *channels: str, of: str, default: str | None = None, noted: bool = False) -> Field:
    """Make a field that holds one of the words in `of`."""
    return Field(
        path=(name,),
        kind="choice",
        channels=frozenset(channels),
        choices=tuple(of.split()),
        default=default,
        noted=noted,
    )


def in_metadata(*fields: Field) -> tuple[Field, ...]:
    """Move fields beneath `metadata`."""
    return tuple(replace(one, path=(METADATA, *one.path)) for one in fields)
