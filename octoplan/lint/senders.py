"""An SMS campaign → a sender that operators refuse, or put another in the place of."""

import re
from collections.abc import Iterator
from typing import Final

from octoplan.campaign import Campaign
from octoplan.errors import Problem

GENERIC: Final = frozenset(
    {
        *("ALERT", "ALERTE", "INFO", "INFOS", "MESSAGE", "MSG", "NOTICE", "NOTIF", "PROMO", "PUB", "SMS", "SPECIAL"),
        *("STOP", "TEST", "VERIFY"),
    }
)
"""Names of nobody. French operators refuse VERIFY, INFO, SMS, NOTICE "etc." (Vonage, "France SMS Features and
Restrictions"); the others are of the same kind, and MailUp and others advise against them."""
OPERATORS: Final = frozenset({"BOUYGUES", "FREE", "ORANGE", "SFR"})
"""French networks, whose names nobody else may send under (Vonage, the same page)."""
_SHORT_CODE: Final = re.compile("3[68][0-9]{3}")


def senders(campaign: Campaign) -> Iterator[Problem]:
    """`sender-refused`: digits only, or the name of nobody in particular. A voice call may come from a number."""
    sender = campaign.settings.get("sender")
    if campaign.channel != "sms" or not isinstance(sender, str):
        return
    folded = sender.upper()
    if sender.isdigit() and not _SHORT_CODE.fullmatch(sender):
        message = "French operators refuse a sender of digits only, or put another in its place"
    elif folded in GENERIC:
        message = f"French operators refuse `{sender}`, which could be anybody"
    elif folded in OPERATORS:
        message = f"French operators refuse `{sender}`, the name of one of them"
    else:
        return
    yield Problem(
        place=campaign.document.value_place(("sender",)),
        rule="lint/sender-refused",
        message=message,
        hint="let people read who writes to them: the name of your shop",
        severity="warning",
    )
