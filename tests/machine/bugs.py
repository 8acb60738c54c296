"""Bugs that an octoplan might have, each planted in the package: a machine that does not see them sees nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import pytest

from octoplan import frame
from octoplan.apply import flight, ledger, verdict
from octoplan.apply.age import Clocks
from octoplan.apply.tower import Flight
from octoplan.apply.verdict import Proof, Verdict
from octoplan.frame import Frame, Origin
from octoplan.gateways.interface import Refused, Unanswered
from octoplan.state import recording, statements, store
from octoplan.state.interface import Change, Clearance, Split, Status
from octoplan.state.statements import Statement
from octoplan.state.writer import Writer
from tests.machine import short


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """How a bug is planted, what the machine says of it, and the seed of the walk that soonest finds it."""

    plant: Callable[[pytest.MonkeyPatch], None]
    says: str
    seed: int = 0


def _id_ignores_the_edition(patch: pytest.MonkeyPatch) -> None:
    def request_id(origin: Origin, content: str, refusals: int, people: Sequence[int]) -> str:
        same = Origin(key=origin.key, lineage=origin.lineage, campaign=origin.campaign, edition=1)
        return real(same, content, refusals, people)

    real = frame.request_id
    for module in (frame, short):
        patch.setattr(module, "request_id", request_id)


def _silence_counts_as_sent(patch: pytest.MonkeyPatch) -> None:
    def judge(outcome: Any, *, doubt: bool, adopt_duplicates: bool) -> Verdict:
        if isinstance(outcome, Unanswered):
            return Verdict(proof=Proof.SENT)
        return real(outcome, doubt=doubt, adopt_duplicates=adopt_duplicates)

    real = verdict.judge
    patch.setattr(flight, "judge", judge)


def _silence_counts_as_refused(patch: pytest.MonkeyPatch) -> None:
    def judge(outcome: Any, *, doubt: bool, adopt_duplicates: bool) -> Verdict:
        if isinstance(outcome, Unanswered):
            return Verdict(proof=Proof.REFUSED)
        return real(outcome, doubt=doubt, adopt_duplicates=adopt_duplicates)

    real = verdict.judge
    patch.setattr(flight, "judge", judge)


def _sent_is_recorded_before_the_answer(patch: pytest.MonkeyPatch) -> None:
    def made(change: Change) -> list[Statement]:
        return [(sql.replace("'sending'", "'sent'"), tuple(map(_sent, values))) for sql, values in real(change)]

    real = statements.statements
    patch.setattr("octoplan.state.writer.statements", made)


def _sent(value: Any) -> Any:
    return "sent" if value == "sending" else value


def _release_frees_what_is_sending(patch: pytest.MonkeyPatch) -> None:
    def release(writer: Writer, campaign: str) -> None:
        real(writer, campaign)
        which = "status = 'sending' AND campaign = (SELECT no FROM campaigns WHERE name = ?)"
        writer.change(
            f"UPDATE messages SET frame = NULL WHERE frame IN (SELECT no FROM frames WHERE {which})", campaign
        )
        writer.change(f"DELETE FROM bodies WHERE frame IN (SELECT id FROM frames WHERE {which})", campaign)
        writer.change(f"DELETE FROM frames WHERE {which}", campaign)

    real = recording.release
    patch.setattr(recording, "release", release)


def _a_moment_is_definite_in_doubt(patch: pytest.MonkeyPatch) -> None:
    def refused(outcome: Refused, *, doubt: bool) -> Verdict:
        return real(outcome, doubt=False)

    real = verdict._refused
    patch.setattr(verdict, "_refused", refused)


def _age_is_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("octoplan.state.interface.OLDEST", timedelta(days=1000))


def _not_after_is_not_asked(patch: pytest.MonkeyPatch) -> None:
    def may_send(which: Flight, now: Clocks) -> Verdict | None:
        return real(Flight(frame=which.frame, first_attempt=which.first_attempt, last_change=which.last_change), now)

    real = flight.may_send
    patch.setattr(flight, "may_send", may_send)


def _epoch_is_not_asked_before_a_byte(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger.Ledger, "clearance", lambda _: Clearance(holds=True))


def _swaps_ignore_the_epoch(patch: pytest.MonkeyPatch) -> None:
    def commit(self: store.SqlStore, epoch: int, changes: Sequence[Change]) -> tuple[bool, ...]:
        with self._transaction() as writer:
            return writer.make(changes)

    patch.setattr(store.SqlStore, "commit", commit)
    patch.setattr(ledger.Ledger, "clearance", lambda _: Clearance(holds=True))


def _dead_runs_leave_no_doubt(patch: pytest.MonkeyPatch) -> None:
    def resumed(*arguments: Any) -> Flight:
        found: Flight = real(*arguments)
        return Flight(
            frame=found.frame,
            not_after=found.not_after,
            first_attempt=found.first_attempt,
            held_by=found.held_by,
            last_change=found.last_change,
        )

    real = flight_of_a_dead_run()
    patch.setattr("octoplan.apply.run._resumed", resumed)


def flight_of_a_dead_run() -> Callable[..., Flight]:
    """What makes a flight of a frame that a dead run left."""
    from octoplan.apply import run  # noqa: PLC0415 - beside the name that it is patched under

    return run._resumed


def _a_split_leaves_a_half_free(patch: pytest.MonkeyPatch) -> None:
    def made(change: Change) -> list[Statement]:
        found = real(change)
        if not isinstance(change, Split):
            return found
        gone = ("UPDATE messages SET frame = NULL WHERE frame = (SELECT no FROM frames WHERE id = ?)",)
        return [*found[:2], (*gone, (change.frame,))]

    real = statements.statements
    patch.setattr("octoplan.state.writer.statements", made)


def _planned_of_dead_runs_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(short, "FREE", frozenset({Status.FREE}))
    patch.setattr(recording, "release", lambda *_: None)


def _other_bytes_are_sent_again(patch: pytest.MonkeyPatch) -> None:
    def resumed(*arguments: Any) -> Flight:
        found: Flight = real(*arguments)
        one = found.frame
        other = Frame(
            id=one.id,
            origin=one.origin,
            content=one.content,
            refusals=one.refusals,
            people=one.people,
            body=one.body + b" ",
        )
        return Flight(
            frame=other,
            not_after=found.not_after,
            first_attempt=found.first_attempt,
            doubt=found.doubt,
            held_by=found.held_by,
            last_change=found.last_change,
        )

    real = flight_of_a_dead_run()
    patch.setattr("octoplan.apply.run._resumed", resumed)


BUGS: Final[Mapping[str, Bug]] = MappingProxyType(
    {
        "the request id ignores the edition": Bug(plant=_id_ignores_the_edition, says="left out|other bytes"),
        "silence counts as sent": Bug(plant=_silence_counts_as_sent, says="recorded as sent without an acceptance"),
        "silence counts as refused": Bug(plant=_silence_counts_as_refused, says="though an acceptance exists"),
        "sent is recorded before the answer": Bug(
            plant=_sent_is_recorded_before_the_answer, says="a frame that is sent"
        ),
        "release frees what is sending": Bug(
            plant=_release_frees_what_is_sending, says="though an acceptance exists", seed=1
        ),
        "a refusal of the moment is definite in doubt": Bug(
            plant=_a_moment_is_definite_in_doubt, says="though an acceptance exists"
        ),
        "age is not asked": Bug(plant=_age_is_not_asked, says="after 23 hours"),
        "not_after is not asked": Bug(plant=_not_after_is_not_asked, says="after not_after", seed=2),
        "the epoch is not asked before a byte": Bug(plant=_epoch_is_not_asked_before_a_byte, says="shut out", seed=7),
        "swaps ignore the epoch": Bug(plant=_swaps_ignore_the_epoch, says="shut out", seed=2),
        "dead runs leave no doubt": Bug(plant=_dead_runs_leave_no_doubt, says="though an acceptance exists"),
        "a split leaves its people free": Bug(plant=_a_split_leaves_a_half_free, says="left out", seed=1),
        "what a dead run planned is forgotten": Bug(plant=_planned_of_dead_runs_is_forgotten, says="left out"),
        "other bytes are sent again": Bug(plant=_other_bytes_are_sent_again, says="other bytes"),
    }
)
