"""A sandbox → without what it has kept long enough, and a word where it looks as if real people were in it.

How old something is, the real clock says, and not the sandbox's own: whoever sets that one months ahead, to see what a
campaign does then, has lost nothing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.errors import StorageError

MANY: Final = 1_000
"""More people than this who look real are worth a warning."""
_HOUR: Final = 3600.0


def sweep(sandbox: Sandbox) -> int:
    """Remove what the sandbox received longer ago than its setting `keep_days`; how many requests that were."""
    keep = sandbox.settings().keep
    if keep is None:
        return 0
    real_time, now = sandbox.real_time(), sandbox.now()
    if not sandbox.storage.is_older(real_time - keep):
        return 0
    with sandbox.storage.transaction(real_time) as ledger:
        removed = ledger.remove(real_time - keep, now)
    if removed:
        sandbox.storage.empty_log()
    return removed


def warn(sandbox: Sandbox) -> str:
    """A sandbox → a warning, where it holds more than a thousand people who look real; blank where it does not."""
    if sandbox.storage.count_real(MANY + 1) <= MANY:
        return ""
    keep = sandbox.settings().keep
    for_how_long = "for ever" if keep is None else f"for {keep.days} days"
    return (
        f"warning: the sandbox's inbox holds more than {MANY:,} people who look real, with whole addresses and texts, "
        f"{for_how_long}: `octoplan sandbox reset` empties it, and keep_days says how long it keeps them"
    )


@contextmanager
def sweeping(sandbox: Sandbox) -> Iterator[None]:
    """While it serves: sweep it once an hour."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(_HOUR):
            with suppress(StorageError):  # the next hour tries again
                sweep(sandbox)

    thread = threading.Thread(target=run, name="octoplan-sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
