from collections.abc import Callable, Mapping
from typing import Any

import pytest

from octoplan.content import Failed, Pointer, Rendered, compile_content
from octoplan.errors import Place, Problem, ProjectInvalid

Render = Callable[..., str]
Fail = Callable[..., Failed]
Refuse = Callable[..., tuple[Problem, ...]]


def locate(pointer: Pointer, line: int, column: int) -> Place:
    """Pretend that each string is a block that begins in line 10, indented by two, of a file named by its pointer."""
    return Place(file=".".join(map(str, pointer)), line=line + 9, column=column + 2)


def render_tree(
    tree: Mapping[str, Any], row: Mapping[str, Any], constants: Mapping[str, Any], *, html: bool = False
) -> Rendered | Failed:
    templates = compile_content(tree, html_body=html, locate=locate)
    return templates.renderer(tuple(row), constants).render(tuple(row.values()))


@pytest.fixture
def render() -> Render:
    """Text and row in, rendered text out."""

    def run(text: str, *, html: bool = False, constants: Mapping[str, Any] | None = None, **row: Any) -> str:
        rendered = render_tree({"text": text}, row, constants or {}, html=html)
        assert isinstance(rendered, Rendered), rendered
        made = rendered.content["text"]
        assert type(made) is str
        return made

    return run


@pytest.fixture
def fail() -> Fail:
    """Text and row in, the failure out."""

    def run(text: str, *, html: bool = False, constants: Mapping[str, Any] | None = None, **row: Any) -> Failed:
        failed = render_tree({"text": text}, row, constants or {}, html=html)
        assert isinstance(failed, Failed), failed
        return failed

    return run


@pytest.fixture
def refuse() -> Refuse:
    """Text in, the Problems that stop its compilation out."""

    def run(text: str, **metadata: Any) -> tuple[Problem, ...]:
        with pytest.raises(ProjectInvalid) as caught:
            compile_content({"text": text, "metadata": metadata}, html_body=False, locate=locate)
        return caught.value.problems

    return run
