"""A template's source in; its syntax tree, or the Problem that says what is wrong with its syntax, out.

Jinja's messages are read for what they say and put into the words of the docs.
"""

import re
import warnings
from types import CodeType
from typing import Final

from jinja2 import nodes
from jinja2.exceptions import TemplateError, TemplateSyntaxError

from octoplan.content.environment import TemplateEnvironment
from octoplan.content.limits import MAX_DEPTH, MAX_SOURCE
from octoplan.content.sheet import Sheet, offset_of
from octoplan.errors import Problem

CODE_NAME: Final = "<octoplan template>"
"""The file name of compiled templates, by which `render` finds the failing line."""

_TOKENS: Final = {
    "end of print statement": "`}}`",
    "end of statement block": "`%}`",
    "begin of print statement": "`{{`",
    "begin of statement block": "`{%`",
    "end of template": "the end of the text",
    "name": "a name",
    "string": "a text in quotes",
    "integer": "a number",
}
_TAGS = "the tags are if, for, set, with and raw"
_PHRASES: Final = (
    (r"closed is 'set'", "`{{% set %}}` needs a value", "write `{{% set name = ... %}}`"),
    (r"innermost block that needs to be closed is '(\w+)'", "`{{% {0} %}}` is never closed", "add `{{% end{0} %}}`"),
    (r"Encountered unknown tag '(end\w+|else|elif)'", "`{{% {0} %}}` has nothing that it belongs to", ""),
    (r"Encountered unknown tag '(\w+)'", "there is no tag `{0}`", _TAGS),
    (r"expected token '(.+?)', got '(.+)'", "{0} is expected here, not {1}", ""),
    (r"Missing end of comment", "a comment `{{#` is never closed", "add `#}}`"),
    (r"Missing end of raw", "`{{% raw %}}` is never closed", "add `{{% endraw %}}`"),
    (r"^number too large", "this number is too large", ""),
    (r"^unexpected char [\"'][\"'\\]", "a text in quotes is never closed", ""),
    (r"^unexpected char", "this character means nothing between `{{{{` and `}}}}`", ""),
    (r"^unexpected '([\]\)}}])'", "the bracket `{0}` closes nothing", ""),
    (r"end of template", "`{{{{` or `{{%` is never closed", "add `}}}}` or `%}}`"),
    (r"Expected an expression|^unexpected", "a value is expected here", ""),
    (r"chain multiple tests", "two `is` cannot be chained", "join them with `and`"),
    (r"can't assign", "this cannot be set", "`{{% set name = ... %}}` sets a name"),
)


def parse(environment: TemplateEnvironment, sheet: Sheet) -> nodes.Template | Problem:
    """Parse a template; its nodes' line numbers are offsets from 1."""
    if len(sheet.source) > MAX_SOURCE:
        return sheet.problem(0, "limit", f"a template has at most {MAX_SOURCE:,} characters")
    try:
        with warnings.catch_warnings(action="ignore"):  # an odd `\` in a text in quotes, which stays as it is
            # The environment's newline rule is the sheet's: a second one must not be dropped.
            tree = environment.parse(sheet.source + "\n")
    except TemplateSyntaxError as error:
        return _in_our_words(sheet, error)
    except RecursionError:
        return _too_deep(sheet, 0)
    except (TemplateError, ValueError, OverflowError, MemoryError):
        return sheet.problem(0, "syntax", "a number or a text in quotes cannot be read")
    deepest = _deepest(tree)
    if deepest is not None:
        return _too_deep(sheet, deepest)
    return _halved(sheet, tree) or tree


def _halved(sheet: Sheet, tree: nodes.Template) -> Problem | None:
    r"""Read what is escaped in two halves, as `"\ud83d\ude00"`, as the one character it means; a half alone is none."""
    for text in tree.find_all(nodes.Const):
        if isinstance(text.value, str) and not text.value.isascii():
            try:
                text.value = text.value.encode("utf-16", "surrogatepass").decode("utf-16")
            except UnicodeDecodeError:
                hint = "write the character itself"
                return sheet.problem(offset_of(text), "syntax", "half a character stands in quotes here", hint)
    return None


def compile_tree(environment: TemplateEnvironment, sheet: Sheet, tree: nodes.Template) -> CodeType | Problem:
    """Compile a checked and rewritten tree."""
    try:
        with warnings.catch_warnings(action="ignore"):  # Python's doubts about a constant such as `1[0:1]`
            return environment.compile(tree, filename=CODE_NAME)
    except TemplateSyntaxError as error:
        return sheet.problem(max(error.lineno - 1, 0), "syntax", "this cannot be compiled")
    except (SyntaxError, RecursionError, MemoryError, ValueError, OverflowError):
        return _too_deep(sheet, 0)


def _deepest(tree: nodes.Template) -> int | None:
    """Find the offset of a node that is nested too deep."""
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return None
    return offset_of(level[0])


def _too_deep(sheet: Sheet, offset: int) -> Problem:
    return sheet.problem(offset, "limit", "this is nested too deep", "name a part of it with `{% set name = ... %}`")


def _in_our_words(sheet: Sheet, error: TemplateSyntaxError) -> Problem:
    offset = min(error.lineno - 1, len(sheet.source))
    for pattern, message, hint in _PHRASES:
        found = re.search(pattern, error.message or "")
        if found:
            words = [
                _TOKENS.get(word, f"`{word}`" if message.startswith("{0} is") else word) for word in found.groups()
            ]
            return sheet.problem(offset, "syntax", message.format(*words), hint.format(*words))
    return sheet.problem(offset, "syntax", "this is not template syntax")
