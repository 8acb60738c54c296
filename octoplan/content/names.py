"""A syntax tree in; the names that must come from outside out, each time one is used, with its offset.

The scopes are Jinja's: `set` holds from there on, in the branches of an `if` only if all of them set it; what a loop or
a `with` sets ends with it.
"""

from dataclasses import dataclass

from jinja2 import nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A name used at an offset (from 0) of a template's source."""

    name: str
    offset: int


def outside_names(template: nodes.Template) -> tuple[Use, ...]:
    """Find the uses of names that the template does not set itself, in order of appearance."""
    uses: list[Use] = []
    _Scope(set(), uses).read_all(template.body)
    return tuple(sorted(set(uses), key=lambda use: (use.offset, use.name)))


class _Scope:
    """The names set so far, and where uses of others are collected."""

    def __init__(self, known: set[str], uses: list[Use]) -> None:
        self.known = known
        self.uses = uses

    def inner(self, *targets: nodes.Node, also: str = "") -> "_Scope":
        scope = _Scope(self.known | ({also} if also else set()), self.uses)
        for target in targets:
            scope.read(target)
        return scope

    def read_all(self, body: list[nodes.Node]) -> None:
        for node in body:
            self.read(node)

    def read(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Name):
            self._name(node)
        elif isinstance(node, nodes.For):
            self._loop(node)
        elif isinstance(node, nodes.If):
            self._branches(node)
        elif isinstance(node, nodes.With):
            self._with(node)
        elif isinstance(node, nodes.Assign):
            self.read(node.node)
            self.read(node.target)
        elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
            self.read_all([*node.args, *node.kwargs])  # `range`, the only function there is
        else:
            self.read_all(list(node.iter_child_nodes()))

    def _name(self, node: nodes.Name) -> None:
        if node.ctx != "load":
            self.known.add(node.name)
        elif node.name not in self.known:
            self.uses.append(Use(name=node.name, offset=node.lineno - 1))

    def _loop(self, node: nodes.For) -> None:
        self.read(node.iter)
        if node.test:
            self.inner(node.target).read(node.test)
        self.inner(node.target, also="loop").read_all(node.body)
        self.inner().read_all(node.else_)

    def _branches(self, node: nodes.If) -> None:
        ends = []
        for test, body in [(node.test, node.body), *((branch.test, branch.body) for branch in node.elif_)]:
            self.read(test)
            branch = self.inner()
            branch.read_all(body)
            ends.append(branch.known)
        otherwise = self.inner()
        otherwise.read_all(node.else_)
        self.known = set.intersection(otherwise.known, *ends)

    def _with(self, node: nodes.With) -> None:
        self.read_all([*node.values])
        self.inner(*node.targets).read_all(node.body)
