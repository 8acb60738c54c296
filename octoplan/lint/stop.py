"""A marketing text → its STOP mention: not there, or not spelled as Octopush wants it.

A wholesale SMS to a French number (+33) says `STOP au 30101`, with any number, or `STOP au XXXXX`, for which Octopush
puts the number, in this very spelling, capitals included; else it is refused with code 121. Octopush adds no mention
itself. Elsewhere no spelling is asked for, but the law of the European Union wants people to be told how to object, in
each message (Directive 2002/58/EC, article 13): there any word that says so is enough.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from octoplan.campaign import Campaign
from octoplan.errors import Problem
from octoplan.lint.prose import HOLE, Prose, quoted
from octoplan.lint.rules import AREA

MENTION_SQL: Final = r"STOP au ([0-9]+|XXXXX)"
"""A pattern that Python and SQL read alike."""
MENTION: Final = re.compile(MENTION_SQL)
LENGTH: Final = len(" STOP au 30101")
"""Characters that a mention and the space before it take; in either alphabet each is one unit."""

FRANCE: Final = "FR"
_NEARLY: Final = re.compile(
    r"\bST[O0]PP?(?:\W{0,3}(?:aux?|à|a|to|at|sms|texto|@)){0,2}\W{0,3}(?:[0-9][0-9 ]{3,5}\b|X{3,9}\b)", re.IGNORECASE
)
_BLOCK: Final = re.compile(r"\{%[-+]?\s*(?P<ends>end)?")
# English, French, German, Dutch, Spanish and Portuguese, Italian, Arabic (to cancel the subscription).
_SAYS_HOW: Final = re.compile(
    r"\bstop|unsubscri|opt[ -]?out|\bto cancel\b"
    r"|d[ée]sabonn|d[ée]sinscri|\bne plus\b"
    r"|ab(?:zu)?meld|ab(?:zu)?bestell|ab(?:zu)?wähl"
    r"|\bmelden? (?:sie )?(?:sich|dich|euch)\b[^.!?\n]{0,40}\bab\b(?! (?:sofort|dem|[0-9]))"
    r"|uit(?: te )?schrijv|\baf(?: te )?meld|\bmeld (?:je|u)\b[^.!?\n]{0,40}\baf\b"
    r"|\bbaja\b|\bcancel[ae]|cancell|disiscriv"
    r"|[\u0625\u0627]\u0644\u063a\u0627\u0621 (?:\u0627\u0644)?\u0627\u0634\u062a\u0631\u0627\u0643",
    re.IGNORECASE,
)
_CHANNELS: Final = ("sms", "voice_sms")
_HOW_TO: Final = (
    "end it with `STOP au 30101`, in this spelling, or with `STOP au XXXXX`, for which Octopush puts the number"
)


def is_asked(campaign: Campaign) -> bool:
    """Whether a mention is wanted in this campaign's texts."""
    return campaign.purpose == "wholesale" and campaign.channel in _CHANNELS


def always_says(texts: Sequence[Prose]) -> bool:
    """Whether every message has the mention for sure: in each language, outside of what a block could leave out."""
    words = [text for text in texts if text.kind == "text"]
    return bool(words) and all(MENTION.search(_surely_said(text)) for text in words)


def stops(campaign: Campaign, texts: Sequence[Prose]) -> Iterator[Problem]:
    """`stop-misspelled` and `stop-missing`, as warnings: nothing is known here of whom the messages go to."""
    if not is_asked(campaign):
        return
    # beside a mention that is right, what looks like one is something else: a pit stop in 2026
    nearly = misspelled(campaign, [text for text in texts if not MENTION.search(text.words)])
    yield from nearly
    said = [text for text in texts if text.kind in ("text", "var")]
    words = [text for text in texts if text.kind == "text"]
    if not nearly and words and not any(_SAYS_HOW.search(text.sheet.source) for text in said):
        message = "a wholesale text says nowhere how to stop such messages"
        hint = _HOW_TO if campaign.channel == "sms" else "say how to be called no more"
        yield words[0].finding("stop-missing", 0, message, hint)


def misspelled(campaign: Campaign, texts: Sequence[Prose]) -> tuple[Problem, ...]:
    """What looks like a mention in the texts of an SMS and is none for Octopush."""
    if campaign.channel != "sms":
        return ()
    return tuple(
        text.finding("stop-misspelled", found.start(), f"{quoted(found[0])} is no STOP mention for Octopush", _HOW_TO)
        for text in texts
        if text.kind in ("text", "var")
        for found in _NEARLY.finditer(text.words)
        if not MENTION.match(found[0])
    )


def refused(campaign: Campaign, texts: Sequence[Prose], people: int) -> Problem:
    """How many people in France would get an SMS without the mention → the warning: Octopush refuses their requests."""
    nearly = misspelled(campaign, texts)
    place = nearly[0].place if nearly else campaign.locate(texts[0].sheet.pointer, 1, 1)
    who = f"{people:,} {'person' if people == 1 else 'people'} with a French number"
    message = f"no STOP mention in the text for {who}: Octopush refuses it with code 121"
    rule = "stop-misspelled" if nearly else "stop-missing"
    return Problem(place=place, rule=f"{AREA}{rule}", message=message, hint=_HOW_TO, severity="warning")


def costs_a_part(campaign: Campaign, texts: Sequence[Prose], people: int, every: int) -> Problem:
    """For how many people, of all of them, the mention is what takes another part → the warning."""
    place = next(
        (text.sheet.place(found.start()) for text in texts if (found := MENTION.search(text.words))),
        campaign.locate(("text",), 1, 1),
    )
    whom = "everybody" if people == every else f"{people:,} of {every:,} people"
    return Problem(
        place=place,
        rule=f"{AREA}stop-costs-a-part",
        message=f"the STOP mention takes another part for {whom}",
        hint=f"shorten the text by up to {LENGTH} characters"
        if campaign.purpose == "wholesale"
        else "an alert needs no STOP mention",
        severity="warning",
    )


def _surely_said(text: Prose) -> str:
    """The words before the first block of a template and after its last end: whatever a row holds, they are said."""
    tags = list(_BLOCK.finditer(text.sheet.source))
    if not tags:
        return text.words
    after = text.words[tags[-1].start() :] if tags[-1]["ends"] else ""
    return f"{text.words[: tags[0].start()]}{HOLE}{after}"
