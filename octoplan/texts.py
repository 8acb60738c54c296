"""A campaign's document → its request but for the people: words, which may stand in files of their own, and settings.

A text is a template, or a mapping of templates by language.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import getitem
from pathlib import Path
from types import MappingProxyType
from typing import Any

from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.project import Project
from octoplan.reading import read_text
from octoplan.source import Document, Pointer

_TEMPLATED_METADATA = ("subject", "name_from", "cards", "actions")
# Settings that go with the language of the words: content where they are given by language.
_SPOKEN_METADATA = ("language", "voice_language")

# Fields of the request that octoplan takes as written, per place. Templates and octoplan's own are not among them.
_TOP = ("sender", "send_at", "purpose", "list_name", "recipient_tracking", "auto_optimize_text")
_METADATA = (
    "type",
    "with_replies",
    "voice_gender",
    "voice_language",
    "get_back_pressed_keys",
    "message_type",
    "email_from",
    "emailing_service",
    "template_name",
    "body_format",
    "language",
)
_PRODUCT = {"sms": "sms_premium", "voice_sms": "voice_sms"}

Base = Callable[[Pointer], Path]
"""From the pointer of a file's name to the folder that it is relative to."""


def read_texts(
    project: Project, document: Document, base: Base, above: Pointer = ()
) -> tuple[Any, Mapping[Pointer, str]]:
    """A campaign's document → its text, or its texts by language, and which of them stand in which file, as shown.

    `above`: where in the document they stand, if not at its top.
    """
    data = reduce(getitem, above, document.data)
    written = data.get("text_file")
    if written is None:
        return data.get("text"), MappingProxyType({})
    if isinstance(written, str):
        shown, text = _read_text(project, document, base, (*above, "text_file"))
        return text, MappingProxyType({("text",): shown})
    read = {language: _read_text(project, document, base, (*above, "text_file", language)) for language in written}
    files: dict[Pointer, str] = {("text", language): shown for language, (shown, _) in read.items()}
    return {language: text for language, (_, text) in read.items()}, MappingProxyType(files)


def _read_text(project: Project, document: Document, base: Base, pointer: Pointer) -> tuple[str, str]:
    """Where the name of a text file stands → the file, as shown, and its text."""
    written = reduce(getitem, pointer, document.data)
    file = project.resolve(base(pointer), written, document.place(pointer))
    shown = project.shown(file)
    text = read_text(file, shown)
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
    templated |= {key: _spoken(metadata[key]) for key in _SPOKEN_METADATA if isinstance(metadata.get(key), dict)}
    return MappingProxyType(content | ({"metadata": templated} if templated else {}))


def _spoken(written: Mapping[str, Any]) -> Any:
    """A setting by language → itself; one that follows a column → the template that prints it."""
    if "column" not in written:
        return written
    default = f' | default("{written["default"]}", true)' if "default" in written else ""
    return f"{{{{ {written['column']}{default} }}}}"


def settings_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request but for content and recipients; what the API would default is stated: nothing is left to it."""
    channel = data["channel"]
    stated = {"recipient_tracking": False, "auto_remove_blacklisted_contacts": data["purpose"] == "wholesale"}
    if channel == "sms":
        stated["auto_optimize_text"] = False
    written = {key: data[key] for key in (*_TOP, "auto_remove_blacklisted_contacts") if key in data}
    metadata = {"type": _PRODUCT[channel]} if channel in _PRODUCT else {}
    given = (data.get("metadata") or {}).items()
    metadata |= {key: value for key, value in given if key in _METADATA and not isinstance(value, dict)}
    settings = {"channel": channel, **stated, **written}
    return MappingProxyType(settings | ({"metadata": metadata} if metadata else {}))
