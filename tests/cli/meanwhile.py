"""What somebody does while an apply is at work: right before the gateway answers a request of it."""

from collections.abc import Callable

import pytest

from octoplan.sandbox.exchange import Request
from octoplan.state.interface import Status
from octoplan.state.sqlite import SqliteStore
from octoplan.state.told import Optout
from tests.conftest import NOW, Folder, Gateway


def at_request(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> None:
    """Act when the request of this number has arrived at a gateway, before it is answered."""
    answer = Gateway.answer

    def answer_then(gateway: Gateway, request: Request) -> tuple[int, bytes] | None:
        if len(gateway.bodies) == number - 1:
            act()
        return answer(gateway, request)

    monkeypatch.setattr(Gateway, "answer", answer_then)


def say_stop(folder: Folder, environment: str, wave: int) -> None:
    """Hear the STOP of somebody in the last frame of a wave that is still planned."""
    store = SqliteStore(folder.path / ".octoplan" / f"{environment}.db", writable=True)
    frame = [one for one in store.frames(Status.PLANNED, campaign="sale") if one.wave == wave][-1]
    store.hear([Optout(person=store.people(frame.id)[0], ticket="", at=NOW, heard_at=NOW)])
    store.close()
