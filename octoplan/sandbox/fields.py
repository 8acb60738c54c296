"""The contract's parameters as data: one row per channel, one row per field. A new field or channel is one row here.

Source: the documentation page "multi-channel send"; what is not on it is marked in `rules.RULES` as an assumption.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

Kind = Literal["text", "sender", "choice", "flag", "moment", "objects"]
"""How a value is read; `channel` and `recipients` are read by themselves, since all else depends on them."""

BASE_PATH = "/v1/public"
CHANNEL = "channel"
RECIPIENTS = "recipients"
METADATA = "metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How one channel names its address and its ticket."""

    name: str
    address: Literal["phone_number", "email"]
    ticket_key: str
    ticket_prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One parameter: where it stands in the body, how it is read, and for which channels it counts.

    `default` is used without a word where the field is absent, unless `noted`: then its absence is listed as forgiven,
    because the default decides something that nobody wrote down.
    """

    path: tuple[str, ...]
    kind: Kind
    channels: frozenset[str]
    choices: tuple[str, ...] = ()
    default: str | bool | None = None
    noted: bool = False
    longest: int | None = None

    @property
    def name(self) -> str:
        """The last part of the path: the field's own word."""
        return self.path[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One path of the API and the fields of its body."""

    method: str
    path: str
    fields: tuple[Field, ...]


CHANNELS: Mapping[str, Channel] = MappingProxyType(
    {
        channel.name: channel
        for channel in (
            Channel(name="sms", address="phone_number", ticket_key="sms_ticket", ticket_prefix="sms"),
            Channel(name="voice_sms", address="phone_number", ticket_key="ticket_number", ticket_prefix="voice"),
            Channel(name="rcs", address="phone_number", ticket_key="ticket_number", ticket_prefix="rcs"),
            Channel(name="email", address="email", ticket_key="ticket_number", ticket_prefix="email"),
        )
    }
)

_ALL = frozenset(CHANNELS)
_SMS = frozenset({"sms"})
_VOICE = frozenset({"voice_sms"})
_RCS = frozenset({"rcs"})
_EMAIL = frozenset({"email"})
_LANGUAGES = "en-US en-GB el-GR pl-PL hu-HU sv-SE de-DE es-ES es-LA fr-FR it-IT pt-BR ru-RU"


def _text(name: str, channels: frozenset[str] = _ALL, *, longest: int | None = None) -> Field:
    return Field(path=(name,), kind="text", channels=channels, longest=longest)


def _flag(name: str, channels: frozenset[str] = _ALL, *, default: bool = False) -> Field:
    return Field(path=(name,), kind="flag", channels=channels, default=default)


def _in_metadata(field: Field) -> Field:
    return replace(field, path=(METADATA, *field.path))


def _choice(name: str, channels: frozenset[str], choices: str, *, default: str | None = None) -> Field:
    return Field(path=(name,), kind="choice", channels=channels, choices=tuple(choices.split()), default=default)


MULTI_CHANNEL_SEND = Endpoint(
    method="POST",
    path=f"{BASE_PATH}/multi-channel/send",
    fields=(
        _text("text"),
        Field(path=("sender",), kind="sender", channels=_ALL - _RCS),
        _text("sender", _RCS),  # the agent's name, free text (newer page)
        Field(path=("send_at",), kind="moment", channels=_ALL),
        Field(
            path=("purpose",),
            kind="choice",
            channels=_ALL,
            choices=("alert", "wholesale"),
            default="wholesale",
            noted=True,
        ),
        _text("list_name"),
        _flag("simulation_mode"),
        _flag("recipient_tracking"),
        _flag("auto_optimize_text", _SMS, default=True),
        _flag("auto_remove_blacklisted_contacts"),
        _in_metadata(_choice("type", _SMS, "sms_premium sms_low_cost", default="sms_premium")),
        _in_metadata(_choice("type", _VOICE, "voice_sms", default="voice_sms")),
        _in_metadata(_flag("with_replies", _SMS | _RCS)),
        _in_metadata(
            Field(
                path=("voice_gender",),
                kind="choice",
                channels=_VOICE,
                choices=("male", "female"),
                default="female",
                noted=True,
            )
        ),
        # read as text: an unsupported language is refused (442), not defaulted
        _in_metadata(Field(path=("voice_language",), kind="text", channels=_VOICE, default="fr-FR", noted=True)),
        _in_metadata(_flag("get_back_pressed_keys", _VOICE)),
        _in_metadata(_text("request_id")),
        _in_metadata(_choice("emailing_service", _EMAIL, "mailbox gateway")),
        _in_metadata(_text("email_from", _EMAIL)),
        _in_metadata(_text("name_from", _EMAIL)),
        _in_metadata(_text("subject", _EMAIL, longest=1000)),
        _in_metadata(_text("template_name", _EMAIL)),
        _in_metadata(_choice("body_format", _EMAIL, "plain_text html", default="plain_text")),
        _in_metadata(_text("language", _EMAIL)),
        _in_metadata(_choice("message_type", _RCS, "simple_text rich_card", default="simple_text")),
        _in_metadata(Field(path=("cards",), kind="objects", channels=_RCS)),
        _in_metadata(Field(path=("actions",), kind="objects", channels=_RCS)),
    ),
)

ENDPOINTS: Mapping[tuple[str, str], Endpoint] = MappingProxyType(
    {(endpoint.method, endpoint.path): endpoint for endpoint in (MULTI_CHANNEL_SEND,)}
)

VOICE_LANGUAGES = frozenset(_LANGUAGES.split())
LONGEST_TEXT = 1224
MOST_RECIPIENTS = 500
