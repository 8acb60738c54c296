"""A phone number as written, and the region it may be national in → a Verdict; the only door to phonenumbers.

A number is good where `phonenumbers.parse` reads it and `is_valid_number` agrees; it is sent in E.164. The narrow
no-break space of French typography, which phonenumbers does not know, is read as a space.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from octoplan.audience.verdict import BLANK, Verdict, trimmed
from octoplan.table.quoting import literal
from octoplan.table.rows import Check

NO_NUMBER = "not a phone number"
AN_EMAIL = "an e-mail address, not a phone number"
NO_COUNTRY = "a number without country code, and no region given"
SEPARATORS = " .-()/\u00a0\u202f"
# Longer texts are phonenumbers' to read: it looks for a number within them.
_CLEANED = f"CASE WHEN strlen(f0) <= 60 THEN translate(f0, {literal(SEPARATORS)}, '') END"
LANDLINE = "landline"
PREMIUM = "premium"
UNREACHABLE = frozenset({LANDLINE, PREMIUM})
"""Reasons for which a number that is good is left out all the same: the channel does not reach it, or should not."""
_LEFT_OUT = {"sms": (PREMIUM, LANDLINE), "rcs": (PREMIUM, LANDLINE), "voice_sms": (PREMIUM,)}
_NEVER = "false"
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


def left_out(channel: str) -> tuple[str, ...]:
    """A channel → which good numbers it leaves out: UNREACHABLE, or some of it."""
    return _LEFT_OUT.get(channel, ())


def verdict(raw: str, region: str | None, without: Collection[str] = ()) -> Verdict:
    """A value as it stands in a row → its Verdict; `without`: which UNREACHABLE numbers are not wanted."""
    import phonenumbers  # noqa: PLC0415 - only where numbers are looked at

    text = trimmed(raw).replace("\u202f", " ")
    if not text:
        return Verdict(None, None, BLANK)
    if "@" in text:
        return Verdict(None, None, AN_EMAIL)
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        lacks = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        return Verdict(None, None, NO_COUNTRY if lacks and region is None and "+" not in text else NO_NUMBER)
    country = phonenumbers.region_code_for_number(number)
    if country is None or not phonenumbers.is_valid_number_for_region(number, country):
        main = country or phonenumbers.region_code_for_country_code(number.country_code or 0)
        return Verdict(None, None, f"not a valid number in {main}" if main.isalpha() else NO_NUMBER)
    if without and (reason := _unreachable(number)) in without:
        return Verdict(None, country, reason)
    return Verdict(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), country)


def _unreachable(number: Any) -> str | None:
    """A number of phonenumbers, valid → which of UNREACHABLE it is; where landlines and mobiles look alike, none."""
    from phonenumbers import PhoneNumberType, number_type  # noqa: PLC0415 - as in `verdict`

    return {PhoneNumberType.FIXED_LINE: LANDLINE, PhoneNumberType.PREMIUM_RATE: PREMIUM}.get(number_type(number))


def _is_clean(rules: "Sequence[_Rule]") -> str:
    """SQL of whether there is nothing to clean, by length alone where that will do: what it misses is undecided."""
    sizes = sorted({size for rule in rules for size in rule.sizes})
    clean = f"starts_with(f0, '+') AND strlen(f0) IN ({', '.join(map(str, sizes))})"
    return clean if len(sizes) == 1 else f"{clean} AND NOT regexp_matches(f0, {literal(f'[{re.escape(SEPARATORS)}]')})"


def is_region(region: str) -> bool:
    """Two letters → whether they are a country with telephones."""
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - as in `verdict`

    return region in SUPPORTED_REGIONS


def check(region: str | None, beginnings: Iterable[str], without: Collection[str] = ()) -> Check:
    """The audience's region and how some of its numbers begin (`+336`) → the SQL that tells clean numbers.

    Decides only where phonenumbers would surely say the same: all else is NULL, and asked of phonenumbers itself.
    `without`: which UNREACHABLE numbers are not wanted, and told by `left_out` instead.
    """
    rules = [rule for rule in (_rule(code) for code in _regions(region, beginnings)) if rule is not None]
    if not rules:
        return Check(address="NULL::VARCHAR", country="NULL::VARCHAR", folded=True)
    home = next((rule for rule in rules if rule.region == region), None)
    clean = f"CASE WHEN {_is_clean(rules)} THEN f0 ELSE {_CLEANED} END"
    forms = [form for rule in rules for form in rule.doubled("text")]
    forms += ["WHEN starts_with(text, '+') THEN text", *(home.forms("text") if home else ())]
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


def _regions(region: str | None, beginnings: Iterable[str]) -> tuple[str, ...]:
    """The regions worth a rule, the audience's own first: main regions of the calling codes that occur."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as regions_of_code  # noqa: PLC0415, N811 - as in `verdict`

    found = dict.fromkeys([region] if region else [])
    for beginning in beginnings:
        digits = beginning.removeprefix("+")
        codes = (digits[:length] for length in (1, 2, 3) if digits[:length].isdigit())
        mains = (regions_of_code[int(code)][0] for code in codes if int(code) in regions_of_code)
        found.update(dict.fromkeys(mains))
    return tuple(found)


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
