"""A frame's body in bytes → an Outcome. What every gateway is, and the few things that an attempt can come to.

    Outcome
    ├── Accepted     the messages were taken
    ├── Duplicate    the request id was used before
    ├── Refused      a definite no, of a scope
    ├── Unanswered   nobody knows whether the messages were taken
    └── Riddle       an answer that nobody here understands

Nothing in an outcome repeats the words of an answer, which may quote a person's data: reasons are ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

Scope = Literal["recipient", "campaign", "account"]
"""Whom a refusal is about, the narrowest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The gateway took the frame; what it did not say is None.

    `contacts`: how many it took. `cost` and `credit_left`: in the account's currency; of a simulated request they are
    not to be used as a price. `units`: SMS parts over all contacts, on the SMS channel only.
    """

    ticket: str | None = None
    contacts: int | None = None
    cost: Decimal | None = None
    units: int | None = None
    credit_left: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """The request id was used in the last 24 hours; by whom, the caller knows or does not."""

    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A definite no. `field`: the contract's parameter that it names, if any. `code`: None where the status said it."""

    scope: Scope
    code: int | None
    reason: str
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """No answer that proves anything: the same bytes may be sent again. `retry_after` in seconds, if it was named."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Riddle:
    """An answer without known meaning: it stops the campaign, and the frame stays open."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The credit of an account, in EUR; `amount` None: nobody can tell, for the reason in `why`."""

    amount: Decimal | None = None
    why: str = ""


Outcome = Accepted | Duplicate | Refused | Unanswered | Riddle


class Connection(Protocol):
    """One thread's way to a gateway."""

    def send(self, body: bytes) -> Outcome:
        """Send one frame's body, once; whatever the network does is an Outcome, not an exception."""

    def send_if(self, body: bytes, may_leave: Callable[[], bool]) -> Outcome | None:
        """Send one frame's body, if `may_leave` still says so when the way is open, right before the first byte.

        None: it did not, and nothing was sent. To open a way takes time, in which a process may have stood still.
        """

    def close(self) -> None:
        """Close the way; nothing is sent afterwards."""


class Gateway(Protocol):
    """What takes frames; `connect` may be called from any thread."""

    @property
    def name(self) -> str:
        """The gateway's name, as the environment writes it."""

    def connect(self) -> Connection:
        """Make a connection for one thread, which closes it."""

    def clock(self) -> datetime | None:
        """What time it is at the gateway, with its zone; None if it does not say."""

    def balance(self) -> Balance:
        """What credit there is now; whatever the network does is a Balance without amount, not an exception."""

    def close(self) -> None:
        """Let go of what connections share."""
