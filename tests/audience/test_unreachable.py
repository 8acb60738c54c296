"""Landlines and premium numbers: left out where the channel does not reach them, told in SQL as phonenumbers tells."""

import random
from collections.abc import Iterator

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from octoplan.audience import numbering, numbers
from octoplan.table.connection import Table
from octoplan.table.rows import Check
from tests.audience.conftest import Contacts

WITHOUT = (numbers.PREMIUM, numbers.LANDLINE)
REGIONS = ["FR", "DE", "GB", "BE", "ES", "IT", "CH", "NL", "PT", "PL", "US", "BR", "IE", "LU", "AT"]
KINDS = {PhoneNumberType.FIXED_LINE: numbers.LANDLINE, PhoneNumberType.PREMIUM_RATE: numbers.PREMIUM}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("table")) as opened:
        yield opened


def told(table: Table, check: Check, texts: list[str]) -> dict[str, tuple[str | None, str | None]]:
    """Texts → the address that the fast check makes of each, and why it is not wanted; both None: it does not know."""
    steps = "SELECT unnest(?::VARCHAR[]) AS f0"
    for name, expression in check.steps:
        steps = f"SELECT *, {expression} AS {name} FROM ({steps})"
    rows = table.rows(f"SELECT f0, {check.address}, {check.left_out or 'NULL'} FROM ({steps})", (texts,))
    return {str(text): (address, why) for text, address, why in rows}


def international(number: phonenumbers.PhoneNumber | None) -> str:
    assert number is not None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def near(chance: random.Random, region: str) -> str:
    """An example of some kind of number of a region, with a few other digits."""
    kinds = [
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.VOIP,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.UAN,
        PhoneNumberType.PAGER,
    ]
    example = phonenumbers.example_number_for_type(region, chance.choice(kinds))
    digits = list(international(example or phonenumbers.example_number(region)))
    for _ in range(chance.randrange(4)):
        digits[chance.randrange(3, len(digits))] = chance.choice("0123456789")
    return "".join(digits)


@pytest.mark.parametrize("region", REGIONS)
def test_sql_tells_landlines_and_premium_numbers_as_phonenumbers_does(table: Table, region: str) -> None:
    chance = random.Random(region)  # noqa: S311 - for variety
    texts = list(dict.fromkeys(near(chance, region) for _ in range(800)))
    answers = told(table, numbering.check(region, [texts[0][:4]], WITHOUT), texts)
    decided = 0
    for text, (address, why) in answers.items():
        parsed = phonenumbers.parse(text, None)
        kind = KINDS.get(phonenumbers.number_type(parsed)) if phonenumbers.is_valid_number(parsed) else None
        assert address is None or why is None or why == numbers.PREMIUM
        if address is not None:
            assert kind is None, text
            assert phonenumbers.is_valid_number(parsed)
        elif why is not None:
            assert kind == why, text
        decided += address is not None or why is not None
        verdict = numbers.verdict(text, region, WITHOUT)
        assert (verdict.reason if verdict.reason in numbers.UNREACHABLE else None) == kind
    assert decided > len(texts) // 4


@pytest.mark.parametrize("region", ["FR", "DE", "GB", "BE", "ES", "CH", "NL", "PT", "PL"])
def test_no_landline_is_asked_of_phonenumbers_one_by_one(table: Table, region: str) -> None:
    landline = phonenumbers.example_number_for_type(region, PhoneNumberType.FIXED_LINE)
    text = international(landline)
    assert told(table, numbering.check(region, [text[:4]], WITHOUT), [text]) == {text: (None, numbers.LANDLINE)}


def test_where_landlines_and_mobiles_look_alike_nobody_is_left_out(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number\n+12015550123\n")
    contacts.campaign(audience={"from": "a.csv"})
    assert contacts.select().addresses == ["+12015550123"]


MIXED = "phone_number\n+33600000101\n01 99 00 00 01\n+33199000002\n0899000003\nnonsense\n+33600000102\n"


@pytest.mark.parametrize(
    ("channel", "left", "people"),
    [
        ("sms", {"landline": 2, "premium": 1}, 2),
        ("rcs", {"landline": 2, "premium": 1}, 2),
        ("voice_sms", {"premium": 1}, 4),
    ],
)
def test_what_a_channel_does_not_reach_is_counted_by_kind_and_is_no_broken_row(
    contacts: Contacts, channel: str, left: dict[str, int], people: int
) -> None:
    contacts.file("a.csv", MIXED)
    audience = {"from": "a.csv", "region": "FR", "max_rejected": 0.25}
    voice = {"metadata": {"voice_gender": "female", "voice_language": "fr-FR"}} if channel == "voice_sms" else {}
    contacts.campaign(channel=channel, audience=audience, **voice)
    outcome = contacts.select()
    assert outcome.problems == ()
    assert dict(outcome.audience.counts.unreachable) == left
    assert dict(outcome.audience.counts.rejected) == {"not a phone number": 1}
    assert [reject.reason for reject in outcome.audience.rejects] == ["not a phone number"]
    counts = outcome.audience.counts
    assert counts.rows == sum(number for _, number in counts.left_out) + counts.people
    assert len(outcome.people) == counts.people == people


def test_switched_off_everybody_is_sent_to(contacts: Contacts) -> None:
    contacts.file("a.csv", MIXED)
    contacts.campaign(audience={"from": "a.csv", "region": "FR", "max_rejected": 0.25}, unreachable="send")
    outcome = contacts.select()
    assert len(outcome.people) == 5
    assert not outcome.audience.counts.unreachable


def test_a_landline_in_a_suppression_is_no_problem(contacts: Contacts) -> None:
    contacts.file("a.csv", MIXED.replace("nonsense\n", ""))
    contacts.file("no.csv", "phone_number\n+33199000002\n+33600000101\n")
    contacts.campaign(audience={"from": "a.csv", "region": "FR", "exclude": ["no.csv"]})
    outcome = contacts.select()
    assert (outcome.problems, outcome.addresses) == ((), ["+33600000102"])


def test_an_audience_of_landlines_only_has_nobody_and_says_why(contacts: Contacts) -> None:
    contacts.file("a.csv", "phone_number\n+33199000002\n")
    contacts.campaign(audience={"from": "a.csv"})
    outcome = contacts.select()
    assert outcome.rules == ["audience/empty"]
    assert "1 landline" in outcome.said


def test_a_landline_that_an_author_writes_into_the_campaign_is_meant(contacts: Contacts) -> None:
    contacts.campaign(recipients=[{"phone_number": "+33199000002"}])
    outcome = contacts.select()
    assert (outcome.problems, outcome.addresses) == ((), ["+33199000002"])
