"""A compiled template in; its segments out, each of which prints by itself, and the pieces that they print.

    Hello {{ name }}, {% if vip %}dear {{ title }}{% endif %}!   →   "Hello "  [name]  ", "  [vip, title]  "!"

What a template prints is what its top-level nodes print, one after the other: nothing goes from one to the next but
what `set` sets, so that everything from the first `set` on is one segment. A segment is rendered once for each distinct
combination of its *own* variables, which are far fewer than those of all variables together.

What it prints is cut where a value was printed: those are its *slots*, the rest is its *shape*.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jinja2 import Template, nodes

from octoplan.content.environment import TemplateEnvironment
from octoplan.content.limits import BUDGET, MAX_LOOPS, MAX_OUTPUT, MAX_WORK
from octoplan.content.names import outside_names
from octoplan.content.render import Compiled, Failed, Renderer, failed, printed
from octoplan.content.rewrite import rewrite
from octoplan.content.syntax import compile_tree, parse
from octoplan.content.values import text_of
from octoplan.errors import Problem


class Slot(str):
    """A printed value, told from the text of the template by its type alone."""

    __slots__ = ()

    def __str__(self) -> "Slot":
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What a segment prints: its `slots` stand between the texts of its `shape`, which are one more."""

    shape: tuple[str, ...]
    slots: tuple[str, ...] = field(repr=False)

    @property
    def text(self) -> str:
        """Join the piece."""
        return "".join(text for pair in zip(self.shape, (*self.slots, ""), strict=True) for text in pair)


class Segment(Renderer):
    """Renders one segment. `names`: its columns; `is_bare`: it prints one column as it stands; `is_flow`: more shapes.

    `heaviest`: the most work, loop turns and characters that one piece of it has taken so far.
    """

    def __init__(self, compiled: Compiled, body: Sequence[nodes.Node], constants: Mapping[str, Any]) -> None:
        names = sorted({use.name for use in compiled.uses} - constants.keys())
        super().__init__(({"text": ""}, (compiled,)), names, constants)
        self.names = tuple(names)
        alone = _alone(body)
        self.is_flow = alone is None
        self.is_bare = isinstance(alone, nodes.Name) and bool(names)
        self.heaviest = (0, 0, 0)

    def piece(self, values: Sequence[Any]) -> Piece | Failed:
        """Render one combination of the values of `names`. Never raises for what they hold."""
        (compiled,) = self._compiled
        variables = self._variables(values)
        try:
            pieces = printed(compiled.template, variables)
        except Exception as error:  # noqa: BLE001 - as in `render`
            return failed(compiled, error)
        piece = _cut(pieces)
        left = variables[BUDGET]
        weight = (MAX_WORK - left.work, MAX_LOOPS - left.loops, len(piece.text))
        self.heaviest = tuple(map(max, self.heaviest, weight))
        return piece


Part = str | Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """A template in parts, in order: texts that are the same for everybody, and segments."""

    parts: tuple[Part, ...]

    @property
    def are_light(self) -> bool:
        """Whether no message can pass the limits of one render, by what was rendered so far: each keeps to its own."""
        alone = [part for part in self.parts if isinstance(part, Segment)]
        sums = [sum(segment.heaviest[limit] for segment in alone) for limit in range(3)]
        fixed = sum(len(part) for part in self.parts if isinstance(part, str))
        return len(alone) == 1 or (sums[0] <= MAX_WORK and sums[1] <= MAX_LOOPS and sums[2] + fixed <= MAX_OUTPUT)


def segments_of(compiled: Compiled, constants: Mapping[str, Any], *, whole: bool = False) -> Segments:
    """Take a compiled template apart, or with `whole` not: then it is one segment."""
    environment = TemplateEnvironment(autoescape=False)
    environment.finalize = lambda value: Slot(text_of(value))
    tree = parse(environment, compiled.sheet)
    if isinstance(tree, Problem):
        raise AssertionError("a template that was compiled can be parsed")  # noqa: TRY004 - no value of a caller
    bodies = [tree.body] if whole else list(_split(tree.body))
    return Segments(parts=tuple(_part(body, compiled, environment, constants) for body in bodies))


def _split(body: Sequence[nodes.Node]) -> Iterator[Sequence[nodes.Node]]:
    for at, node in enumerate(body):
        if isinstance(node, nodes.Assign) or node.find(nodes.Assign) is not None:
            yield list(body[at:])
            return
        if isinstance(node, nodes.Output):
            yield from ([nodes.Output([child], lineno=child.lineno)] for child in node.nodes)
        else:
            yield [node]


def _part(
    body: Sequence[nodes.Node], compiled: Compiled, environment: TemplateEnvironment, constants: Mapping[str, Any]
) -> Part:
    alone = _alone(body)
    if isinstance(alone, nodes.TemplateData):
        return alone.data
    tree = nodes.Template(list(body), lineno=1)
    tree.set_environment(environment)
    uses = outside_names(tree)
    code = compile_tree(environment, compiled.sheet, rewrite(tree))
    if isinstance(code, Problem):
        raise AssertionError("what compiles as a whole compiles in parts")  # noqa: TRY004 - as above
    own = replace(compiled, uses=uses, template=Template.from_code(environment, code, {}))
    return Segment(own, body, constants)


def _alone(body: Sequence[nodes.Node]) -> nodes.Node | None:
    """Nodes → what they print, where it is one text or one expression."""
    outputs = body[0].nodes if len(body) == 1 and isinstance(body[0], nodes.Output) else []
    return outputs[0] if len(outputs) == 1 else None


def _cut(printed: Sequence[str]) -> Piece:
    shape, slots = [""], []
    for text in printed:
        if type(text) is Slot:
            slots.append(str.__str__(text))
            shape.append("")
        else:
            shape[-1] += text
    return Piece(shape=tuple(shape), slots=tuple(slots))
