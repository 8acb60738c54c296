"""A tree with texts by language in; the tree in one language, and which language a person gets, out.

    text: {fr: Bonjour, en: Hello}    +    "fr"    →    text: Bonjour

With `language` in a campaign, a mapping of texts whose keys are all languages is a translation, wherever it stands.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from octoplan.campaign import Language
from octoplan.content.render import Failed, Rendered, Renderer
from octoplan.content.sheet import Locate
from octoplan.content.values import is_blank
from octoplan.errors import Place, Problem
from octoplan.source import Pointer

TAG: Final = re.compile(r"[a-z]{2}(-[A-Z]{2}|-[A-Z][a-z]{3})?")
"""ISO 639-1, with a region (ISO 3166-1) or a script (ISO 15924)."""


def translations(tree: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Mapping[str, str]]]:
    """A tree → every translation in it, with its pointer."""
    if _is_translation(tree):
        yield pointer, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from translations(value, (*pointer, key))
    elif isinstance(tree, Sequence) and not isinstance(tree, str):
        for index, value in enumerate(tree):
            yield from translations(value, (*pointer, index))


def in_language(tree: Any, language: str) -> Any:
    """A tree → the same in one language, which every translation has; plain dicts and lists."""
    if _is_translation(tree):
        return tree[language]
    if isinstance(tree, Mapping):
        return {key: in_language(value, language) for key, value in tree.items()}
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        return [in_language(value, language) for value in tree]
    return tree


def written_pointer(tree: Any, pointer: Pointer, language: str) -> Pointer:
    """The pointer of a text in one language → its pointer in the tree with all of them."""
    value = tree
    for step in pointer:
        value = value[step]
    return (*pointer, language) if isinstance(value, Mapping) else pointer


def check_languages(content: Mapping[str, Any], language: Language, locate: Locate) -> tuple[Problem, ...]:
    """Content and how its language is chosen → Problems: nothing translated, or not in every language."""
    found = list(translations(content))
    every = sorted({tag for _, texts in found for tag in texts})
    if not found:
        place = locate(("language",), 1, 1)
        hint = "write `text: {en: ..., fr: ...}`, or remove `language`"
        return (Problem(place=place, rule="language/none", message="no text is given by language", hint=hint),)
    problems = [_incomplete(locate(pointer, 1, 1), pointer, every, texts) for pointer, texts in found]
    if language.default is not None and language.default not in every:
        place = locate(("language", "default"), 1, 1)
        hint = f"there are {', '.join(every)}"
        message = f"no text is in the default language, {language.default}"
        problems.append(Problem(place=place, rule="language/default", message=message, hint=hint))
    return tuple(problem for problem in problems if problem is not None)


def _incomplete(place: Place, pointer: Pointer, every: Sequence[str], texts: Mapping[str, str]) -> Problem | None:
    lacking = [tag for tag in every if tag not in texts]
    if not lacking:
        return None
    return Problem(
        place=place,
        rule="language/missing",
        message=f"`{'.'.join(map(str, pointer))}` is not there in {', '.join(lacking)}",
        hint="every text that is given by language is given in the same ones",
    )


def _is_translation(tree: Any) -> bool:
    return (
        isinstance(tree, Mapping)
        and len(tree) > 0
        and all(isinstance(key, str) and TAG.fullmatch(key) for key in tree)
        and all(isinstance(value, str) for value in tree.values())
    )


class Chooser:
    """Chooses a language for a value of the column: itself, or what it is a regional form of; else none."""

    def __init__(self, languages: Collection[str]) -> None:
        self._languages = {language.casefold(): language for language in languages}

    def choose(self, value: Any) -> str | None:
        """A value such as `fr`, `FR` or `fr_BE` → the language that it names, if there is one."""
        if not isinstance(value, str):
            return None
        named = value.strip().replace("_", "-").casefold()
        return self._languages.get(named) or self._languages.get(named.partition("-")[0])


class Translated:
    """Renders rows, each in the language that its column names.

    `renderers`: by language; `default`: for whoever has none; without it they have no message.
    """

    def __init__(
        self, renderers: Mapping[str, Renderer], default: Renderer | None, column: tuple[str, int], place: Place
    ) -> None:
        self._renderers = renderers
        self._default = default
        self._chooser = Chooser(renderers)
        self._column, self._at = column
        self._place = place

    def render(self, values: Sequence[Any]) -> Rendered | Failed:
        """Render one row. Never raises for what the row holds."""
        language = self._chooser.choose(values[self._at])
        renderer = self._default if language is None else self._renderers[language]
        if renderer is None:
            return speechless(values[self._at], self._column, self._place)
        return renderer.render(values)


def speechless(value: Any, column: str, place: Place) -> Failed:
    """A value that names none of the languages there are → why whoever has it has no message."""
    if is_blank(value):
        return Failed(reason="blank", place=place, message=f"`{column}` is blank", variable=column)
    message = f"`{column}` names a language that there is no text in"
    return Failed(reason="language", place=place, message=message)
