"""A campaign's templates and the values of rows in; the content of messages out. The only door to Jinja2.

    compile_content(tree)  →  Templates  →  renderer(names, vars)  →  render(values)  →  Rendered | Failed

`syntax` reads, `check` refuses, `names` finds the variables, `rewrite` binds what could run away to `limits`;
`environment`, `filters`, `operators` and `values` are all that a template can reach. See `docs/templates.md`.
"""

from octoplan.content.placeholders import has_placeholder
from octoplan.content.render import Failed, Rendered, Renderer
from octoplan.content.sheet import Locate
from octoplan.content.templates import Templates, compile_content
from octoplan.source import Pointer

__all__ = [
    "Failed",
    "Locate",
    "Pointer",
    "Rendered",
    "Renderer",
    "Templates",
    "compile_content",
    "has_placeholder",
]
