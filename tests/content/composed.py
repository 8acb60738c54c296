"""People and a wording → the frames that they are packed into, composed in sets or rendered one by one.

What a frame says to each of its people is told by the sandbox's own substitution, which shares no line with octoplan's.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from octoplan import source
from octoplan.campaign import Campaign, Language
from octoplan.content.asking import ask_all
from octoplan.content.composing import compose_all, measure_of
from octoplan.content.variants import Faults, render_all, render_here
from octoplan.content.wording import Wording, Written, compile_wording
from octoplan.frame import check_words, personal_body
from octoplan.project import Personalization
from octoplan.sandbox.endpoints import SMS_CAMPAIGN_SEND
from octoplan.sandbox.reading import read_submission
from octoplan.table.connection import Table
from octoplan.table.rows import PackedFrame
from octoplan.table.sending import Messages
from tests.content.conftest import locate

TAGS: Final = ("en", "fr", "pt-BR")
NAMES: Final = ("a", "b", "n", "tongue")
CONSTANTS: Final[Mapping[str, Any]] = {"shop": "OctoShop", "dear": "Dear {", "blank": ""}
SETTINGS: Final[Mapping[str, Any]] = {"channel": "sms", "purpose": "alert", "metadata": {"type": "sms_premium"}}

Row = tuple[str | None, str | None, int | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came out: the frames, the words and parts of each record, the faults, and what a report says of them all."""

    frames: Sequence[PackedFrame]
    words: Mapping[int, str]
    parts: Mapping[int, int]
    faults: Faults
    report: Mapping[str, object]


def wording_of(text: str | Mapping[str, str], language: Language | None = None, *, optimize: bool = False) -> Wording:
    """A text, or texts by language → the Wording; ProjectInvalid where it cannot be compiled."""
    return compile_wording(
        Written(content={"text": text}, html_body=False, language=language, optimize=optimize), locate
    )


def campaign(wording: Wording, *, skip: bool = False) -> Campaign:
    written = wording.written
    return Campaign(
        name="sale",
        edition=1,
        channel="sms",
        purpose="alert",
        content=written.content,
        settings=SETTINGS,
        constants=CONSTANTS,
        document=source.Document.__new__(source.Document),
        audience=None,
        send_at=None,
        not_after=None,
        skip_missing=skip,
        language=written.language,
        optimize=written.optimize,
        text_files={("text",): "text.txt", **{("text", tag): f"text.{tag}.txt" for tag in TAGS}},
    )


def compose(
    table: Table,
    wording: Wording,
    people: Sequence[Row],
    *,
    skip: bool = False,
    size: int = 450,
    personalization: Personalization = "server",
) -> Outcome:
    """Compose; a person's key is the number of the row."""
    name, messages = _messages(table, people)
    composition = messages.composition(measure_of("sms"))
    composed = compose_all(composition, wording, NAMES, campaign(wording, skip=skip))
    asking = messages.asking(composition)
    if personalization == "server":
        ask_all(asking, composed)
    messages.share(asking)
    return _outcome((table, name), messages, composed.faults, wording, size)


def render(table: Table, wording: Wording, people: Sequence[Row], *, skip: bool = False, size: int = 450) -> Outcome:
    """The same, rendered."""
    name, messages = _messages(table, people)
    renders = wording.renderer(NAMES, CONSTANTS)
    messages.combine()
    run = render_here(renders, "sms")
    faults = render_all(run(messages.combinations()), renders, campaign(wording, skip=skip), messages.rendered)
    messages.vary()
    return _outcome((table, name), messages, faults, wording, size)


def told(faults: Faults) -> tuple[Counter[tuple[str, str]], int, int]:
    """How many people have which fault. A segment may know its place in the template more exactly than the whole."""
    people: Counter[tuple[str, str]] = Counter()
    for one in faults:
        people[one.rule, one.message] += one.people
    return people, faults.skipped, faults.by_default


def received(frame: PackedFrame) -> Sequence[str]:
    """A frame → the words that each of its people gets, by the sandbox's own reading of the request."""
    if frame.text is None:
        return [json.loads(frame.content)["text"]] * len(frame.people)
    check_words(frame.text, frame.values, frame.digests)
    recipients = [{"phone_number": to} | own for to, own in zip(frame.addresses, frame.values, strict=True)]
    read = read_submission(personal_body(SETTINGS, frame.text, recipients, "ab" * 16), SMS_CAMPAIGN_SEND)
    assert read is not None
    assert read.forgiven == (), "nothing had to be cast, cut or defaulted"
    assert read.addresses == frame.addresses
    return read.texts


def _messages(table: Table, people: Sequence[Row]) -> tuple[str, Messages]:
    name = table.name("people")
    table.execute(
        f"""CREATE TABLE {name} (person UHUGEINT, address VARCHAR, country VARCHAR, file INTEGER, record BIGINT,
            v0 VARCHAR, v1 VARCHAR, v2 BIGINT, v3 VARCHAR)"""
    )
    numbers = list(range(len(people)))
    addresses = [f"+336000{number:05}" for number in numbers]
    places = ["FR" if number % 2 else "BE" for number in numbers]
    own = map(list, zip(*people, strict=True))
    table.append(name, (numbers, addresses, places, [0] * len(people), numbers, *own))
    messages = Messages(table, name, len(NAMES))
    messages.hold(())
    messages.free(())
    return name, messages


def _outcome(where: tuple[Table, str], messages: Messages, faults: Faults, wording: Wording, size: int) -> Outcome:
    told, spread = messages.breakdown, messages.spread
    report = {
        "variants": spread.variants(),
        "parts": spread.parts_by_country(),
        "examples": {
            (json.loads(row.content)["text"], row.people, row.units, row.parts) for row in spread.examples(1_000)
        },
        "sizes": told.sizes(),
        "costly": told.costly(),
        "overs": told.overs(1_000),
        "languages": told.languages(),
        "replaced": told.replaced() if wording.written.optimize else [],
    }
    count = messages.framing.pack(size, "") if messages.count() else 0
    frames = messages.framing.addressed(0, count - 1, identified=False) if count else []
    _forget(*where)
    return Outcome(
        frames=frames,
        words={person: text for frame in frames for person, text in zip(frame.people, received(frame), strict=True)},
        parts={person: count for frame in frames for person, count in zip(frame.people, frame.parts, strict=True)},
        faults=faults,
        report=report,
    )


def _forget(table: Table, name: str) -> None:
    """Drop what an example has left: hundreds of them would not fit."""
    left = table.rows("SELECT table_name, table_type FROM information_schema.tables ORDER BY table_type DESC")
    for one, kind in left:
        if one.endswith(name) or name + "_" in one:
            table.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {one}")
