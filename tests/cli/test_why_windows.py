"""`octoplan why` tells the window of one person: whether it is open, until when, and in which they were sent to."""

import io
from datetime import datetime, timedelta

import pytest

from octoplan.cli import run as run_here
from octoplan.cli.console import Console
from tests.cli.windowed import MORNING, NIGHT, SALE, make_live, people
from tests.conftest import Folder, Gateway, MakeProject, Outcome, StandingClock

FRENCH = ["+33600000200", "+33600000201"]
ISLANDERS = ["+262692000200"]


@pytest.fixture
def folder(project: MakeProject, gateway: Gateway) -> Folder:
    return make_live(project, gateway, *FRENCH)


def send(folder: Folder, at: datetime) -> None:
    assert folder.call("apply", "--env", "live", "--auto-approve", at=at).code == 0


def ask(folder: Folder, number: str, at: datetime, *flags: str, env: str = "live") -> Outcome:
    """Ask `octoplan why` through a pipe, at a moment."""
    out, err = io.StringIO(), io.StringIO()
    console = Console(out=out, err=err, stdin=io.StringIO(number), environ={}, clock=StandingClock(at))
    code = run_here(["-C", str(folder.path), "why", "sale", "--env", env, *flags], console)
    assert number not in out.getvalue() + err.getvalue()
    return Outcome(code=code, out=out.getvalue(), err=err.getvalue())


def test_why_tells_in_which_window_somebody_waits_and_until_when(folder: Folder, gateway: Gateway) -> None:
    folder.write({"campaigns/people.csv": people(*FRENCH, *ISLANDERS)})
    said = ask(folder, FRENCH[0], NIGHT).out
    assert "    window fr-strict (operator): mon-sat 08:00-20:00, not on holidays, in Europe/Paris\n" in said
    assert "    waits until 2026-11-03 08:00 +01:00\n" in said
    assert "    open now until 2026-11-03 20:00 +01:00\n" in ask(folder, FRENCH[0], MORNING).out
    said = ask(folder, ISLANDERS[0], NIGHT).out
    assert "not on holidays, in Indian/Mayotte and Indian/Reunion\n    waits until 2026-11-03 08:00 +03:00\n" in said
    told = ask(folder, FRENCH[0], NIGHT, "--json").json["window"]
    assert (told["rule"], told["zones"], told["is_open"]) == ("fr-strict", ["Europe/Paris"], False)
    assert (told["until"], told["by"], told["outside"]) == ("2026-11-03T08:00:00+01:00", "now", "wait")


def test_why_tells_the_window_that_a_message_was_sent_in(folder: Folder, gateway: Gateway) -> None:
    send(folder, MORNING)
    said = ask(folder, FRENCH[0], NIGHT + timedelta(days=1))
    assert "sent, 2026-11-03 09:00 UTC, in its window 2026-11-03 07:00 UTC to 2026-11-03 19:00 UTC, run " in said.out
    assert "window fr-strict" not in said.out
    told = ask(folder, FRENCH[0], NIGHT, "--json").json
    assert told["window"] is None
    assert told["messages"][0]["frame"]["window"] == {
        "from": "2026-11-03T07:00:00+00:00",
        "until": "2026-11-03T19:00:00+00:00",
    }


def test_why_tells_the_window_by_send_at(folder: Folder, gateway: Gateway) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "send_at: 2026-11-08T10:00:00+01:00\n"})
    said = ask(folder, FRENCH[0], NIGHT).out
    assert "    closed at send_at until 2026-11-09 08:00 +01:00: the campaign is blocked\n" in said
    folder.write({"campaigns/sale.yaml": SALE + "send_at: 2026-11-09T10:00:00+01:00\n"})
    assert "    open at send_at until 2026-11-09 20:00 +01:00\n" in ask(folder, FRENCH[0], NIGHT).out
    send(folder, NIGHT)
    assert ", in its window until 2026-11-09 19:00 UTC, run " in ask(folder, FRENCH[0], NIGHT).out


@pytest.mark.parametrize(
    ("campaign", "environment", "said"),
    [
        ("window: {outside: refuse}\n", "live", "closed now until 2026-11-03 08:00 +01:00: the campaign is blocked"),
        ("", "sandbox", "closed now until 2026-11-03 08:00 +01:00, which is only shown here: nobody waits for it"),
        ("window: {pack: none, why: asked}\n", "live", ""),
    ],
)
def test_why_tells_what_being_outside_means(folder: Folder, campaign: str, environment: str, said: str) -> None:
    written = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    folder.write({"octoplan.yaml": f"{written}  sandbox: {{gateway: sandbox}}\n"})
    folder.write({"campaigns/sale.yaml": SALE + campaign})
    told = ask(folder, FRENCH[0], NIGHT, env=environment)
    assert told.code == 0
    assert (said in told.out) if said else ("window" not in told.out)


def test_why_reads_the_zone_in_the_persons_row(folder: Folder) -> None:
    rows = "phone_number,first_name,tz\n+33600000200,Ada, Indian/Reunion \n"
    folder.write({"campaigns/people.csv": rows, "campaigns/sale.yaml": SALE + "timezone: {column: tz}\n"})
    assert ", in Indian/Reunion\n    waits until 2026-11-03 08:00 +04:00" in ask(folder, FRENCH[0], NIGHT).out
    folder.write({"campaigns/people.csv": rows + "+33600000201,Bob,Europe/Pariss\n"})
    for number in FRENCH:  # nobody gets a campaign that cannot be planned
        wrong = ask(folder, number, NIGHT)
        assert wrong.code == 3
        assert "1 person has a time zone that there is not, in column tz" in wrong.err
        assert "Pariss" not in wrong.out + wrong.err


@pytest.mark.parametrize("number", ["+12125550100", "+13055550100", "+590690000200", "+34600000200"])
def test_why_agrees_with_the_plan(folder: Folder, number: str) -> None:
    folder.write({"campaigns/people.csv": people(number), "campaigns/sale.yaml": SALE + "unreachable: send\n"})
    for hour in range(0, 24, 4):
        at = NIGHT + timedelta(hours=hour)
        (step,) = folder.call("plan", "--env", "live", "--json", at=at).json["steps"]
        told = ask(folder, number, at, "--json").json["window"]
        assert told["is_open"] == (step["waiting"] == 0)
        assert [told["until"]] == [one["until"] for one in step["waits"]] or told["is_open"]
        assert told["rule"] == step["windows"][0]["rule"]
