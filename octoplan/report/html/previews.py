"""How messages read → telephones and letters, drawn in the page's own markup: nothing is loaded, nothing runs.

A preview holds what the author wrote, with the names of variables where a person's values will stand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from octoplan.plan import Preview, Step
from octoplan.report.html.markup import NOTHING, Html, element, joined, name, short
from octoplan.report.lines import count, people, several
from octoplan.report.safe import plain
from octoplan.report.wording import chosen, readable

_LONGEST = 2_000
_CARDS = 4
_BUTTONS = 4
_VARIABLE = re.compile(r"(\{[^\W\d][\w. ]*\})")
_TITLES = ("title", "header", "name")
_TEXTS = ("description", "text", "body", "content")
_MEDIA = ("media", "image", "picture", "thumbnail", "media_url", "image_url")
_BUTTON_LISTS = ("suggestions", "actions", "buttons", "replies")
_LABELS = ("text", "label", "title", "name", "displayText")
_ADDRESSES = ("url", "file_url", "fileUrl", "href", "src")


def previews(step: Step) -> Html:
    """A step → a figure for each preview, with who gets it."""
    drawn = (_figure(step, one) for one in chosen(step))
    return element("div", *drawn, kind="previews")


def _figure(step: Step, one: Preview) -> Html:
    spoken = {"lang": one.language} if re.fullmatch(r"[A-Za-z-]+", one.language) else {}
    body = _DRAWN.get(step.channel, _sms)(one.content, step.settings or {})
    return element(
        "figure",
        element("div", body, kind=f"phone {step.channel if step.channel in _DRAWN else 'sms'}", **spoken),
        element("figcaption", joined(_caption(step, one))),
    )


def _caption(step: Step, one: Preview) -> Iterator[Html]:
    more = "" if step.previewed >= step.variants else " or more"
    yield element("b", f"{people(one.people)}{more}")
    sizes = [several(one.variants, "variant")] if step.variants > 1 else []
    if step.channel == "sms":
        encoding = "UCS-2 among them" if one.wide and one.variants > 1 else "UCS-2" if one.wide else "GSM-7"
        sizes += [_span(one.parts, "part"), _span(one.units, "unit"), encoding]
    else:
        sizes.append(_span(one.units, "character"))
    if one.language:
        sizes.append(name(one.language))
    yield element("span", ", ".join(sizes), kind="soft")
    if step.variants > 1 and one.extremes:
        yield element("span", f"among them: the {', the '.join(one.extremes)}", kind="extreme")


def _span(least_most: tuple[int, int], noun: str) -> str:
    least, most = least_most
    return several(most, noun) if least == most else f"{count(least)} to {several(most, noun)}"


def _sms(content: Mapping[str, Any], settings: Mapping[str, Any]) -> Html:
    return joined((_from(settings.get("sender")), element("p", _shown(content.get("text")), kind="bubble")))


def _from(sender: Any, otherwise: str = "no sender named") -> Html:
    return element("p", name(str(sender)) if sender else otherwise, kind="from")


def _voice(content: Mapping[str, Any], settings: Mapping[str, Any]) -> Html:
    metadata = settings.get("metadata", {})
    voice = [str(metadata[key]) for key in ("voice_gender", "voice_language") if key in metadata]
    heard = element("span", "▶", aria_hidden="true", kind="play")
    return joined(
        (
            _from(settings.get("sender"), "a number of Octopush's"),
            element("p", heard, f" read aloud{', ' if voice else ''}{name(', '.join(voice))}", kind="call"),
            element("p", _shown(content.get("text")), kind="bubble"),
        )
    )


def _rcs(content: Mapping[str, Any], settings: Mapping[str, Any]) -> Html:
    metadata = content.get("metadata", {})
    cards = [card for card in _listed(metadata.get("cards"))[:_CARDS] if isinstance(card, Mapping)]
    text = content.get("text")
    return joined(
        (
            _from(settings.get("sender"), "the agent"),
            element("p", _shown(text), kind="bubble") if text else NOTHING,
            *(_card(card) for card in cards),
            _buttons(_listed(metadata.get("actions"))),
        )
    )


def _card(card: Mapping[str, Any]) -> Html:
    picture = _found(card, _MEDIA)
    address = _found(picture, _ADDRESSES) if isinstance(picture, Mapping) else picture
    title, text = _found(card, _TITLES), _found(card, _TEXTS)
    buttons = [one for key in _BUTTON_LISTS for one in _listed(card.get(key))]
    return element(
        "div",
        element("p", "picture: ", _shown(address), kind="picture") if address else NOTHING,
        element("p", _shown(title), kind="title") if title else NOTHING,
        element("p", _shown(text)) if text else NOTHING,
        _buttons(buttons),
        kind="card",
    )


def _buttons(buttons: Sequence[Any]) -> Html:
    labels = [_found(one, _LABELS) if isinstance(one, Mapping) else one for one in buttons[:_BUTTONS]]
    shown = [element("span", _shown(label), kind="button") for label in labels if label]
    return element("p", *shown, kind="buttons") if shown else NOTHING


def _email(content: Mapping[str, Any], settings: Mapping[str, Any]) -> Html:
    metadata, own = content.get("metadata", {}), settings.get("metadata", {})
    text = content.get("text")
    body = readable(text) if text and own.get("body_format") == "html" else text
    template = own.get("template_name")
    return joined(
        (
            element("p", _shown(metadata.get("name_from") or own.get("email_from")), kind="from"),
            element("p", _shown(metadata.get("subject")), kind="subject"),
            element("p", _shown(body), kind="letter") if body else NOTHING,
            element("p", f"the template {name(str(template))}", kind="letter") if template else NOTHING,
        )
    )


_DRAWN = {"sms": _sms, "voice_sms": _voice, "rcs": _rcs, "email": _email}


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _found(thing: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((thing[one] for one in names if thing.get(one)), None)


def _shown(text: Any) -> Html:
    """A text → the same, every unseen character made visible, its lines kept, and its variables marked."""
    told = "" if text is None else short(str(text), _LONGEST)
    seen = "\n".join(plain(line) for line in told.split("\n"))
    pieces = _VARIABLE.split(seen)
    return joined(element("b", piece, kind="var") if at % 2 else piece for at, piece in enumerate(pieces))
