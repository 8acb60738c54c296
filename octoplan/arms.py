"""`variants:` of a campaign → Arms with exact shares; and the texts of each, put together in one template.

    text: Hello        +    variants: {a: 50%, b: {share: 50%, text: Hi}}
    →   {% if variant == "b" %}Hi{% else %}Hello{% endif %}

So every road that a template takes, by languages, composed in the table or filled in by the gateway, takes arms too.
What an author calls a variant is an *arm* here, since a variant is one distinct content.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from octoplan.errors import Problem, ProjectInvalid
from octoplan.project import Project
from octoplan.source import Document, Pointer
from octoplan.texts import read_texts

VARIABLE: Final = "variant"
"""The name by which a template knows a person's arm."""
HOLDOUT: Final = "holdout"
"""The arm whose people get nothing."""
RULE: Final = "campaign/variants"
_WORDS: Final[tuple[Pointer, ...]] = (("text",), ("metadata", "subject"), ("metadata", "name_from"))

Texts = Mapping[str, Any]
"""A text, or texts by language, by the label of the arm that has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A label and its share of the people, exactly; all shares of a campaign are 1 together."""

    label: str
    share: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A text inside a template of several arms: where it begins there, where it is written, and itself."""

    line: int
    column: int
    pointer: Pointer
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """A campaign's arms, the holdout among them; its content with the texts of all; and the pieces of each text.

    `files`: the pointer of a text that stands in a file of its own → the file, as shown.
    """

    content: Mapping[str, Any]
    arms: tuple[Arm, ...] = ()
    pieces: Mapping[Pointer, tuple[Piece, ...]] = field(default_factory=lambda: MappingProxyType({}))
    files: Mapping[Pointer, str] = field(default_factory=lambda: MappingProxyType({}))


def read_arms(
    project: Project, document: Document, base: Callable[[Pointer], Path], content: Mapping[str, Any]
) -> Armed:
    """A campaign's document and its content → Armed; ProjectInvalid where shares or texts do not add up."""
    written = document.data.get("variants")
    if written is None:
        return Armed(content=content)
    arms = _arms(document, written)
    texts, files = _own_texts(project, document, base)
    joined: dict[Pointer, Any] = {}
    pieces: dict[Pointer, tuple[Piece, ...]] = {}
    for word in _WORDS:
        if texts[word]:
            joined[word] = _join(_Word(document=document, pointer=word, shared=_at(content, word)), texts[word], arms)
            pieces |= dict(joined[word][1])
    made = {word: value for word, (value, _) in joined.items()}
    return Armed(content=_with(content, made), arms=arms, pieces=MappingProxyType(pieces), files=files)


def within(pieces: Sequence[Piece], line: int, column: int) -> tuple[Pointer, int, int]:
    """A place in a template of several arms → the pointer of the text that stands there, and the place in that."""
    piece = max((one for one in pieces if (one.line, one.column) <= (line, column)), default=pieces[0], key=_start)
    shift = piece.column - 1 if line == piece.line else 0
    return piece.pointer, max(line - piece.line + 1, 1), max(column - shift, 1)


def _start(piece: Piece) -> tuple[int, int]:
    return piece.line, piece.column


def _arms(document: Document, written: Mapping[str, Any]) -> tuple[Arm, ...]:
    arms = tuple(Arm(label=label, share=_share(value)) for label, value in written.items())
    total = sum((arm.share for arm in arms), Fraction(0))
    if total != 1:
        said = f"{float(100 * total):.10g}"
        raise _invalid(document, ("variants",), f"the shares of variants add up to {said} %, not to 100 %")
    if all(arm.label == HOLDOUT for arm in arms):
        raise _invalid(document, ("variants",), "somebody must get the message: there is only the holdout")
    return arms


def _share(written: str | Mapping[str, Any]) -> Fraction:
    share = written if isinstance(written, str) else written["share"]
    return Fraction(Decimal(share.removesuffix("%").strip())) / 100


def _own_texts(
    project: Project, document: Document, base: Callable[[Pointer], Path]
) -> tuple[Mapping[Pointer, Texts], Mapping[Pointer, str]]:
    """The texts that arms have of their own, by where they belong in the request; and which stand in which file."""
    found: dict[Pointer, dict[str, Any]] = {word: {} for word in _WORDS}
    files: dict[Pointer, str] = {}
    for label, written in document.data["variants"].items():
        if isinstance(written, str):
            continue
        above = ("variants", label)
        text, read = read_texts(project, document, base, above)
        files |= {(*above, *pointer): shown for pointer, shown in read.items()}
        for word, value in ((("text",), text), *(_metadata(written))):
            if value is not None:
                found[word][label] = value
    return found, MappingProxyType(files)


def _metadata(written: Mapping[str, Any]) -> Iterator[tuple[Pointer, Any]]:
    for word in _WORDS[1:]:
        yield word, (written.get("metadata") or {}).get(word[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """A text of the request, by its pointer, and what it is for those arms that have none of their own."""

    document: Document
    pointer: Pointer
    shared: Any


def _join(word: _Word, own: Texts, arms: Sequence[Arm]) -> tuple[Any, Mapping[Pointer, tuple[Piece, ...]]]:
    """A text and those of the arms → one template, or one by language, and its pieces."""
    lacking = [arm.label for arm in arms if arm.label != HOLDOUT and arm.label not in own]
    name = ".".join(map(str, word.pointer))
    if lacking and word.shared is None:
        message = f"`{name}` is not there for {', '.join(lacking)}"
        raise _invalid(
            word.document, ("variants", lacking[0]), message, "write it for each variant, or for all of them"
        )
    used = {**own, "": word.shared} if lacking else dict(own)
    tags = sorted({tag for value in used.values() if isinstance(value, Mapping) for tag in value})
    if not tags:
        text, pieces = _template(used, word.pointer)
        return text, {word.pointer: pieces}
    if "language" not in word.document.data:
        raise _invalid(word.document, ("variants",), "texts by language need to know who gets which", "add `language`")
    templates: dict[str, str] = {}
    found: dict[Pointer, tuple[Piece, ...]] = {}
    for tag in tags:
        for label, value in used.items():
            if isinstance(value, Mapping) and tag not in value:
                place = ("variants", label) if label else word.pointer
                raise _invalid(word.document, place, f"`{name}` is not there in {tag}")
        templates[tag], found[(*word.pointer, tag)] = _template(used, word.pointer, tag)
    return templates, found


def _template(used: Texts, word: Pointer, tag: str = "") -> tuple[str, tuple[Piece, ...]]:
    """Texts by arm, under "" the one for all others → one template, and where each stands in it."""
    made = ""
    pieces: list[Piece] = []
    for label, value in used.items():
        text = value[tag] if isinstance(value, Mapping) else value
        pointer = (*(("variants", label) if label else ()), *word, *((tag,) if isinstance(value, Mapping) else ()))
        made += f'{{% {"elif" if pieces else "if"} {VARIABLE} == "{label}" %}}' if label else "{% else %}"
        line, column = made.count("\n") + 1, len(made) - made.rfind("\n")
        pieces.append(Piece(line=line, column=column, pointer=pointer, text=text))
        made += text.removesuffix("\n").removesuffix("\r")
    return made + "{% endif %}", tuple(pieces)


def _at(tree: Mapping[str, Any], pointer: Pointer) -> Any:
    value: Any = tree
    for step in pointer:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _with(content: Mapping[str, Any], made: Mapping[Pointer, Any]) -> Mapping[str, Any]:
    tree: dict[str, Any] = {**content, **({"metadata": {**content["metadata"]}} if "metadata" in content else {})}
    for pointer, value in made.items():
        above = tree if len(pointer) == 1 else tree.setdefault("metadata", {})
        above[str(pointer[-1])] = value
    return MappingProxyType(tree)


def _invalid(document: Document, pointer: Pointer, message: str, hint: str = "") -> ProjectInvalid:
    return ProjectInvalid(Problem(place=document.place(pointer), rule=RULE, message=message, hint=hint))
