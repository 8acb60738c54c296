"""Request → Answer: the sandbox itself, in process. The other door, `app`, calls this one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from octoplan.sandbox.answers import answer_failed
from octoplan.sandbox.deciding import Desk, find_endpoint
from octoplan.sandbox.errors import StorageError
from octoplan.sandbox.exchange import Answer, Request, dated, http_date
from octoplan.sandbox.queries import MESSAGES, REQUESTS, Listing
from octoplan.sandbox.records import Entry, Message, Query
from octoplan.sandbox.settings import Settings, apply_stored
from octoplan.sandbox.storage import Storage

Found = TypeVar("Found")
_EVERYTHING = Query()


class Sandbox:
    """An Octopush of one's own: answers requests and remembers what they sent. Safe for several threads.

    It does not own `storage`: who opened it closes it. `clock` gives the real time as an aware datetime; the sandbox's
    own may be ahead of it, or stand still. `settings`: what it starts with, beneath what its file remembers.
    """

    def __init__(self, storage: Storage, clock: Callable[[], datetime], settings: Settings | None = None) -> None:
        self._storage = storage
        self._clock = clock
        self._base = settings or Settings()
        self._known: tuple[str, Settings] = ("{}", self._base)

    def answer(self, request: Request) -> Answer:
        """Answer `request` as the API would; 500, and nothing kept, if it cannot be written down."""
        return self.answer_together((request,))[0]

    def answer_together(self, requests: Sequence[Request]) -> tuple[Answer, ...]:
        """Answer requests that came at the same time, in order, with one write to the disk: all are kept, or none."""
        try:
            with self._storage.transaction(self._clock()) as ledger:
                settings = self._settings(ledger.load_settings())
                now = self._now(settings)
                desk, date = Desk(ledger=ledger, settings=settings, now=now), http_date(now)
                return tuple(dated(desk.answer(request, find_endpoint(request)), date) for request in requests)
        except StorageError:
            return tuple(answer_failed() for _ in requests)

    @property
    def storage(self) -> Storage:
        """Where everything is kept."""
        return self._storage

    @property
    def base(self) -> Settings:
        """What it was started with."""
        return self._base

    def now(self) -> datetime:
        """The time by the sandbox's own clock."""
        return self._now(self.settings())

    def real_time(self) -> datetime:
        """The time by the clock that it was given."""
        return self._clock()

    def settings(self) -> Settings:
        """How the sandbox is set at present."""
        return self._settings(self._storage.load_settings())

    def find(self, listing: Listing[Found], query: Query) -> tuple[Found, ...]:
        """List tickets, messages, requests or callbacks, as of the sandbox's own time."""
        return self._storage.find(listing, query, self.now())

    def count_of(self, listing: Listing[Found], query: Query) -> int:
        """Count what `find` would list without a limit."""
        return self._storage.count(listing, query, self.now())

    def messages(self, query: Query = _EVERYTHING) -> tuple[Message, ...]:
        """List the messages that were accepted."""
        return self.find(MESSAGES, query)

    def requests(self, query: Query = _EVERYTHING) -> tuple[Entry, ...]:
        """List the requests that were received: simulated and refused ones too."""
        return self.find(REQUESTS, query)

    def count(self, query: Query = _EVERYTHING) -> int:
        """Count the messages that were accepted."""
        return self.count_of(MESSAGES, query)

    def version(self) -> str:
        """Name the present content: the name changes with it, whoever changed it."""
        return self._storage.version(self.now())

    def reset(self) -> None:
        """Forget everything that was received or set, and fill up the credit."""
        with self._storage.transaction() as ledger:
            ledger.forget_all()
        self._storage.empty_log()

    def _settings(self, stored: str) -> Settings:
        known, settings = self._known
        if stored != known:
            settings = apply_stored(self._base, stored)
            self._known = (stored, settings)
        return settings

    def _now(self, settings: Settings) -> datetime:
        return settings.frozen or self._clock() + settings.offset
