"""Why a store cannot be used, in our words, whatever it is kept in. No library's message is passed on."""

from collections.abc import Sequence
from enum import StrEnum

from octoplan.errors import StateError, StateLocked

RESTORE = "restore it from a backup; do not start an empty one, since it would send everything again"


class Reason(StrEnum):
    """What the world did to a store that is no damage: nothing that was written is lost."""

    FULL = "the disk is full"
    READ_ONLY = "it is read-only"
    DISK = "the disk reports an error"
    BUSY = "another program holds it"
    CANNOT_OPEN = "it cannot be opened"
    DENIED = "access is denied"
    LOST = "the connection to its server was lost"
    CANCELLED = "its server was told to stop what it was doing"
    SHORT = "its server has no memory or no connection left"


_HINTS = {
    Reason.BUSY: "if a process was stopped in the middle of writing, continue or end it; nothing was lost",
    Reason.LOST: "nothing more was sent; the next apply settles what was on its way",
}


class Damaged(StateError):  # noqa: N818 - it says what is the case
    """What is there is not what an octoplan wrote."""


def unusable(reason: Reason | None) -> StateError:
    """A reason, None for what only damage explains → the error to raise."""
    if reason is None:
        return Damaged("the state cannot be used: it is damaged or no state", hint=RESTORE)
    hint = _HINTS.get(reason, "nothing was lost; mend that and try again")
    return StateError(f"the state cannot be used: {reason}", hint=hint)


def still_read() -> StateError:
    """The error to raise when what was erased cannot leave the file, since somebody reads what was there before."""
    return StateError(
        "it is erased, but copies of it are still in the file: another process is in the middle of reading the state",
        hint="end that, such as an export, or wait: the next command that writes to the state takes the copies out",
    )


def held(by: str) -> StateLocked:
    """Who holds the state, nothing where that is not known → the error to raise."""
    return StateLocked(
        f"another octoplan holds this state{f' ({by})' if by else ''}",
        hint="wait for it; if it hangs, `octoplan state unlock` shuts it out for good",
    )


def unlocked_now() -> StateLocked:
    """The error to raise when somebody unlocked the state while we took the lock."""
    return StateLocked("this state was unlocked a moment ago", hint="try again")


def lurking(processes: Sequence[str]) -> StateLocked:
    """Processes that were shut out and live on → the error to raise where one of them may still send something."""
    return StateLocked(
        f"shut out, but still there: {', '.join(processes)}; what is said to be not sent could still be sent by it",
        hint="end it, then say it again; `ps` with its number shows what it is",
    )


def shut_out() -> StateLocked:
    """The error to raise when somebody unlocked the state while we held it."""
    return StateLocked("this run was shut out by `octoplan state unlock`", hint="nothing more is sent by it")
