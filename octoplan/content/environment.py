"""The Jinja environment of all templates: nothing is reachable from it but what `filters` and this module allow.

Two things differ from Jinja's own sandbox. Attributes are never looked up on Python objects, only in structs, lists,
dates and loops. And the lexer's line numbers are replaced by character offsets, so that every node, and every line of
the compiled template, knows the exact place that it came from.
"""

from collections.abc import Callable, Iterator
from datetime import date, time
from typing import Any, Final

from jinja2 import pass_context
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import TokenStream
from jinja2.runtime import Context, LoopContext, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from octoplan.content.faults import FaultError, RefusedError
from octoplan.content.filters import FILTERS, TESTS, call_method, checked, default, elements
from octoplan.content.limits import budget_of
from octoplan.content.operators import bounded_range, compare, join_texts, operate, size_of
from octoplan.content.values import demand, nested, nothing, text_of

LOOP_PARTS: Final = frozenset(
    {"first", "index", "index0", "last", "length", "nextitem", "previtem", "revindex", "revindex0"}
)
DATE_PARTS: Final = frozenset({"day", "hour", "minute", "month", "second", "year"})
_MAX_DIGITS: Final = 100

# Names of filters that only `rewrite` can put into a template: an author cannot write a name with a blank.
LOOP: Final = " loop"
CONCAT: Final = " concat"
COMPARE: Final = " compare"
RANGE: Final = " range"
METHOD: Final = " method"
SLICE: Final = " slice"


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """The environment of plain templates, or with `autoescape` of HTML bodies."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self, *, autoescape: bool) -> None:
        # What is constant is not worked out when a template is compiled: `[][0] and x` would fail there, not in a row.
        super().__init__(
            undefined=StrictUndefined, finalize=text_of, autoescape=autoescape, loader=None, optimized=False
        )
        self.globals.clear()
        self.tests = dict(TESTS)
        self.filters = {name: default if call is default else _metered(call) for name, call in FILTERS.items()}
        self.filters |= {
            LOOP: _loop,
            CONCAT: _concat,
            COMPARE: _compare,
            RANGE: _range,
            METHOD: _metered(call_method),
            SLICE: _metered(_slice),
        }

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        tokens = self.lexer.tokeniter(source, name, filename, state)
        return TokenStream(self.lexer.wrap(_with_offsets(source, tokens), name, filename), name, filename)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Find `obj.attribute`."""
        return _element(obj, attribute, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Find `obj[argument]`; the argument may be a value of a row and is never repeated in a message."""
        return _element(obj, argument, name="")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator, bounded."""
        budget = budget_of(context)
        budget.spend(size_of(left) + size_of(right))
        made = operate(operator, left, right)
        budget.spend(size_of(made))
        return made

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002 - the sandbox's own signature
        """Refuse every call: `rewrite` has replaced those that are allowed."""
        return False


def plain(source: str) -> str:
    """Normalise a template's source as the lexer does: newlines are LF, and one at the end is dropped."""
    return source.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


def _with_offsets(source: str, tokens: Iterator[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
    """Replace each token's line by its offset in plain(source), counted from 1."""
    source, end = plain(source), 0
    try:
        for _, kind, value in tokens:
            start = source.index(value, end)  # `{%-` drops white space between two tokens
            if kind == "integer" and len(value) > _MAX_DIGITS:
                break  # before Python would try to read it
            end = start + len(value)
            yield start + 1, kind, value
        else:
            return
    except TemplateSyntaxError as error:  # the lexer counts lines
        raise TemplateSyntaxError(error.message or "", end + 1) from None
    raise TemplateSyntaxError("number too large", start + 1)


def _element(owner: Any, key: Any, *, name: str) -> Any:
    demand(owner, key)
    if isinstance(key, str) and key.startswith("_" if name else "__"):
        raise RefusedError("names that begin with `_` are out of reach")
    if isinstance(owner, dict):
        return nested(owner[key], name) if _is_key(key) and key in owner else nothing(_absent(name))
    if isinstance(owner, list | tuple | range | str) and isinstance(key, int):
        return nested(owner[key]) if -len(owner) <= key < len(owner) else nothing("the list has no such element")
    if isinstance(owner, LoopContext) and key in LOOP_PARTS:
        return getattr(owner, key)
    if isinstance(owner, date | time) and key in DATE_PARTS and hasattr(owner, key):
        return getattr(owner, key)
    if isinstance(owner, list | tuple | range | str):
        raise RefusedError("a text or a list has no such element; a method needs its brackets, such as `.strip()`")
    raise RefusedError("only structs, lists, dates and `loop` have elements")


def _is_key(key: Any) -> bool:
    return isinstance(key, str | int | float | date | time)


def _absent(name: str) -> str:
    return f"the struct has no element `{name}`" if name else "the struct has no such element"


def _metered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter of a pure function: its work is counted, its value must be there, its result is bounded.

    What it makes is work, too, as what it is made of is.
    """

    @pass_context
    def run(context: Context, value: Any, *arguments: Any, **named: Any) -> Any:
        demand(value)
        budget = budget_of(context)
        budget.spend(size_of(value))
        made = checked(function(value, *arguments, **named))
        budget.spend(size_of(made))
        return made

    return run


def _slice(values: Any, *bounds: Any) -> Any:
    demand(*bounds)
    return values[slice(*bounds)]


@pass_context
def _loop(context: Context, values: Any, weight: int) -> list[Any]:
    items = elements(values)
    budget_of(context).turn(len(items), weight)
    return items


@pass_context
def _concat(context: Context, *values: Any) -> str:
    texts = join_texts(values)
    budget_of(context).spend(len(texts) + sum(map(len, texts)) // 100)
    if context.eval_ctx.autoescape and any(isinstance(text, Markup) for text in texts):
        return Markup("").join(texts)
    return "".join(texts)


@pass_context
def _compare(context: Context, left: Any, symbol: str, right: Any) -> bool:
    if symbol in ("in", "notin"):
        budget_of(context).spend(size_of(right))
    return compare(left, symbol, right)


@pass_context
def _range(context: Context, *bounds: Any) -> range:
    if not all(isinstance(bound, int) for bound in bounds):
        demand(*bounds)
        raise FaultError("`range` needs whole numbers; a text becomes one with `| int`")
    budget_of(context).spend(1)
    return bounded_range(*bounds)
