"""A campaign's document → the templated part of its request: its words, which may stand in files of their own.

A text is a template, or a mapping of templates by language.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import getitem
from pathlib import Path
from types import MappingProxyType
from typing import Any

from octoplan import source
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.project import Project
from octoplan.source import Document, Pointer

_TEMPLATED_METADATA = ("subject", "name_from", "cards", "actions")
# Settings that go with the language of the words: content where they are given by language.
_SPOKEN_METADATA = ("language", "voice_language")

Base = Callable[[Pointer], Path]
"""From the pointer of a file's name to the folder that it is relative to."""


def read_texts(project: Project, document: Document, base: Base) -> tuple[Any, Mapping[Pointer, str]]:
    """A campaign's document → its text, or its texts by language, and which of them stand in which file, as shown."""
    written = document.data.get("text_file")
    if written is None:
        return document.data.get("text"), MappingProxyType({})
    if isinstance(written, str):
        shown, text = _read_text(project, document, base, ("text_file",))
        return text, MappingProxyType({("text",): shown})
    read = {language: _read_text(project, document, base, ("text_file", language)) for language in written}
    files: dict[Pointer, str] = {("text", language): shown for language, (shown, _) in read.items()}
    return {language: text for language, (_, text) in read.items()}, MappingProxyType(files)


def _read_text(project: Project, document: Document, base: Base, pointer: Pointer) -> tuple[str, str]:
    """Where the name of a text file stands → the file, as shown, and its text."""
    written = reduce(getitem, pointer, document.data)
    file = project.resolve(base(pointer), written, document.place(pointer))
    shown = project.shown(file)
    text = source.read_text(file, shown)
    if not text.strip():
        raise ProjectInvalid(
            Problem(
                place=Place(file=shown), rule="content/empty", message="the text file is empty", hint="write the text"
            )
        )
    return shown, text


def content_of(data: Mapping[str, Any], text: Any) -> Mapping[str, Any]:
    """A campaign's document and its text → the templated part of its request, in the shape of the API's body."""
    content: dict[str, Any] = {} if text is None else {"text": text}
    metadata = data.get("metadata") or {}
    templated = {key: metadata[key] for key in _TEMPLATED_METADATA if key in metadata}
    templated |= {key: metadata[key] for key in _SPOKEN_METADATA if isinstance(metadata.get(key), dict)}
    return MappingProxyType(content | ({"metadata": templated} if templated else {}))
