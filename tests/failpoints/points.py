"""Every step of the protocol at which a process can be killed, by name, in the order of the protocol.

A point names a function of the real package, which the test build wraps as it starts; nothing of it is in the package.
"""

import functools
import importlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from octoplan.state.halts import Halted

VARIABLE: Final = "OCTOPLAN_FAILPOINT"
Hit = Callable[[], None]
Wrap = Callable[[Callable[..., Any], Hit], Callable[..., Any]]
BEFORE, INSIDE, AFTER = "before", "inside", "after"
BOTH, FILE = ("sqlite", "postgres"), ("sqlite",)


class Gone(Exception):  # noqa: N818 - it says what is the case
    """What a point names is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A `name`, and where it is: `target` as module:qualname, wrapped by `wrap`.

    `story`: what must happen for it to be reached, see `stories`. `of`: the Change whose commit it is about. `stores`:
    the states for which it is tried. `nth`: at which of its passings it is tried.
    """

    name: str
    story: str
    target: str
    wrap: Wrap
    of: str = ""
    stores: tuple[str, ...] = FILE
    nth: tuple[int, ...] = (1,)


def find(target: str) -> tuple[Any, str, Callable[..., Any]]:
    """A target → whose attribute it is, the attribute's name, and what is there now; Gone where there is none."""
    module, _, path = target.partition(":")
    *parents, name = path.split(".")
    try:
        owner = importlib.import_module(module)
        for parent in parents:
            owner = getattr(owner, parent)
        return owner, name, getattr(owner, name)
    except (ImportError, AttributeError):
        raise Gone(f"there is no {target} to be killed at") from None


def arm(order: str) -> None:
    """An order, name[:nth] → this process dies by SIGKILL when it passes that point for the nth time; Gone."""
    name, _, nth = order.partition(":")
    point = next((one for one in POINTS if one.name == name), None)
    if point is None:
        raise Gone(f"there is no failpoint {name!r}")
    owner, attribute, original = find(point.target)
    setattr(owner, attribute, functools.wraps(original)(point.wrap(original, _die_at(int(nth or 1)))))


def _die_at(nth: int) -> Hit:
    guard = threading.Lock()
    passed = 0

    def hit() -> None:
        nonlocal passed
        with guard:
            passed += 1
            if passed == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    return hit


def before(original: Callable[..., Any], hit: Hit) -> Callable[..., Any]:
    """Die when it is called."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        hit()
        return original(*args, **kwargs)

    return wrapped


def after(original: Callable[..., Any], hit: Hit) -> Callable[..., Any]:
    """Die when it has done its work, and before anybody knows."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        hit()
        return result

    return wrapped


def entered(original: Callable[..., Any], hit: Hit) -> Callable[..., Any]:
    """Die at the beginning of its block."""

    @contextmanager
    def wrapped(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with original(*args, **kwargs) as given:
            hit()
            yield given

    return wrapped


def sent(length: Callable[[bytes], int]) -> Wrap:
    """Die when so many bytes of a frame's request have gone out, and only then send the others."""

    def wrap(original: Callable[..., Any], hit: Hit) -> Callable[..., Any]:
        def wrapped(connection: Any, request: bytes, *how: Any) -> None:
            if b'"recipients"' not in request:
                original(connection, request, *how)
                return
            cut = length(request)
            original(connection, request[:cut], *how)
            hit()
            original(connection, request[cut:], *how)

        return wrapped

    return wrap


def in_transaction(wanted: Callable[[Any], bool], stage: str) -> Wrap:
    """Die before, inside or after the transaction of a call whose last argument is wanted."""

    def wrap(original: Callable[..., Any], hit: Hit) -> Callable[..., Any]:
        doing = threading.local()
        owner, name, begin = find("octoplan.state.store:SqlStore._transaction")

        @contextmanager
        def transaction(store: Any) -> Iterator[Any]:
            with begin(store) as writer:
                yield writer
                if stage == INSIDE and getattr(doing, "it", False):
                    hit()

        setattr(owner, name, transaction)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            doing.it = wanted(args[-1])
            if doing.it and stage == BEFORE:
                hit()
            result = original(*args, **kwargs)
            if doing.it and stage == AFTER:
                hit()
            doing.it = False
            return result

        return wrapped

    return wrap


def halted(wrap: Wrap) -> Wrap:
    """The same, where somebody else halts everything as soon as an intent is durable: before its first byte."""

    def wrap_halted(original: Callable[..., Any], hit: Hit) -> Callable[..., Any]:
        def commit(store: Any, epoch: int, changes: Any) -> Any:
            made = original(store, epoch, changes)
            if any(type(change).__name__ == "Begin" for change in changes):
                store.halt(Halted(who="somebody else", at=datetime.now(UTC), why="the link is broken"))
            return made

        return wrap(commit, hit)

    return wrap_halted


def _change(of: str, story: str, *, prefix: str = "", takes_over: bool | None = None, **more: Any) -> tuple[Point, ...]:
    """Points before, inside and after the commit of a Change."""

    def is_wanted(change: Any) -> bool:
        found = type(change).__name__ == of
        return found and (takes_over is None or (change.held_by is not None) == takes_over)

    return tuple(
        Point(
            name=f"{prefix or of.lower()}-{stage}",
            story=story,
            target="octoplan.state.store:SqlStore.commit",
            wrap=in_transaction(lambda changes: any(map(is_wanted, changes)), stage),
            of=of,
            stores=BOTH,
            **more,
        )
        for stage in (BEFORE, INSIDE, AFTER)
    )


def _call(method: str, story: str) -> tuple[Point, ...]:
    """Points before, inside and after the transaction of a method of the store."""
    return tuple(
        Point(
            name=f"{method}-{stage}",
            story=story,
            target=f"octoplan.state.store:SqlStore.{method}",
            wrap=in_transaction(lambda _: True, stage),
            stores=BOTH,
        )
        for stage in (BEFORE, INSIDE, AFTER)
    )


_WRITE = "octoplan.gateways.wire:write"
_POSTGRES = ("postgres",)

POINTS: Final = (
    # the state is made
    Point(name="init-key", story="init", target="octoplan.state.home:_make_key", wrap=before),
    Point(name="init-key-made", story="init", target="octoplan.state.home:_make_key", wrap=after),
    Point(name="init-sync", story="init", target="octoplan.state.database:_sync", wrap=before, nth=(1, 2, 3, 4)),
    Point(name="init-database-made", story="init", target="octoplan.state.database:create", wrap=after),
    Point(name="init-server", story="init", target="octoplan.state.server:_make_schema", wrap=after, stores=_POSTGRES),
    Point(name="init-server-made", story="init", target="octoplan.state.postgres:create", wrap=after, stores=_POSTGRES),
    Point(name="init-lock-file", story="init", target="octoplan.state.home:_write_lock", wrap=before, stores=BOTH),
    Point(name="init-lock-file-draft", story="init", target="octoplan.state.database:replace_text", wrap=before),
    Point(name="init-lock-file-made", story="init", target="octoplan.state.home:_write_lock", wrap=after, stores=BOTH),
    # the sandbox makes its own when first needed
    Point(name="first-start-key", story="first-start", target="octoplan.state.home:_make_key", wrap=after),
    Point(
        name="first-start-sync", story="first-start", target="octoplan.state.database:_sync", wrap=before, nth=(1, 2, 4)
    ),
    Point(name="first-start-made", story="first-start", target="octoplan.state.database:create", wrap=after),
    # an apply begins, and settles what an earlier one left
    Point(name="lock", story="send", target="octoplan.state.sqlite:SqliteStore.lock", wrap=entered),
    Point(
        name="lock-server",
        story="send",
        target="octoplan.state.postgres:PostgresStore.lock",
        wrap=entered,
        stores=_POSTGRES,
    ),
    Point(name="settle", story="settle", target="octoplan.apply.run:settle", wrap=before),
    Point(name="unsealed", story="settle", target="octoplan.state.keys:Keys.unseal", wrap=after),
    *_change("Again", "settle", prefix="taken-over", takes_over=True),
    *_change("Unknown", "body-lost", prefix="given-up"),
    # a run is recorded, and each frame flown
    *_call("record", "send"),
    *_change("Begin", "send", prefix="intent", nth=(1, 3)),
    Point(name="connected", story="send", target="octoplan.gateways.wire:Network._connect", wrap=after),
    Point(name="first-byte", story="send", target=_WRITE, wrap=sent(lambda _: 0), nth=(1, 3)),
    Point(name="head-sent", story="send", target=_WRITE, wrap=sent(lambda request: request.index(b"{"))),
    Point(name="half-sent", story="send", target=_WRITE, wrap=sent(lambda request: len(request) // 2)),
    Point(name="request-sent", story="send", target=_WRITE, wrap=sent(len), nth=(1, 3)),
    Point(name="answered", story="send", target="octoplan.gateways.octopush:read_answer", wrap=after, nth=(1, 3)),
    Point(name="judged", story="send", target="octoplan.apply.flight:judge", wrap=after),
    *_change("Again", "retry", takes_over=False),
    *_change("Sent", "send", nth=(1, 3)),
    *_change("Sent", "settle", prefix="sent-duplicate"),
    *_change("Refused", "refused"),
    *_change("Refused", "bad-number", prefix="refused-alone"),
    *_change("Split", "bad-number", nth=(1, 2)),
    *_change("TakenOut", "stop-said"),
    *(replace(one, wrap=halted(one.wrap)) for one in _change("PutBack", "halted", prefix="put-back")),
    *_change("Unknown", "id-in-use"),
    *_change("Open", "riddle"),
    *_call("end", "send"),
    Point(name="close", story="send", target="octoplan.state.sqlite:SqliteStore.close", wrap=before),
    Point(name="closed", story="send", target="octoplan.state.sqlite:SqliteStore.close", wrap=after),
    # a person decides
    *_call("resolve", "resolve"),
    *_call("unlock", "unlock"),
    *_change("Sent", "adopt", prefix="adopted"),
)
