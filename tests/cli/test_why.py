"""`octoplan why`: each rule is told as it is, for one person, and nothing of the address is ever repeated."""

from __future__ import annotations

import io
import os
import pty
from typing import TYPE_CHECKING, Any

import pytest

from octoplan.cli import run as run_here
from octoplan.cli.console import Console
from tests.conftest import NOW, Outcome, StandingClock

if TYPE_CHECKING:
    from tests.conftest import Folder, Gateway, MakeProject

IN, FILTERED, RIVAL, STOPPED, BLANK, TWICE, NOBODY = (f"+336000077{number}" for number in range(10, 17))
ROWS = "".join(
    f"{number[3:5]} {number[5:8]} {number[8:]};{name};{town}\n".replace("60 ", "060 ", 1)
    for number, name, town in (
        (IN, "Xanthippe", "Paris"),
        (FILTERED, "Philemon", "Rennes"),
        (RIVAL, "Baucis", "Paris"),
        (STOPPED, "Wilhelmine", "Paris"),
        (BLANK, "", "Paris"),
        (TWICE, "Zephyrine", "Paris"),
        (TWICE, "Zephyrine", "Paris"),
    )
)
PEOPLE = "campaigns/audiences/people.csv"
FILES = {
    "octoplan.yaml": "octoplan: 1\nsuppressions: {all: [{from: stop.csv}]}\n",
    "stop.csv": f"phone_number\n{STOPPED}\n",
    "campaigns/audiences/rivals.csv": f"phone_number\n{RIVAL}\n",
    PEOPLE: f"phone_number;first_name;town\n{ROWS}",
    "campaigns/sale.yaml": (
        "channel: sms\npurpose: alert\nnot_after: 2099-01-01T00:00:00Z\non_missing: skip\n"
        "text: Hello {{ first_name }}\n"
        "audience: {from: audiences/people.csv, region: FR, where: town = 'Paris', exclude: [audiences/rivals.csv]}\n"
    ),
    "campaigns/post.yaml": (
        "channel: email\npurpose: alert\nopen: true\ntext: Hello\n"
        "metadata: {email_from: shop@example.com, subject: Hi}\n"
        "recipients: [{email: Xanthippe.Quux@example.com}]\n"
    ),
}
SECRETS = (*(n[5:] for n in (IN, FILTERED, RIVAL, STOPPED, BLANK, TWICE, NOBODY)), "Xanthippe", "Wilhelmine", "quux")


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    folder: Folder = project(FILES)
    return folder


def why(folder: Folder, address: str, *flags: str, campaign: str = "sale") -> Outcome:
    """Ask through a pipe; nothing that is said may hold a piece of an address."""
    out, err = io.StringIO(), io.StringIO()
    console = Console(out=out, err=err, stdin=io.StringIO(address), environ={}, clock=StandingClock(NOW))
    code = run_here(["-C", str(folder.path), "why", campaign, *flags], console)
    assert_discreet(out.getvalue() + err.getvalue())
    return Outcome(code=code, out=out.getvalue(), err=err.getvalue())


def assert_discreet(said: str) -> None:
    compact = said.replace(" ", "").lower()
    assert not [secret for secret in SECRETS if secret.lower() in compact]
    assert "Traceback" not in said


def answer(folder: Folder, address: str, *flags: str, campaign: str = "sale") -> Any:
    outcome = why(folder, f"{address}\n", "--json", *flags, campaign=campaign)
    assert outcome.code == 0, outcome
    return outcome.json


RULES = {
    "in": (IN, [2]),
    "where": (FILTERED, [3]),
    "excluded": (RIVAL, [2]),
    "suppressed": (STOPPED, [2]),
    "on_missing": (BLANK, [6]),
    "absent": (NOBODY, []),
    "invalid": ("+33600", []),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_is_told_with_the_rows_that_decide(rule: str, folder: Folder) -> None:
    address, lines = RULES[rule]
    told = answer(folder, address)
    assert (told["rule"], told["in"]) == (rule, rule == "in")
    assert [row["line"] for row in told["rows"]] == lines
    assert told["times"] == len(lines)
    assert told["messages"] == []


def test_the_rows_of_who_is_excluded_or_suppressed_are_in_the_files_that_say_so(folder: Folder) -> None:
    assert answer(folder, RIVAL)["rows"][0]["file"] == "campaigns/audiences/rivals.csv"
    assert answer(folder, STOPPED)["rows"][0]["file"] == "stop.csv"
    assert answer(folder, IN)["rows"][0]["file"] == PEOPLE


def test_somebody_who_stands_there_twice_is_in_and_it_is_said(folder: Folder) -> None:
    told = answer(folder, TWICE)
    assert (told["rule"], told["times"], [row["line"] for row in told["rows"]]) == ("in", 2, [7, 8])
    assert f"{PEOPLE}:7, {PEOPLE}:8, there 2 times" in why(folder, TWICE).out


def test_a_row_that_where_keeps_beats_one_that_it_does_not(folder: Folder) -> None:
    folder.write({PEOPLE: f"{FILES[PEOPLE]}{FILTERED};Philemon;Paris\n"})
    told = answer(folder, FILTERED)
    assert (told["rule"], [row["line"] for row in told["rows"]]) == ("in", [9])


def test_the_answers_agree_with_what_is_sent(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve", "--target", "sale").code == 0
    everybody = (IN, FILTERED, RIVAL, STOPPED, BLANK, TWICE, NOBODY)
    assert [one for one in everybody if answer(folder, one)["in"]] == folder.addresses() == [IN, TWICE]


@pytest.mark.parametrize("typed", ["06 00 00 77 10", "0033600007710", "+33 6 00 00 77 10", " +33600007710 \r"])
def test_an_address_is_read_as_the_audience_reads_it(typed: str, folder: Folder) -> None:
    assert answer(folder, typed)["rule"] == "in"
    assert answer(folder, typed)["address"] == "+33…10"


def test_an_email_is_compared_without_case(folder: Folder) -> None:
    told = answer(folder, "XANTHIPPE.quux@Example.com", campaign="post")
    assert (told["rule"], told["address"]) == ("in", "•••@•••.com")


def test_a_number_that_is_national_without_a_region_is_not_valid(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": FILES["campaigns/sale.yaml"].replace("region: FR, ", "")})
    folder.write({PEOPLE: f"phone_number;first_name;town\n{IN};Xanthippe;Paris\n"})
    told = answer(folder, "06 00 00 77 10")
    assert (told["rule"], told["why"]) == ("invalid", "a number without country code, and no region given")


def test_without_a_state_nothing_was_sent_and_none_is_made(folder: Folder) -> None:
    assert "edition 1: nothing was sent" in why(folder, IN).out
    assert not list((folder.path / ".octoplan").glob("*.db*"))


def test_what_was_sent_is_told_for_every_edition(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve", "--target", "sale").code == 0
    folder.write({"campaigns/sale.yaml": "edition: 2\n" + FILES["campaigns/sale.yaml"]})
    (message,) = answer(folder, IN)["messages"]
    assert (message["edition"], message["status"]) == (1, "sent")
    assert message["frame"]["ticket"]
    assert message["frame"]["run"]
    assert message["frame"]["last_change"]
    text = why(folder, IN).out
    assert "edition 2: nothing was sent\n" in text
    assert f"edition 1: sent, {NOW:%Y-%m-%d %H:%M} UTC, run {message['frame']['run']}, frame " in text
    assert message["frame"]["id"][:12] in text
    assert f"ticket {message['frame']['ticket']}" in text
    assert folder.call("apply", "--auto-approve", "--target", "sale").code == 0
    assert [one["edition"] for one in answer(folder, IN)["messages"]] == [2, 1]
    assert answer(folder, RIVAL)["messages"] == []


def test_somebody_who_left_the_files_still_has_a_past(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve", "--target", "sale").code == 0
    folder.write({PEOPLE: f"phone_number;first_name;town\n{TWICE};Zephyrine;Paris\n"})
    told = answer(folder, IN)
    assert (told["rule"], [one["status"] for one in told["messages"]]) == ("absent", ["sent"])


def test_of_a_closed_campaign_the_files_may_be_gone(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve", "--target", "sale").code == 0
    folder.write({"campaigns/sale.yaml": FILES["campaigns/sale.yaml"].replace("2099", "2020"), PEOPLE: None})
    told = answer(folder, IN)
    assert (told["rule"], told["in"], [one["status"] for one in told["messages"]]) == ("closed", False, ["sent"])


def test_an_open_frame_is_told_as_open(folder: Folder, gateway: Gateway) -> None:
    local = f'{{gateway: {{url: "{gateway.url}"}}, require_plan: false}}'
    folder.write({"octoplan.yaml": f"{FILES['octoplan.yaml']}environments:\n  local: {local}\n"})
    assert folder.call("state", "init", "--env", "local").code == 0
    gateway.script = [(500, b"{}")] * 20
    sending = ("apply", "--auto-approve", "--env", "local", "--target", "sale")
    assert folder.call(*sending, hurried=True).code == 9
    (message,) = answer(folder, IN, "--env", "local")["messages"]
    assert (message["status"], message["frame"]["ticket"]) == ("sending", None)
    assert "open: no answer yet" in why(folder, IN, "--env", "local").out


def test_who_was_in_a_refused_request_was_not_sent_to_and_that_is_told(folder: Folder, gateway: Gateway) -> None:
    local = f'{{gateway: {{url: "{gateway.url}"}}, require_plan: false}}'
    folder.write({"octoplan.yaml": f"{FILES['octoplan.yaml']}environments:\n  local: {local}\n"})
    assert folder.call("state", "init", "--env", "local").code == 0
    gateway.script = [(400, b'{"code": 121, "message": "no STOP"}')] * 10  # every frame: which is asked first is chance
    assert folder.call("apply", "--auto-approve", "--env", "local", "--target", "sale").code == 8
    (message,) = answer(folder, IN, "--env", "local")["messages"]
    assert (message["status"], message["refusals"], message["frame"]) == ("free", 1, None)
    assert "edition 1: not sent, after a request with them was refused\n" in why(folder, IN, "--env", "local").out


def test_asking_leaves_everything_as_it_was(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve", "--target", "sale").code == 0
    before = folder.footprint()
    answer(folder, IN)
    assert folder.footprint() == before
    assert not list((folder.path / ".octoplan" / "tmp").iterdir())


@pytest.mark.parametrize("typed", ["", "\n", "  \n"])
def test_without_an_address_it_is_a_wrong_call(typed: str, folder: Folder) -> None:
    outcome = why(folder, typed)
    assert (outcome.code, outcome.out) == (64, "")
    assert "no phone number on stdin" in outcome.err


@pytest.mark.parametrize("typed", ["Wilhelmine", "+33600007710" * 90, "'; DROP TABLE x; --", "quux@", "\x00\x1b[2J"])
def test_what_is_no_address_is_out_and_is_not_repeated(typed: str, folder: Folder) -> None:
    assert answer(folder, typed)["rule"] == "invalid"
    assert "Nothing can have been sent to it." in why(folder, typed).out


def test_an_unknown_campaign_is_a_wrong_call(folder: Folder) -> None:
    outcome = why(folder, IN, campaign="sail")
    assert (outcome.code, outcome.out) == (64, "")


INVALID = {
    "a where that fails": ("town = 'Paris'", "town::integer = 1"),
    "an unknown variable": ("{{ first_name }}", "{{ firstname }}"),
    "a file that is not there": ("people.csv", "persons.csv"),
    "a blank value": ("on_missing: skip\n", ""),
    "nobody is left": ("town = 'Paris'", "town = 'Nowhere'"),
}


@pytest.mark.parametrize(("old", "new"), INVALID.values(), ids=INVALID)
def test_of_an_invalid_campaign_nothing_is_claimed(old: str, new: str, folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": FILES["campaigns/sale.yaml"].replace(old, new)})
    for address in (IN, NOBODY):
        outcome = why(folder, address)
        assert (outcome.code, outcome.out) == (3, "")


def test_a_suppression_that_cannot_be_read_is_no_answer(folder: Folder) -> None:
    folder.write({"stop.csv": "phone_number\nWilhelmine\n"})
    assert why(folder, IN).code == 3


def test_without_the_state_that_there_should_be_nothing_is_said(folder: Folder) -> None:
    folder.write({"octoplan.yaml": f"{FILES['octoplan.yaml']}environments: {{production: {{gateway: octopush}}}}\n"})
    outcome = why(folder, IN, "--env", "production")
    assert (outcome.code, outcome.out) == (1, "")
    assert "is missing" in outcome.err


def test_a_person_is_asked_on_stderr(folder: Folder) -> None:
    outcome = folder.call("why", "sale", typed=f"{IN}\n")
    assert outcome.code == 0
    assert outcome.err.startswith("phone number: ")
    assert "In: in the audience" in outcome.out
    assert_discreet(outcome.out + outcome.err)


def test_a_terminal_does_not_show_what_is_typed(folder: Folder) -> None:
    ours, theirs = pty.openpty()
    process = folder.start("why", "sale", "--no-color", terminal=theirs)
    os.close(theirs)
    said = b""
    while b"phone number: " not in said:
        said += os.read(ours, 1000)
    os.write(ours, f"{IN}\n".encode())
    while True:
        try:
            some = os.read(ours, 1000)
        except OSError:  # the other end is closed
            break
        said += some
        if not some:
            break
    assert process.wait(timeout=60) == 0
    os.close(ours)
    assert "In: in the audience" in said.decode()
    assert_discreet(said.decode())


def test_a_person_is_found_by_any_spelling_of_their_mailbox(folder: Folder) -> None:
    post = FILES["campaigns/post.yaml"].replace("Quux@example.com", "Quux@münchen.de")
    (folder.path / "campaigns" / "post.yaml").write_text(post, encoding="utf-8")
    assert folder.call("apply", "--target", "post", "--auto-approve").code == 0
    for spelling in ("xanthippe.quux@MÜNCHEN.de", "Xanthippe.Quux@xn--mnchen-3ya.de"):
        told = answer(folder, spelling, campaign="post")
        assert (told["rule"], [one["status"] for one in told["messages"]]) == ("in", ["sent"])
        assert folder.call("render", "post", "--to", spelling).code == 0


def test_a_real_process_reads_a_pipe(folder: Folder) -> None:
    outcome = folder.run("why", "sale", typed=f"{IN}\nmore\n")
    assert (outcome.code, outcome.err) == (0, "")
    assert_discreet(outcome.out)
