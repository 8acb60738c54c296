"""The package's docstring is its index."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import octoplan.report

MODULES = sorted(Path(octoplan.report.__file__).parent.glob("[a-z]*.py"))


def _public(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def test_every_module_and_public_name_is_in_the_index() -> None:
    index = set(re.findall(r"\w+", octoplan.report.__doc__ or ""))
    for path in MODULES:
        assert not [name for name in (path.stem, *_public(path)) if name not in index]
