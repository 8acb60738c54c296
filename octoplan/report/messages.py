"""A campaign's messages as people would see them → text or JSON, with masked addresses but on a terminal."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from octoplan.campaign import Campaign
from octoplan.pipeline.showing import Shown
from octoplan.report.document import document
from octoplan.report.lines import several
from octoplan.report.safe import masked as mask
from octoplan.report.safe import plain
from octoplan.report.style import BLANK, Line, Style

_WIDTH = 9


def text_messages(campaign: Campaign, shown: Sequence[Shown], *, masked: bool) -> list[Line]:
    """Messages → for each its address, its fields and its size."""
    lines = [Line(Style.TITLE, f"{plain(campaign.name)}, {campaign.channel}, edition {campaign.edition}"), BLANK]
    for one in shown:
        lines += [Line(Style.EXTEND, f"to {_address(one, masked=masked)}"), *_fields(one), BLANK]
    return lines[:-1]


def json_messages(campaign: Campaign, shown: Sequence[Shown]) -> str:
    """Messages → a versioned document, always masked."""
    messages = [
        {
            "to": mask(one.address),
            "content": one.content,
            "parts": one.parts,
            "units": one.units,
            "encoding": one.encoding or None,
            "why": one.why or None,
        }
        for one in shown
    ]
    return document("messages", campaign=campaign.name, channel=campaign.channel, messages=messages)


def _address(one: Shown, *, masked: bool) -> str:
    return mask(one.address) if masked else plain(one.address)


def _fields(one: Shown) -> Iterator[Line]:
    if one.content is None:
        yield Line(Style.ERROR, f"   {'not sent':<{_WIDTH}}{one.why}")
        return
    for name, value in _flat(one.content):
        first, *rest = str(value).split("\n")
        yield Line(Style.PLAIN, f"   {name:<{_WIDTH}}{plain(first)}")
        yield from (Line(Style.PLAIN, f"   {'':<{_WIDTH}}{plain(line)}") for line in rest)
    if one.parts is not None and one.units is not None:
        size = f"{one.units} units, {several(one.parts, 'part')}, {one.encoding.upper()}"
        yield Line(Style.DETAIL, f"   {'size':<{_WIDTH}}{size}")


def _flat(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A message's content → its fields in the order in which a person meets them."""
    metadata = content.get("metadata", {})
    for name, value in (
        ("from", metadata.get("name_from")),
        ("subject", metadata.get("subject")),
        ("text", content.get("text")),
    ):
        if value is not None:
            yield name, value
    for name in ("cards", "actions"):
        for item in metadata.get(name, ()):
            yield name.removesuffix("s"), json.dumps(item, ensure_ascii=False)
