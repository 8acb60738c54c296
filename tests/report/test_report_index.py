"""The package's docstring is its index."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import octoplan.report
import octoplan.report.html


def _public(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


@pytest.mark.parametrize("package", [octoplan.report, octoplan.report.html], ids=lambda package: package.__name__)
def test_every_module_and_public_name_is_in_the_index(package: ModuleType) -> None:
    index = set(re.findall(r"\w+", package.__doc__ or ""))
    for path in sorted(Path(package.__file__ or "").parent.glob("[a-z]*.py")):
        assert not [name for name in (path.stem, *_public(path)) if name not in index]
