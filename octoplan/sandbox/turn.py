"""A sandbox's file → whose turn it is to post its callbacks: one of those who use it, and the next once that one ends.

The system holds the lock, on a file beside the sandbox's own, and drops it with its holder, however that ends.
"""

import fcntl
import os
from pathlib import Path

from octoplan.sandbox.errors import StorageError


class Turn:
    """The turn of one user of the file at `path`; always theirs where there is none. For one thread."""

    def __init__(self, path: Path | None) -> None:
        self._lock = path and path.with_name(f"{path.name}-posting")
        self._held: int | None = None

    def take(self) -> bool:
        """Take the turn if nobody else has it; whether it is ours. StorageError where that cannot be told."""
        if self._lock is None or self._held is not None:
            return True
        try:
            opened = os.open(self._lock, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except OSError:
            raise StorageError(f"{self._lock}: whose turn it is to post callbacks cannot be told") from None
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            return False
        self._held = opened
        return True

    def give_back(self) -> None:
        """Let the next one have it; safe to call twice."""
        if self._held is not None:
            os.close(self._held)
            self._held = None
