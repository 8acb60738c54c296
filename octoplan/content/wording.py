"""A campaign in; all its templates, compiled in every language that it has, out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from octoplan.arms import Piece
from octoplan.campaign import Campaign, Language
from octoplan.content.check import did_you_mean
from octoplan.content.languages import Translated, check_languages, in_language, translations, written_pointer
from octoplan.content.render import Failed, Rendered, make_rendered
from octoplan.content.sheet import Locate
from octoplan.content.templates import Templates, compile_content
from octoplan.content.tree import with_strings
from octoplan.content.typography import cheaper
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.source import Pointer


class Renders(Protocol):
    """What renders rows, each a sequence of values in the order of the names that it was made for."""

    def render(self, values: Sequence[Any]) -> Rendered | Failed:
        """Render one row. Never raises for what the row holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an author wrote, in plain values, so that another process can compile it too. As in a Campaign."""

    content: Mapping[str, Any]
    html_body: bool
    language: Language | None
    optimize: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A campaign's words: its Templates by language, or under "" where they are the same for everybody."""

    written: Written
    templates: Mapping[str, Templates]
    place: Place
    """Where the column of the language is named; without `language` of no meaning."""

    @property
    def variables(self) -> frozenset[str]:
        """List every name that must come from outside: a column or a var."""
        language = self.written.language
        named = [templates.variables for templates in self.templates.values()]
        return frozenset().union(*named, {language.column} if language else ())

    def check_names(self, columns: Collection[str], constants: Collection[str]) -> tuple[Problem, ...]:
        """Compare the names that are used with the columns and the vars there are; a Problem at each wrong place."""
        found = [each.check_names(columns, constants) for each in self.templates.values()]
        own = self._check_column(columns, constants)
        return tuple(dict.fromkeys([*own, *(problem for problems in found for problem in problems)]))

    def _check_column(self, columns: Collection[str], constants: Collection[str]) -> Iterator[Problem]:
        language = self.written.language
        if language is None:
            return
        name = language.column
        if name not in columns:
            hint = did_you_mean(name, [*filter(str.isidentifier, columns)])
            message = f"`{name}` is no column of the audience"
            yield Problem(place=self.place, rule="language/column", message=message, hint=hint)
        elif name in constants:
            message, hint = f"`{name}` is both a column and a var", "give one of them another name"
            yield Problem(place=self.place, rule="language/column", message=message, hint=hint)

    def sources(self, characters: str, constants: Mapping[str, Any]) -> tuple[str, ...]:
        """Where one of some characters stands that is the same for everybody: `text`, and the names of vars."""
        words = [text for templates in self.templates.values() for text in templates.words]
        texts = ("text",) if any(character in text for text in words for character in characters) else ()
        used = sorted(self.variables & constants.keys())
        return (*texts, *(name for name in used if any(one in str(constants[name]) for one in characters)))

    def renderer(self, names: Sequence[str], constants: Mapping[str, Any]) -> Renders:
        """Make what renders rows: `names` are the columns, in the order in which their values will come."""
        renders: Renders = self._renderer(names, constants)
        return Optimized(renders) if self.written.optimize else renders

    def _renderer(self, names: Sequence[str], constants: Mapping[str, Any]) -> Renders:
        language = self.written.language
        if language is None:
            return self.templates[""].renderer(names, constants)
        made = {tag: each.renderer(names, constants, language=tag) for tag, each in self.templates.items()}
        tag = language.default
        default = self.templates[tag].renderer(names, constants, language=tag, by_default=True) if tag else None
        return Translated(made, default, (language.column, names.index(language.column)), self.place)


class Optimized:
    """Renders rows as another does, with typographic characters of the text replaced where that makes it cheaper."""

    def __init__(self, renders: Renders) -> None:
        self._renders = renders

    def render(self, values: Sequence[Any]) -> Rendered | Failed:
        """Render one row. Never raises for what the row holds."""
        rendered = self._renders.render(values)
        if isinstance(rendered, Failed):
            return rendered
        written = rendered.content["text"]
        text = cheaper(written)
        if text == written:
            return rendered
        made = make_rendered({**rendered.content, "text": text})
        return replace(made, language=rendered.language, by_default=rendered.by_default, written=written)


def compile_campaign(campaign: Campaign) -> Wording:
    """Compile every text of a campaign, in every language; raise ProjectInvalid with the Problems of all of them."""
    _check_pieces(campaign)
    written = Written(
        content=with_strings(campaign.content, {}),
        html_body=campaign.html_body,
        language=campaign.language,
        optimize=campaign.optimize,
    )
    return compile_wording(written, campaign.locate)


def _check_pieces(campaign: Campaign) -> None:
    """Each text of several arms must stand for itself, before they are one template."""
    problems: list[Problem] = []
    for word, pieces in campaign.pieces.items():
        html = campaign.html_body and word[0] == "text"
        for one in pieces:
            try:
                compile_content({"text": one.text}, html_body=html, locate=_locating(campaign, one))
            except ProjectInvalid as invalid:
                problems.extend(invalid.problems)
    if problems:
        raise ProjectInvalid(*dict.fromkeys(problems))


def _locating(campaign: Campaign, piece: Piece) -> Locate:
    return lambda _, line, column: campaign.locate(piece.pointer, line, column)


def compile_wording(written: Written, locate: Locate) -> Wording:
    """Compile what an author wrote; raise ProjectInvalid with the Problems of all of it."""
    place = locate(("language", "column"), 1, 1)
    if written.language is None:
        templates = {"": compile_content(written.content, html_body=written.html_body, locate=locate)}
        return Wording(written=written, templates=templates, place=place)
    problems = check_languages(written.content, written.language, locate)
    if problems:
        raise ProjectInvalid(*problems)
    every = sorted({tag for _, texts in translations(written.content) for tag in texts})
    return Wording(written=written, templates=_compile_each(written, every, locate), place=place)


def _compile_each(written: Written, languages: Sequence[str], locate: Locate) -> Mapping[str, Templates]:
    compiled: dict[str, Templates] = {}
    problems: list[Problem] = []
    for language in languages:
        try:
            compiled[language] = _compile_in(language, written, locate)
        except ProjectInvalid as invalid:
            problems.extend(invalid.problems)
    if problems:
        raise ProjectInvalid(*dict.fromkeys(problems))
    return compiled


def _compile_in(language: str, written: Written, locate: Locate) -> Templates:
    def locate_here(pointer: Pointer, line: int, column: int) -> Place:
        return locate(written_pointer(written.content, pointer, language), line, column)

    tree = in_language(written.content, language)
    return compile_content(tree, html_body=written.html_body, locate=locate_here)
