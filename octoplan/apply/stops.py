"""Who has said STOP since the plan was drawn → taken out of a frame of which nothing was sent; the others go on."""

from dataclasses import replace

from octoplan.apply.events import FrameDone
from octoplan.apply.tower import Flight, Tower
from octoplan.state import interface as state
from octoplan.state.interface import Clearance


def said_stop(flight: Flight, cleared: Clearance, tower: Tower) -> frozenset[int]:
    """A flight and what the state said a moment ago → those of its people who said STOP since it was planned.

    Nothing is looked up where no STOP was heard since, or where none counts.
    """
    if flight.heard is None or cleared.heard <= flight.heard:
        return frozenset()
    return tower.ledger.opted_out(flight.frame.people, flight.heard)


def take_out(flight: Flight, gone: frozenset[int], tower: Tower, *, begun: bool) -> list[Flight]:
    """A flight of which no byte was sent, and those in it who get nothing → the flight of the others, if there are any.

    In one transaction: nobody is in no frame who should be in one. Nothing where the state is not ours any more.
    """
    frame = flight.frame
    rest = frame.without(gone)
    change = state.TakenOut(
        frame=frame.id,
        run=tower.run,
        at=tower.clock.now(),
        begun=begun,
        gone=tuple(person for person in frame.people if person in gone),
        rest=None if rest is None else state.Child(id=rest.id, people=rest.people, refusals=rest.refusals),
    )
    if not tower.make(change):
        return []
    why = "said STOP since the plan was drawn"
    campaign = frame.origin.campaign
    tower.gone.add(campaign, len(gone))
    tower.tell(FrameDone(campaign=campaign, frame=frame.id, status="opted_out", recipients=len(gone), why=why))
    if rest is None:
        return []
    expected = flight.expected.of(person not in gone for person in frame.people)
    return [replace(flight, frame=rest, first_attempt=None, expected=expected)]
