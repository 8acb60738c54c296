"""The filters, tests and methods that templates may use, each a small pure function: value and arguments in, value out.

They are Jinja's by name and meaning, with four differences: a text is made by the project's own table (`values`),
results are bounded, `int` and `float` fail on what is no number unless a default is given, `truncate` has no leeway.
"""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from jinja2.runtime import Undefined
from markupsafe import escape

from octoplan.content.faults import FaultError, LimitError
from octoplan.content.limits import MAX_OUTPUT, MAX_SIGNS, within_items, within_number, within_text
from octoplan.content.operators import CONTAINERS, is_number, operate
from octoplan.content.values import demand, nested, nothing, text_of

_UNSET: Final = object()
_MAX_PLACES = 30
_ROUNDINGS: Final[Mapping[str, Callable[[Any], int]]] = MappingProxyType({"ceil": math.ceil, "floor": math.floor})
_WORD_START = re.compile(r"([-\s({\[<]+)")


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:  # noqa: FBT001, FBT002 - Jinja's form
    """Give another value for one that is blank or does not exist (or, with `boolean`, that is false)."""
    return default_value if isinstance(value, Undefined) or (boolean and not value) else value


def items_of(value: Any) -> list[Any]:
    """List the elements of a list, the characters of a text or the keys of a struct."""
    demand(value)
    if not isinstance(value, (*CONTAINERS, str)):
        raise FaultError("a list is needed here")
    within_items(len(value))
    return list(value)


def _number(value: Any) -> Any:
    demand(value)
    if not is_number(value):
        raise FaultError("a number is needed here; a text becomes one with `| int` or `| float`")
    within_number(value)
    return value


def _scalars(value: Any) -> list[Any]:
    items = items_of(value)
    demand(*items)
    if any(isinstance(item, CONTAINERS) for item in items):
        raise FaultError("only texts, numbers and dates can be put in order or compared")
    if sum(len(item) for item in items if isinstance(item, str)) > MAX_OUTPUT:
        raise LimitError(f"texts of more than {MAX_OUTPUT:,} characters together would be put in order or compared")
    return items


def _folded(item: Any) -> Any:
    return item.lower() if isinstance(item, str) else item


def _title(value: Any) -> str:
    return "".join(word[:1].upper() + word[1:].lower() for word in _WORD_START.split(text_of(value)))


def _trim(value: Any, chars: str | None = None) -> str:
    return text_of(value).strip(_signs(chars))


def _signs(chars: str | None) -> str | None:
    """Each character that is to be taken off once, of few: a text is looked through for each of them."""
    signs = None if chars is None else "".join(dict.fromkeys(chars))
    if signs is not None and len(signs) > MAX_SIGNS:
        raise LimitError(f"more than {MAX_SIGNS} different characters to be taken off")
    return signs


def replace(value: Any, old: Any, new: Any, count: int | None = None) -> str:
    """Replace `old` by `new` in a text, at most `count` times."""
    text, old, new = text_of(value), text_of(old), text_of(new)
    within_text(len(old))
    found = text.count(old)
    times = found if count is None or count < 0 else min(count, found)  # as in Python, below zero is all
    # HTML bodies escape `new`, which makes any character five at most.
    within_text(len(text) + times * 5 * len(new) - times * len(old) if len(new) > len(old) else len(text))
    return text.replace(old, new, -1 if count is None else count)


def _truncate(value: Any, length: int = 255, killwords: bool = False, end: str = "...") -> str:  # noqa: FBT001, FBT002 - Jinja's form
    text = text_of(value)
    if len(end) > length:
        raise FaultError("`truncate` needs a length that has room for its end")
    if len(text) <= length:
        return text
    cut = text[: length - len(end)]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def _round(value: Any, precision: Any = 0, method: str = "common") -> Any:
    number = _number(value)
    if not isinstance(precision, int) or abs(precision) > _MAX_PLACES:
        raise FaultError(f"`round` takes a whole number of places, at most {_MAX_PLACES}")
    if method == "common":
        return round(number, precision)
    if method not in _ROUNDINGS:
        raise FaultError("`round` knows the methods 'common', 'ceil' and 'floor'")
    scale = (Decimal if isinstance(number, Decimal) else int)(10) ** precision
    return _ROUNDINGS[method](number * scale) / scale


def _int(value: Any, default: Any = _UNSET) -> Any:
    try:
        number = int(value) if is_number(value) else _int_of(text_of(value))
    except (ValueError, OverflowError) as error:
        if default is _UNSET:
            raise FaultError("`int` met a value that is no number; give a default: `| int(0)`") from error
        return default
    within_number(number)
    return number


def _int_of(text: str) -> int:
    within_text(len(text))
    try:
        return int(text)
    except ValueError:
        return int(float(text))


def _float(value: Any, default: Any = _UNSET) -> Any:
    try:
        return _finite(float(value if is_number(value) else text_of(value)))
    except (ValueError, OverflowError) as error:
        if default is _UNSET:
            raise FaultError("`float` met a value that is no number; give a default: `| float(0)`") from error
        return default


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _join(value: Any, d: Any = "") -> str:
    texts, between = [text_of(item) for item in items_of(value)], text_of(d)
    within_text(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _first(value: Any) -> Any:
    items = items_of(value)
    return nested(items[0]) if items else nothing("the list is empty")


def _last(value: Any) -> Any:
    items = items_of(value)
    return nested(items[-1]) if items else nothing("the list is empty")


def _sort(value: Any, reverse: bool = False) -> list[Any]:  # noqa: FBT001, FBT002 - Jinja's form
    return sorted(_scalars(value), key=_folded, reverse=bool(reverse))


def _unique(value: Any) -> list[Any]:
    kept: dict[Any, Any] = {}
    for item in _scalars(value):
        kept.setdefault(_folded(item), item)
    return list(kept.values())


def _extreme(choose: Callable[..., Any]) -> Callable[[Any], Any]:
    def pick(value: Any) -> Any:
        items = _scalars(value)
        return choose(items, key=_folded) if items else nothing("the list is empty")

    return pick


def _sum(value: Any, start: Any = 0) -> Any:
    return reduce(lambda total, item: operate("+", total, item), items_of(value), start)


def _reverse(value: Any) -> Any:
    return value[::-1] if isinstance(value, str) else items_of(value)[::-1]


def _odd(value: Any) -> bool:
    return bool(_number(value) % 2 == 1)


def _divisible(value: Any, num: Any) -> bool:
    return bool(operate("%", _number(value), _number(num)) == 0)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "abs": lambda value: abs(_number(value)),
        "capitalize": lambda value: text_of(value).capitalize(),
        "count": lambda value: len(items_of(value)),
        "d": default,
        "default": default,
        "e": lambda value: escape(text_of(value)),
        "escape": lambda value: escape(text_of(value)),
        "first": _first,
        "float": _float,
        "int": _int,
        "join": _join,
        "last": _last,
        "length": lambda value: len(items_of(value)),
        "list": items_of,
        "lower": lambda value: text_of(value).lower(),
        "max": _extreme(max),
        "min": _extreme(min),
        "replace": replace,
        "reverse": _reverse,
        "round": _round,
        "sort": _sort,
        "string": text_of,
        "sum": _sum,
        "title": _title,
        "trim": _trim,
        "truncate": _truncate,
        "unique": _unique,
        "upper": lambda value: text_of(value).upper(),
        "urlencode": lambda value: quote(text_of(value), safe="/"),
    }
)

TESTS: Final[Mapping[str, Callable[..., bool]]] = MappingProxyType(
    {
        "boolean": lambda value: isinstance(value, bool),
        "defined": lambda value: not isinstance(value, Undefined),
        "divisibleby": _divisible,
        "even": lambda value: not _odd(value),
        "false": lambda value: value is False,
        "float": lambda value: isinstance(value, float),
        "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
        "lower": lambda value: text_of(value).islower(),
        "none": lambda value: value is None,
        "number": is_number,
        "odd": _odd,
        "string": lambda value: isinstance(value, str),
        "true": lambda value: value is True,
        "undefined": lambda value: isinstance(value, Undefined),
        "upper": lambda value: text_of(value).isupper(),
    }
)


def _split(text: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    return text.split(sep, maxsplit)


METHODS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        **{
            name: getattr(str, name)
            for name in (
                *("capitalize", "count", "endswith", "find", "isalnum", "isalpha", "isdigit", "islower", "isupper"),
                *("lower", "removeprefix", "removesuffix", "startswith", "upper"),
            )
        },
        "lstrip": lambda text, chars=None: text.lstrip(_signs(chars)),
        "rstrip": lambda text, chars=None: text.rstrip(_signs(chars)),
        "strip": lambda text, chars=None: text.strip(_signs(chars)),
        "replace": replace,
        "split": _split,
        "title": _title,
    }
)


def call_method(value: Any, name: str, *arguments: Any, **named: Any) -> Any:
    """Call one of METHODS on a text; arguments as in Python."""
    demand(value, *arguments, *named.values())
    if not isinstance(value, str):
        raise FaultError(f"`.{name}()` is for texts; a number becomes one with `| string`")
    return checked(METHODS[name](value, *arguments, **named))


def checked(result: Any) -> Any:
    """Pass on a result that is no longer than a text or a list may be."""
    if isinstance(result, str):
        within_text(len(result))
    elif isinstance(result, list):
        within_items(len(result))
    elif isinstance(result, int) and not isinstance(result, bool):
        within_number(result)
    return result


def elements(values: Any) -> list[Any]:
    """List what a loop walks over; a blank element stays a blank."""
    return [nested(value) for value in items_of(values)]
