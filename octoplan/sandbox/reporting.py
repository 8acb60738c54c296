"""What happened to messages → the callbacks that tell of it, ready to be queued; their bodies stand in `callbacks`."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from octoplan.sandbox.callbacks import (
    CallbackError,
    Content,
    DeliveryReport,
    describe_delivery,
    describe_group,
    describe_reply,
    describe_stop,
    encode_callback,
)
from octoplan.sandbox.countries import find_country
from octoplan.sandbox.prices import find_price
from octoplan.sandbox.records import Callback, CallbackKind, Delivery, Entry, Message
from octoplan.sandbox.settings import Settings

_UNSAID = "DELIVERED"


def report_deliveries(
    entry: Entry, delivery: Delivery, first: int, blacklisted: Collection[str], settings: Settings
) -> Iterator[Callback]:
    """Report what an accepted request sends, whose first message has the id `first`, for when it is due.

    Each phone gets a report of its own, the e-mails of a ticket share one. What is sent to a blacklisted address does
    not arrive.
    """
    reports = [_decide(message, blacklisted, settings) for message in _list_messages(entry, delivery, first)]
    if delivery.channel == "email" and reports:
        yield _make_callback("delivery", describe_group(reports), (entry.ticket or "", None), delivery.due, settings)
        return
    for number, report in enumerate(reports, start=first):
        about = (report.message.ticket, number)
        yield _make_callback("delivery", describe_delivery(report), about, delivery.due, settings)


def report_anew(messages: Sequence[Message], blacklisted: Collection[str], settings: Settings, form: str) -> bytes:
    """Write the body of a report of these messages, which is not due yet, as the blacklist is now."""
    reports = [_decide(message, blacklisted, settings) for message in messages]
    grouped = messages[0].channel == "email"
    return encode_callback(describe_group(reports) if grouped else describe_delivery(reports[0]), form)


def report_on(kind: CallbackKind, message: Message, said: object, now: datetime, settings: Settings) -> Callback:
    """Report something else of one message: another status, or what its person answered; CallbackError if it cannot be.

    `said` is a status for a delivery, a text for a STOP or a reply.
    """
    if not settings.callback_url:
        raise CallbackError("no callback_url is set", hint="POST /_sandbox/settings, or serve --callback-url")
    content: Content
    if kind == "stop":
        content = describe_stop(message, said, now)
    elif kind == "reply":
        content = describe_reply(message, said, now)
    else:
        unit_price = _find_unit_price(message, settings)
        content = describe_delivery(DeliveryReport(message=message, status=str(said), at=now, unit_price=unit_price))
    return _make_callback(kind, content, (message.ticket, message.id), now, settings)


def _decide(message: Message, blacklisted: Collection[str], settings: Settings) -> DeliveryReport:
    return DeliveryReport(
        message=message,
        status="BLACKLISTED_NUMBER" if message.address in blacklisted else _UNSAID,
        at=message.due,
        unit_price=_find_unit_price(message, settings),
    )


def _list_messages(entry: Entry, delivery: Delivery, first: int) -> Iterator[Message]:
    for at, address in enumerate(delivery.addresses):
        yield Message(
            id=first + at,
            at=entry.at,
            request=entry.id,
            ticket=entry.ticket or "",
            channel=delivery.channel,
            address=address,
            text=delivery.personal[at] if delivery.personal else delivery.text,
            sender=delivery.sender,
            purpose=delivery.purpose,
            list_name=entry.list_name,
            send_at=delivery.send_at,
            due=delivery.due,
            state="held",
            parts=delivery.units[at if delivery.personal else 0],
            options=delivery.options,
        )


def _make_callback(
    kind: CallbackKind, content: Content, about: tuple[str, int | None], due: datetime, settings: Settings
) -> Callback:
    ticket, message = about
    return Callback(
        id=0,
        kind=kind,
        ticket=ticket,
        message=message,
        due=due,
        url=settings.callback_url,
        format=settings.callback_format,
        body=encode_callback(content, settings.callback_format),
    )


def _find_unit_price(message: Message, settings: Settings) -> Decimal:
    if "prices" in settings.rules_off:
        return Decimal(0)
    product = str(message.options.get("type") or message.channel)
    return find_price(settings.prices, product, find_country(message.address)) * message.parts
