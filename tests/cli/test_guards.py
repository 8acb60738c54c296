"""What an environment requires above all campaigns, and that nobody loosens it unseen."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

import pytest

from octoplan.planfile import parse
from tests.conftest import GREETING

if TYPE_CHECKING:
    from tests.conftest import Folder, Gateway, MakeProject

STRICT = """\
octoplan: 1
environments:
  sandbox: {gateway: sandbox, require_plan: true, require_simulation: true, prices: {sms_premium: 0.05}}
limits: {max_recipients: 50, max_cost: 10}
suppressions: {all: [audiences/stop.csv, audiences/gone.csv]}
"""
FORMS = ("text", "markdown", "html", "json")
LISTS = {
    "audiences/stop.csv": "phone_number\n+33600000399\n",
    "audiences/gone.csv": "phone_number\n+33600000398\n",
}


def people(number: int) -> str:
    return "phone_number,first_name\n" + "".join(f"+336000003{n:02},Ann\n" for n in range(number))


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project(
        {"octoplan.yaml": STRICT, "campaigns/sale.yaml": GREETING, "campaigns/people.csv": people(2), **LISTS}
    )
    return made


@pytest.fixture
def applied(folder: Folder) -> Folder:
    review(folder)
    return folder


def review(folder: Folder, *flags: str) -> None:
    """Plan into a file, and apply that."""
    path = str(folder.path / "reviewed.plan")
    assert folder.call("plan", "--out", path, *flags).code == 0
    done = folder.call("apply", path, "--auto-approve", *flags)
    assert done.code == 0, done


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("max_recipients: 50", "max_recipients: 5000", "max_recipients is 5000, it was 50"),
        (", max_cost: 10", "", "max_cost is gone, it was 10"),
        ("require_plan: true", "require_plan: false", "require_plan is off"),
        ("require_simulation: true", "require_simulation: false", "require_simulation is off"),
        (", audiences/gone.csv", "", "suppressions of all are without audiences/gone.csv"),
    ],
)
def test_what_is_loosened_is_the_first_line_of_every_plan_until_it_is_applied(
    applied: Folder, before: str, after: str, said: str
) -> None:
    applied.write({"octoplan.yaml": STRICT.replace(before, after)})
    shown = {form: applied.call("plan", "--format", form, "--simulate", "none") for form in FORMS}
    line = f"Loosened since the last apply: {said}"
    assert shown["text"].out.splitlines()[0] == line
    assert unescape(shown["markdown"].out).splitlines()[1] == f"> **{line}**"
    assert unescape(shown["html"].out).partition("<h1>")[0].rstrip().endswith(f"{line}</p>")
    assert shown["json"].json["loosened"] == [said]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("max_recipients: 50", "max_recipients: 5"),
        ("max_cost: 10", "max_cost: 10, max_parts: 7"),
        ("[audiences/stop.csv, ", "[audiences/also.csv, audiences/stop.csv, "),
        ("suppressions", "# suppressions"),
    ],
    ids=["lower", "one more", "one more file", "order"],
)
def test_what_is_tightened_is_not_said(applied: Folder, before: str, after: str) -> None:
    written = STRICT if before == "suppressions" else STRICT.replace(before, after)
    applied.write({"octoplan.yaml": written, "audiences/also.csv": "phone_number\n+33600000397\n"})
    assert "oosened" not in applied.call("plan").out


def test_once_it_is_applied_it_is_what_the_next_plan_is_held_against(applied: Folder) -> None:
    applied.write({"octoplan.yaml": STRICT.replace("50,", "60,"), "campaigns/people.csv": people(4)})
    review(applied)
    assert "oosened" not in applied.call("plan").out
    applied.write({"octoplan.yaml": STRICT.replace("50,", "70,")})
    assert "max_recipients is 70, it was 60" in applied.call("plan").out


@pytest.mark.parametrize(("limit", "said"), [("30", "max_recipients is 30, it was 20"), ("10", ""), ("20", "")])
@pytest.mark.parametrize("edition", [1, 2])
def test_a_campaign_s_own_limit_that_is_loosened_is_said_there_too(
    folder: Folder, limit: str, said: str, edition: int
) -> None:
    folder.write({"campaigns/sale.yaml": f"{GREETING}limits: {{max_recipients: 20}}\n"})
    review(folder)
    folder.write({"campaigns/sale.yaml": f"{GREETING}limits: {{max_recipients: {limit}}}\nedition: {edition}\n"})
    first = folder.call("plan").out.splitlines()[0]
    assert first == (f"Loosened since the last apply: sale: {said}" if said else "Plan for sandbox")


def test_a_limit_that_campaigns_have_of_the_project_is_said_once(folder: Folder) -> None:
    folder.write({"octoplan.yaml": STRICT.replace("max_cost: 10", "max_growth: 20%")})
    review(folder)
    folder.write({"octoplan.yaml": STRICT.replace("max_cost: 10", "max_growth: 40%")})
    assert folder.call("plan").out.splitlines()[0] == "Loosened since the last apply: max_growth is 0.4, it was 0.2"


def test_an_apply_that_only_writes_down_who_is_left_out_is_not_held_against(applied: Folder) -> None:
    loose = STRICT.replace("max_recipients: 50", "max_recipients: 5000").replace(
        "require_plan: true", "require_plan: false"
    )
    loose += "caps: [{purpose: alert, at_most: 1, within: 7d}]\n"
    applied.write({"octoplan.yaml": loose, "campaigns/news.yaml": GREETING.replace("Hello", "News for")})
    for _ in range(2):
        done = applied.call("apply", "--auto-approve")
        assert done.last.startswith("Applied: 0 sent"), done
        assert "Loosened since the last apply: max_recipients is 5000, it was 50" in done.out
    assert '"why":"cap"' in applied.call("state", "export").out.replace(": ", ":")


def test_a_first_plan_is_held_against_nothing(folder: Folder) -> None:
    assert "oosened" not in folder.call("plan").out


def test_a_plan_file_holds_cost_simulations_and_guards_and_is_stale_when_these_change(folder: Folder) -> None:
    path = folder.path / "reviewed.plan"
    assert folder.call("plan", "--out", str(path)).code == 0
    made = parse(path.read_bytes())
    (sale,) = made.campaigns
    assert (sale.cost, sale.simulated) == ("0.10 EUR", 1)
    assert '"require_simulation": true' in made.guards
    folder.write({"octoplan.yaml": STRICT.replace("50,", "60,")})
    refused = folder.call("apply", str(path), "--auto-approve")
    assert refused.code == 7
    assert "limits, suppressions or what the environment requires was changed" in refused.err
    assert folder.messages() == ()


@pytest.mark.parametrize(
    ("before", "after"), [("50,", "51,"), ("0.05", "0.06"), ("audiences/gone.csv", "audiences/*.csv")]
)
def test_the_digest_covers_guards_and_cost(folder: Folder, before: str, after: str) -> None:
    def digest() -> str:
        path = folder.path / "reviewed.plan"
        assert folder.call("plan", "--out", str(path)).code == 0
        return parse(path.read_bytes()).digest

    first = digest()
    assert digest() == first
    folder.write(
        {"octoplan.yaml": STRICT.replace(before, {"50,": "51,", "0.05": "0.06"}.get(before, "audiences/*.csv"))}
    )
    assert digest() != first


def test_what_was_not_simulated_is_blocked_where_that_is_required(folder: Folder) -> None:
    path = str(folder.path / "reviewed.plan")
    refused = folder.call("plan", "--out", path, "--simulate", "none")
    assert refused.code == 5
    assert "not simulated, which require_simulation of sandbox asks for: plan it with --simulate sample" in refused.err
    assert not (folder.path / "reviewed.plan").exists()


def test_nobody_to_simulate_to_is_said(folder: Folder) -> None:
    folder.write(
        {"octoplan.yaml": STRICT.replace("gateway: sandbox,", "gateway: sandbox, simulate_to: [me@example.com],")}
    )
    assert "simulate_to of sandbox has nobody for it" in folder.call("plan").err


def test_a_plan_file_of_another_environment_rule_is_not_enough(folder: Folder) -> None:
    """A file that was made without simulation, when none was required."""
    path = str(folder.path / "reviewed.plan")
    folder.write({"octoplan.yaml": STRICT.replace("require_simulation: true", "require_simulation: false")})
    assert folder.call("plan", "--out", path, "--simulate", "none").code == 0
    folder.write({"octoplan.yaml": STRICT})
    refused = folder.call("apply", path, "--auto-approve")
    assert refused.code in (5, 7)
    assert folder.messages() == ()


def test_an_apply_without_a_plan_file_simulates_first(folder: Folder) -> None:
    folder.write({"octoplan.yaml": STRICT.replace("require_plan: true", "require_plan: false")})
    done = folder.call("apply", "--auto-approve")
    assert done.code == 0, done
    assert "simulated" in done.out
    assert len(folder.messages()) == 2


def test_an_apply_that_must_simulate_sends_nothing_where_that_is_refused(folder: Folder) -> None:
    written = STRICT.replace("require_plan: true", "require_plan: false")
    folder.write({"octoplan.yaml": written, "campaigns/sale.yaml": f"{GREETING}sender: '1'\n"})
    refused = folder.call("apply", "--auto-approve")
    assert refused.code in (3, 5)
    assert folder.messages() == ()


def test_a_reviewed_simulation_counts_over_http_too(folder: Folder, gateway: Gateway) -> None:
    local = f'gateway: {{url: "{gateway.url}"}}, require_simulation: true, simulate_to: ["+33600000300"]'
    folder.write({"octoplan.yaml": f"octoplan: 1\nenvironments:\n  local: {{{local}, frame_size: 50}}\n"})
    folder.write({"campaigns/sale.yaml": GREETING.replace("{{ first_name }}", "you")})
    env = {"OCTOPUSH_API_LOGIN": "me@example.com", "OCTOPUSH_API_KEY": "key"}
    assert folder.run("--env", "local", "state", "init", env=env).code == 0
    path = str(folder.path / "reviewed.plan")
    made = folder.run("--env", "local", "plan", "--out", path, env=env)
    assert made.code == 0, made
    assert len(gateway.bodies) == 1
    done = folder.run("--env", "local", "apply", path, "--auto-approve", env=env)
    assert done.code == 0, done
    assert [b'"simulation_mode":true' in body for body in gateway.bodies if body] == [True, False], (
        "no second simulation"
    )
