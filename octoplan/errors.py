"""What can go wrong, as one tree; each branch knows its exit code.

    OctoplanError                 1   the world said no: a file, a disk, a network
    ├── UsageError               64   the command line asks for something that does not exist
    ├── ProjectInvalid            3   the author's files hold Problems, all of them listed
    ├── GatewayError              4   no credentials, a host that is not allowed, a gateway that does not answer
    ├── GuardRefused              5   the plan, or a rule of the environment, says no
    ├── StateError                1   a state that is missing, damaged, foreign, too new, or of another key
    │   └── StateLocked           6   another apply holds the state
    ├── PlanStale                 7   plan file or digest no longer describes these files, or names another place
    └── Declined                 10   the person asked said no

What an author can get wrong is a `Problem`: data, collected, all shown at once. What the world does is an exception.
Neither repeats a library's message, since that may quote a row.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A place in a file: path as shown to people, line and column from 1 (0: the file as a whole)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that the author can mend: `rule` is a stable id, `hint` says how to mend it.

    `severity`: an error stops everything; a warning is said, and stops nothing.
    """

    place: Place
    rule: str
    message: str
    hint: str = ""
    severity: Severity = "error"


class OctoplanError(Exception):
    """`what` happened and, in `hint`, how to mend it; shown without a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class UsageError(OctoplanError):
    """The command line names something that does not exist."""

    exit_code = 64


class ProjectInvalid(OctoplanError):  # noqa: N818 - it says what is the case
    """The author's files hold `problems`; nothing of them was sent."""

    exit_code = 3

    def __init__(self, *problems: Problem) -> None:
        super().__init__(f"{len(problems)} problem{'s' * (len(problems) != 1)}")
        self.problems = tuple(sorted(problems))


class GatewayError(OctoplanError):
    """The gateway cannot be used: credentials, host, or no answer."""

    exit_code = 4


class GuardRefused(OctoplanError):  # noqa: N818 - it says what is the case
    """A rule of the plan or the environment refused."""

    exit_code = 5


class StateError(OctoplanError):
    """The state is missing, damaged, foreign, too new or of another key."""


class StateLocked(StateError):  # noqa: N818 - it says what is the case
    """Another process applies to this state."""

    exit_code = 6


class PlanStale(OctoplanError):  # noqa: N818 - it says what is the case
    """What was reviewed, by plan file or digest, is not what the files say now, or its moment has passed."""

    exit_code = 7


class Declined(OctoplanError):  # noqa: N818 - it says what is the case
    """The person who was asked said no."""

    exit_code = 10
