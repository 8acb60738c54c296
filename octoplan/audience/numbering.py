"""How phone numbers are told in SQL: those that phonenumbers would surely call good, by its own metadata.

All else is undecided, and asked of phonenumbers itself, see `numbers`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from octoplan.audience.numbers import LANDLINE, NOWHERE, PREMIUM
from octoplan.audience.verdict import SPACE
from octoplan.table.quoting import literal
from octoplan.table.rows import Check

SEPARATORS = " .-()/\u00a0\u202f"
_SPACED = "[ \u00a0\u202f]*"
# As in `numbers`: of a whole number with decimals, what stands before a single zero; of any other nothing is left.
_DECIMAL = literal(f"^{_SPACED}\\+?[0-9]+\\.0+{_SPACED}$")
_WHOLE = literal(f"^{_SPACED}(\\+?[0-9]+)\\.0{_SPACED}$")
_UNDOTTED = (
    f"CASE WHEN contains(f0, '.0') AND regexp_matches(f0, {_DECIMAL}) THEN regexp_extract(f0, {_WHOLE}, 1) ELSE f0 END"
)
# Longer texts are phonenumbers' to read: it looks for a number within them.
_CLEANED = f"CASE WHEN strlen(f0) <= 60 THEN translate({_UNDOTTED}, {literal(SEPARATORS)}, '') END"
_NEVER = "false"
_MOST = 40  # rules at once: each takes memory, and time for every row that those before it do not tell
_NO_HOME = "??"  # of a number whose row names what is not even two letters long
_FIXED = "fixed_line"
_PREMIUM_RATE = "premium_rate"
_TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)


def check(region: str | None, beginnings: Iterable[str], without: Collection[str] = ()) -> Check:
    """The audience's region and how its numbers begin (`+336`), the most frequent first → SQL that tells clean numbers.

    Decides only where phonenumbers would surely say the same: all else is NULL, and asked of phonenumbers itself.
    `without`: which UNREACHABLE numbers are not wanted, and told by `left_out` instead.
    """
    rules = _rules([region] if region else [], beginnings)
    return _checks(rules, lambda rule: rule.forms("text") if rule.region == region else [], without)


def check_each(
    cell: str, default: str | None, homes: Sequence[str], beginnings: Iterable[str], without: Collection[str] = ()
) -> Check:
    """As `check`, for numbers whose rows name their region in the column `cell`, or have that of `default`.

    `homes`: which homes there are, the most frequent first; of others a number in national form is undecided.
    """

    def national(rule: _Rule) -> list[str]:
        forms = rule.forms("text") if rule.region in homes else []
        return [f"WHEN home = '{rule.region}' THEN CASE {' '.join(forms)} END"] if forms else []

    check = _checks(_rules(homes, beginnings), national, without)
    return _of_rows(check, cell, home_sql("cell::VARCHAR", default))


def _of_rows(check: Check, cell: str, home: str) -> Check:
    """A Check → for rows that name their region in the column `cell`, of which comes their `home`."""
    further = tuple(_of_rows(one, cell, home) for one in check.further)
    return replace(check, cell=cell, steps=(("home", home), *check.steps), further=further)


def home_sql(cell: str, default: str | None) -> str:
    """SQL of a text that names a region, or is blank, and the region then → SQL of its home, in two characters.

    Two letters stand for themselves in any case, also those that are no region: `verdict` says so.
    """
    named = f"upper(trim({cell}, {literal(SPACE)}))"
    blank = literal(default or NOWHERE)
    return (
        f"CASE WHEN coalesce({named}, '') = '' THEN {blank} "
        f"WHEN strlen({named}) = 2 AND length({named}) = 2 THEN {named} ELSE {literal(_NO_HOME)} END"
    )


def _checks(rules: "Sequence[_Rule]", national: "Callable[[_Rule], list[str]]", without: Collection[str]) -> Check:
    """Rules, and what makes CASE branches for texts in their national form → the Check of the first, and further ones.

    Of a text that is written with `00`, both countries have to be in the same one.
    """
    some = [rules[first : first + _MOST] for first in range(0, len(rules), _MOST)]
    checks = [_check(few, [form for rule in few for form in national(rule)], without) for few in some]
    if not checks:
        return Check(address="NULL::VARCHAR", country="NULL::VARCHAR", folded=True)
    return replace(checks[0], further=tuple(checks[1:]))


def _check(rules: "Sequence[_Rule]", national: Sequence[str], without: Collection[str]) -> Check:
    clean = f"CASE WHEN {_is_clean(rules)} THEN f0 ELSE {_CLEANED} END"
    forms = [form for rule in rules for form in rule.doubled("text")]
    forms += ["WHEN starts_with(text, '+') THEN text", *national]
    accepted = "".join(f" WHEN {rule.accepts('number', without)} THEN number" for rule in rules)
    refused = "".join(rule.refuses("number", without) for rule in rules)
    countries = "".join(f" WHEN starts_with(address, '{rule.prefix}') THEN '{rule.region}'" for rule in rules)
    return Check(
        steps=(("text", clean), ("number", f"CASE {' '.join(forms)} END")),
        address=f"CASE{accepted} END",
        country=f"CASE{countries} END",
        folded=True,
        left_out=f"CASE{refused} END" if refused else "",
    )


def _is_clean(rules: "Sequence[_Rule]") -> str:
    """SQL of whether there is nothing to clean, by length alone where that will do: what it misses is undecided."""
    sizes = sorted({size for rule in rules for size in rule.sizes})
    clean = f"starts_with(f0, '+') AND strlen(f0) IN ({', '.join(map(str, sizes))})"
    return clean if len(sizes) == 1 else f"{clean} AND NOT regexp_matches(f0, {literal(f'[{re.escape(SEPARATORS)}]')})"


def _rules(homes: Iterable[str], beginnings: Iterable[str]) -> "list[_Rule]":
    """The rules of regions and of the main ones of the calling codes that occur, the first first."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as regions_of_code  # noqa: PLC0415, N811 - as in `verdict`

    found = dict.fromkeys(homes)
    for beginning in beginnings:
        digits = beginning.removeprefix("+")
        codes = (digits[:length] for length in (1, 2, 3) if digits[:length].isdigit())
        mains = (regions_of_code[int(code)][0] for code in codes if int(code) in regions_of_code)
        found.update(dict.fromkeys(mains))
    return [rule for rule in map(_rule, found) if rule is not None]


class _Rule:
    """How numbers of one region are told in SQL, from phonenumbers' own metadata."""

    def __init__(self, region: str) -> None:
        from phonenumbers import PhoneMetadata  # noqa: PLC0415 - as in `verdict`

        self.region = region
        metadata: Any = PhoneMetadata.metadata_for_region(region)
        self.data = metadata
        self.prefix = f"+{self.data.country_code}"

    @property
    def sizes(self) -> tuple[int, ...]:
        """How long its numbers can be, with `+` and the country's code."""
        return tuple(len(self.prefix) + length for length in self.data.general_desc.possible_length)

    def accepts(self, number: str, without: Collection[str] = ()) -> str:
        """SQL of a number → SQL of whether it is `+`, this region's code and a valid national number.

        A national prefix that phonenumbers would strip, or read a carrier from, makes it undecided. A number that
        is of several kinds is of the first in phonenumbers' order, which begins with premium and ends with landline.
        """
        left_out = {_PREMIUM_RATE} if PREMIUM in without else set()
        left_out |= {_FIXED} if LANDLINE in without else set()
        wanted = self._is_valid(number, [kind for kind in _TYPES if kind not in left_out])
        premium = self._kinds(number, (_PREMIUM_RATE,))
        return f"{wanted} AND NOT {premium}" if PREMIUM in without and premium != _NEVER else wanted

    def refuses(self, number: str, without: Collection[str]) -> str:
        """SQL of a number that `accepts` did not → CASE branches of why it is not wanted, though it is valid."""
        others = self._kinds(number, [kind for kind in _TYPES if kind != _FIXED])
        reasons = {PREMIUM: self._is_valid(number, (_PREMIUM_RATE,))}
        reasons[LANDLINE] = f"{self._is_valid(number, (_FIXED,))} AND NOT {others}"
        return "".join(f" WHEN {test} THEN '{reason}'" for reason, test in reasons.items() if reason in without)

    def _is_valid(self, number: str, kinds: Sequence[str]) -> str:
        general = self.data.general_desc
        parts = [self._kinds(number, kinds)]
        lengths = tuple(general.possible_length)
        if len(lengths) == 1 and general.national_number_pattern == f"[1-9]\\d{{{lengths[0] - 1}}}":
            # The kinds are digits of that very length: all that is left to say is that the first is not 0.
            parts.append(f"NOT starts_with({number}, '{self.prefix}0')")
        else:
            parts.append(self._test(number, lengths, general.national_number_pattern))
        stripped = self.data.national_prefix_for_parsing
        if stripped:
            parts.append(f"NOT {_begins(number, self.prefix, stripped)}")
        return " AND ".join(dict.fromkeys(parts))

    def _kinds(self, number: str, kinds: Sequence[str]) -> str:
        """Any of these kinds, by pattern and possible lengths; kinds of the same lengths share a pattern."""
        by_lengths: dict[tuple[int, ...], list[str]] = {}
        for kind in kinds:
            description = getattr(self.data, kind)
            if description is not None and description.national_number_pattern:
                by_lengths.setdefault(self._lengths(description), []).append(description.national_number_pattern)
        tests = (self._test(number, lengths, "|".join(patterns)) for lengths, patterns in by_lengths.items())
        return f"({' OR '.join(tests)})" if by_lengths else _NEVER

    def _lengths(self, description: object) -> tuple[int, ...]:
        own = tuple(getattr(description, "possible_length", ()))
        return own or tuple(self.data.general_desc.possible_length)

    def _test(self, number: str, lengths: tuple[int, ...], pattern: str) -> str:
        sizes = ", ".join(str(len(self.prefix) + length) for length in lengths)
        return f"(strlen({number}) IN ({sizes}) AND regexp_full_match({number}, {self._pattern(pattern)}))"

    def _pattern(self, national: str) -> str:
        return literal(f"\\{self.prefix}(?:{national})")

    def doubled(self, text: str) -> list[str]:
        """SQL of a text without separators → the CASE branch for `+33 (0)6 ...`, the code and the national prefix."""
        trunk = self._trunk()
        if not trunk:
            return []
        both = f"{self.prefix}{trunk}"
        return [f"WHEN starts_with({text}, '{both}') THEN '{self.prefix}' || substr({text}, {len(both) + 1})"]

    def forms(self, text: str) -> list[str]:
        """SQL of a text without separators → CASE branches that make `+` and digits of what is written nationally."""
        branches = []
        abroad = self.data.international_prefix
        if abroad == "00":
            branches.append(
                f"WHEN starts_with({text}, '00') AND NOT starts_with({text}, '000') THEN '+' || substr({text}, 3)"
            )
        trunk = self._trunk()
        if trunk is not None and abroad:
            branches.append(
                f"WHEN starts_with({text}, '{trunk}') AND NOT starts_with({text}, '{self.prefix[1:]}') "
                f"AND NOT {_begins(text, '', abroad)} THEN '{self.prefix}' || substr({text}, {len(trunk) + 1})"
            )
        return branches

    def _trunk(self) -> str | None:
        """What stands before a national number; None where more than plain digits could be read from it.

        Of several, the first: phonenumbers takes the first that matches, and only texts that begin with it are asked.
        """
        prefixes = (self.data.national_prefix_for_parsing or "").split("|")
        plain = prefixes == [""] or all(prefix.isdigit() for prefix in prefixes)
        return prefixes[0] if plain and self.data.national_prefix_transform_rule is None else None


def _begins(text: str, prefix: str, pattern: str) -> str:
    """SQL of a text → SQL of whether it begins with `prefix` and then what a pattern says."""
    if pattern.isdigit():
        return f"starts_with({text}, '{prefix}{pattern}')"
    return f"regexp_matches({text}, {literal(f'^{re.escape(prefix)}(?:{pattern})')})"


def _rule(region: str) -> _Rule | None:
    """A region → its rule; None where it shares its code and is not its main region, or is no country."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as regions_of_code  # noqa: PLC0415, N811 - as in `verdict`
    from phonenumbers import PhoneMetadata  # noqa: PLC0415 - as in `verdict`

    data: Any = PhoneMetadata.metadata_for_region(region, None)
    if data is None or region == "001" or regions_of_code[data.country_code][0] != region or data.leading_digits:
        return None
    return _Rule(region)
