"""An apply at three times the price: the first answers stop it."""

from typing import TYPE_CHECKING, Any

import pytest

from octoplan.sandbox.steering import Steering

if TYPE_CHECKING:
    from tests.conftest import Gateway, MakeProject

PEOPLE = "\n".join(f'  - {{phone_number: "+336000001{n:02}"}}' for n in range(30))
CAMPAIGN = f"""
channel: sms
purpose: alert
open: true
text: Hello
recipients:
{PEOPLE}
"""


def project_of(project: "MakeProject", gateway: "Gateway", price: float) -> Any:
    limits = "require_plan: false, max_in_flight: 1, frame_size: 4"
    local = f'{{gateway: {{url: "{gateway.url}"}}, {limits}, {price_of(price)}}}'
    folder = project(
        {"octoplan.yaml": f"octoplan: 1\nenvironments:\n  local: {local}\n", "campaigns/hello.yaml": CAMPAIGN}
    )
    assert folder.run("state", "init", "--env", "local").code == 0
    return folder


def price_of(price: float) -> str:
    return f"prices: {{sms_premium: {{FR: {price}, default: 1}}, currency: EUR}}"


@pytest.mark.parametrize(("price", "code"), [(0.045, 0), (0.042, 0), (0.015, 8)])
def test_a_price_that_was_not_planned_stops_the_run(
    price: float, code: int, project: "MakeProject", gateway: "Gateway"
) -> None:
    folder = project_of(project, gateway, price)
    outcome = folder.run("apply", "--env", "local", "--auto-approve")
    assert outcome.code == code, outcome.err
    sent = len(gateway.addresses())
    assert sent == 30 if code == 0 else 1 <= sent <= 4
    assert ("of cost, more than 10 % above the plan's" in outcome.err) == (code != 0)
    if code:
        assert folder.run("apply", "--env", "local", "--auto-approve").code == code
    assert len(set(gateway.addresses())) == len(gateway.addresses())


def test_a_campaign_at_the_planned_price_says_nothing_of_it(project: "MakeProject", gateway: "Gateway") -> None:
    Steering(gateway.sandbox).change({"prices": {"sms_premium": {"FR": 0.02}}})
    folder = project_of(project, gateway, 0.02)
    outcome = folder.run("apply", "--env", "local", "--auto-approve")
    assert (outcome.code, "of cost" in outcome.err) == (0, False)
