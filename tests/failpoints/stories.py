"""What must happen for a point to be reached: before the armed process, and what that process is asked to do."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from octoplan.state.interface import Status
from tests.apply.gateway import ACCEPT, CUT_AFTER, DUPLICATE, RIDDLE, STOP_MISSING, Asked, in_turn
from tests.failpoints.conftest import APPLY, BAD, PEOPLE, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`prepare` makes the world; its answer is what the armed process is called with. `flags`: of the applies after.

    `then`: what a person does before them.
    """

    prepare: Callable[[Field], tuple[str, ...]]
    flags: tuple[str, ...] = ()
    then: tuple[str, ...] = ()


def _make_state(ground: Field) -> None:
    assert ground.call("state", "init").code == 0


def _send(ground: Field) -> tuple[str, ...]:
    _make_state(ground)
    return APPLY


def _answering(*actions: str) -> Callable[[Field], tuple[str, ...]]:
    def prepare(ground: Field) -> tuple[str, ...]:
        _make_state(ground)
        ground.judge.script = in_turn(*actions)
        return APPLY

    return prepare


def _bad_number(ground: Field) -> tuple[str, ...]:
    ground.write(frame_size=500)  # one frame of a variant holds all its people: it is split, and split again
    _make_state(ground)
    ground.judge.bad = frozenset({BAD})
    return APPLY


def _stop_said(ground: Field) -> tuple[str, ...]:
    """Somebody says STOP while the run is at work, when its first request has arrived: they are in a later one."""
    _make_state(ground)
    settings = (ground.folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    ground.folder.write({"octoplan.yaml": settings.replace("max_in_flight: 2", "max_in_flight: 1")})
    said: list[str] = []

    def script(asked: Asked) -> str:
        if not said:
            said.append(next(one for one in reversed(PEOPLE) if one not in asked.addresses))
            ground.judge.stopped = frozenset(said)
            ground.folder.write({"stop.json": json.dumps({"number": said[0], "stop_date": ""})})
            assert ground.call("ingest", str(ground.folder.path / "stop.json")).code == 0
        return ACCEPT

    ground.judge.script = script
    return APPLY


def _open(ground: Field) -> tuple[str, ...]:
    """The answer to the first frame was lost, and its run has ended without another attempt."""
    _make_state(ground)
    ground.judge.script = in_turn(CUT_AFTER)
    assert ground.call(*APPLY, hurried=True).code == 9
    assert len(ground.frames(Status.SENDING)) == 1
    return APPLY


def _body_lost(ground: Field) -> tuple[str, ...]:
    again = _open(ground)
    _ask(ground, "DELETE FROM bodies")
    return again


def _ask(ground: Field, statement: str) -> None:
    """Do something to the state that octoplan never does."""
    if ground.server:
        schema = ground.state.rpartition("=")[2]
        ground.server.ask(f"SET search_path = {schema}; {statement}")
        return
    with closing(sqlite3.connect(ground.folder.path / ground.state)) as connection:
        connection.execute(statement)
        connection.commit()


def _unknown(ground: Field) -> Field:
    _make_state(ground)
    ground.judge.script = in_turn(DUPLICATE)
    assert ground.call(*APPLY).code == 9
    return ground


def _resolve(ground: Field) -> tuple[str, ...]:
    (frame,) = _unknown(ground).frames(Status.UNKNOWN)
    return "state", "resolve", frame.id, "--not-sent", "--yes"


def _unlock(ground: Field) -> tuple[str, ...]:
    _open(ground)
    return "state", "unlock"


def _adopt(ground: Field) -> tuple[str, ...]:
    """Everybody was sent to, and the state is what it was before: a copy was restored."""
    _make_state(ground)
    assert ground.call(*APPLY).code == 0
    for table in ("messages", "frames", "runs", "campaigns"):
        _ask(ground, f"DELETE FROM {table}")
    return *APPLY, "--adopt-duplicates"


STORIES: Final[Mapping[str, Story]] = {
    "send": Story(prepare=_send),
    "settle": Story(prepare=_open),
    "body-lost": Story(prepare=_body_lost),
    "retry": Story(prepare=_answering(CUT_AFTER)),
    "refused": Story(prepare=_answering(STOP_MISSING)),
    "bad-number": Story(prepare=_bad_number),
    "stop-said": Story(prepare=_stop_said),
    "halted": Story(prepare=_send, then=("resume",)),
    "id-in-use": Story(prepare=_answering(DUPLICATE)),
    "riddle": Story(prepare=_answering(RIDDLE)),
    "resolve": Story(prepare=_resolve),
    "unlock": Story(prepare=_unlock),
    "adopt": Story(prepare=_adopt, flags=("--adopt-duplicates",)),
}
