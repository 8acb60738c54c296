"""The values of a row in; the content of its message, or why there is none, out."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from jinja2 import Template
from jinja2.exceptions import UndefinedError

from octoplan.content.digests import text_digest
from octoplan.content.faults import BlankError, FaultError, LimitError, NothingError, Reason
from octoplan.content.limits import BUDGET, MAX_OUTPUT, Budget
from octoplan.content.names import Use
from octoplan.content.sheet import Sheet
from octoplan.content.syntax import CODE_NAME
from octoplan.content.tree import Canonical, with_leaf
from octoplan.content.values import Blank, is_blank
from octoplan.errors import Place
from octoplan.source import Pointer

# These become headers of an e-mail: a line break in a value would begin another header.
ONE_LINE: Final[frozenset[Pointer]] = frozenset({("metadata", "subject"), ("metadata", "name_from")})

_LINE_BREAK = re.compile("[\r\n\v\f\x00\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message's `content`, every string rendered, and its `digest`, 32 hex digits: equal contents, equal digests.

    `json`: the content as canonical JSON; `language`: what it is in, where there are several, and whether the person
    gets it `by_default`; `written`: the text as it was before typographic characters were replaced in it.
    """

    content: Mapping[str, Any]
    digest: str
    json: str
    language: str = ""
    by_default: bool = False
    written: str | None = None

    def __repr__(self) -> str:
        return f"Rendered({self.digest})"  # the content holds a row's values


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Why a row has no message; no field holds a value of it."""

    reason: Reason
    place: Place
    message: str
    variable: str | None = None
    """The blank column's name (or its element's), for the reason `blank`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """One string of the content, compiled, with the outside names that it uses."""

    sheet: Sheet
    uses: tuple[Use, ...]
    template: Template


class Renderer:
    """Renders rows, each a sequence of values in the order of `names`.

    `spoken`: the language of the texts, and whether people get them by default.
    """

    def __init__(
        self,
        content: tuple[Mapping[str, Any], Sequence[Compiled]],
        names: Sequence[str],
        constants: Mapping[str, Any],
        spoken: tuple[str, bool] = ("", False),
    ) -> None:
        tree, compiled = content
        self._tree = tree
        self._compiled = tuple(compiled)
        self._names = tuple(names)
        self._language, self._by_default = spoken
        self._blanks = {name: Blank(name) for name in names}
        self._constants = {name: Blank(name) if is_blank(value) else value for name, value in constants.items()}
        self._canonical = Canonical(tree, [one.sheet.pointer for one in compiled])
        self._fixed = None if compiled else self._rendered(tree, ())

    def render(self, values: Sequence[Any]) -> Rendered | Failed:
        """Render one row. Never raises for what the row holds."""
        if self._fixed is not None:
            return self._fixed
        variables = self._variables(values)
        content, texts = self._tree, []
        for compiled in self._compiled:
            try:
                text = _write(compiled.template, variables)
            except Exception as error:  # noqa: BLE001 - values of any kind meet; the message may quote one
                return failed(compiled, error)
            if breaks_line(compiled.sheet.pointer, text):
                return _not_one_line(compiled.sheet)
            content = with_leaf(content, compiled.sheet.pointer, text)
            texts.append(text)
        return self._rendered(content, texts)

    def _rendered(self, content: Mapping[str, Any], texts: Sequence[str]) -> Rendered:
        return Rendered(
            content=content,
            digest=_digest(content, lambda: self._canonical.write_ascii(texts)),
            json=self._canonical.write(texts),
            language=self._language,
            by_default=self._by_default,
        )

    def _variables(self, values: Sequence[Any]) -> dict[str, Any]:
        variables = self._constants.copy()
        for name, value in zip(self._names, values, strict=True):
            variables[name] = self._blanks[name] if is_blank(value) else value
        variables[BUDGET] = Budget()
        return variables


def make_rendered(content: Mapping[str, Any]) -> Rendered:
    """Make a Rendered of content that is there already."""
    canonical = Canonical(content, ())
    digest = _digest(content, lambda: canonical.write_ascii(()))
    return Rendered(content=content, digest=digest, json=canonical.write(()))


def _digest(content: Mapping[str, Any], canonical: Callable[[], str]) -> str:
    """Hash content: one that is a text alone by the text as it stands, which SQL can do too."""
    words = content["text"] if content.keys() == {"text"} else canonical()
    return text_digest(words)


def _write(template: Template, variables: dict[str, Any]) -> str:
    return "".join(printed(template, variables))


def printed(template: Template, variables: dict[str, Any]) -> list[str]:
    """List what a template prints, piece by piece; raise LimitError once all of it is too long together."""
    pieces, left = [], MAX_OUTPUT
    for piece in template.root_render_func(template.new_context(variables, shared=True)):
        left -= len(piece)
        if left < 0:
            raise LimitError(f"the rendered text has more than {MAX_OUTPUT:,} characters")
        pieces.append(piece)
    return pieces


def breaks_line(pointer: Pointer, text: str) -> bool:
    """Tell whether a text that must be one line is more."""
    return pointer in ONE_LINE and _LINE_BREAK.search(text) is not None


def _not_one_line(sheet: Sheet) -> Failed:
    return Failed(reason="error", place=sheet.place(0), message=f"{sheet.pointer[-1]} must be one line")


def failed(compiled: Compiled, error: Exception) -> Failed:
    """Say why a template failed, and where."""
    offset = _failing_offset(compiled.template, error.__traceback__)
    if isinstance(error, BlankError):
        return _blank(compiled, offset, error.message or "")
    return Failed(
        reason=error.reason if isinstance(error, FaultError) else "error",
        place=compiled.sheet.place(offset),
        message=_explain(error),
    )


def _blank(compiled: Compiled, offset: int, name: str) -> Failed:
    # The statement is known exactly; within it, the nearest use of the name is where the reader looks.
    uses = [use.offset for use in compiled.uses if use.name == name]
    return Failed(
        reason="blank",
        place=compiled.sheet.place(min(uses, key=lambda use: abs(use - offset), default=offset)),
        message=f"`{name}` is blank" if name else "a value inside a list or struct is blank",
        variable=name or None,
    )


def _failing_offset(template: Template, traceback: TracebackType | None) -> int:
    line = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == CODE_NAME:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return max(template.get_corresponding_lineno(line) - 1, 0)


def _explain(error: Exception) -> str:
    """Say what went wrong, in words of ours: a library's message may quote a value."""
    if isinstance(error, FaultError):
        return str(error)
    if isinstance(error, NothingError):
        return error.message or ""
    if isinstance(error, UndefinedError):
        return "a name or an element that does not exist here"
    if isinstance(error, ZeroDivisionError):
        return "a division by zero"
    if isinstance(error, ArithmeticError):
        return "a number grows beyond what can be calculated"
    return "an operation does not fit its values; text becomes a number with `| int` or `| float`"
