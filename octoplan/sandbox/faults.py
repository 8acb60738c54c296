"""An order in JSON → Faults: what goes wrong with the next requests under /v1/public, in a queue or by seeded chance.

They belong to the server that is running, not to its file: whoever starts it anew starts without faults.
"""

import json
import random
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, get_args

from octoplan.sandbox.errors import SandboxError

Kind = Literal[
    "latency", "status", "retry_after", "reset_before", "reset_after", "truncated", "invalid_json", "slow", "duplicate"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

LONGEST_SECONDS = 600
LONGEST_QUEUE = 10_000
LARGEST_ANSWER = 1024 * 1024
"""Bytes of a scripted body."""

_MOST_HEADERS = 50
_LONGEST_LINE = 4_000
_USED_SHOWN = 100
_NO_CONTENT = frozenset({204, 205, 304})
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_CHANCE = frozenset({"probability", "seed", "faults"})
_EVERYWHERE = frozenset({"kind", "path", "times"})
_OWN: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        "latency": frozenset({"seconds"}),
        "status": frozenset({"status", "body", "headers", "accept"}),
        "retry_after": frozenset({"seconds", "body", "headers"}),
        "reset_before": frozenset(),
        "reset_after": frozenset(),
        "truncated": frozenset(),
        "invalid_json": frozenset({"body", "headers"}),
        "slow": frozenset({"seconds"}),
        "duplicate": frozenset(),
    }
)
"""Which keys mean something for which kind, besides those that mean something for all."""


class FaultsError(SandboxError, ValueError):
    """An order that cannot be read; nothing of it was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong; what each kind does, and whether the message is taken, stands in `wire`.

    `seconds`: of latency and slow, how long; of retry_after, the header's value. `body`: what is answered in place of
    the sandbox's own, None for a usual one. `path`: how the path ends of the requests that it is for, blank for all.
    """

    kind: Kind
    seconds: float = 1.0
    status: int = 503
    body: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    accept: bool = False
    path: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Faults to be queued, or, with a `probability`, those of which chance picks from now on."""

    faults: tuple[Fault, ...]
    probability: float | None = None
    seed: int = 0


class Faults:
    """The faults of one running server, safe for several threads.

    First comes the queue: the first fault in it that is for the path is taken, as often as it says. Where there is
    none, chance decides. Every request draws twice, whatever else happens: the same seed and the same requests in the
    same order are the same faults.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Fault] = []
        self._left: list[int] = []
        self._chance = Order(faults=())
        self._random = random.Random(0)  # noqa: S311 - it has to be repeatable
        self._used: deque[dict[str, str]] = deque(maxlen=_USED_SHOWN)

    def place(self, order: Order) -> None:
        """Queue the faults of an order behind the others, or put its chance in place of the present one."""
        with self._lock:
            if order.probability is not None:
                self._chance, self._random = order, random.Random(order.seed)  # noqa: S311 - it has to be repeatable
                return
            if len(self._queue) + len(order.faults) > LONGEST_QUEUE:
                raise FaultsError(f"the queue would hold more than {LONGEST_QUEUE} faults", hint="DELETE empties it")
            self._queue += order.faults
            self._left += (fault.times for fault in order.faults)

    def clear(self) -> None:
        """Let everything go right again, and forget what was used."""
        with self._lock:
            self._queue, self._left, self._chance = [], [], Order(faults=())
            self._used.clear()

    def take(self, path: str, clock: Callable[[], datetime]) -> Fault | None:
        """Take the fault for a request to `path`, noting it as used at the time of `clock`; None if all goes well."""
        if not self._queue and self._chance.probability is None:
            return None
        with self._lock:
            drawn = self._draw(path)
            fault = self._take_queued(path) or drawn
            if fault is not None:
                at = clock().astimezone(UTC).isoformat()
                self._used.append({"at": at, "path": path[:_LONGEST_LINE], "kind": fault.kind})
        return fault

    def show(self) -> dict[str, Any]:
        """Show, as JSON values, what is left of the queue, the chance, and the last hundred that were used."""
        with self._lock:
            return {
                "queue": [_show(fault, left) for fault, left in zip(self._queue, self._left, strict=True)],
                "probability": self._chance.probability or 0.0,
                "seed": self._chance.seed,
                "faults": [_show(fault) for fault in self._chance.faults],
                "used": list(self._used),
            }

    def _take_queued(self, path: str) -> Fault | None:
        for at, fault in enumerate(self._queue):
            if path.endswith(fault.path):
                self._left[at] -= 1
                if not self._left[at]:
                    del self._queue[at], self._left[at]
                return fault
        return None

    def _draw(self, path: str) -> Fault | None:
        if self._chance.probability is None:
            return None
        whether, which = self._random.random(), self._random.random()
        usable = [fault for fault in self._chance.faults if path.endswith(fault.path)]
        return usable[int(which * len(usable))] if usable and whether < self._chance.probability else None


def read_order(content: object) -> Order:
    """Read an order as it came in JSON: {"faults": [...]}, with or without "probability" and "seed"; FaultsError."""
    if not isinstance(content, Mapping) or "faults" not in content:
        raise FaultsError("an object with faults is needed", hint='{"faults": [{"kind": "reset_after"}]}')
    _check_keys("the order", content, _CHANCE)
    listed = content["faults"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= LONGEST_QUEUE:
        raise FaultsError(f"faults: an array of 1 to {LONGEST_QUEUE} is needed", hint="DELETE takes all away")
    faults = tuple(_read_fault(f"faults[{at}]", one) for at, one in enumerate(listed))
    if "probability" not in content:
        if "seed" in content:
            raise FaultsError("seed: means nothing without a probability", hint="add one from 0 to 1, or leave it out")
        return Order(faults=faults)
    if late := [at for at, one in enumerate(listed) if "times" in one]:
        raise FaultsError(f"faults[{late[0]}].times: means nothing with a probability", hint="leave it out")
    return Order(
        faults=faults,
        probability=_read_number("probability", content["probability"], 1),
        seed=_read_whole("seed", content.get("seed", 0), 0, 2**63 - 1),
    )


def _read_fault(where: str, content: object) -> Fault:
    if not isinstance(content, Mapping):
        raise FaultsError(f"{where}: an object is needed", hint='such as {"kind": "reset_after"}')
    kind = content.get("kind")
    if kind not in KINDS:
        raise FaultsError(f"{where}.kind: no such kind of fault", hint=f"there are: {', '.join(KINDS)}")
    _check_keys(f"{where} ({kind})", content, _EVERYWHERE | _OWN[kind])
    if kind == "status" and "status" not in content:
        raise FaultsError(f"{where}.status: is missing", hint="a number from 200 to 599")
    fault = Fault(**{name: _READERS[name](f"{where}.{name}", value) for name, value in content.items()})
    _check_together(where, fault)
    return fault


def _check_together(where: str, fault: Fault) -> None:
    if fault.kind == "retry_after" and fault.seconds != int(fault.seconds):
        raise FaultsError(f"{where}.seconds: Retry-After counts whole seconds", hint="leave the fraction out")
    if fault.kind == "status" and fault.status in _NO_CONTENT and fault.body:
        raise FaultsError(f"{where}.body: an answer with {fault.status} has none", hint="leave it out")
    if fault.kind == "invalid_json" and fault.body is not None and _is_json(fault.body):
        raise FaultsError(f"{where}.body: it is JSON", hint="give text that is not, or leave it out")


def _check_keys(where: str, content: Mapping[Any, Any], known: frozenset[str]) -> None:
    for name in content:
        if name not in known:
            shown = str(name)[:40]
            raise FaultsError(f"{where}: no such key: {shown}", hint=f"there are: {', '.join(sorted(known))}")


def _read_number(where: str, value: object, most: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not 0 <= value <= most:
        raise FaultsError(f"{where}: a number from 0 to {most} is needed")
    return float(value)


def _read_whole(where: str, value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise FaultsError(f"{where}: a whole number from {least} to {most} is needed")
    return value


def _read_body(where: str, value: object) -> str:
    """Read text as it is, and any other JSON value as its JSON."""
    try:
        text = (
            value
            if isinstance(value, str)
            else json.dumps(value, separators=(",", ":"), allow_nan=False, default=float)
        )
        size = len(text.encode())
    except (ValueError, RecursionError):  # half a surrogate pair, a number that is none, nested without end
        raise FaultsError(f"{where}: cannot be written as UTF-8 JSON", hint="give it as text") from None
    if size > LARGEST_ANSWER:
        raise FaultsError(f"{where}: larger than {LARGEST_ANSWER} bytes")
    return text


def _read_headers(where: str, value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or len(value) > _MOST_HEADERS:
        raise FaultsError(f"{where}: an object of at most {_MOST_HEADERS} names and texts is needed")
    for name, text in value.items():
        if not _HEADER.fullmatch(name) or name.lower() in _FRAMING:
            raise FaultsError(f"{where}: a name that cannot be set", hint="letters, digits and dashes; no framing")
        if not isinstance(text, str) or len(text) > _LONGEST_LINE or not _HEADER_VALUE.fullmatch(text):
            raise FaultsError(f"{where}: a value that cannot be sent", hint="one line of Latin text")
    return MappingProxyType({name.lower(): text.strip() for name, text in value.items()})


def _read_path(where: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_LINE or (value and not value.startswith("/")):
        raise FaultsError(f"{where}: the end of a path is needed", hint="such as /multi-channel/send")
    return value


def _read_flag(where: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise FaultsError(f"{where}: true or false is needed")
    return value


_READERS: Mapping[str, Callable[[str, object], Any]] = MappingProxyType(
    {
        "kind": lambda _, value: value,
        "seconds": lambda where, value: _read_number(where, value, LONGEST_SECONDS),
        "status": lambda where, value: _read_whole(where, value, 200, 599),
        "body": _read_body,
        "headers": _read_headers,
        "accept": _read_flag,
        "path": _read_path,
        "times": lambda where, value: _read_whole(where, value, 1, LONGEST_QUEUE),
    }
)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _show(fault: Fault, times: int | None = None) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": fault.kind, "path": fault.path}
    if times is not None:
        shown["times"] = times
    for name in sorted(_OWN[fault.kind]):
        value = getattr(fault, name)
        if value is not None:
            shown[name] = dict(value) if isinstance(value, Mapping) else value
    return shown
