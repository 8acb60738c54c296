"""How many trials run where; docs/reliability.md gives the same numbers."""

from typing import Final

SOME: Final = 20
"""Trials of one test in `make test`."""

MANY: Final = 100
"""Trials of one test in `make test-long`."""

TESTS: Final = {"file": 5, "server": 1, "filled in": 1}
LONG_TESTS: Final = {"file": 30, "server": 10, "filled in": 5}
"""`filled in`: the state in a file, and words of their own for everybody, which the gateway fills in."""
