"""The workflows of `octoplan init`, from pull request to merge to the next morning; judged by what the gateway got."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.ci.conftest import ACCOUNT, KEY, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.ci.conftest import Team
    from tests.ci.runner import Ended

EVERYBODY = 30
MARKER = "<!-- octoplan:plan production -->"
SALE = "campaigns/autumn-sale.yaml"

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="no jq here, by which the gh of the tests answers")


def codes(ended: Mapping[str, Ended]) -> dict[str, int | None]:
    return {name: one.code for name, one in ended.items()}


def digest(said: str) -> str:
    found = re.search(r"Digest <code>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</code>", said)
    assert found, said
    return found[1]


def secrets(team: Team) -> set[str]:
    return {secret for one in team.runner.environments.values() for secret in one["secrets"].values()}


def with_discount(team: Team, discount: int) -> dict[str, str]:
    written = (team.folder.path / SALE).read_text(encoding="utf-8")
    return {SALE: written.replace("discount: 20", f"discount: {discount}")}


def with_newcomer(team: Team) -> dict[str, str]:
    rows = (team.folder.path / PEOPLE).read_text(encoding="utf-8")
    return {PEOPLE: f"{rows}0600011113,nina.invented@example.com,Nina,,no,mercredi\n"}


@pytest.fixture
def sent(team: Team) -> Team:
    """A team that has sent all that is on main."""
    own = dict(team.runner.environments["production"]["secrets"])
    file = str(team.folder.path.parent / "first.plan")
    assert team.folder.run("--env", "production", "plan", "--out", file, env=own).code == 0
    assert team.folder.run("--env", "production", "apply", file, "--auto-approve", env=own).code == 0
    return team


@pytest.mark.parametrize("kind", ["file", "server"])
def test_what_the_pull_request_showed_is_sent_once_it_is_merged(kind: str, make_team: Callable[[str], Team]) -> None:
    team = make_team(kind)
    proposed = team.propose(with_discount(team, 30))
    assert codes(proposed) == {"validate": 0, "preview": None, "plan": 0}
    assert team.comment().splitlines()[0] == MARKER
    assert "30 recipients in 15 requests" in team.comment()
    assert team.gateway.bodies == [], "whoever plans sends nothing, not even to simulate"
    assert not proposed["plan"].values & set(ACCOUNT.values()), "and could not"
    team.merge()
    pushed = team.on_main("push")
    assert codes(pushed) == {"plan": 0, "apply": 0}, pushed
    assert len(team.gateway.addresses()) == EVERYBODY
    assert any("30% off" in message.text for message in team.gateway.sandbox.messages())
    reviewed = digest(team.comment())
    assert pushed["plan"].outputs == {"approved": reviewed}
    assert (
        f"apply of {reviewed} ended with 0\n\nApplied: 30 sent, 0 refused, 0 open, 0 unknown."
        in pushed["apply"].summary
    )
    for event in ("push", "schedule", "workflow_dispatch"):
        assert codes(team.on_main(event)) == {"plan": 0, "apply": None}, "there is nothing left to send"
    assert len(team.gateway.addresses()) == EVERYBODY


def test_whoever_plans_has_a_role_that_cannot_apply(make_team: Callable[[str], Team]) -> None:
    team = make_team("server")
    plans = team.runner.environments["octoplan-plan"]
    own = {**plans["secrets"], **plans["vars"], **ACCOUNT}
    file = str(team.folder.path.parent / "first.plan")
    assert team.folder.run("--env", "production", "plan", "--out", file, env=own).code == 0
    outcome = team.folder.run("--env", "production", "apply", file, "--auto-approve", env=own)
    assert outcome.code == 1
    assert "Traceback" not in outcome.err
    assert team.gateway.bodies == []


def test_a_pull_request_has_one_comment_that_shows_its_newest_plan(team: Team) -> None:
    forged = {"id": 1, "issue": 7, "user": {"login": "mallory", "type": "User"}, "body": f"{MARKER}\nnot the plan"}
    other = {"id": 2, "issue": 7, "user": {"login": "github-actions[bot]", "type": "Bot"}, "body": "tests passed"}
    team.tell({"comments": [forged, other]})
    team.propose(with_discount(team, 30))
    first = team.known()["comments"]
    assert [one["id"] for one in first] == [1, 2, 9002]
    team.propose(with_discount(team, 40))
    second = team.known()["comments"]
    assert [one["id"] for one in second] == [1, 2, 9002]
    assert (second[0], second[1]) == (forged, other)
    assert digest(second[2]["body"]) != digest(first[2]["body"])


def test_from_a_fork_it_is_planned_in_the_sandbox_without_a_secret(team: Team) -> None:
    proposed = team.propose(with_discount(team, 30), fork=True)
    assert codes(proposed) == {"validate": 0, "preview": 0, "plan": None}
    assert "plan for <code>sandbox</code>" in proposed["preview"].summary
    assert not (proposed["preview"].values | proposed["validate"].values) & secrets(team)
    assert team.known()["calls"] == []
    assert team.gateway.bodies == []


def test_a_merge_that_nobody_saw_a_plan_of_is_not_sent(sent: Team) -> None:
    sent.commit(with_newcomer(sent))
    pushed = sent.on_main("push")
    assert codes(pushed) == {"plan": 7, "apply": None}
    assert "This is not the plan that was approved (none was)." in pushed["plan"].log
    assert len(sent.gateway.addresses()) == EVERYBODY


def test_a_merge_into_something_else_than_was_reviewed_is_not_sent(sent: Team) -> None:
    more = (sent.folder.path / SALE).read_text(encoding="utf-8")
    more = re.sub("OctoShop .* off all coats until Sunday", "Our new shop is open", more)
    sent.propose({"campaigns/more.yaml": more})
    shown = digest(sent.comment())
    sent.commit(with_newcomer(sent))
    sent.merge()
    pushed = sent.on_main("push")
    assert codes(pushed) == {"plan": 7, "apply": None}
    assert f"This is not the plan that was approved ({shown})." in pushed["plan"].log
    assert len(sent.gateway.addresses()) == EVERYBODY


def test_what_was_merged_and_not_sent_is_found_the_next_morning_and_sent_by_hand(sent: Team) -> None:
    sent.commit(with_newcomer(sent))
    morning = sent.on_main("schedule")
    assert codes(morning) == {"plan": 2, "apply": None}
    assert "::error title=Not applied::" in morning["plan"].log
    looked = sent.on_main("workflow_dispatch", digest="")
    assert codes(looked) == {"plan": 0, "apply": None}
    shown = digest(looked["plan"].summary)
    assert codes(sent.on_main("workflow_dispatch", digest="0000-0000-0000-0000")) == {"plan": 7, "apply": None}
    assert len(sent.gateway.addresses()) == EVERYBODY
    assert codes(sent.on_main("workflow_dispatch", digest=shown.lower())) == {"plan": 0, "apply": 0}
    assert len(sent.gateway.addresses()) == EVERYBODY + 1
    assert codes(sent.on_main("schedule")) == {"plan": 0, "apply": None}


def test_what_an_apply_left_open_is_settled_by_hand_with_the_digest_of_a_plan_that_sends_nothing(team: Team) -> None:
    own = dict(team.runner.environments["production"]["secrets"])
    file = str(team.folder.path.parent / "first.plan")
    assert team.folder.run("--env", "production", "plan", "--out", file, env=own).code == 0
    team.gateway.script = [None]
    apply = ("--env", "production", "apply", file, "--auto-approve")
    assert team.folder.call(*apply, env=own, at=datetime.now(UTC), hurried=True).code == 9
    looked = team.on_main("workflow_dispatch", digest="")
    assert "Nothing would be sent." in looked["plan"].log
    settled = team.on_main("workflow_dispatch", digest=digest(looked["plan"].summary))
    assert codes(settled) == {"plan": 0, "apply": 0}
    status = team.folder.run("--env", "production", "status", env=own)
    assert status.last == f"Status: {EVERYBODY} sent, 0 refused, 0 open, 0 unknown."
    assert len(team.gateway.addresses()) == EVERYBODY


def test_problems_stand_beside_their_lines(team: Team) -> None:
    proposed = team.propose({SALE: "channel: sms\npurpos: alert\n"})
    assert codes(proposed) == {"validate": 3, "preview": None, "plan": 3}
    assert f"::error file={SALE},line=2,col=1," in proposed["validate"].log


def test_a_plan_that_cannot_be_made_takes_the_place_of_the_old_one(team: Team) -> None:
    team.propose(with_discount(team, 30))
    proposed = team.propose({SALE: "channel: sms\npurpos: alert\n"})
    assert codes(proposed)["plan"] == 3
    assert team.comment() == (
        f"{MARKER}\n### octoplan: no plan for <code>production</code>\n\n"
        "It ended with 3; [the log](https://github.example.com/octoshop/campaigns/actions/runs/42) says why.\n"
    )


def test_a_plan_that_a_guard_refuses_is_shown_with_what_it_says(team: Team) -> None:
    written = (team.folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    proposed = team.propose({"octoplan.yaml": written.replace("max_recipients: 10000", "max_recipients: 10")})
    assert codes(proposed)["plan"] == 5
    assert "> Blocked: 30 recipients are more than max&#95;recipients 10" in team.comment()
    assert "Digest" not in team.comment()


def test_nobody_s_address_or_key_is_in_a_log_summary_or_comment(sent: Team) -> None:
    sent.commit(with_newcomer(sent))
    runs = [sent.on_main("schedule"), sent.propose(with_discount(sent, 40)), sent.propose({}, fork=True)]
    said = "".join(one.log + one.summary for ended in runs for one in ended.values()) + sent.comment()
    assert len(said) > 1000
    rows = [row.split(",")[:3] for row in (sent.folder.path / PEOPLE).read_text(encoding="utf-8").splitlines()[1:]]
    for hidden in (*secrets(sent), *(value for row in rows for value in row if value)):
        assert hidden not in said


@pytest.mark.parametrize(
    ("inputs", "code", "said"),
    [
        ({"command": "destroy"}, 64, "command is validate, plan or apply"),
        ({"command": "apply"}, 64, "apply needs the digest of the plan that was approved"),
        ({"command": "apply", "digest": "0000-0000-0000-0000"}, 7, "this plan has the digest "),
        ({"command": "apply", "digest": "--retry-refused"}, 64, "this is no digest of a plan"),
        ({"command": "validate", "environment": "$(touch stolen)"}, 64, "no environment '$(touch stolen)'"),
    ],
)
def test_the_action_sends_nothing_that_it_was_not_clearly_told(
    inputs: dict[str, str], code: int, said: str, team: Team
) -> None:
    lines = "".join(f"          {name}: '{value}'\n" for name, value in {"environment": "production", **inputs}.items())
    keys = "".join(f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in (*KEY, *ACCOUNT))
    job = f"steps:\n      - uses: ./.github/actions/octoplan\n        with:\n{lines}        env:\n{keys}"
    commit = team.commit({".github/workflows/one.yml": f"jobs:\n  one:\n    environment: production\n    {job}"})
    ended = team.runner.run("one.yml", commit, "push")["one"]
    assert ended.code == code
    assert said in ended.log
    assert team.gateway.bodies == []
    assert "stolen" not in {path.name for path in team.runner.temp.rglob("*")}
