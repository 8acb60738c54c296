"""A reviewed plan is what is sent: never another person, never other words; judged by the sandbox's own record."""

from __future__ import annotations

import json
import re
from secrets import token_hex
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoplan.planfile import parse
from tests.conftest import GREETING as CAMPAIGN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Folder, MakeProject, Outcome


def people(rows: dict[str, str]) -> str:
    return "phone_number,first_name\n" + "".join(f"{number},{name}\n" for number, name in rows.items())


ANN, BEN, CLEO, DAN = "+33600000301", "+33600000302", "+33600000303", "+33600000304"
THREE = {ANN: "Ann", BEN: "Ben", CLEO: "Cleo"}


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({"campaigns/sale.yaml": CAMPAIGN, "campaigns/people.csv": people(THREE)})
    return made


crowds = st.dictionaries(st.sampled_from([ANN, BEN, CLEO, DAN]), st.sampled_from(["Ann", "Ben", "Élodie"]), min_size=1)


def reviewed(folder: Folder) -> tuple[str, str]:
    """Plan into a file → its path and its digest."""
    path = str(folder.path / "reviewed.plan")
    outcome = folder.call("plan", "--out", path)
    assert outcome.code == 0, outcome
    digest = re.search(r"digest ([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})", outcome.err)
    assert digest
    return path, digest[1]


def texts(folder: Folder) -> dict[str, str]:
    return {message.address: message.text for message in folder.messages()}


def apply(folder: Folder, path: str) -> Outcome:
    outcome = folder.call("apply", path, "--auto-approve")
    assert outcome.code == 0, outcome
    return outcome


def test_the_plan_s_messages_are_sent(folder: Folder) -> None:
    path, _ = reviewed(folder)
    apply(folder, path)
    assert texts(folder) == {number: f"Hello {name}" for number, name in THREE.items()}


def test_who_joined_left_or_changed_since_is_left_out_and_counted(folder: Folder) -> None:
    path, _ = reviewed(folder)
    folder.write({"campaigns/people.csv": people({ANN: "Ann", BEN: "Benjamin", DAN: "Dan"})})
    outcome = apply(folder, path)
    assert texts(folder) == {ANN: "Hello Ann"}
    assert "2 people joined since, or their words changed" in outcome.out


def test_who_was_left_out_is_in_the_next_plan(folder: Folder) -> None:
    path, _ = reviewed(folder)
    folder.write({"campaigns/people.csv": people({**THREE, BEN: "Benjamin"})})
    apply(folder, path)
    again, _ = reviewed(folder)
    apply(folder, again)
    assert texts(folder) == {ANN: "Hello Ann", BEN: "Hello Benjamin", CLEO: "Hello Cleo"}


def test_a_plan_file_sends_once(folder: Folder) -> None:
    path, _ = reviewed(folder)
    apply(folder, path)
    apply(folder, path)
    assert sorted(message.address for message in folder.messages()) == sorted(THREE)


def test_a_plan_file_that_is_sent_does_not_say_that_whoever_joined_since_has_had_it(folder: Folder) -> None:
    path, _ = reviewed(folder)
    apply(folder, path)
    folder.write({"campaigns/people.csv": people(THREE | {DAN: "Dan"})})
    again = apply(folder, path)
    assert "- 1 not in the reviewed plan" in again.out
    said = "No changes. Everybody has had these messages, but for 1 person whose message is not in the reviewed plan."
    assert said in again.out
    assert texts(folder).keys() == THREE.keys()


def test_equal_files_give_equal_digests_and_any_change_another(folder: Folder) -> None:
    path, first = reviewed(folder)
    again, second = reviewed(folder)
    assert (path, first) == (again, second)
    digests = {first}
    for changes in (
        {"campaigns/people.csv": people({**THREE, CLEO: "Chloe"})},
        {"campaigns/people.csv": people({ANN: "Ann", BEN: "Ben"})},
        {"campaigns/sale.yaml": CAMPAIGN.replace("Hello", "Hi")},
        {"campaigns/sale.yaml": CAMPAIGN + "list_name: autumn\n"},
    ):
        folder.write(changes)
        digests.add(reviewed(folder)[1])
    assert len(digests) == 5


written = st.tuples(
    crowds, st.sampled_from(["Hello", "Hi"]), st.sampled_from([1, 2]), st.sampled_from(["Shop", "Octo"])
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=written, other=written)
def test_two_plans_have_one_digest_if_nothing_differs_and_two_if_anything_does(
    project: MakeProject, one: tuple[dict[str, str], str, int, str], other: tuple[dict[str, str], str, int, str]
) -> None:
    """Text, setting, edition, people and their words; the state and its key are the same, its folder is not."""
    made = project({"campaigns/people.csv": people(THREE)}, token_hex(8))

    def digest_of(what: tuple[dict[str, str], str, int, str]) -> str:
        crowd, text, edition, sender = what
        written = CAMPAIGN.replace("Hello", text) + f"edition: {edition}\nsender: {sender}\n"
        made.write({"campaigns/people.csv": people(crowd), "campaigns/sale.yaml": written})
        return reviewed(made)[1]

    first, second = digest_of(one), digest_of(other)
    assert (first == second) == (one == other)
    assert digest_of(one) == first


def test_another_environment_has_another_digest(folder: Folder) -> None:
    folder.write(
        {"octoplan.yaml": "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox}, other: {gateway: sandbox}}\n"}
    )
    assert folder.call("state", "init", "--env", "other").code == 0
    paths = [str(folder.path / name) for name in ("one.plan", "other.plan")]
    assert folder.call("plan", "--out", paths[0]).code == 0
    assert folder.call("plan", "--env", "other", "--out", paths[1]).code == 0
    one, other = (parse((folder.path / name).read_bytes()) for name in ("one.plan", "other.plan"))
    assert one.digest != other.digest
    refused = folder.call("apply", "--env", "other", paths[0], "--auto-approve")
    assert refused.code == 7
    assert "it was made for environment sandbox, this is other" in refused.err


def test_a_plan_with_nothing_to_do_never_becomes_stale_and_never_touches_the_state(folder: Folder) -> None:
    first, _ = reviewed(folder)
    apply(folder, first)
    path, _ = reviewed(folder)
    before, sent = serial(folder), texts(folder)
    apply(folder, path)
    assert serial(folder) == before
    changed = {
        "campaigns/sale.yaml": CAMPAIGN.replace("Hello", "Hi"),
        "octoplan.yaml": "octoplan: 1\nlimits: {max_cost: 5}\n",
    }
    folder.write({**changed, "campaigns/people.csv": people({**THREE, DAN: "Dan"})})
    folder.write({"campaigns/more.yaml": CAMPAIGN.replace("Hello", "Welcome to our shop,")})
    apply(folder, path)
    assert serial(folder) == before
    assert texts(folder) == sent


def serial(folder: Folder) -> str:
    """How often the state was changed, as its export says."""
    found: str = json.loads(folder.call("state", "export").out.splitlines()[0])["serial"]
    return found


def test_the_first_apply_into_an_empty_state_is_not_done_twice_with_one_file(folder: Folder) -> None:
    path, _ = reviewed(folder)
    for _ in range(2):
        apply(folder, path)
    assert len(folder.messages()) == 3
    for file in (folder.path / ".octoplan").glob("sandbox.db*"):
        file.unlink()
    again = folder.call("apply", path, "--auto-approve")
    assert again.code != 0, "a state that is made anew is another one"
    assert len(folder.messages()) == 3


def test_a_plan_for_one_target_applies_to_that_target_only(folder: Folder) -> None:
    folder.write({"campaigns/other.yaml": CAMPAIGN.replace("Hello", "Other")})
    path = str(folder.path / "reviewed.plan")
    assert folder.call("plan", "--out", path, "--target", "sale").code == 0
    apply(folder, path)
    assert texts(folder) == {number: f"Hello {name}" for number, name in THREE.items()}
    assert folder.call("apply", path, "--auto-approve", "--target", "other").code == 64


def test_a_plan_for_one_target_is_stale_once_that_has_another_name(folder: Folder) -> None:
    path = str(folder.path / "one.plan")
    assert folder.call("plan", "--target", "sale", "--out", path).code == 0
    folder.write({"campaigns/sale.yaml": None, "campaigns/sales.yaml": CAMPAIGN})
    refused = folder.call("apply", path, "--auto-approve")
    assert refused.code == 7
    assert "the plan file is stale: no campaign 'sale' in this project" in refused.err
    assert folder.call("apply", "--target", "sale", "--auto-approve").code == 64
    assert folder.messages() == ()


def test_a_blocked_plan_writes_no_file(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/sale.yaml": CAMPAIGN + "edition: 3\n"})
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/sale.yaml": CAMPAIGN + "edition: 2\n"})
    out = folder.path / "reviewed.plan"
    outcome = folder.call("plan", "--out", str(out))
    assert outcome.code == 5
    assert "editions only rise" in outcome.err
    assert not out.exists()


@pytest.mark.parametrize("typed", ["{}", " {} "])
@pytest.mark.parametrize("spoken", [str, str.lower, lambda digest: digest.replace("-", "").replace("0", "o")])
def test_an_expected_digest_is_approval_without_a_file(
    typed: str, spoken: Callable[[str], str], folder: Folder
) -> None:
    _, digest = reviewed(folder)
    outcome = folder.call("apply", "--expect", typed.format(spoken(digest)), "--auto-approve")
    assert outcome.code == 0, outcome
    assert sorted(texts(folder)) == sorted(THREE)


@pytest.mark.parametrize(
    "changes",
    [
        {"campaigns/people.csv": people({**THREE, DAN: "Dan"})},
        {"campaigns/people.csv": people({ANN: "Ann", BEN: "Ben"})},
        {"campaigns/people.csv": people({**THREE, CLEO: "Chloe"})},
        {"campaigns/sale.yaml": CAMPAIGN.replace("Hello", "Hi")},
        {"campaigns/sale.yaml": CAMPAIGN + "auto_remove_blacklisted_contacts: true\n"},
        {"campaigns/more.yaml": CAMPAIGN.replace("Hello", "Hi")},
        {"campaigns/sale.yaml": CAMPAIGN + "edition: 2\n"},
    ],
)
def test_a_plan_of_another_digest_sends_nothing(changes: dict[str, str], folder: Folder) -> None:
    _, digest = reviewed(folder)
    before = folder.footprint()
    folder.write(changes)
    outcome = folder.call("apply", "--expect", digest, "--auto-approve")
    assert outcome.code == 7
    assert re.search(rf"this plan has the digest [0-9A-Z-]{{19}}, not {digest}", outcome.err)
    assert texts(folder) == {}
    assert folder.footprint() == before


def test_a_digest_is_used_up_when_its_messages_are_sent(folder: Folder) -> None:
    _, digest = reviewed(folder)
    assert folder.call("apply", "--expect", digest, "--auto-approve").code == 0
    folder.write({"campaigns/people.csv": people({**THREE, DAN: "Dan"})})
    assert folder.call("apply", "--expect", digest, "--auto-approve").code == 7
    assert sorted(message.address for message in folder.messages()) == sorted(THREE)


def test_a_blocked_plan_says_what_blocks_it_whatever_its_digest(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": CAMPAIGN + "edition: 3\n"})
    _, digest = reviewed(folder)
    assert folder.call("apply", "--auto-approve").code == 0
    folder.write({"campaigns/sale.yaml": CAMPAIGN + "edition: 2\n"})
    outcome = folder.call("apply", "--expect", digest, "--auto-approve")
    assert outcome.code == 5
    assert "editions only rise" in outcome.err


@pytest.mark.parametrize("typed", ["", "sha256:abc", "ABCD-EFGH", "ABCD-EFGH-JKMN-PQRU", "0" * 17])
def test_what_is_no_digest_is_refused_as_usage(typed: str, folder: Folder) -> None:
    outcome = folder.call("apply", "--expect", typed, "--auto-approve")
    assert outcome.code == 64
    assert "this is no digest of a plan" in outcome.err
    assert texts(folder) == {}


def test_a_plan_file_must_have_the_digest_that_was_approved(folder: Folder) -> None:
    path, digest = reviewed(folder)
    other = folder.call("apply", path, "--expect", "0000-0000-0000-0000", "--auto-approve")
    assert other.code == 7
    assert texts(folder) == {}
    folder.write({"campaigns/people.csv": people({ANN: "Ann", DAN: "Dan"})})
    assert folder.call("apply", path, "--expect", digest, "--auto-approve").code == 0
    assert texts(folder) == {ANN: "Hello Ann"}


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_a_plan_with_a_file_shows_its_digest_in_every_format(form: str, folder: Folder) -> None:
    shown = folder.call("plan", "--out", str(folder.path / "reviewed.plan"), "--format", form)
    _, digest = reviewed(folder)
    assert digest in shown.out
    if form == "json":
        assert shown.json["digest"] == digest


@pytest.mark.parametrize("required", [True, False])
def test_where_a_plan_is_required_its_digest_will_do(required: bool, folder: Folder) -> None:  # noqa: FBT001 - a case
    written = "environments:\n  sandbox: {{gateway: sandbox, require_plan: {}}}\n"
    folder.write({"octoplan.yaml": "octoplan: 1\n" + written.format(str(required).lower())})
    _, digest = reviewed(folder)
    alone = folder.call("apply", "--auto-approve")
    assert alone.code == (5 if required else 0)
    if required:
        assert "--auto-approve needs a plan file, or --expect with its digest" in alone.err
        assert texts(folder) == {}
        assert folder.call("apply", "--expect", digest, "--auto-approve").code == 0
    assert sorted(texts(folder)) == sorted(THREE)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(had=crowds | st.just({}), planned=crowds, now=crowds, text=st.sampled_from(["Hello", "Hello", "Hi"]))
def test_whatever_changes_in_between_only_planned_messages_are_sent(
    project: MakeProject, had: dict[str, str], planned: dict[str, str], now: dict[str, str], text: str
) -> None:
    made = project({"campaigns/sale.yaml": CAMPAIGN, "campaigns/people.csv": people(had or planned)}, token_hex(8))
    if had:
        assert made.call("apply", "--auto-approve").code == 0
    before = texts(made)
    made.write({"campaigns/people.csv": people(planned)})
    path, digest = reviewed(made)
    made.write({"campaigns/people.csv": people(now), "campaigns/sale.yaml": CAMPAIGN.replace("Hello", text)})
    expected = made.call("apply", "--expect", digest, "--auto-approve")
    if text == "Hello" and _free(planned, before) == _free(now, before):
        assert expected.code == 0
    else:
        assert expected.code == 7
        assert texts(made) == before
    outcome = made.call("apply", path, "--auto-approve")
    if not _free(planned, before):
        assert outcome.code == 0, "a plan with nothing to do does not become stale"
        assert texts(made) == before
        return
    if text != "Hello":
        assert outcome.code == 7
        assert texts(made) == before
        return
    assert outcome.code == 0
    both = dict(planned.items() & now.items())
    assert texts(made) == {**{number: f"Hello {name}" for number, name in both.items()}, **before}
    assert len(made.messages()) == len(texts(made)), "nobody had it twice"


def _free(people: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    """Those of them who have not had it."""
    return {number: name for number, name in people.items() if number not in before}
