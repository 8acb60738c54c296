"""Every example of docs/audiences.md is run."""

import re
from pathlib import Path

import pytest
import yaml

from octoplan.table.allowed import FUNCTIONS
from tests.audience.conftest import Contacts

PAGE = (Path(__file__).parents[2] / "docs" / "audiences.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


EXAMPLES = [tuple(part.strip() for part in line.split("→")) for line in blocks("where")[0].splitlines()]


@pytest.fixture
def documented(contacts: Contacts) -> Contacts:
    for name, text in zip(("people.csv", "staff.csv"), blocks("csv"), strict=True):
        contacts.file(name, text)
    return contacts


def test_the_first_example_comes_to_what_the_page_says(documented: Contacts) -> None:
    documented.campaign(**yaml.safe_load(blocks("yaml")[0]))
    outcome = documented.select()
    assert outcome.problems == ()
    rejects = [str(reject).removeprefix("campaigns/") for reject in outcome.audience.rejects]
    people = f"{outcome.audience.counts.people} people: {', '.join(outcome.addresses)}"
    assert [str(outcome.audience.counts), *rejects, people] == blocks("text")[0].splitlines()


@pytest.mark.parametrize(("written", "names"), EXAMPLES)
def test_a_where_keeps_whom_the_page_says(documented: Contacts, written: str, names: str) -> None:
    # The address is the row's place, so that rows without a number of their own are seen as well.
    lines = blocks("csv")[0].splitlines()
    numbered = [f"phone_number;{lines[0]}", *(f"+336000002{at:02};{line}" for at, line in enumerate(lines[1:]))]
    documented.file("people.csv", "\n".join(numbered) + "\n")
    documented.campaign(audience={"from": "people.csv", "where": written, "max_rejected": "50 %"})
    outcome = documented.select(["first_name"])
    assert ", ".join(row[2] for row in outcome.people) == names


@pytest.mark.parametrize("written", blocks("refused")[0].splitlines())
def test_what_the_page_says_is_refused_is_refused(documented: Contacts, written: str) -> None:
    documented.campaign(audience={"from": "people.csv", "columns": {"phone_number": "mobile"}, "where": written})
    assert documented.select().rules == ["audience/where"]


def test_the_page_lists_every_function() -> None:
    (listed,) = re.findall(r"<!-- functions -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    # Left out: what the parser writes for `[...]` and for `like ... escape`.
    named = {name for name in FUNCTIONS if name.isidentifier() and not name.endswith("escape") and name != "list_value"}
    assert set(re.findall(r"`(\w+)`", listed)) == named


def test_the_suppressions_of_the_page_are_a_project(documented: Contacts) -> None:
    documented.suppress(yaml.safe_load(blocks("yaml")[1])["suppressions"])
    for name, text in (("unsubscribed.csv", "mobile\n0600000101\n"), ("no-advertising.csv", "email\na@example.com\n")):
        path = documented.root / "audiences" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    documented.campaign(**yaml.safe_load(blocks("yaml")[0]))
    assert documented.select().addresses == ["+33600000102"]
