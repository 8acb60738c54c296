"""The operators of templates: two or more values in, a value out, bounded before it is computed.

Text and numbers never mix silently: a column of a CSV file is text, and `age == 18` would simply be false for everyone.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from octoplan.content.faults import FaultError, LimitError
from octoplan.content.limits import MAX_ITEMS, within_items, within_number, within_text
from octoplan.content.values import FORMS, demand, text_of

CONTAINERS = (list, tuple, dict, range)
Number = int | float | Decimal

_MAX_BITS = 110  # a little more than 10**30 has
_MAX_EXPONENT = 1000
_MIXED = "a text and a number are never equal: use `| int` or `| float` on the text, or quotes around the number"
_YES_NO = "a text and `true` or `false` are never equal: ask for the value alone, or for its text with `| string`"
_OTHER = "a text and a {kind} are never equal: compare its text, with `| string`"


def operate(symbol: str, left: Any, right: Any) -> Any:
    """Apply `+ - * / // % **` to two values. Numbers go with numbers; texts and lists have `+`, texts also `*`."""
    demand(left, right)
    if is_number(left) and is_number(right):
        return _calculate(symbol, left, right)
    if symbol == "+":
        return _add(left, right)
    if symbol == "*" and (isinstance(left, str) or isinstance(right, str)):
        return _repeat(left, right)
    if symbol == "%" and isinstance(left, str):
        raise FaultError("`%` does not format text; put the values in with `~`")
    raise FaultError(f"`{symbol}` needs two numbers; a text becomes one with `| int` or `| float`")


def compare(left: Any, symbol: str, right: Any) -> bool:
    """Apply a comparison or `in` to two values. A Blank equals no text; what cannot be compared raises FaultError."""
    if symbol in ("in", "notin"):
        return _contains(right, left) is (symbol == "in")
    if isinstance(left, CONTAINERS) or isinstance(right, CONTAINERS):
        raise FaultError("lists and structs cannot be compared; compare an element, or use `| length`")
    if why := _unlike(left, right):
        raise FaultError(why)
    return bool(_COMPARISONS[symbol](left, right))


def is_number(value: object) -> bool:
    """Tell whether a value can be calculated with; true and false cannot."""
    return isinstance(value, Number) and not isinstance(value, bool)


def size_of(value: object) -> int:
    """Measure the work that walking over a value is."""
    if isinstance(value, str):
        return 1 + len(value) // 100
    return 1 + (len(value) if isinstance(value, CONTAINERS) else 0)


def join_texts(values: Sequence[object]) -> list[str]:
    """Write the operands of `~` as texts, together no longer than a text may be."""
    texts = [text_of(value) for value in values]
    within_text(sum(map(len, texts)))
    return texts


def bounded_range(*bounds: int) -> range:
    """Make a range of at most MAX_ITEMS numbers."""
    demand(*bounds)
    numbers = range(*bounds)
    try:
        within_items(len(numbers))
    except OverflowError as error:
        raise LimitError(f"a range of more than {MAX_ITEMS:,} numbers") from error
    return numbers


def _calculate(symbol: str, left: Any, right: Any) -> Any:
    within_number(left)
    within_number(right)
    if symbol == "**":
        _check_power(left, right)
    result = _ARITHMETIC[symbol](left, right)
    within_number(result)
    return result


def _check_power(left: Any, right: Any) -> None:
    whole = isinstance(left, int) and isinstance(right, int)
    if abs(right) > _MAX_EXPONENT or (whole and left.bit_length() * right > _MAX_BITS):
        raise LimitError("a power beyond 10**30")


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        within_text(len(left) + len(right))
    elif isinstance(left, list) and isinstance(right, list):
        within_items(len(left) + len(right))
    else:
        raise FaultError("`+` adds numbers, texts or lists, but not one to another; `~` joins anything as text")
    return left + right


def _repeat(left: Any, right: Any) -> Any:
    text, times = (left, right) if isinstance(left, str) else (right, left)
    if not isinstance(times, int):
        raise FaultError("a text is repeated a whole number of times; a text becomes a number with `| int`")
    within_text(len(text) * max(times, 0))
    return text * max(times, 0)


def _contains(values: Any, value: Any) -> bool:
    demand(values)
    if isinstance(value, CONTAINERS):
        raise FaultError("lists and structs cannot be compared; compare an element")
    if isinstance(values, str):
        return text_of(value) in values
    if not isinstance(values, CONTAINERS):
        raise FaultError("`in` looks into a text, a list or a struct")
    within_items(len(values))
    if value in values:
        return True
    if values and all(_unlike(value, one) for one in values):
        raise FaultError(_unlike(value, next(iter(values))))
    return False


def _unlike(one: object, other: object) -> str:
    """Say why two values are never equal, where one is a text and the other something else that can be printed."""
    if isinstance(one, str) == isinstance(other, str):
        return ""
    value = other if isinstance(one, str) else one
    if is_number(value):
        return _MIXED
    if isinstance(value, bool):
        return _YES_NO
    form = FORMS.get(type(value))
    return _OTHER.format(kind=form.kind) if form else ""


_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "//": operator.floordiv,
        "%": operator.mod,
        "**": operator.pow,
    }
)
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = MappingProxyType(
    {
        "eq": operator.eq,
        "ne": operator.ne,
        "lt": operator.lt,
        "lteq": operator.le,
        "gt": operator.gt,
        "gteq": operator.ge,
    }
)
