"""A campaign's templates and the values of rows in; the content of messages out. The only door to Jinja2.

    compile_campaign(campaign)  →  Wording  →  renderer(names, vars)  →  render(values)  →  Rendered | Failed

A `Wording` is a `Templates` for each language that the campaign has. Of a string with a template in it, `syntax` reads,
`check` refuses, `names` finds the variables, `rewrite` binds what could run away to `limits`; `environment`, `filters`,
`operators` and `values` are all that a template can reach. `variants` renders all combinations, `abreast` on several
cores. See `docs/templates.md`.
"""

from octoplan.content.placeholders import has_placeholder
from octoplan.content.render import Failed, Rendered, Renderer
from octoplan.content.sheet import Locate
from octoplan.content.templates import Templates, compile_content
from octoplan.content.wording import Renders, Wording, compile_campaign
from octoplan.source import Pointer

__all__ = [
    "Failed",
    "Locate",
    "Pointer",
    "Rendered",
    "Renderer",
    "Renders",
    "Templates",
    "Wording",
    "compile_campaign",
    "compile_content",
    "has_placeholder",
]
