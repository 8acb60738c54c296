"""The API's error codes as one table: what each of them proves, in our own words.

Source: the contract for 121, 442 and 2005; published and third-party programs for the rest. A code that is not here is
unknown, and an unknown code proves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from octoplan.gateways.interface import Scope

Proof = Literal["refused", "duplicate", "again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a code proves; `scope` is for refusals."""

    proof: Proof
    words: str
    scope: Scope = "campaign"


def _refused(scope: Scope, words: str) -> Meaning:
    return Meaning(proof="refused", words=words, scope=scope)


CODES: Mapping[int, Meaning] = MappingProxyType(
    {
        103: _refused("recipient", "no usable recipient"),
        104: _refused("account", "not enough credit"),
        106: _refused("campaign", "the sender was refused"),
        107: _refused("campaign", "the text is missing"),
        113: _refused("account", "the account is not validated yet"),
        120: Meaning(proof="duplicate", words="the request id was already used"),
        121: _refused("campaign", "the STOP mention is missing"),
        181: _refused("recipient", "a phone number was refused"),
        182: Meaning(proof="duplicate", words="the request id was already used"),
        189: _refused("campaign", "the text is too long"),
        442: _refused("campaign", "the voice language is not supported"),
        500: Meaning(proof="again", words="the gateway cannot process it now"),
        1340: _refused("campaign", "a forbidden word in the text or sender"),
        1341: _refused("campaign", "a forbidden word in the text or sender"),
        2005: _refused("recipient", "an e-mail address was refused"),
    }
)

WIDTH: Mapping[Scope, int] = MappingProxyType({"recipient": 0, "campaign": 1, "account": 2})

FIELDS = frozenset(
    {
        *("channel", "text", "recipients", "sender", "send_at", "purpose", "list_name", "simulation_mode", "metadata"),
        *("recipient_tracking", "auto_optimize_text", "auto_remove_blacklisted_contacts", "type", "with_replies"),
        *("voice_gender", "voice_language", "get_back_pressed_keys", "request_id", "emailing_service", "email_from"),
        *("name_from", "subject", "template_name", "body_format", "language", "message_type", "cards", "actions"),
        *("phone_number", "email", "auto_remove_blacklisted_numbers", "first_name", "last_name"),
        *(f"param{number}" for number in range(1, 6)),
    }
)
"""The contract's own parameter names: no other name that an answer holds is repeated."""
