"""SQL that gives every person of one campaign an arm, by a salted hash of their key; and who of them gets nothing.

The hash is all that decides: not the edition, not the other people, not the wave or the frame, which go by the first
bits of a key. It is multiply-shift (M. Dietzfelbinger, STACS 1996), strongly universal, of the last 32 bits of the key,
which are bits of a SHA-256 already: a second one would take ten times as long.

Tables, with the name of the people's table as suffix, beside those of `sending`:

    heldout   person    who is free, and held out
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from octoplan.table.quoting import literal
from octoplan.table.sending import Messages

_ALL = 1 << 64
_LOW = (1 << 32) - 1
Shares = Sequence[tuple[str, Fraction]]
"""Labels and their exact shares, 1 together, in the order in which they are written."""


def arm_of(person: int, salt: str, shares: Shares) -> str:
    """A person key → the label of their arm, as `arm_sql` has it."""
    factor, summand = _numbers(salt)
    drawn = ((person & _LOW) * factor + summand) % _ALL
    return next(label for label, end in _ends(shares) if drawn < end)


def arm_sql(person: str, salt: str, shares: Shares) -> str:
    """SQL of a person key → SQL of the label of their arm. `salt`: 32 hex digits."""
    factor, summand = _numbers(salt)
    whole = f"({person} & {_LOW}::UHUGEINT) * {factor}::UHUGEINT + {summand}::UHUGEINT"
    drawn = f"(({whole}) & {_ALL - 1}::UHUGEINT)::UBIGINT"
    *ends, (last, _) = _ends(shares)
    branches = " ".join(f"WHEN {drawn} < {end} THEN {literal(label)}" for label, end in ends)
    return f"CASE {branches} ELSE {literal(last)} END" if ends else literal(last)


def _numbers(salt: str) -> tuple[int, int]:
    """A salt → the factor, which is odd, and the summand."""
    return int(salt[:16], 16) | 1, int(salt[16:], 16)


def _ends(shares: Shares) -> list[tuple[str, int]]:
    """Labels, and where in 2**64 the interval of each ends; the last one takes what rounding leaves."""
    ends, reached = [], Fraction(0)
    for label, share in shares:
        reached += share
        ends.append((label, int(reached * _ALL)))
    return [*ends[:-1], (ends[-1][0], _ALL)]


def hold_out(messages: Messages, column: str, label: str) -> int:
    """Messages whose free people are known → without those of one arm; how many these are."""
    table, name, held_out = messages.table, messages.audience, f"{column} = {literal(label)}"
    table.execute(f"CREATE TABLE heldout_{name} AS SELECT person FROM todo_{name} WHERE {held_out}")
    held = int(table.value(f"SELECT count(*) FROM heldout_{name}"))
    if held:
        messages.leave_out(f"heldout_{name}", held_out)
    return held


def held_out(messages: Messages) -> Iterator[list[int]]:
    """Messages of which some were held out → the keys of these people, in order, in batches."""
    for batch in messages.table.batches(f"SELECT hex(person) FROM heldout_{messages.audience} ORDER BY person"):
        yield [int(person, 16) for (person,) in batch]
