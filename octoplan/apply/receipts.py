"""`apply --receipts`: a Witness that appends to a file, one line per frame, and what it has to tell before it begins.

A file and its state know each other by lineage and key. Whoever restores the state from a copy has, in the file, what
the copy lacks: an apply refuses to go on from a state that is older than its receipts.
"""

import fcntl
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from octoplan.apply.untold import untold
from octoplan.errors import OctoplanError, StateError
from octoplan.frame import Frame
from octoplan.state import against, receipts
from octoplan.state.changes import Change, Open, Refused, Sent, Split, Unknown
from octoplan.state.home import State
from octoplan.state.interface import CampaignRecord
from octoplan.state.receipts import Header, Known, Mark, Receipt

_STATUS: Final[dict[type, str]] = {
    Sent: "sent",
    Refused: "refused",
    Split: "split",
    Unknown: "unknown",
    Open: "open",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The apply that writes: its state, locked; `notice` takes what a person should know of the file."""

    id: str
    environment: str
    state: State
    now: Callable[[], datetime]
    notice: Callable[[str], None]


@contextmanager
def open_receipts(path: Path, run: Run) -> Iterator["Receipts"]:
    """A file, made if missing → the Witness that writes to it, closed with a line of its own at the end.

    OctoplanError where it cannot be written to, StateError where it is not of this state, or the state is older.
    """
    with ExitStack() as stack:
        descriptor = _open(path)
        stack.callback(os.close, descriptor)
        _claim(descriptor, path)
        header = Header(environment=run.environment, lineage=run.state.lineage, key_check=run.state.keys.check)
        known = _known(path, descriptor, header, run)
        made = Receipts(path, descriptor, run)
        made.begin(header, known)
        try:
            yield made
        except BaseException:
            with suppress(OctoplanError):
                made.end()
            raise
        made.end()


class Receipts:
    """A Witness with an open file that nobody else writes to."""

    def __init__(self, path: Path, descriptor: int, run: Run) -> None:
        self._path = path
        self._descriptor = descriptor
        self._run = run
        self._guard = threading.Lock()

    def begin(self, header: Header, known: Known | None) -> None:
        """Say that an apply begins, and list what the file does not have of runs that never ended; all on the disk."""
        if known is None:
            self._write(receipts.header_line(header))
        self._mark("run")
        told = known.campaigns if known else {}
        self.know(
            [one for one in self._run.state.store.campaigns() if told.get(one.name) != (one.edition, one.applied_at)]
        )
        for receipt in untold(self._run.state, self._path, known, self._run.now()):
            self._write(receipts.receipt_line(receipt))
        self._sync()

    def know(self, campaigns: Sequence[CampaignRecord]) -> None:
        """Campaigns → a line each."""
        for campaign in campaigns:
            self._write(receipts.campaign_line(campaign))

    def note(self, frame: Frame, change: Change) -> None:
        """What became of a frame → its line."""
        told = {name: getattr(change, name, None) for name in ("ticket", "cost", "units", "code")}
        receipt = Receipt(
            run=change.run,
            frame=frame.id,
            campaign=frame.origin.campaign,
            edition=frame.origin.edition,
            content=frame.content,
            refusals=frame.refusals,
            status=_STATUS[type(change)],
            keep=isinstance(change, Refused) and change.keep,
            recipients=len(frame.people),
            at=change.at,
            serial=self._serial,
            people=frame.people,
            opens=frame.opens,
            wave=frame.wave,
            arm=frame.arm,
            due=frame.due,
            **told,
        )
        self._write(receipts.receipt_line(receipt))

    def end(self) -> None:
        """Say that the apply is over, with the state's serial; all on the disk."""
        self._mark("end")
        self._sync()

    @property
    def _serial(self) -> int:
        return self._run.state.store.identity.serial

    def _mark(self, kind: str) -> None:
        mark = Mark(kind=kind, run=self._run.id, serial=self._serial, at=self._run.now())
        self._write(receipts.mark_line(mark))

    def _write(self, line: str) -> None:
        """A line → the file, whole or not at all."""
        data = f"{line}\n".encode()
        with self._guard, _mapped(self._path):
            whole = os.fstat(self._descriptor).st_size
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._descriptor, whole)
                raise

    def _sync(self) -> None:
        with _mapped(self._path):
            os.fsync(self._descriptor)


def _open(path: Path) -> int:
    with _mapped(path):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _claim(descriptor: int, path: Path) -> None:
    """An open file → nobody else's while it is open; OctoplanError for what is no file, or not ours alone to write."""
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        raise OctoplanError(f"{path} is no file: receipts are read again later", hint="nothing was sent")
    if mode & 0o022:
        raise OctoplanError(f"others may write to {path}", hint=f"nothing was sent; chmod 600 {path}")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise OctoplanError(f"another octoplan writes to {path}", hint="nothing was sent; wait for it") from None


def _known(path: Path, descriptor: int, header: Header, run: Run) -> Known | None:
    """What the file holds, None if it is new; a last line that was cut off is taken away."""
    size = os.fstat(descriptor).st_size
    first = f"{receipts.header_line(header)}\n".encode()
    with _mapped(path):
        begun = os.pread(descriptor, len(first), 0)
    if len(begun) == size < len(first) and first.startswith(begun):
        _cut(path, descriptor, 0)
        return None
    known = receipts.survey(path, str(path))
    _check(known, path, run.state)
    if known.size < size:
        run.notice(f"{path} ended in the middle of a line, as a kill leaves it: what the line told is looked up again")
        _cut(path, descriptor, known.size)
    return known


def _check(known: Known, path: Path, state: State) -> None:
    """StateError where the file is of another state, or the state has forgotten what the file knows."""
    against.check_header(known.header, state, str(path))
    hint = f"nothing was sent; `octoplan state import {path}` brings back what it has forgotten"
    if state.store.identity.serial < known.serial:
        raise StateError("the state is older than its receipts: restored from a copy?", hint=hint)
    lost = against.forgotten(state, path, str(path), known)
    if lost:
        raise StateError(
            f"the state has forgotten {lost:,} people of its receipts, and would send to them again", hint=hint
        )


def _cut(path: Path, descriptor: int, size: int) -> None:
    with _mapped(path):
        os.ftruncate(descriptor, size)


@contextmanager
def _mapped(path: Path) -> Iterator[None]:
    """The system's errors → OctoplanError."""
    try:
        yield
    except OSError as error:
        raise OctoplanError(
            f"the receipts {path} cannot be written: {error.strerror or 'the system gives no reason'}",
            hint="what was sent is in the state; mend that and apply again, which lists the receipts that are missing",
        ) from error
