"""The API as data: one row per channel, one per field of each endpoint. A new field or channel is one row here.

Sources: the documentation pages of the same names; what is on none of them is marked in `rules.RULES` as an assumption.
"""

from collections.abc import Mapping
from types import MappingProxyType

from octoplan.sandbox.fields import Channel, Endpoint, Field, choice, flag, in_metadata, text

BASE_PATH = "/v1/public"
LONGEST_TEXT = 1224
LONGEST_PERSONAL = 50
MOST_RECIPIENTS = 500
VOICE_LANGUAGES = frozenset(
    {
        "en-US",
        "en-GB",
        "el-GR",
        "pl-PL",
        "hu-HU",
        "sv-SE",
        "de-DE",
        "es-ES",
        "es-LA",
        "fr-FR",
        "it-IT",
        "pt-BR",
        "ru-RU",
    }
)

_SMS = Channel(
    name="sms",
    address="phone_number",
    ticket_key="sms_ticket",
    ticket_prefix="sms",
    unit="parts",
    answers=("number_of_sms_needed", "message"),
)
_VOICE = Channel(
    name="voice_sms",
    address="phone_number",
    ticket_key="ticket_number",
    ticket_prefix="voice",
    unit="blocks",
    answers=("estimated_duration",),
)
_RCS = Channel(
    name="rcs", address="phone_number", ticket_key="ticket_number", ticket_prefix="rcs", instead_of_text="cards"
)
_EMAIL = Channel(
    name="email", address="email", ticket_key="ticket_number", ticket_prefix="email", instead_of_text="template_name"
)

CHANNELS: Mapping[str, Channel] = MappingProxyType({one.name: one for one in (_SMS, _VOICE, _RCS, _EMAIL)})

_PURPOSE = choice("purpose", of="alert wholesale", default="wholesale", noted=True)
_SEND_AT = Field(path=("send_at",), kind="moment")
_SENDER = Field(path=("sender",), kind="sender", channels=frozenset(CHANNELS) - {"rcs"})
_COMMON = (text("text"), _SENDER, _SEND_AT, _PURPOSE, text("list_name"), flag("simulation_mode"))
_VOICE_FIELDS = (
    choice("voice_gender", "voice_sms", of="male female", default="female", noted=True),
    # read as text: an unsupported language is refused (442), not defaulted
    Field(path=("voice_language",), kind="text", channels=frozenset({"voice_sms"}), default="fr-FR", noted=True),
    flag("get_back_pressed_keys", "voice_sms"),
)
_OLDER_BLACKLIST = flag("auto_remove_blacklisted_numbers", option="auto_remove_blacklisted_contacts")
_PERSONAL = ("first_name", "last_name", *(f"param{number}" for number in range(1, 6)))

MULTI_CHANNEL_SEND = Endpoint(
    method="POST",
    path=f"{BASE_PATH}/multi-channel/send",
    does="send",
    channels=CHANNELS,
    fields=(
        *_COMMON,
        text("sender", "rcs"),  # the agent's name, free text (newer page)
        flag("recipient_tracking"),
        flag("auto_optimize_text", "sms", default=True),
        flag("auto_remove_blacklisted_contacts"),
        *in_metadata(
            choice("type", "sms", of="sms_premium sms_low_cost", default="sms_premium"),
            choice("type", "voice_sms", of="voice_sms", default="voice_sms"),
            flag("with_replies", "sms", "rcs"),
            *_VOICE_FIELDS,
            text("request_id"),
            choice("emailing_service", "email", of="mailbox gateway"),
            text("email_from", "email"),
            text("name_from", "email"),
            text("subject", "email", longest=1000),
            text("template_name", "email"),
            choice("body_format", "email", of="plain_text html", default="plain_text"),
            text("language", "email"),
            choice("message_type", "rcs", of="simple_text rich_card", default="simple_text"),
            Field(path=("cards",), kind="objects", channels=frozenset({"rcs"})),
            Field(path=("actions",), kind="objects", channels=frozenset({"rcs"})),
        ),
    ),
)
SMS_CAMPAIGN_SEND = Endpoint(
    method="POST",
    path=f"{BASE_PATH}/sms-campaign/send",
    does="send",
    channels=MappingProxyType({"sms": _SMS}),
    personal=_PERSONAL,
    fields=(
        *_COMMON,
        flag("recipient_tracking"),
        flag("auto_optimize_text", default=True),
        _OLDER_BLACKLIST,
        choice("type", of="sms_premium sms_low_cost", default="sms_premium"),
        flag("with_replies"),
        text("request_id"),
    ),
)
VOICE_CAMPAIGN_SEND = Endpoint(
    method="POST",
    path=f"{BASE_PATH}/voice-campaign/send",
    does="send",
    channels=MappingProxyType({"voice_sms": _VOICE}),
    personal=_PERSONAL,
    fields=(
        *_COMMON,
        _OLDER_BLACKLIST,
        choice("type", of="voice_sms", default="voice_sms"),
        *_VOICE_FIELDS,
        text("request_id"),
    ),
)


def _cancel(family: str, channels: Mapping[str, Channel]) -> Endpoint:
    return Endpoint(
        method="DELETE",
        path=f"{BASE_PATH}/{family}/cancel",
        does="cancel",
        channels=channels,
        fields=(text("ticket_number"),),
    )


_ROWS = (
    MULTI_CHANNEL_SEND,
    SMS_CAMPAIGN_SEND,
    VOICE_CAMPAIGN_SEND,
    _cancel("multi-channel", CHANNELS),
    _cancel("sms-campaign", SMS_CAMPAIGN_SEND.channels),
    _cancel("voice-campaign", VOICE_CAMPAIGN_SEND.channels),
    Endpoint(
        method="GET",
        path=f"{BASE_PATH}/wallet/check-balance",
        does="balance",
        fields=(text("country_code"), text("product_name"), flag("with_details")),
    ),
    Endpoint(method="GET", path=f"{BASE_PATH}/wallet/check-credits", does="credits", fields=(text("country_codes[]"),)),
)
ENDPOINTS: Mapping[tuple[str, str], Endpoint] = MappingProxyType({(one.method, one.path): one for one in _ROWS})
