"""The templated part of a campaign in; compiled templates, or all their Problems, out."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Template

from octoplan.content.check import check, did_you_mean, placeholder_problems
from octoplan.content.environment import TemplateEnvironment
from octoplan.content.names import Use, outside_names
from octoplan.content.render import Compiled, Renderer, breaks_line
from octoplan.content.rewrite import rewrite
from octoplan.content.sheet import Locate, Sheet, make_sheet
from octoplan.content.syntax import compile_tree, parse
from octoplan.content.tree import strings_of, with_strings
from octoplan.errors import Problem, ProjectInvalid
from octoplan.source import Pointer

_OPENINGS = ("{{", "{%", "{#")
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_MAX_LISTED = 20
HTML_BODY: Final[Pointer] = ("text",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """A campaign's compiled content: its `tree` with the fixed strings, and a Compiled for every other string."""

    tree: Mapping[str, Any]
    compiled: tuple[Compiled, ...]

    @property
    def variables(self) -> frozenset[str]:
        """List every name that must come from outside: a column or a var."""
        return frozenset(use.name for template in self.compiled for use in template.uses)

    @property
    def text(self) -> Compiled | str:
        """The compiled text, or the text itself where it is the same for everybody."""
        fixed: str = self.tree.get("text", "")
        return next((one for one in self.compiled if one.sheet.pointer == HTML_BODY), fixed)

    @property
    def words(self) -> tuple[str, ...]:
        """List what `text` says for everybody, or may say: its source, without comments."""
        fixed = self.tree.get("text", "")
        sources = [one.sheet.source for one in self.compiled if one.sheet.pointer == HTML_BODY]
        return tuple(_COMMENT.sub("", source) for source in sources or [fixed])

    def check_names(self, columns: Collection[str], constants: Collection[str]) -> tuple[Problem, ...]:
        """Compare the names that are used with the columns and the vars there are; a Problem at each wrong place."""
        both, either = set(columns) & set(constants), set(columns) | set(constants)
        return tuple(
            _ambiguous(template.sheet, use) if use.name in both else _unknown(template.sheet, use, columns, constants)
            for template in self.compiled
            for use in template.uses
            if use.name in both or use.name not in either
        )

    def renderer(
        self, names: Sequence[str], constants: Mapping[str, Any], *, language: str = "", by_default: bool = False
    ) -> Renderer:
        """Make what renders rows: `names` are the columns, in the order in which their values will come."""
        return Renderer((self.tree, self.compiled), names, constants, (language, by_default))


def compile_content(skeleton: Mapping[str, Any], *, html_body: bool, locate: Locate) -> Templates:
    """Compile every string of a tree; raise ProjectInvalid with the Problems of all of them.

    `skeleton` holds `text` and the templated `metadata`; keys and scalars other than strings stay as they are. With
    `html_body`, values in `text` are escaped for HTML. One newline at a string's end is dropped.
    """
    problems: list[Problem] = []
    compiled: list[Compiled] = []
    fixed: dict[Pointer, str] = {}
    plain, html = TemplateEnvironment(autoescape=False), TemplateEnvironment(autoescape=html_body)
    for pointer, source in strings_of(skeleton):
        sheet = make_sheet(pointer, source, locate)
        if not any(opening in sheet.source for opening in _OPENINGS):
            fixed[pointer] = sheet.source
            problems.extend(_fixed_problems(sheet))
            continue
        result = _compile(sheet, html if pointer == HTML_BODY else plain)
        if isinstance(result, Compiled):
            compiled.append(result)
        else:
            problems.extend(result)
    if problems:
        raise ProjectInvalid(*problems)
    return Templates(tree=with_strings(skeleton, fixed), compiled=tuple(compiled))


def _fixed_problems(sheet: Sheet) -> Iterator[Problem]:
    yield from placeholder_problems(sheet, sheet.source)
    if breaks_line(sheet.pointer, sheet.source):
        yield sheet.problem(0, "one-line", f"{sheet.pointer[-1]} must be one line")


def _compile(sheet: Sheet, environment: TemplateEnvironment) -> Compiled | tuple[Problem, ...]:
    tree = parse(environment, sheet)
    if isinstance(tree, Problem):
        return (tree,)
    problems = check(sheet, tree)
    if problems:
        return problems
    uses = outside_names(tree)
    code = compile_tree(environment, sheet, rewrite(tree))
    if isinstance(code, Problem):
        return (code,)
    return Compiled(sheet=sheet, uses=uses, template=Template.from_code(environment, code, {}))


def _ambiguous(sheet: Sheet, use: Use) -> Problem:
    return sheet.problem(
        use.offset,
        "ambiguous-name",
        f"`{use.name}` is both a column and a var",
        "rename the var, or give the column another name in `columns`",
    )


def _unknown(sheet: Sheet, use: Use, columns: Collection[str], constants: Collection[str]) -> Problem:
    guess = did_you_mean(use.name, [*filter(str.isidentifier, columns), *constants])
    there_are = f"columns: {_listed(columns)}; vars: {_listed(constants)}"
    return sheet.problem(
        use.offset,
        "unknown-name",
        f"`{use.name}` is neither a column nor a var",
        f"{guess} {there_are}".strip(),
    )


def _listed(names: Collection[str]) -> str:
    """List names for people; a file without a header has a row's values in their place, which must not be shown."""
    return ", ".join(_shown(names)) or "none"


def _shown(names: Collection[str]) -> Iterator[str]:
    usable = sorted(filter(str.isidentifier, names))
    yield from usable[:_MAX_LISTED]
    if len(usable) > _MAX_LISTED:
        yield f"{len(usable) - _MAX_LISTED} more"
    if len(usable) < len(names):
        yield f"{len(names) - len(usable)} whose names a template cannot use"
