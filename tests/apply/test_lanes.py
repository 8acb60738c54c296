"""A lane that fails stops the run, is told once, and never leaves anybody waiting."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from octoplan.apply.run import send
from octoplan.apply.tower import Flight
from octoplan.errors import GatewayError
from octoplan.frame import Frame
from octoplan.gateways.interface import Accepted, Balance, Connection, Outcome
from octoplan.state.interface import Status
from tests.apply.conftest import Field, make_frame, recording


class Faulty:
    """A gateway in which something is wrong; after `good` requests."""

    name = "faulty"

    def __init__(self, error: BaseException, *, good: int = 0, connects: bool = True) -> None:
        self.error = error
        self.good = good
        self.connects = connects

    def connect(self) -> Connection:
        if not self.connects:
            raise self.error
        return self

    def clock(self) -> None:
        pass

    def balance(self) -> Balance:
        raise AssertionError("nobody asks for the credit of a lane")

    def send(self, body: bytes) -> Outcome:
        raise AssertionError(body)

    def send_if(self, body: bytes, may_leave: Callable[[], bool]) -> Outcome:
        assert body
        assert may_leave()
        self.good -= 1
        if self.good < 0:
            raise self.error
        return Accepted(ticket="sms_1")

    def close(self) -> None:
        pass


FRAMES = tuple(make_frame(range(3 * n, 3 * n + 3)) for n in range(20))


@pytest.mark.parametrize("error", [GatewayError("no network"), ZeroDivisionError("+33600000123")])
@pytest.mark.parametrize("connects", [True, False])
def test_an_error_in_a_lane_is_raised_to_the_caller_and_prints_nothing(
    ground: Field,
    capfd: pytest.CaptureFixture[str],
    error: BaseException,
    connects: bool,  # noqa: FBT001
) -> None:
    with pytest.raises(type(error)):
        run(ground, Faulty(error, connects=connects), FRAMES)
    assert capfd.readouterr() == ("", "")
    assert ground.stop.is_set
    assert len(list(ground.store.frames(Status.SENDING))) in ((1, 2, 3) if connects else (0,))


def test_what_was_accepted_before_an_error_is_recorded(ground: Field) -> None:
    ground.judge.accepted = {one.id: [] for one in FRAMES}
    with pytest.raises(GatewayError):
        run(ground, Faulty(GatewayError("no network"), good=7), FRAMES)
    assert ground.statuses()["sent"] == 21


def test_an_error_in_the_stream_of_flights_waits_for_what_is_in_flight(ground: Field) -> None:
    def flights() -> Iterator[Frame]:
        yield from FRAMES[:5]
        raise GatewayError("the table broke")

    with pytest.raises(GatewayError, match="the table broke"):
        run(ground, None, FRAMES, flights())
    assert ground.statuses().keys() <= {"sent", "planned"}
    assert not list(ground.store.frames(Status.SENDING))


def test_whoever_stops_listening_ends_the_run(ground: Field) -> None:
    events = send(ground.applier(), recording(FRAMES))
    next(events)
    next(events)
    events.close()  # type: ignore[attr-defined] # an iterator by contract, a generator in fact
    assert ground.stop.is_set
    assert not list(ground.store.frames(Status.SENDING))


def run(
    ground: Field, gateway: Faulty | None, frames: tuple[Frame, ...], flights: Iterator[Frame] | None = None
) -> None:
    applier = ground.applier()
    written = recording(frames)
    if gateway is not None:
        applier = replace(applier, gateway=gateway)
    if flights is not None:
        written = replace(written, flights=lambda: (Flight(frame=one) for one in flights))
    list(send(applier, written))
