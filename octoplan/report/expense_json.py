"""What makes a step cost what it costs → a part of the plan's document; amounts are text, None where not known."""

from typing import Any

from octoplan.expense import Change, Culprit, Expense, Saving, Split, name_of


def expense(found: Expense) -> dict[str, Any]:
    """An Expense → its object."""
    return {
        "sizes": [
            {"encoding": one.encoding, "parts": one.parts, "people": one.people, "variants": one.variants}
            for one in found.sizes
        ],
        "characters": [_culprit(one) for one in found.culprits],
        "changes": [_change(one) for one in found.changes],
        "replaced": [
            {"character": name_of(one.character)[0], "by": one.instead, "times": one.times, "people": one.people}
            for one in found.replaced
        ],
        "saved": _saving(found.saved),
        "languages": [
            {"language": one.languages, "people": one.people, "variants": one.variants} for one in found.languages
        ],
        "by_default": found.by_default,
        "requests": _split(found.split),
    }


def _culprit(one: Culprit) -> dict[str, Any]:
    return {
        "characters": one.name,
        "several": one.several,
        "people": one.people,
        "in": list(one.sources),
        **_saving(one.cost),
    }


def _change(change: Change) -> dict[str, Any]:
    character = {"character": name_of(change.character)[0], "by": change.instead} if change.character else {}
    shorter = {"characters": change.by} if change.kind == "shorten" else {}
    return {"change": change.kind, **character, **shorter, **_saving(change.saving)}


def _split(split: Split | None) -> dict[str, Any] | None:
    if split is None:
        return None
    rounded = split.rounded and {"to": split.rounded[0], "variants": split.rounded[1]}
    return {"enough": split.enough, "variable": split.variable, "variants_without": split.without, "rounded": rounded}


def _saving(saving: Saving) -> dict[str, Any]:
    return {"parts": saving.parts, "amount": None if saving.amount is None else f"{saving.amount:f}"}
