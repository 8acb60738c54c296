"""A pytest plug-in: an Octopush of one's own for the tests of any program that sends.

    # conftest.py
    pytest_plugins = ["octoplan.sandbox.testing"]

    # test_welcome.py
    def test_a_customer_is_welcomed_once(octopush):
        welcome("+33600000123", base_url=octopush.url)
        assert [message.text for message in octopush.messages()] == ["Welcome!"]
        assert octopush.forgiven() == ()

It listens on a free port of loopback, in a thread of the tests' own process, and remembers nothing but in memory. Any
credentials will do. Each test finds it empty, and its clock at the present time.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from octoplan.sandbox.app import build_app
from octoplan.sandbox.casting import Forgiven
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.endpoints import BASE_PATH
from octoplan.sandbox.faults import Faults, read_order
from octoplan.sandbox.posting import Poster
from octoplan.sandbox.queries import CALLBACKS, TICKETS
from octoplan.sandbox.records import Callback, CallbackKind, Entry, Message, Query, Ticket
from octoplan.sandbox.serve import serve_beside
from octoplan.sandbox.settings import Settings
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Octopush:
    """A running sandbox: `address` of its web inbox, and what a test wants to know or to happen.

    Lists are oldest first, and take the filters of a Query: ticket, message, request, channel, list_name, address and
    state; all but callbacks also refused and search. Another one is an error.
    """

    address: str
    sandbox: Sandbox = field(repr=False)
    faults: Faults = field(repr=False)

    @property
    def url(self) -> str:
        """The base URL that a client is given in place of https://api.octopush.com/v1/public."""
        return f"{self.address}{BASE_PATH}"

    def messages(self, **wanted: Any) -> tuple[Message, ...]:
        """List the messages that were accepted."""
        return self.sandbox.messages(Query(**wanted))

    def tickets(self, **wanted: Any) -> tuple[Ticket, ...]:
        """List the accepted requests, with what they cost."""
        return self.sandbox.find(TICKETS, Query(**wanted))

    def requests(self, **wanted: Any) -> tuple[Entry, ...]:
        """List the requests that arrived: refused and simulated ones too."""
        return self.sandbox.requests(Query(**wanted))

    def forgiven(self) -> tuple[Forgiven, ...]:
        """List what the API would have mended, defaulted or ignored, over all requests: a clean client leaves none."""
        return tuple(note for entry in self.sandbox.requests() for note in entry.forgiven)

    def callbacks(self, **wanted: Any) -> tuple[Callback, ...]:
        """List the callbacks that were posted, or wait."""
        return self.sandbox.find(CALLBACKS, Query(**wanted))

    def advance(self, **by: float) -> None:
        """Advance the sandbox's clock, such as by `hours=24`."""
        Steering(self.sandbox).set_clock(ahead=timedelta(**by))

    def report(self, kind: CallbackKind, message: Message, said: str) -> Callback:
        """Let a callback come: a `delivery` with its status, a `stop` or a `reply` with its text."""
        return Steering(self.sandbox).report(kind, message, said)

    def set_clock(self, moment: datetime, *, frozen: bool = False) -> None:
        """Set the sandbox's clock to an aware datetime, standing still or not."""
        Steering(self.sandbox).set_clock(moment, frozen=frozen)

    def set_credit(self, amount: Decimal | float) -> None:
        """Set the credit left, in EUR."""
        Steering(self.sandbox).set_credit(Decimal(str(amount)))

    def change(self, **settings: Any) -> None:
        """Change settings, such as `strict=True` or `rules_off=["stop_mention"]`."""
        Steering(self.sandbox).change(settings)

    def fault(self, kind: str, **details: Any) -> None:
        """Let something go wrong with the next request, such as `reset_after`: taken, but the answer is lost."""
        self.place({"faults": [{"kind": kind, **details}]})

    def place(self, order: Mapping[str, Any]) -> None:
        """Place faults as the body of POST /_sandbox/faults does, by chance too."""
        self.faults.place(read_order(order))

    def reset(self) -> None:
        """Forget everything."""
        self.sandbox.reset()
        self.faults.clear()


@contextmanager
def run_octopush(settings: Settings | None = None) -> Iterator[Octopush]:
    """Run a sandbox while the block does; for those who do not use pytest, or want several."""
    faults = Faults()
    with Storage.in_memory() as storage:
        sandbox = Sandbox(storage, lambda: datetime.now(UTC), settings)
        with Poster(Steering(sandbox)), serve_beside(build_app(sandbox, faults=faults)) as address:
            yield Octopush(address=address, sandbox=sandbox, faults=faults)


@pytest.fixture(scope="session")
def octopush_server() -> Iterator[Octopush]:
    """The sandbox that all tests of a session share."""
    with run_octopush() as running:
        yield running


@pytest.fixture
def octopush(octopush_server: Octopush) -> Octopush:
    """The sandbox, empty."""
    octopush_server.reset()
    return octopush_server
