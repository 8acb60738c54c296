"""The rules of the API as one table: what is checked or done, by whose word, and what happens when it is off.

A rule's `source` says where it comes from: the contract (the multi-channel page), another page of the documentation,
published code, or other programs' experience. What none of them settles is marked `assumption`. The checks themselves
stand in `checks` and `cancelling`, under the same ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Source = Literal[
    "contract", "other pages of the documentation", "code published by Octopush", "other programs", "nothing known"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its id, what it says, what happens where it is switched `off`, and by whose word.

    `code`, `status` and `message` are of the answer, for a rule that refuses; `field` makes its error a nested one.
    `simulated`: checked in simulation too.
    """

    id: str
    what: str
    off: str
    source: Source
    assumption: bool = False
    code: int | None = None
    message: str = ""
    field: str | None = None
    status: int = 400
    simulated: bool = False


_CONTRACT: Source = "contract"
_PAGES: Source = "other pages of the documentation"
_CODE: Source = "code published by Octopush"
_OTHERS: Source = "other programs"
_SILENT: Source = "nothing known"
_SENT = "it is sent"


def _refusal(rule: str, code: int, message: str, what: str, source: Source) -> Rule:
    return Rule(id=rule, code=code, message=message, what=what, source=source, off=_SENT)


def _minimal(rule: str, code: int, message: str, what: str, source: Source) -> Rule:
    return Rule(id=rule, code=code, message=message, what=what, source=source, off=_SENT, simulated=True)


def _assumed(rule: str, what: str, off: str, source: Source = _SILENT) -> Rule:
    return Rule(id=rule, what=what, off=off, source=source, assumption=True)


def _cancel(rule: str, field: str, message: str, what: str, *, assumption: bool = False) -> Rule:
    return Rule(
        id=rule,
        code=400,
        message=message,
        field=field,
        what=what,
        off="it is canceled",
        source=_PAGES,
        assumption=assumption,
    )


_BEFORE = (
    Rule(
        id="authentication",
        code=401,
        status=401,
        message="Authentication failed.",
        what="Both api-key and api-login must be there; any value will do.",
        off="anybody may send",
        source=_CONTRACT,
        simulated=True,
    ),
    Rule(
        id="body_size",
        code=413,
        status=413,
        message="The body is too large.",
        what="A body holds at most 10 MiB.",
        off="ten times as much is read",
        source=_SILENT,
        assumption=True,
        simulated=True,
    ),
    Rule(
        id="body",
        code=400,
        message="The body is not a JSON object.",
        what="A body is a JSON object in UTF-8.",
        off="anything else is read as an empty object",
        source=_CONTRACT,
        assumption=True,
        simulated=True,
    ),
    Rule(
        id="forgiving",
        code=400,
        message="Payload validation error.",
        what="Wrong data is cast, changed, defaulted or ignored, and the request is sent. Which value is read as what"
        " is assumed.",
        off="wrong data is refused, field by field (serve --strict)",
        source=_CONTRACT,
        assumption=True,
        simulated=True,
    ),
)
_SEND = (
    Rule(
        id="channel",
        code=400,
        field="channel",
        message="Channel not supported.",
        what="The channel is sms, voice_sms, rcs or email.",
        off="any other is read as sms",
        source=_CONTRACT,
        assumption=True,
        simulated=True,
    ),
    Rule(
        id="recipients",
        code=400,
        field="recipients",
        message="At most 500 recipients.",
        what="A request has at most 500 recipients.",
        off=_SENT,
        source=_CONTRACT,
        assumption=True,
        simulated=True,
    ),
    _minimal("no_recipient", 103, "There is no usable recipient.", "A request has at least one recipient.", _OTHERS),
    _minimal(
        "text", 107, "The text is missing.", "A text, RCS cards, or an e-mail's template_name must be there.", _CODE
    ),
    _minimal("text_length", 189, "The text is too long.", "A text has at most 1224 characters.", _OTHERS),
    Rule(
        id="sender",
        code=106,
        message="The sender is not allowed.",
        what="A sender has 3 to 11 letters and digits, but on RCS.",
        off=_SENT,
        source=_OTHERS,
        assumption=True,
    ),
    Rule(
        id="rcs_agent",
        code=106,
        message="There is no RCS agent.",
        what="RCS needs an agent, made in the account beforehand (setting: rcs_agent). The code is assumed.",
        off=_SENT,
        source=_CONTRACT,
        assumption=True,
    ),
    _refusal(
        "stop_mention",
        121,
        "STOP mention ([STOP au 30101]) is missing from your text.",
        "A wholesale SMS to French numbers says `STOP au 30101`, with any number, or `STOP au XXXXX`.",
        _CODE,
    ),
    Rule(
        id="voice_language",
        code=442,
        field="voice_language",
        message="Voice language not supported.",
        what="A voice message speaks one of the documented languages.",
        off=_SENT,
        source=_CONTRACT,
    ),
    Rule(
        id="number",
        code=181,
        message="A phone number is not valid.",
        what="A phone number is E.164: a plus, then 7 to 15 digits.",
        off=_SENT,
        source=_OTHERS,
        assumption=True,
    ),
    _refusal(
        "destination_email",
        2005,
        "[destination email] field should be valid.",
        "A destination e-mail is an address.",
        _CONTRACT,
    ),
    _refusal(
        "request_id",
        182,
        "This request_id was already used.",
        "A request_id is refused for 24 hours after its first use, whatever the other fields say.",
        _CONTRACT,
    ),
    _refusal("credit", 104, "Your credit is not sufficient.", "The credit covers the whole request.", _OTHERS),
)
_CANCEL = (
    _cancel(
        "cancel_ticket",
        "ticket_number",
        "Ticket not found.",
        "A ticket can be canceled once, under its own channel.",
        assumption=True,
    ),
    _cancel(
        "cancel_recipients",
        "ticket_number",
        "The campaign has too many recipients.",
        "A campaign can be canceled that has fewer than 3 recipients.",
    ),
    _cancel(
        "cancel_time",
        "ticket_number",
        "It is too late to cancel this campaign.",
        "A campaign can be canceled more than 10 minutes before it is sent.",
    ),
    _cancel(
        "cancel_month",
        "ticket_number",
        "The limit of cancellations is reached.",
        "At most 1000 cancellations are made a month.",
    ),
)
_BEHAVIOURS = (
    Rule(
        id="send_at",
        what="A future send_at is held until the sandbox's clock reaches it; a past one is sent at once (assumed).",
        off="everything is sent at once",
        source=_CONTRACT,
        assumption=True,
    ),
    Rule(
        id="blacklist",
        what="auto_remove_blacklisted_contacts leaves out whom the blacklist names; the answer counts the others.",
        off="nobody is left out",
        source=_CONTRACT,
    ),
    _assumed(
        "blacklist_check",
        "The 0.01 EUR of removing blacklisted contacts is part of total_cost.",
        "removing is free",
        _PAGES,
    ),
    _assumed("stop_placeholder", "People read `STOP au 30101` for `STOP au XXXXX`.", "they read XXXXX", _PAGES),
    _assumed("simulation_checks", "A simulation makes minimal checks only.", "it makes all of them", _CONTRACT),
    _assumed("refused_request_id", "A refused request does not use up its request_id.", "it does"),
    _assumed("credit_order", "A used request_id is noticed before the lack of credit.", "the credit comes first"),
    _assumed("prices", "Prices are invented (setting: prices).", "everything is free"),
    _assumed(
        "duration",
        "A call is estimated at 15 characters a second, and paid in blocks of 30 seconds.",
        "each call is one block",
    ),
    _assumed("rcs_answer", "RCS answers as voice and e-mail do.", "its answer names no ticket"),
    _assumed("duplicates", "A contact that is listed twice counts, and is sent to, twice.", "it counts once"),
    _assumed("cancel_refund", "What a canceled campaign cost is paid back.", "it is not"),
)

RULES: tuple[Rule, ...] = (*_BEFORE, *_SEND, *_CANCEL, *_BEHAVIOURS)
"""Every rule, in the order in which they are looked at; each can be switched off; the documentation lists them."""

BY_ID: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in RULES})
