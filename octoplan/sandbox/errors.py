"""What can go wrong with a sandbox itself, as one tree; what a client does wrong is an answer, never an exception.

SandboxError          the world said no: a disk, a port
└── StorageError      a file that is damaged, foreign or cannot be written
└── NewerFormat   a file that a later version of the sandbox wrote
"""


class SandboxError(Exception):
    """`what` happened and, in `hint`, how to mend it; never the content of a message."""

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class StorageError(SandboxError):
    """The file of the sandbox cannot be used."""


class NewerFormat(StorageError):  # noqa: N818 - it says what is the case
    """The file was written by a later version; it is left as it is."""
