"""A campaign's wording in; the same wording out, which prints the names of columns in the place of what they hold.

    Hi {{ first_name | default("there", true) }}!   →   Hi {first_name}!   or, for whom it is blank,   Hi there!

The branches that a row takes are those of its message, since conditions read real values; but whatever is *printed* and
depends on a value of the row is the name of where it comes from. What cannot be told apart is masked: an expression is
masked whole as soon as one column in it is not blank, and so is everything that a loop counts or goes through.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from jinja2 import Template, nodes
from jinja2.runtime import Undefined

from octoplan.content.environment import TemplateEnvironment
from octoplan.content.render import Compiled
from octoplan.content.rewrite import rewrite
from octoplan.content.syntax import compile_tree, parse
from octoplan.content.templates import HTML_BODY, Templates
from octoplan.content.values import is_blank
from octoplan.content.wording import Wording
from octoplan.errors import Problem

# As in `environment`: a name with a blank is one that no author can write.
_REACH: Final = " reach"
_TOLD: Final = " told"


def mask(wording: Wording, constants: Collection[str]) -> Wording:
    """A wording and the names of its vars → the wording that shows everything else by its name."""
    written, masked = wording.written, {}
    for language, templates in wording.templates.items():
        compiled = tuple(_mask(one, constants, html_body=written.html_body) for one in templates.compiled)
        masked[language] = Templates(tree=templates.tree, compiled=compiled)
    return replace(wording, templates=masked)


def _mask(compiled: Compiled, constants: Collection[str], *, html_body: bool) -> Compiled:
    environment = TemplateEnvironment(autoescape=html_body and compiled.sheet.pointer == HTML_BODY)
    environment.filters |= {_REACH: _reach, _TOLD: _told}
    tree = parse(environment, compiled.sheet)
    if isinstance(tree, Problem):
        raise AssertionError("a template that was compiled can be parsed")  # noqa: TRY004 - no value of a caller
    masking = _Masking(tree, {use.name for use in compiled.uses} - set(constants))
    for output in tree.find_all(nodes.Output):
        output.nodes = [masking.masked(node) for node in output.nodes]
    code = compile_tree(environment, compiled.sheet, rewrite(tree))
    if isinstance(code, Problem):
        raise AssertionError("what compiles as written compiles masked")  # noqa: TRY004 - as above
    return replace(compiled, template=Template.from_code(environment, code, {}))


class _Masking:
    """Knows which names of a template hold something of a row: `columns` do, and `derived` what is made of them."""

    def __init__(self, tree: nodes.Template, columns: set[str]) -> None:
        self._columns = columns
        self._derived = _derived(tree, columns)

    def masked(self, node: nodes.Expr) -> nodes.Expr:
        """What is printed → the same if nothing in it is of a row, or else the name of what is."""
        if isinstance(node, nodes.CondExpr):
            otherwise = None if node.expr2 is None else self.masked(node.expr2)
            return nodes.CondExpr(node.test, self.masked(node.expr1), otherwise, lineno=node.lineno)
        if isinstance(node, nodes.Concat):
            return nodes.Concat([self.masked(one) for one in node.nodes], lineno=node.lineno)
        leaves = list(self._leaves(node))
        if not leaves:
            return node
        shown = nodes.Const("{" + " ".join(dict.fromkeys(".".join(path) for path in leaves)) + "}", lineno=node.lineno)
        if any(path[0] in self._derived for path in leaves):
            return shown
        reached = nodes.List([_reached(path, node.lineno) for path in leaves], lineno=node.lineno)
        told = nodes.Filter(reached, _TOLD, [], [], None, None, lineno=node.lineno)
        return nodes.CondExpr(told, shown, node, lineno=node.lineno)

    def _leaves(self, node: nodes.Node) -> Iterator[Sequence[str]]:
        """Find the names of a row in an expression, each with the elements that are asked of it."""
        path = _path(node)
        if path:
            if path[0] in self._columns | self._derived:
                yield path
            return
        for child in _parts(node):
            yield from self._leaves(child)


def _derived(tree: nodes.Template, columns: set[str]) -> set[str]:
    """Find the names that a template gives to what it makes of a row, and all that loops go through."""
    derived = {"loop"}
    for loop in tree.find_all(nodes.For):
        derived |= _names(loop.target)
    sources: list[tuple[nodes.Node, nodes.Node]] = [(one.target, one.node) for one in tree.find_all(nodes.Assign)]
    for scope in tree.find_all(nodes.With):
        sources += zip(scope.targets, scope.values, strict=True)
    for _ in sources:  # each pass carries what is known one assignment further, in whatever order they stand
        for target, source in sources:
            if _given(source) & (columns | derived):
                derived |= _names(target)
    return derived


def _given(node: nodes.Node | None) -> set[str]:
    """Find the names whose values an expression may take: of `a if b else c` not that of `b`, as in what is printed."""
    if node is None:
        return set()
    if isinstance(node, nodes.CondExpr):
        return _given(node.expr1) | _given(node.expr2)
    return _names(node)


def _names(node: nodes.Node) -> set[str]:
    own = {node.name} if isinstance(node, nodes.Name) else set()
    return own | {name.name for name in node.find_all(nodes.Name)}


def _parts(node: nodes.Node) -> list[nodes.Node]:
    """What an expression is made of; `name.upper()` of `name`: a method is no element of what it is called on."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        return [node.node.node, *node.args, *node.kwargs]
    return list(node.iter_child_nodes())


def _path(node: nodes.Node) -> tuple[str, ...]:
    """`address.city` → its names; nothing for what is more than a name and elements of it."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        below = _path(node.node)
        return (*below, node.attr) if below else ()
    return ()


def _reached(path: Sequence[str], lineno: int) -> nodes.Expr:
    name, *elements = path
    steps: list[nodes.Expr] = [nodes.Const(element, lineno=lineno) for element in elements]
    return nodes.Filter(nodes.Name(name, "load", lineno=lineno), _REACH, steps, [], None, None, lineno=lineno)


def _reach(value: Any, *elements: str) -> Any:
    """Find an element of a struct, None where there is none: to ask for it must not be an error.

    What has elements and is no struct, such as a date, stands for all of them: each is something of a row.
    """
    for element in elements:
        value = value.get(element) if isinstance(value, dict) else value
    return value


def _told(values: Sequence[Any]) -> bool:
    return not all(isinstance(value, Undefined) or is_blank(value) for value in values)
