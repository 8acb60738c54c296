"""`limits:` and what was accepted by name → which numbers of a plan are too large. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_UP, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from octoplan.errors import UsageError

NAMES: Final = ("recipients", "requests", "parts", "cost", "growth")
"""What can be limited: `max_` stands before it in a file, `--accept` takes it alone."""
LEAST_CREDIT: Final = "min_credit_left"
"""The one limit from below, by its name in a file and for `--accept` alike."""
WAVE: Final = "wave"
"""For `--accept` alone: the wave that may begin whatever `stop_if` says."""
_ACCEPTED: Final = (*NAMES, LEAST_CREDIT, WAVE)

_GROUPED: Final = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d+)?%?")
_PERCENT = 100
_TENTH = Decimal("0.1")

Accepted = Mapping[str, Decimal]
"""Name → the largest number that a person has accepted, whatever the limit says; growth is a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that may be sent without anyone naming the number; None: any.

    `growth`: the share of people more than the last edition had, 0.2 for a fifth. `credit_left`: the least that must be
    left of the credit, in EUR.
    """

    recipients: int | None = None
    requests: int | None = None
    parts: int | None = None
    cost: Decimal | None = None
    growth: Decimal | None = None
    credit_left: Decimal | None = None

    @property
    def written(self) -> Mapping[str, str]:
        """Those that are there, as a definition keeps them."""
        return {name: str(most) for name, most in asdict(self).items() if most is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a plan, or one campaign of it, would send. `cost` and `growth` None: not known, or nothing to compare."""

    recipients: int
    requests: int
    parts: int
    cost: Decimal | None
    growth: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One limit, of `name`, and the number it bounds.

    `real` None: not known, or for a growth nothing to compare. `accepted`: the largest number that a person has named.
    """

    name: str
    most: int | Decimal
    real: int | Decimal | None
    accepted: Decimal | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing has to be accepted: what is not known breaks a limit, but for a growth of nothing."""
        if self.real is None:
            return self.name == "growth"
        return self.real <= self.most or (self.accepted is not None and self.real <= self.accepted)


def bounds(limits: Limits, figures: Figures, accepted: Accepted) -> tuple[Bound, ...]:
    """Limits and numbers → every limit that is there, with its number, broken or not."""
    return tuple(
        Bound(name=name, most=most, real=getattr(figures, name), accepted=accepted.get(name))
        for name in NAMES
        if (most := getattr(limits, name)) is not None
    )


def limits_of(written: Mapping[str, Any] | None, growth: Decimal | None = None) -> Limits:
    """`limits` as written, valid by the schema → the Limits; `growth`: the limit of it where none is written."""
    given = {name: written[f"max_{name}"] for name in NAMES if f"max_{name}" in written} if written else {}
    numbers = {name: _number(str(value)) for name, value in given.items() if name in ("cost", "growth")}
    least = _number(str(written[LEAST_CREDIT])) if written and LEAST_CREDIT in written else None
    return Limits(**{"growth": growth, **given, **numbers}, credit_left=least)


def parse_accepted(typed: Iterable[str]) -> Accepted:
    """`recipients=48211`, `growth=40%` and the like → what is accepted; UsageError for anything else."""
    accepted: dict[str, Decimal] = {}
    for one in typed:
        name, _, value = one.partition("=")
        try:
            number = _number(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if name not in _ACCEPTED or not number.is_finite() or number < 0:
            raise UsageError(
                "--accept takes a name and a number, such as recipients=48211",
                hint=f"names are {', '.join(_ACCEPTED)}; a growth is a share such as 0.4, or 40%; a comma"
                " stands between thousands only, as in cost=1,250.50",
            )
        if name in accepted:
            raise UsageError(f"--accept names {name} twice", hint="name it once, with the number that may be reached")
        accepted[name] = number
    return MappingProxyType(accepted)


def breaches(limits: Limits, figures: Figures, accepted: Accepted) -> tuple[str, ...]:
    """Limits and numbers → what is above a limit and was not accepted, each with how to accept it.

    A cost that is not known breaks every limit of it, and no number accepts it.
    """
    found = []
    for bound in bounds(limits, figures, accepted):
        name, most, real = bound.name, bound.most, bound.real
        if bound.holds:
            continue
        if real is None:
            found.append(f"max_{name} is {_said(name, most)}, and the {name} is not known: no price says it")
            continue
        agreed = "" if bound.accepted is None else f", and than the {_said(name, bound.accepted)} accepted"
        typed = f"{name}={_exact(name, real)}"
        found.append(f"{_counted(name, real)} more than max_{name} {_said(name, most)}{agreed} (--accept {typed})")
    return tuple(found)


def credit_breach(least: Decimal, credit: Decimal, cost: Decimal, accepted: Accepted) -> str:
    """The least credit that must be left, what there is, and what a plan costs → why it is too little; empty if not."""
    left = credit - cost
    if left >= min(least, accepted.get(LEAST_CREDIT, least)):
        return ""
    if left < 0:
        return f"the credit of {credit:,} does not cover the cost of {cost:,}, and {LEAST_CREDIT} is {least:,}"
    agreed = f", and than the {accepted[LEAST_CREDIT]:,} accepted" if LEAST_CREDIT in accepted else ""
    typed = f"{LEAST_CREDIT}={left:f}"
    return f"a credit of {left:,} would be left, less than {LEAST_CREDIT} {least:,}{agreed} (--accept {typed})"


def _number(written: str) -> Decimal:
    """A number, or a percentage as a share."""
    text = written.strip().replace("_", "")
    if _GROUPED.fullmatch(text):  # any other comma may be a decimal one, as in 12,50
        text = text.replace(",", "")
    return Decimal(text.removesuffix("%")) / _PERCENT if text.endswith("%") else Decimal(text)


def _counted(name: str, real: int | Decimal) -> str:
    if name in ("cost", "growth"):
        return f"a {name} of {_said(name, real)} is"
    return f"1 {name.removesuffix('s')} is" if real == 1 else f"{_said(name, real)} {name} are"


def _said(name: str, number: int | Decimal) -> str:
    return f"{number * _PERCENT:,.1f} %" if name == "growth" else f"{number:,}"


def _exact(name: str, number: int | Decimal) -> str:
    """A number as `--accept` takes it, without a comma; a growth rounded up."""
    if name == "growth":
        return f"{(Decimal(number) * _PERCENT).quantize(_TENTH, ROUND_UP):f}%"
    return f"{number:f}" if isinstance(number, Decimal) else str(number)
