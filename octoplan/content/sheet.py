"""One template's source in; places and Problems inside it out."""

from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import nodes

from octoplan.content.environment import plain
from octoplan.errors import Place, Problem
from octoplan.source import Pointer

Locate = Callable[[Pointer, int, int], Place]
"""From the pointer of a string, a line and a column inside it (both from 1) to a place in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A template as written: where it stands in the campaign, and its `source` with plain newlines."""

    pointer: Pointer
    source: str
    locate: Locate

    def place(self, offset: int) -> Place:
        """Find the place of a character, by its offset from 0."""
        line = self.source.count("\n", 0, offset) + 1
        column = offset - self.source.rfind("\n", 0, offset)
        return self.locate(self.pointer, line, column)

    def problem(self, offset: int, rule: str, message: str, hint: str = "") -> Problem:
        """Make a Problem at a character; `rule` without its `template/`."""
        return Problem(place=self.place(offset), rule=f"template/{rule}", message=message, hint=hint)


def offset_of(node: nodes.Node) -> int:
    """Find where a node begins, from 0; a few of Jinja's nodes only know it by their children."""
    if node.lineno:
        return node.lineno - 1
    return min(map(offset_of, node.iter_child_nodes()), default=0)


def make_sheet(pointer: Pointer, source: str, locate: Locate) -> Sheet:
    """Make the sheet of a string of the campaign."""
    return Sheet(pointer=pointer, source=plain(source), locate=locate)
