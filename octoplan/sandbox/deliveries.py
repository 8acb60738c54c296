"""An accepted Submission → the Delivery that it makes, as people will read it, and when."""

import re
from datetime import UTC, datetime

from octoplan.sandbox.prices import Bill
from octoplan.sandbox.reading import Submission
from octoplan.sandbox.records import Delivery
from octoplan.sandbox.settings import Settings

_OWN_COLUMNS = frozenset({"text", "sender", "purpose", "list_name", "send_at", "simulation_mode"})
_PLACEHOLDER = re.compile(r"STOP au XXXXX")
_STOP = "STOP au 30101"


def make_delivery(submission: Submission, bill: Bill, settings: Settings, now: datetime) -> Delivery:
    """Make what is sent of a submission that was accepted `now`."""
    replaces = submission.channel == "sms" and "stop_placeholder" not in settings.rules_off
    texts = tuple(_PLACEHOLDER.sub(_STOP, text) if replaces else text for text in submission.texts)
    return Delivery(
        channel=submission.channel,
        text=submission.text if submission.personal else texts[0],
        sender=submission.option("sender"),
        purpose=submission.option("purpose"),
        send_at=submission.option("send_at"),
        due=_find_due(submission, settings, now),
        units=tuple(max(units, 1) for units in bill.units),
        cost=bill.cost,
        options={name: value for name, value in submission.options.items() if name not in _OWN_COLUMNS},
        addresses=submission.addresses,
        personal=texts if submission.personal else (),
    )


def _find_due(submission: Submission, settings: Settings, now: datetime) -> datetime:
    written = submission.option("send_at")
    if not written or "send_at" in settings.rules_off:
        return now
    return max(datetime.fromisoformat(written).astimezone(UTC), now)
