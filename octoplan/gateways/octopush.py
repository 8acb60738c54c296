"""A frame's body → one POST over HTTP → an Outcome: the real API, or anything that speaks like it.

One `send` is at most one request. What carries it is a Wire: the network, or what replaces it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from octoplan import __version__
from octoplan.gateways.address import OCTOPUSH_URL, Credentials, check_url, credentials, parse
from octoplan.gateways.answers import read_answer, read_balance, read_date
from octoplan.gateways.endpoints import CHECK_BALANCE, path_of
from octoplan.gateways.interface import Balance, Outcome, Unanswered
from octoplan.gateways.wire import Network, Patience, Request, Wire, WireError

__all__ = ["OCTOPUSH_URL", "Credentials", "Octopush", "OctopushConnection", "Patience", "check_url", "credentials"]

_SHORTLY = 3.0
"""Seconds that the host is given to say its time: nothing waits for it but an apply that begins."""
_A_WHILE = 15.0
"""Seconds that the wallet is given."""
_ATTEMPTS = 2
_HEADERS = (
    ("content-type", "application/json"),
    ("accept", "application/json"),
    ("accept-encoding", "identity"),
    ("user-agent", f"octoplan/{__version__}"),
)


class Octopush:
    """The gateway at `url`, such as https://api.octopush.com/v1/public; check the URL before.

    `wire` replaces the network.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        name: str = "octopush",
        wire: Wire | None = None,
        patience: Patience | None = None,
    ) -> None:
        address = parse(url)
        self._path = address.path.rstrip("/")
        self._credentials = credentials
        self._name = name
        self._wire = wire or Network(address)
        self._patience = patience or Patience()

    def __repr__(self) -> str:
        return f"Octopush({self._name!r})"

    @property
    def name(self) -> str:
        """The gateway's name, as the environment writes it."""
        return self._name

    def connect(self) -> "OctopushConnection":
        """Make what one thread sends with."""
        return OctopushConnection(self._wire, self._path, self._credentials, self._patience)

    def clock(self) -> datetime | None:
        """Ask the host of the API what time it is: the `Date` (RFC 9110, 6.6.1) of any answer at all says it.

        It is asked for the head of its first page, without credentials.
        """
        shortly = replace(self._patience, overall=min(self._patience.overall, _SHORTLY))
        request = Request(method="HEAD", target="/", headers=_HEADERS)
        try:
            answer = self._wire.ask(request, _always, shortly)
        except WireError:
            return None
        return read_date(answer.headers.get("date", "")) if answer else None

    def balance(self) -> Balance:
        """Ask the wallet what credit there is; once more where no answer comes, since asking changes nothing."""
        shortly = replace(self._patience, overall=min(self._patience.overall, _A_WHILE))
        request = Request(method="GET", target=self._path + CHECK_BALANCE, headers=_authorized(self._credentials))
        why = ""
        for _ in range(_ATTEMPTS):
            try:
                answer = self._wire.ask(request, _always, shortly)
            except WireError as error:
                why = error.reason
                continue
            return read_balance(answer.status, answer.body) if answer else Balance(why="not asked")
        return Balance(why=f"the gateway does not answer: {why}")

    def close(self) -> None:
        """Let go: there is nothing to let go of, since each connection ends with its answer."""


class OctopushConnection:
    """What one thread sends frames with."""

    def __init__(self, wire: Wire, path: str, credentials: Credentials, patience: Patience) -> None:
        self._wire = wire
        self._path = path
        self._credentials = credentials
        self._patience = patience

    def send(self, body: bytes) -> Outcome:
        """Post one frame's body, once; everything that the network or the other side does becomes an Outcome."""
        return self.send_if(body, _always) or Unanswered(reason="not sent")

    def send_if(self, body: bytes, may_leave: Callable[[], bool]) -> Outcome | None:
        """Post one frame's body, if `may_leave` says so when the connection is open; None if it does not."""
        headers = _authorized(self._credentials)
        request = Request(method="POST", target=self._path + path_of(body), headers=headers, body=body)
        try:
            answer = self._wire.ask(request, may_leave, self._patience)
        except WireError as error:
            return Unanswered(reason=error.reason)
        return read_answer(answer.status, answer.headers, answer.body) if answer else None

    def close(self) -> None:
        """End: nothing is kept open between requests."""


def _authorized(own: Credentials) -> tuple[tuple[str, str], ...]:
    return (("api-login", own.login), ("api-key", own.key), *_HEADERS)


def _always() -> bool:
    return True
