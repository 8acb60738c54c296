"""A text and what each contact brings along → the text that each of them gets ("publipostage").

Source: the page about personalised sendings, for `/sms-campaign/send`. That an unknown word in braces stays as it is,
and that a field nobody filled becomes nothing, are assumptions.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from octoplan.sandbox.casting import Forgiven
from octoplan.sandbox.contacts import Personal
from octoplan.sandbox.fields import RECIPIENTS

_QUOTED = re.compile(r"\{([a-z_]+[0-9]?)\}")


def personalise(text: str, known: Collection[str], contacts: Sequence[Personal]) -> tuple[str, ...]:
    """Fill in the `known` fields that `text` quotes, once a contact; nothing at all where it quotes none."""
    pieces = _QUOTED.split(text)
    quoted = [name for name in pieces[1::2] if name in known]
    if not quoted:
        return ()
    return tuple("".join(_fill(pieces, known, contact)) for contact in contacts)


def note_blanks(text: str, known: Collection[str], contacts: Sequence[Personal]) -> tuple[Forgiven, ...]:
    """Note the fields that `text` quotes and some contacts do not have."""
    quoted = dict.fromkeys(name for name in _QUOTED.findall(text) if name in known)
    missing = Counter(name for contact in contacts for name in quoted if not contact.get(name))
    return tuple(
        Forgiven(field=f"{RECIPIENTS}[].{name}", how="defaulted", note="quoted in the text, but absent: blank", times=n)
        for name, n in missing.items()
    )


def _fill(pieces: Sequence[str], known: Collection[str], contact: Personal) -> list[str]:
    """Put every second piece, the word between braces, in its place."""
    return [
        piece if at % 2 == 0 else contact.get(piece, "") if piece in known else f"{{{piece}}}"
        for at, piece in enumerate(pieces)
    ]
