"""A Measure → the SQL that measures texts by it; every function gives SQL over `text` and what it names beside it."""

from octoplan.table.quoting import literal
from octoplan.table.rows import Measure


def is_special(measure: Measure) -> str:
    """Whether it holds anything but characters that take one unit of the narrow alphabet; most texts do not."""
    return f"regexp_matches(text, {literal(measure.special)})"


def is_wide(measure: Measure) -> str:
    """With `special`: whether it needs the wide alphabet."""
    return f"CASE WHEN special THEN regexp_matches(text, {literal(measure.foreign)}) ELSE false END"


def doubles_of(measure: Measure) -> str:
    """With `special` and `is_wide`: how many of its characters take two units."""
    wide, narrow = (_count_of(kind) for kind in (measure.wide_double, measure.double))
    return f"CASE WHEN NOT special THEN 0 WHEN is_wide THEN {wide} ELSE {narrow} END"


def parts_of(measure: Measure) -> str:
    """With `is_wide` and `doubles`: its parts; NULL where a double could stand astride two of them."""
    (alone, joined), (wide_alone, wide_joined) = measure.narrow, measure.wide
    return f"""CASE WHEN length(text) + doubles <= CASE WHEN is_wide THEN {wide_alone} ELSE {alone} END
            THEN (length(text) > 0)::INTEGER
        WHEN doubles = 0 THEN ceil(length(text) / CASE WHEN is_wide THEN {wide_joined} ELSE {joined} END)::INTEGER
        END"""


def narrow_of(measure: Measure) -> str:
    """With `is_wide` and `parts`: how many it would take if nothing forced UCS-2; NULL where only filling can tell."""
    alone, joined = measure.narrow
    length = f"length({plain(measure, 'text')})"
    return f"""CASE WHEN NOT is_wide OR parts <= 1 THEN parts WHEN regexp_matches(text, '[{measure.double}]') THEN NULL
        WHEN {length} <= {alone} THEN 1 ELSE ceil({length} / {joined}) END::INTEGER"""


def over_of(measure: Measure) -> str:
    """With `is_wide`, `units`, `parts`, where no double can stand astride: how many units must go for one part less."""
    (alone, joined), (wide_alone, wide_joined) = measure.narrow, measure.wide
    before = f"""CASE WHEN is_wide THEN greatest((parts - 1) * {wide_joined}, {wide_alone})
        ELSE greatest((parts - 1) * {joined}, {alone}) END"""
    return f"CASE WHEN parts > 1 THEN units - {before} ELSE 0 END::INTEGER"


def costly_of(measure: Measure, text: str) -> str:
    """With `is_wide`: the characters that force the wide alphabet, joined. `text`: its SQL, looked at only then."""
    found = f"list_sort(list_distinct(regexp_extract_all({text}, {literal(measure.foreign)})))"
    return f"CASE WHEN is_wide THEN array_to_string({found}, '') ELSE '' END"


def is_typographic(measure: Measure) -> str:
    """Whether it holds a character that may be replaced."""
    return f"regexp_matches(text, '[{_class_of(''.join(measure.replaced))}]')"


def plain(measure: Measure, expression: str) -> str:
    """The same of another expression: it, with every character replaced that may be."""
    alone = {one: other for one, other in measure.replaced.items() if len(other) == 1}
    gone = "".join(one for one, other in measure.replaced.items() if not other)  # what has no counterpart goes
    made = f"translate({expression}, {literal(''.join(alone) + gone)}, {literal(''.join(alone.values()))})"
    for one, several in measure.replaced.items():
        if len(several) > 1:
            made = f"replace({made}, {literal(one)}, {literal(several)})"
    return made


def _count_of(kind: str) -> str:
    return (
        f"CASE WHEN regexp_matches(text, '[{kind}]') THEN length(regexp_replace(text, '[^{kind}]', '', 'g')) ELSE 0 END"
    )


def _class_of(characters: str) -> str:
    return "".join(f"\\x{{{ord(character):X}}}" for character in characters)
