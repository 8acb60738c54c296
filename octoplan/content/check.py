"""A syntax tree in; a Problem for everything in it that templates may not use out."""

import inspect
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from jinja2 import nodes

from octoplan.content.filters import FILTERS, METHODS, TESTS
from octoplan.content.placeholders import find_placeholders
from octoplan.content.sheet import Sheet, offset_of
from octoplan.errors import Problem

# What an author meets in Jinja's own documentation, and what to use here instead.
REFUSED: Final[Mapping[type[nodes.Node], tuple[str, str]]] = {
    nodes.Include: ("include", "a template reads no other file; write the text here or name it with `text_file`"),
    nodes.Import: ("import", "a template reads no other file; write the text here"),
    nodes.FromImport: ("from ... import", "a template reads no other file; write the text here"),
    nodes.Extends: ("extends", "a template reads no other file; write the text here"),
    nodes.Block: ("block", "nothing extends a template; write the text without it"),
    nodes.Macro: ("macro", "write the text out, or use `{% for %}`"),
    nodes.CallBlock: ("call", "write the text out, or use `{% for %}`"),
    nodes.FilterBlock: ("filter", "put the filter on each value: `{{ name | upper }}`"),
    nodes.AssignBlock: ("set ... endset", "set a value: `{% set name = first ~ ' ' ~ last %}`"),
    nodes.NSRef: ("namespace", "use `{% set %}`, or a filter such as `sum` or `join`"),
    nodes.Scope: ("autoescape", "HTML bodies are escaped, all other texts are not"),
    nodes.ScopedEvalContextModifier: ("autoescape", "HTML bodies are escaped, all other texts are not"),
}
_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.With, nodes.Assign),
    *(nodes.BinExpr, nodes.UnaryExpr, nodes.Concat, nodes.Compare, nodes.Operand, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Slice),
    *(nodes.Filter, nodes.Test, nodes.Call, nodes.Getattr, nodes.Getitem, nodes.Keyword),
)
_RESERVED: Final = frozenset({"caller", "kwargs", "self", "super", "varargs"})

Finding = tuple[str, str, str]
"""Rule (without `template/`), message, hint."""


def check(sheet: Sheet, tree: nodes.Template) -> tuple[Problem, ...]:
    """Check a whole tree."""
    found = [sheet.problem(offset_of(node), *finding) for node in _walk(tree) for finding in _findings(node)]
    return (*found, *_placeholders(sheet, tree))


def did_you_mean(name: str, names: Collection[str]) -> str:
    """Say which of `names` may have been meant, or nothing."""
    close = get_close_matches(name, names, n=1)
    return f"did you mean `{close[0]}`?" if close else ""


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        if type(node) not in REFUSED:  # one Problem is enough for all of it
            yield from _walk(child)


def _findings(node: nodes.Node) -> Iterator[Finding]:
    if type(node) in REFUSED:
        tag, instead = REFUSED[type(node)]
        yield "refused", f"`{tag}` is not for templates here", instead
    elif not isinstance(node, _ALLOWED):
        yield "refused", "this is not for templates here", ""
    elif type(node) in _CHECKS:
        yield from _CHECKS[type(node)](node)


def _name(node: nodes.Name) -> Iterator[Finding]:
    if node.name in _RESERVED or (node.name == "loop" and node.ctx == "store"):
        yield "refused", f"`{node.name}` is a reserved word of templates", "rename it, for a column in `columns`"
    if unicodedata.normalize("NFKC", node.name) != node.name:
        yield "refused", "this name has letters that read as others", "rename it, for a column in `columns`"


def _attribute(node: nodes.Getattr) -> Iterator[Finding]:
    if node.attr.startswith("_"):
        yield "refused", "names that begin with `_` are out of reach", ""


def _subscript(node: nodes.Getitem) -> Iterator[Finding]:
    if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) and node.arg.value.startswith("__"):
        yield "refused", "names that begin with `__` are out of reach", ""


def _loop(node: nodes.For) -> Iterator[Finding]:
    if node.recursive:
        yield "refused", "a loop cannot be recursive here", "use one loop inside another"


def _comparison(node: nodes.Compare) -> Iterator[Finding]:
    if len(node.ops) > 1:
        yield "refused", "comparisons cannot be chained", "write `a < b and b < c`"


def _choice(node: nodes.CondExpr) -> Iterator[Finding]:
    if node.expr2 is None:
        yield "refused", "an `if` inside `{{ }}` needs its `else`", "write `... else ''` for nothing"


def _struct(node: nodes.Dict) -> Iterator[Finding]:
    if not all(isinstance(pair.key, nodes.Const) for pair in node.items):
        yield "refused", "the keys of a struct are texts in quotes", ""


def _filter(node: nodes.Filter) -> Iterator[Finding]:
    yield from _known(node, "filter", node.name, FILTERS)


def _test(node: nodes.Test) -> Iterator[Finding]:
    yield from _known(node, "test", node.name, TESTS)


def _call(node: nodes.Call) -> Iterator[Finding]:
    called: Any = node.node
    if isinstance(called, nodes.Getattr):
        if not called.attr.startswith("_"):
            yield from _known(node, "method", called.attr, METHODS)
    elif not (isinstance(called, nodes.Name) and called.name == "range"):
        yield "refused", "the only function is `range`", "methods of texts such as `.strip()` and filters are there too"
    elif node.kwargs or not 1 <= len(node.args) <= len(("start", "stop", "step")):
        yield "arguments", "`range` takes one to three whole numbers", ""


def _known(node: Any, kind: str, name: str, known: Mapping[str, Callable[..., Any]]) -> Iterator[Finding]:
    if name not in known:
        hint = did_you_mean(name, known) or f"there are {', '.join(sorted(known))}"
        yield "refused", f"there is no {kind} `{name}` here", hint
    elif node.dyn_args is not None or node.dyn_kwargs is not None:
        yield "refused", f"`{name}` takes its arguments one by one, not with `*`", ""
    elif not _fits(known[name], len(node.args), [keyword.key for keyword in node.kwargs]):
        yield "arguments", f"the {kind} `{name}` does not take these arguments", _parameters(known[name])


def _signature(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())[1:]
    except ValueError:  # a few methods of `str` have none; all of these take up to three values by position
        return [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY, default=None) for name in ("a", "b", "c")]


def _fits(function: Callable[..., Any], positional: int, named: list[str]) -> bool:
    try:
        inspect.Signature(_signature(function)).bind(*range(positional), **dict.fromkeys(named))
    except TypeError:
        return False
    return len(set(named)) == len(named)


def _parameters(function: Callable[..., Any]) -> str:
    names = [parameter.name for parameter in _signature(function)]
    return f"it takes {', '.join(names)}" if names else "it takes none"


def _placeholders(sheet: Sheet, tree: nodes.Template) -> Iterator[Problem]:
    for node in tree.find_all((nodes.TemplateData, nodes.Const)):
        text = node.data if isinstance(node, nodes.TemplateData) else getattr(node, "value", None)
        if isinstance(text, str):
            shift = -1 if isinstance(node, nodes.TemplateData) else 0  # a text in quotes begins after its quote
            yield from placeholder_problems(sheet, text, node.lineno + shift)


def placeholder_problems(sheet: Sheet, text: str, offset: int = 0) -> Iterator[Problem]:
    """Find the placeholders of Octopush's own in a text that begins at `offset`."""
    for start, name in find_placeholders(text):
        yield sheet.problem(
            offset + start,
            "placeholder",
            f"`{{{name}}}` is a placeholder of Octopush's own, which would be filled in there or sent as it is",
            f"use `{{{{ {name} }}}}`",
        )


_CHECKS: Final[Mapping[type[nodes.Node], Callable[[Any], Iterator[Finding]]]] = {
    nodes.Name: _name,
    nodes.Getattr: _attribute,
    nodes.Getitem: _subscript,
    nodes.For: _loop,
    nodes.Compare: _comparison,
    nodes.CondExpr: _choice,
    nodes.Dict: _struct,
    nodes.Filter: _filter,
    nodes.Test: _test,
    nodes.Call: _call,
}
