"""A checked syntax tree in; the same tree out, with everything that can multiply going through a bounded filter."""

from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from octoplan.content.environment import COMPARE, CONCAT, LOOP, METHOD, RANGE, SLICE


def rewrite(template: nodes.Template) -> nodes.Template:
    """Replace loops' lists, `~`, comparisons, slices, `range()` and method calls by filters of ours; no other calls."""
    _Rewriter().visit(template)
    return template


class _Rewriter(NodeTransformer):
    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's visitor calls it so
        weight = sum(map(_weight, [*node.body, *([node.test] if node.test else [])]))
        self.generic_visit(node)
        node.iter = _filter(LOOP, node, node.iter, nodes.Const(weight))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - as above
        self.generic_visit(node)
        return _filter(CONCAT, node, *node.nodes)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - as above
        self.generic_visit(node)
        (operand,) = node.ops
        return _filter(COMPARE, node, node.expr, nodes.Const(operand.op), operand.expr)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 - as above
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _filter(SLICE, node, node.node, *(nodes.Const(None) if one is None else one for one in bounds))

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - as above
        self.generic_visit(node)
        called: Any = node.node
        if isinstance(called, nodes.Name):
            return _filter(RANGE, called, *node.args)
        named: Any = node.kwargs  # Keyword nodes, for filters and calls alike; Jinja's annotations differ
        call = _filter(METHOD, node, called.node, nodes.Const(called.attr), *node.args)
        call.kwargs = [*named]
        return call


def _filter(name: str, node: nodes.Node, value: Any, *arguments: Any) -> nodes.Filter:
    return nodes.Filter(value, name, list(arguments), [], None, None, lineno=node.lineno)


def _weight(node: nodes.Node) -> int:
    """Measure the work of one evaluation: a node is 1, and 20 characters of text are as much."""
    own = 1 + (len(node.data) // 20 if isinstance(node, nodes.TemplateData) else 0)
    return own + sum(map(_weight, node.iter_child_nodes()))
