"""The fast check in SQL and the libraries give the same verdict."""

import random
import re
import string
from collections.abc import Iterator
from pathlib import Path

import email_validator
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoplan.audience import emails, numbering, numbers
from octoplan.table.connection import Table
from octoplan.table.rows import Check

# More regions than an audience has: trunk prefixes of one digit and of two, none, shared calling codes, odd prefixes.
REGIONS = tuple(
    re.findall(
        "..",
        "FRBECHDEESGBITLUNLPTIESEUSCAMXBRARAUNZJPINRUKZMATNSNCICN"
        "HULTMCREGPGGVAPLROGRTRZANGEGILSAAESGHKKRTHVNIDPHCOCLPE",
    )
)
SPOILED = " .-()/\u00a0\u202f+0x,#'\t\u2010a"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("table")) as opened:
        yield opened


def decided(table: Table, check: Check, texts: list[str]) -> dict[str, tuple[str | None, str | None]]:
    """Texts → what the fast check says: address and country, None where it leaves the question open."""
    table.execute("CREATE OR REPLACE TABLE texts (f0 VARCHAR)")
    table.append("texts", [texts])
    steps = "SELECT f0 FROM texts"
    for name, expression in check.steps:
        steps = f"SELECT *, {expression} AS {name} FROM ({steps})"
    steps = f"SELECT f0, {check.address} AS address FROM ({steps})"
    return {row[0]: (row[1], row[2]) for row in table.rows(f"SELECT f0, address, {check.country} FROM ({steps})")}


def spoil(chance: random.Random, text: str) -> str:
    position = chance.randrange(len(text) + 1)
    what = chance.choice(("insert", "drop", "swap", "none", "none"))
    if what == "insert":
        return text[:position] + chance.choice(SPOILED) + text[position:]
    if what == "drop":
        return text[:position] + text[position + 1 :]
    return text[:position] + chance.choice(string.digits) + text[position + 1 :] if what == "swap" else text


def written(chance: random.Random, region: str) -> str:
    """A region → a number as people of it may write it, mostly good, sometimes not."""
    kinds = [getattr(phonenumbers.PhoneNumberType, name) for name in ("MOBILE", "FIXED_LINE", "TOLL_FREE", "VOIP")]
    number = phonenumbers.example_number_for_type(region, chance.choice(kinds)) or phonenumbers.example_number(region)
    assert number is not None
    if chance.random() < 0.8:
        tail = f"{chance.randrange(10000):04}"
        number.national_number = int(str(number.national_number)[:-4] + tail)
    forms = phonenumbers.PhoneNumberFormat
    text = phonenumbers.format_number(number, chance.choice((forms.E164, forms.INTERNATIONAL, forms.NATIONAL)))
    if chance.random() < 0.1:
        text = "00" + text.removeprefix("+")
    if chance.random() < 0.2:
        text = text.replace(" ", chance.choice(("\u00a0", "\u202f", ".", "-", "/", "")))
    if chance.random() < 0.2:
        text = re.sub(r"[^0-9+]", "", text) + chance.choice((".0", ".00", ".0 ", ".5"))
    return spoil(chance, text) if chance.random() < 0.5 else text


@pytest.mark.parametrize("home", [*REGIONS, None])
def test_what_the_fast_number_check_decides_phonenumbers_says_too(table: Table, home: str | None) -> None:
    compare(table, home, random.Random(home), 500)  # noqa: S311 - the same numbers every time


@pytest.mark.long
@pytest.mark.parametrize("home", [*REGIONS, None])
def test_of_a_hundred_thousand_numbers_phonenumbers_says_the_same_of_every_one(table: Table, home: str | None) -> None:
    each = 100_000 // len(REGIONS) + 1
    compare(table, home, random.Random(f"{home} again"), each)  # noqa: S311 - the same numbers every time


def compare(table: Table, home: str | None, chance: random.Random, count: int) -> None:
    """A region, chance and how many: each number gets the verdict of phonenumbers, by the fast check or beside it."""
    others = [home or "FR", *REGIONS]
    texts = [written(chance, chance.choice(others) if chance.random() < 0.5 else others[0]) for _ in range(count)]
    check = numbering.check(home, ["+" + str(phonenumbers.country_code_for_region(region)) + "1" for region in REGIONS])
    for text, (address, country) in decided(table, check, texts).items():
        verdict = numbers.verdict(text, home)
        if address is not None:
            assert (address, country) == (verdict.address, verdict.country), (home, text)
        try:
            parsed = phonenumbers.parse(re.sub(r"^(\+?[0-9]+)\.0$", r"\1", text.strip().replace("\u202f", " ")), home)
        except phonenumbers.NumberParseException:
            assert verdict.address is None
        else:
            is_good = phonenumbers.is_valid_number(parsed) and verdict.reason != "a number with decimals"
            assert (verdict.address is not None) == is_good


@pytest.mark.parametrize("home", ["FR", "DE", "GB", "BE", "ES", "IT", "CH", "NL", "PT", "PL", None])
def test_clean_numbers_are_decided_without_phonenumbers(table: Table, home: str | None) -> None:
    region = home or "FR"
    mobile = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert mobile is not None
    forms = phonenumbers.PhoneNumberFormat
    texts = [phonenumbers.format_number(mobile, forms.E164), phonenumbers.format_number(mobile, forms.INTERNATIONAL)]
    texts += [phonenumbers.format_number(mobile, forms.NATIONAL)] if home else []
    check = numbering.check(home, [texts[0][:4]])
    assert set(decided(table, check, texts).values()) == {(texts[0], region)}


@pytest.mark.parametrize(
    ("raw", "region", "reason"),
    [
        ("", "FR", "blank"),
        (" \u00a0\u202f", "FR", "blank"),
        ("n/a", "FR", "not a phone number"),
        ("ana@example.com", "FR", "an e-mail address, not a phone number"),
        ("0600000123", None, "a number without country code, and no region given"),
        ("+33123", "FR", "not a valid number in FR"),
        ("+33 1 00", None, "not a valid number in FR"),
        ("+999123456", None, "not a phone number"),
        ("6" * 300, "FR", "not a phone number"),
        ("0301234.000", "DE", "a number with decimals"),
    ],
)
def test_a_bad_number_has_a_reason_that_does_not_show_it(raw: str, region: str | None, reason: str) -> None:
    verdict = numbers.verdict(raw, region)
    assert (verdict.address, verdict.reason) == (None, reason)


@pytest.mark.parametrize(
    "raw",
    ["0600000123", "06.00.00.01.23", "0033 600000123", "+33 (0)6 00 00 01 23", "06\u202f00\u202f00\u202f01\u202f23"],
)
def test_numbers_as_french_files_have_them_are_good(raw: str) -> None:
    assert numbers.verdict(raw, "FR").address == "+33600000123"


@pytest.mark.parametrize(
    ("raw", "region", "address"),
    [
        ("3331234567.0", "IT", "+393331234567"),
        ("600000123.0", "FR", "+33600000123"),
        ("33600000123.0", "FR", "+33600000123"),
        ("+491712345678.0", None, "+491712345678"),
        (" 01712345678.0\u00a0", "DE", "+491712345678"),
    ],
)
def test_a_number_that_was_exported_as_a_decimal_one_is_that_very_number(
    table: Table, raw: str, region: str | None, address: str
) -> None:
    assert numbers.verdict(raw, region).address == address
    ((found, _),) = decided(table, numbering.check(region, [address[:4]]), [raw]).values()
    assert found in (address, None)


EMAIL = st.one_of(
    st.emails(),
    st.from_regex(
        r"[A-Za-z0-9._+\- é@]{0,12}@[A-Za-z0-9.\- ]{0,14}(com|test|local|onion|example|C0M|fr)?", fullmatch=True
    ),
    st.sampled_from(
        [
            "ana@example.com",
            "Ana.B+c@Example.COM",
            "a@localhost",
            "a@b.test",
            "a@x--y.com",
            "a@xn--bcher-kva.example",
            "zoé@example.com",
            "a@bücher.example",
            "a..b@example.com",
            ".a@example.com",
            "a@-x.com",
            "a@x-.com",
            '"a b"@example.com',
            "a@[127.0.0.1]",
            "a@1.2.3.4",
            "x" * 65 + "@example.com",
            "a@" + "x" * 64 + ".com",
            "a@b.arpa",
            "a@b.INVALID",
        ]
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(EMAIL.filter(lambda text: "\0" not in text), min_size=1, max_size=40))
def test_what_the_fast_email_check_decides_email_validator_says_too(table: Table, texts: list[str]) -> None:
    for text, (address, country) in decided(table, emails.check(), texts).items():
        assert country is None
        if address is not None:
            assert address == text
            email_validator.validate_email(text, check_deliverability=False)


def test_plain_emails_are_decided_without_email_validator(table: Table) -> None:
    texts = ["ana@example.com", "Ana.B+c-d_e@mail.Example.org", "a1@x-y.example.net"]
    assert all(address for address, _ in decided(table, emails.check(), texts).values())


def test_an_email_is_kept_as_written_but_for_space_around_it() -> None:
    assert emails.verdict(" Ana@Example.com\u00a0").address == "Ana@Example.com"
    assert emails.verdict("").reason == "blank"
    assert emails.verdict("ana@").reason == "not an e-mail address"
    assert emails.verdict("06 00 00 01 23").reason == "a phone number, not an e-mail address"


def test_a_verdict_does_not_show_whom_it_is_about() -> None:
    assert "0600" not in repr(numbers.verdict("+33600000123", None)) + repr(numbers.verdict("0600", None))


def test_the_package_loads_neither_duckdb_nor_the_address_libraries() -> None:
    import subprocess  # noqa: PLC0415 - only here
    import sys  # noqa: PLC0415 - only here

    code = "import sys, octoplan.audience; print({'duckdb', 'phonenumbers', 'email_validator'} & sys.modules.keys())"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "set()"
