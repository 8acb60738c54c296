"""Every example of docs/audiences.md is run."""

import re
from pathlib import Path

import pytest
import yaml

from octoplan import project
from octoplan.table.allowed import AGGREGATES, FUNCTIONS
from tests.audience.conftest import Contacts
from tests.conftest import Folder

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


# Sources and segments: files by the name in their block's first line


def file_block(name: str) -> str:
    (found,) = re.findall(rf"^```\w+ {re.escape(name)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


NAMED = ("octoplan.yaml", "orders.ndjson", "audiences/opted-in.yaml", "audiences/lyon.yaml", "audiences/buyers.yaml")
SALE = "channel: sms\npurpose: alert\nopen: true\naudience: {from: lyon}\ntext: Hello {{ first_name }}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Folder:
    folder = Folder(path=tmp_path / "shop")
    return folder.write(
        {
            "people.csv": blocks("csv")[0],
            "campaigns/sale.yaml": SALE.replace("lyon}", "lyon, max_rejected: 80 %}"),
            **{name: file_block(name) for name in NAMED},
        }
    )


def test_what_the_page_shows_of_an_audience_is_what_is_printed(shop: Folder) -> None:
    command, _, said = blocks("console")[0].partition("\n")
    outcome = shop.call(*command.removeprefix("$ octoplan ").split())
    assert (outcome.code, outcome.out) == (0, said)


@pytest.mark.parametrize(("name", "people"), [("opted-in", 3), ("lyon", 1), ("buyers", 1)])
def test_the_segments_of_the_page_have_people(shop: Folder, name: str, people: int) -> None:
    assert shop.call("audience", name, "--json").json["people"] == people


def test_the_sources_of_the_page_are_a_project_in_each_environment(shop: Folder) -> None:
    read = project.load(shop.path)
    assert set(read.at("sandbox", read.outside).sources) == set(read.at("production", read.outside).sources)
    outcome = shop.call("validate", "--env", "production")
    assert (outcome.code, "OCTOPLAN_SOURCE_CRM is not set" in outcome.err) == (3, True)


@pytest.mark.parametrize("written", file_block("query").splitlines())
def test_a_query_that_the_page_says_is_refused_is_refused(shop: Folder, written: str) -> None:
    shop.write({"audiences/buyers.yaml": f"query: {written}\n"})
    assert "[segment/query]" in shop.call("audience", "buyers").err


def test_the_page_lists_every_aggregate() -> None:
    (listed,) = re.findall(r"<!-- aggregates -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) == AGGREGATES - {"count_star"}  # what the parser writes for count(*)


def test_the_rejects_of_the_page_are_those_that_are_written(shop: Folder) -> None:
    (shop.path / ".octoplan").mkdir()
    path = shop.path / ".octoplan" / "rejects.csv"
    command, _, said = file_block("rejects.csv").partition("\n")
    arguments = command.removeprefix("$ octoplan ").replace(".octoplan/rejects.csv", str(path)).split()
    assert shop.call(*arguments).code == 0
    assert path.read_text() == said
