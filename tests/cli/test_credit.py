"""`min_credit_left`: what would leave less of the credit is refused with 5, at plan and right before the first byte."""

from __future__ import annotations

import json
import signal
import urllib.request
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.storage import Storage
from tests.conftest import GREETING as CAMPAIGN
from tests.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Folder, Gateway, MakeProject

PEOPLE = "phone_number,first_name\n" + "".join(f"+336000003{one:02},Ann {one}\n" for one in range(3))
PRICES = "prices: {sms_premium: 0.1}"
LIMITED = "limits: {min_credit_left: 100}\n"
FLOOR = "a credit of 99.7 would be left, less than min_credit_left 100"
ACCEPT = ("--accept", "min_credit_left=99.7")


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({"campaigns/sale.yaml": CAMPAIGN, "campaigns/people.csv": PEOPLE})
    return made


@pytest.fixture
def near(folder: Folder) -> Folder:
    """The embedded sandbox has 100 EUR, of which all three messages take 0.30 by the prices."""
    text = f"octoplan: 1\nenvironments: {{sandbox: {{gateway: sandbox, {PRICES}}}}}\n{LIMITED}"
    folder.write({"octoplan.yaml": text})
    fill(folder, "100")
    return folder


def fill(folder: Folder, amount: str) -> None:
    """Set what credit the embedded sandbox has."""
    (folder.path / ".octoplan").mkdir(exist_ok=True)
    with Storage.at(folder.path / ".octoplan" / "inbox.db") as storage:
        Steering(Sandbox(storage, lambda: NOW)).set_credit(Decimal(amount))


def remote(folder: Folder, url: str, *, prices: str = PRICES, limits: str = LIMITED) -> Folder:
    """Send to an endpoint instead, in the environment `local`."""
    local = f"{{gateway: {{url: '{url}'}}, require_plan: false, {prices}}}"
    folder.write({"octoplan.yaml": f"octoplan: 1\nenvironments: {{local: {local}}}\n{limits}"})
    assert folder.call("state", "init", "--env", "local").code == 0
    return folder


def test_what_would_leave_too_little_is_refused_until_the_number_is_named(near: Folder) -> None:
    out = str(near.path / "reviewed.plan")
    for command in (("plan", "--out", out), ("plan", "--simulate", "none"), ("apply", "--auto-approve")):
        refused = near.call(*command)
        assert refused.code == 5
        assert FLOOR in refused.out
        assert f"{FLOOR} (--accept min_credit_left=99.7)" in refused.err
    assert near.messages() == ()
    assert near.call("plan", "--out", out, *ACCEPT).code == 0
    assert near.call("apply", out, "--auto-approve").code == 5
    fill(near, "99.9")
    refused = near.call("apply", out, "--auto-approve", *ACCEPT)
    assert refused.code == 5
    assert "a credit of 99.6 would be left, less than min_credit_left 100, and than the 99.7 accepted" in refused.err
    fill(near, "100")
    assert near.call("apply", out, "--auto-approve", *ACCEPT).code == 0
    assert len(near.messages()) == 3


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_every_format_of_a_plan_says_what_would_be_left(form: str, near: Folder) -> None:
    shown = near.call("plan", "--format", form)
    assert shown.code == 5
    assert "credit of 99.7 would be left" in shown.out


def test_enough_is_enough_and_nothing_to_send_needs_none(near: Folder) -> None:
    fill(near, "100.3")
    assert near.call("apply", "--auto-approve").code == 0
    assert len(near.messages()) == 3
    fill(near, "0")
    assert near.call("plan").code == 0
    assert near.call("apply", "--auto-approve").code == 0


def test_a_campaign_may_want_more_left_than_the_project(near: Folder) -> None:
    fill(near, "150")
    near.write({"campaigns/sale.yaml": f"{CAMPAIGN}limits: {{min_credit_left: 149.8}}\n"})
    assert "a credit of 149.7 would be left, less than min_credit_left 149.8" in near.call("plan").err
    near.write({"campaigns/sale.yaml": f"{CAMPAIGN}limits: {{min_credit_left: 5}}\n"})
    assert near.call("plan").code == 0
    fill(near, "100")
    assert FLOOR in near.call("plan").err


def test_the_limit_of_a_campaign_that_sends_nothing_does_not_count(near: Folder) -> None:
    near.write(
        {
            "octoplan.yaml": f"octoplan: 1\nenvironments: {{sandbox: {{gateway: sandbox, {PRICES}}}}}\n",
            "campaigns/old.yaml": CAMPAIGN.replace("open: true", "not_after: 2020-01-01T10:00:00Z") + LIMITED,
        }
    )
    assert near.call("plan").code == 0


def test_a_cost_that_no_price_says_leaves_nobody_knows_what(near: Folder) -> None:
    near.write({"octoplan.yaml": f"octoplan: 1\n{LIMITED}"})
    refused = near.call("apply", "--auto-approve", "--accept", "min_credit_left=0")
    assert refused.code == 5
    assert "min_credit_left is 100, and the cost is not known: no price says it" in refused.err
    assert near.messages() == ()


def test_prices_in_another_currency_are_not_held_against_euros(near: Folder) -> None:
    prices = "prices: {sms_premium: 0.1, currency: GBP}"
    near.write({"octoplan.yaml": f"octoplan: 1\nenvironments: {{sandbox: {{gateway: sandbox, {prices}}}}}\n{LIMITED}"})
    refused = near.call("plan")
    assert refused.code == 5
    assert "min_credit_left is 100, which is asked of a credit in EUR, and the prices are in GBP" in refused.err


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, b"no json"), "unreadable answer (200)"),
        ((200, b'{"amount":NaN,"unit":"euros"}'), "unreadable answer (200)"),
        ((200, b'{"amount":1e99,"unit":"euros"}'), "unreadable answer (200)"),
        ((200, b'{"amount":5000,"unit":"sms_premium"}'), "the gateway counts it in another unit than euros"),
        ((401, b'{"code":401}'), "401: the credentials were not accepted"),
        ((503, b""), "the gateway answers 503"),
    ],
)
def test_a_credit_that_is_not_told_blocks_whatever_is_accepted(
    answer: tuple[int, bytes], why: str, folder: Folder, gateway: Gateway
) -> None:
    remote(folder, gateway.url)
    for command in (("plan",), ("apply", "--auto-approve")):
        gateway.script = [answer]
        refused = folder.call(*command, "--env", "local", "--accept", "min_credit_left=0")
        assert refused.code == 5
        assert f"min_credit_left is 100, and the credit is not known: {why}" in refused.err
    assert gateway.bodies == [b"", b""]
    assert gateway.sandbox.messages() == ()


def test_a_gateway_that_never_answers_blocks(folder: Folder, gateway: Gateway) -> None:
    remote(folder, gateway.url)
    gateway.script = [None, None]
    refused = folder.call("plan", "--env", "local")
    assert refused.code == 5
    assert "the credit is not known: the gateway does not answer: connection lost" in refused.err


def test_a_negative_credit_covers_nothing(folder: Folder, gateway: Gateway) -> None:
    remote(folder, gateway.url)
    gateway.script = [(200, b'{"amount":-3.5,"unit":"euros"}')]
    refused = folder.call("plan", "--env", "local", "--accept", "min_credit_left=0")
    assert refused.code == 5
    assert "the credit of -3.5 does not cover the cost of 0.3" in refused.err


def test_the_credit_is_asked_once_more_right_before_the_first_byte(folder: Folder, gateway: Gateway) -> None:
    remote(folder, gateway.url)
    gateway.script = [(200, b'{"amount":100.3}'), (200, b'{"amount":100.2}')]
    refused = folder.call("apply", "--env", "local", "--auto-approve")
    assert refused.code == 5
    assert "a credit of 99.9 would be left, less than min_credit_left 100" in refused.err
    assert "blocked" not in refused.out
    assert gateway.sandbox.messages() == ()
    assert gateway.bodies == [b"", b""]
    gateway.script = [(200, b'{"amount":100.3}'), (200, b'{"amount":100.3}')]
    assert folder.call("apply", "--env", "local", "--auto-approve").code == 0
    assert len(gateway.sandbox.messages()) == 3


def test_without_the_limit_nobody_asks_for_the_credit(folder: Folder, gateway: Gateway) -> None:
    remote(folder, gateway.url, limits="")
    assert folder.call("plan", "--env", "local").code == 0
    assert gateway.bodies == []
    assert folder.call("apply", "--env", "local", "--auto-approve").code == 0
    assert b"" not in gateway.bodies


@pytest.fixture
def served(project: MakeProject) -> Iterator[str]:
    """Serve a sandbox with 100 EUR in another process; its address."""
    home = project({"octoplan.yaml": "octoplan: 1\n"}, "served")
    process = home.start("sandbox", "serve", "--port", "0", "--credit", "100")
    assert process.stderr is not None
    try:
        yield process.stderr.readline().decode().split()[1].removesuffix(",")
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode in (0, 130), out, err) == (True, b"", b"")


def test_a_served_sandbox_is_asked_over_http(folder: Folder, served: str) -> None:
    remote(folder, served)
    assert FLOOR in folder.run("plan", "--env", "local").err
    refused = folder.run("apply", "--env", "local", "--auto-approve")
    assert refused.code == 5
    assert FLOOR in refused.err
    at = served.removesuffix("/v1/public")
    more = urllib.request.Request(f"{at}/_sandbox/credit", data=b'{"amount": 100.3}', method="POST")  # noqa: S310 - loopback
    more.add_header("content-type", "application/json")
    with urllib.request.urlopen(more, timeout=30) as answer:  # noqa: S310 - as above
        assert json.load(answer) == {"amount": 100.3}
    assert folder.run("apply", "--env", "local", "--auto-approve").code == 0


@pytest.mark.parametrize("whole", [True, False], ids=["project", "campaign"])
@pytest.mark.parametrize("limit", ["-1", "lots", "1e12"])
def test_the_limit_is_checked_where_it_stands(whole: bool, limit: str, folder: Folder) -> None:  # noqa: FBT001 - a case
    written = f"limits: {{min_credit_left: {limit}}}\n"
    folder.write({"octoplan.yaml": f"octoplan: 1\n{written}"} if whole else {"campaigns/sale.yaml": CAMPAIGN + written})
    outcome = folder.call("validate")
    assert outcome.code == 3
    assert (
        f"{'octoplan.yaml:2' if whole else 'campaigns/sale.yaml:6'}:10: error: `limits.min_credit_left`" in outcome.err
    )
