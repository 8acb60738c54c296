"""A commit that takes people out of a list of suppressions is told in the first line of the next plan."""

import json

import pytest

from tests.conftest import Folder, MakeProject
from tests.ingest.conftest import APPLY, FILES, PEOPLE

LISTED = "octoplan: 1\nsuppressions: {wholesale: [{from: gone.csv}], all: [{from: more.csv}]}\n"
NEXT = FILES["campaigns/sale.yaml"].replace("Hello", "Bye") + "edition: 2\n"


def rows(*addresses: str) -> str:
    return "".join(f"{one}\n" for one in ("phone_number", *addresses))


GONE = tuple(f"+336000008{number:02}" for number in range(30))


@pytest.fixture
def listed(project: MakeProject) -> Folder:
    """A project of which the lists were obeyed once."""
    files = {**FILES, "octoplan.yaml": LISTED, "gone.csv": rows(*GONE, PEOPLE[0]), "more.csv": rows(PEOPLE[1])}
    return project(files, after=(APPLY,))


def first(folder: Folder) -> str:
    return folder.call("plan").out.splitlines()[0]


def test_whoever_is_suppressed_no_more_is_counted_in_the_first_line(listed: Folder) -> None:
    assert first(listed) == "Plan for sandbox"
    listed.write({"gone.csv": rows(*GONE[3:], "+33600000999", PEOPLE[0])})
    assert first(listed) == "Loosened since the last apply: 3 people are no longer suppressed (gone.csv)"
    facts = listed.call("plan", "--json").json
    assert facts["loosened"] == ["3 people are no longer suppressed (gone.csv)"]
    assert not any(address in json.dumps(facts) for address in GONE)


def test_two_lists_of_one_file_are_two(project: MakeProject) -> None:
    file = "{{from: gone.csv, columns: {{phone_number: {}}}}}"
    written = f"octoplan: 1\nsuppressions: {{all: [{file.format('mobile')}, {file.format('work')}]}}\n"
    two = "mobile,work\n" + "".join(f"{one},+336000009{number:02}\n" for number, one in enumerate(GONE))
    folder = project({**FILES, "octoplan.yaml": written, "gone.csv": two}, after=(APPLY,))
    assert first(folder) == "Plan for sandbox"
    folder.write({"gone.csv": two.replace("+33600000907", GONE[7])})
    assert first(folder) == "Loosened since the last apply: 1 person is no longer suppressed (gone.csv (2))"


def test_who_joins_a_list_is_no_loosening(listed: Folder) -> None:
    listed.write({"gone.csv": rows(*reversed(GONE), PEOPLE[0], PEOPLE[2])})
    assert first(listed) == "Plan for sandbox"


def test_whoever_moves_to_another_list_is_still_suppressed(listed: Folder) -> None:
    listed.write({"gone.csv": rows(*GONE), "more.csv": rows(PEOPLE[1], PEOPLE[0])})
    assert first(listed) == "Plan for sandbox"


def test_a_list_that_lost_everybody_is_told(listed: Folder) -> None:
    listed.write({"more.csv": rows()})
    assert first(listed) == "Loosened since the last apply: 1 person is no longer suppressed (more.csv)"


def test_once_it_was_applied_it_is_told_no_more(listed: Folder) -> None:
    listed.write({"gone.csv": rows(*GONE[:3]), "campaigns/sale.yaml": NEXT})
    assert "28 people are no longer suppressed (gone.csv)" in first(listed)
    assert listed.call(*APPLY).code == 0
    assert first(listed) == "Plan for sandbox"
    listed.write({"gone.csv": rows(*GONE[1:3])})
    assert "1 person is no longer suppressed (gone.csv)" in first(listed)


def test_a_state_that_moved_remembers_it(listed: Folder) -> None:
    exported = listed.call("state", "export").out
    assert exported.count('"kind":"suppressed"') == len(GONE) + 2
    listed.write({"state.ndjson": exported})
    for path in (listed.path / ".octoplan").glob("sandbox.db*"):
        if path.suffix != ".key":
            path.unlink()
    assert listed.call("state", "import", str(listed.path / "state.ndjson"), "--yes").code == 0
    listed.write({"gone.csv": rows(*GONE[2:], PEOPLE[0]), "campaigns/sale.yaml": NEXT})
    assert "2 people are no longer suppressed (gone.csv)" in first(listed)
    assert listed.call(*APPLY).code == 0
    assert first(listed) == "Plan for sandbox"


def test_a_plan_that_was_reviewed_before_is_stale_only_by_what_it_always_was(listed: Folder) -> None:
    plan = str(listed.path / "plan.out")
    listed.write({"campaigns/sale.yaml": NEXT})
    assert listed.call("plan", "--out", plan).code == 0
    listed.write({"gone.csv": rows(*GONE)})
    done = listed.call("apply", plan, "--auto-approve")
    assert (done.code, done.last) == (0, "Applied: 4 sent, 0 refused, 0 open, 0 unknown.")
