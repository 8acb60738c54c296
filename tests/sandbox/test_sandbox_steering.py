"""The doors under /_sandbox over HTTP, on a sandbox that runs beside the tests, as its pytest plug-in starts it."""

import http.client
import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octoplan.sandbox.questions import BadQuestion
from octoplan.sandbox.rules import RULES
from octoplan.sandbox.settings import Settings
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.testing import Octopush, octopush, octopush_server, run_octopush

SEND = "/v1/public/multi-channel/send"
Make = Callable[..., dict[str, Any]]
Ask = Callable[..., tuple[int, Any]]

__all__ = ["octopush", "octopush_server"]  # fixtures


@pytest.fixture
def ask_door(octopush: Octopush) -> Ask:
    """Ask a door: path, content, method -> status, answer."""
    return lambda path, content=None, method=None: call(f"{octopush.address}{path}", content, method)


def call(url: str, content: object = None, method: str | None = None) -> tuple[int, Any]:
    body = None if content is None else json.dumps(content).encode()
    headers = {"content-type": "application/json", "api-key": "k", "api-login": "l"}
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            said = answer.read()
            return answer.status, json.loads(said) if said else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def send(octopush: Octopush, content: object) -> tuple[int, Any]:
    return call(f"{octopush.url}/multi-channel/send", content)


def test_twenty_four_hours_pass_in_a_moment(octopush: Octopush, ask_door: Ask, sms: Make) -> None:
    request = sms(metadata={"request_id": "a1"})
    assert send(octopush, request)[0] == 201
    assert send(octopush, request)[1]["code"] == 182
    status, clock = ask_door("/_sandbox/clock", {"advance": "24h"})
    assert (status, clock["offset_seconds"]) == (200, pytest.approx(86_400, abs=5))
    assert send(octopush, request)[0] == 201


def test_a_clock_stands_still_and_goes_on(ask_door: Ask) -> None:
    moment = "2026-12-01T10:00:00+01:00"
    ask_door("/_sandbox/clock", {"now": moment, "frozen": True})
    shown = [ask_door("/_sandbox/clock")[1] for _ in range(2)]
    assert [one["now"] for one in shown] == ["2026-12-01T09:00:00+00:00"] * 2
    assert ask_door("/_sandbox/clock", {"advance": 90})[1]["now"] == "2026-12-01T09:01:30+00:00"
    going = ask_door("/_sandbox/clock", {"frozen": False})[1]
    assert not going["frozen"]
    assert ask_door("/_sandbox/clock")[1]["now"] > going["now"] > "2026-12-01T09:01:30"
    now = datetime.fromisoformat(ask_door("/_sandbox/clock", {"real": True})[1]["now"])
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("clock", {"advance": "soon"}, "advance"),
        ("clock", {"advance": True}, "advance"),
        ("clock", {"advance": "999999999d"}, "the clock cannot go that far"),
        ("clock", {"now": "2026-12-01T10:00:00"}, "now: a date in ISO 8601 with an offset"),
        ("clock", {"now": 5}, "now: a date"),
        ("clock", {"now": "0001-01-01T00:00:00Z"}, "the clock cannot go that far"),
        ("clock", {"now": "9999-12-31T23:59:59-14:00"}, "the clock cannot go that far"),
        ("settings", {"prices": {"email": {"default": 1e-300}}}, "prices: email: default: a number"),
        ("settings", {"\ud800": 1}, "the body is not a JSON object"),
        ("settings", {"callback_url": "http://\ud800/"}, "the body is not a JSON object"),
        ("blacklist", {"addresses": ["\ud800"]}, "the body is not a JSON object"),
        ("clock", {"frozen": "yes"}, "frozen: true or false"),
        ("clock", {"real": True, "frozen": "x"}, "frozen: true or false"),
        ("clock", {"real": True, "advance": "999999999d"}, "the clock cannot go that far"),
        ("clock", {"real": "yes"}, "real: true or false"),
        ("clock", {"then": 1}, "no such field: then"),
        ("clock", {}, "nothing is asked for"),
        ("credit", {"amount": -1}, "amount: a number"),
        ("credit", {"amount": "5"}, "amount: a number"),
        ("credit", {"amount": 1e400}, "the body is not a JSON object"),
        ("credit", {"euros": 1}, "no such field: euros"),
        ("credit", [], "the body is not a JSON object"),
        ("blacklist", {"addresses": "+33600000123"}, "addresses: an array"),
        ("blacklist", {"addresses": ["x" * 201]}, "addresses: an array"),
        ("settings", {"stric": True}, "no such field: stric"),
        ("settings", {"strict": 1}, "strict: true or false"),
        ("settings", {"rules_off": ["stop_mansion"]}, "no such rules: stop_mansion"),
        ("settings", {"rules_off": "channel"}, "rules_off: an array"),
        ("settings", {"request_id_hours": -1}, "request_id_hours: a number"),
        ("settings", {"callback_url": "ftp://example.com"}, "callback_url: not a URL"),
        ("settings", {"callback_url": "http://[::1"}, "callback_url: not a URL"),
        ("settings", {"callback_format": "xml"}, "callback_format: json or form"),
        ("settings", {"prices": {"sms_premium": {"France": 1}}}, "prices: sms_premium: a place is a country"),
        ("settings", {"prices": {"sms_premium": {"FR": "free"}}}, "prices: sms_premium: FR: a number"),
        ("settings", {"prices": []}, "prices: an object"),
        ("faults", {"faults": [{"kind": "flood"}]}, "faults[0].kind"),
    ],
)
def test_what_cannot_be_set_is_said_in_one_sentence_and_nothing_changes(
    path: str, content: Any, said: str, ask_door: Ask
) -> None:
    before = ask_door("/_sandbox/version")[1]["version"]
    status, answer = ask_door(f"/_sandbox/{path}", content)
    assert status == 400
    assert answer["error"].startswith(said)
    assert ask_door("/_sandbox/version")[1]["version"] == before


@pytest.mark.parametrize(
    "path",
    [
        "messages/99",
        "messages/99/body",
        "requests/99",
        "nothing",
        "messages/x",
        "messages/99999999999999999999",
        "messages/" + "9" * 5000,
    ],
)
def test_what_is_not_there_is_404_in_json(path: str, ask_door: Ask) -> None:
    assert ask_door(f"/_sandbox/{path}")[0] == 404


def test_settings_are_kept_until_a_reset(octopush: Octopush, ask_door: Ask, sms: Make) -> None:
    ask_door("/_sandbox/settings", {"strict": True, "request_id_hours": 1})
    ask_door("/_sandbox/settings", {"prices": {"sms_premium": {"FR": 2}}})
    ask_door("/_sandbox/credit", {"amount": 5})
    ask_door("/_sandbox/blacklist", {"addresses": ["+33600000123"]})
    shown = ask_door("/_sandbox/settings")[1]
    assert (shown["strict"], shown["rules_off"], shown["request_id_hours"]) == (True, ["forgiving"], 1)
    assert shown["prices"]["sms_premium"] == {"FR": 2}
    assert shown["prices"]["email"] == {"default": 0.001}
    assert send(octopush, sms(sendat="x"))[0] == 400
    assert send(octopush, sms())[1]["residual_credit"] == 1
    assert ask_door("/_sandbox/reset", {})[0] == 204
    assert ask_door("/_sandbox/settings")[1]["strict"] is False
    assert ask_door("/_sandbox/credit")[1] == {"amount": 100_000}
    assert ask_door("/_sandbox/blacklist")[1] == {"addresses": []}


def test_strictness_is_one_truth_with_its_rule(ask_door: Ask) -> None:
    assert ask_door("/_sandbox/settings", {"rules_off": ["forgiving", "prices"]})[1]["strict"] is True
    shown = ask_door("/_sandbox/settings", {"strict": False})[1]
    assert (shown["strict"], shown["rules_off"]) == (False, ["prices"])
    on = {rule["id"]: rule["on"] for rule in ask_door("/_sandbox/rules")[1]["rules"]}
    assert list(on) == [rule.id for rule in RULES]
    assert [name for name, holds in on.items() if not holds] == ["prices"]


def test_addresses_are_taken_from_the_blacklist(ask_door: Ask) -> None:
    ask_door("/_sandbox/blacklist", {"addresses": ["+33600000123", "ann@example.com"]})
    left = ask_door("/_sandbox/blacklist", {"addresses": ["ann@example.com"]}, "DELETE")[1]
    assert left == {"addresses": ["+33600000123"]}


def test_the_head_of_the_blacklist_is_asked_for_as_of_any_list(octopush: Octopush, ask_door: Ask) -> None:
    ask_door("/_sandbox/blacklist", {"addresses": ["+33600000123"]})
    assert ask_door("/_sandbox/blacklist", None, "HEAD") == (200, None)
    assert ask_door("/_sandbox/blacklist", {"addresses": ["+33600000123"]}, "HEAD") == (200, None)
    assert Steering(octopush.sandbox).blacklist() == ("+33600000123",)


def test_real_time_can_be_asked_for_with_what_follows_from_it(octopush: Octopush, ask_door: Ask) -> None:
    octopush.set_clock(datetime(2030, 1, 1, tzinfo=UTC), frozen=True)
    status, clock = ask_door("/_sandbox/clock", {"real": True, "advance": "1h"})
    assert (status, clock["frozen"], clock["offset_seconds"]) == (200, False, pytest.approx(3600, abs=1))
    assert ask_door("/_sandbox/clock", {"real": True, "frozen": False})[1]["offset_seconds"] == 0
    assert ask_door("/_sandbox/clock", {"real": False})[1]["offset_seconds"] == 0


def test_a_test_may_give_prices_as_they_are_calculated_with(octopush: Octopush, sms: Make) -> None:
    octopush.change(prices={"sms_premium": {"FR": Decimal("0.123456")}})
    assert send(octopush, sms())[1]["total_cost"] == 0.246912
    octopush.change(strict=True)
    assert octopush.sandbox.settings().prices["sms_premium"]["FR"] == Decimal("0.123456")


def statuses(octopush: Octopush) -> dict[str, str]:
    """What is reported, or will be, of each address."""
    bodies = [json.loads(one.body) for one in octopush.callbacks() if one.kind == "delivery"]
    reports = [report for body in bodies for report in body.get("deliveries", [body])]
    return {report.get("number") or report["email"]: report["status"] for report in reports}


@pytest.mark.parametrize("form", ["json", "form"])
def test_whoever_says_stop_before_a_message_is_due_does_not_get_it(octopush: Octopush, sms: Make, form: str) -> None:
    octopush.set_clock(datetime(2026, 11, 3, 10, 0, tzinfo=UTC), frozen=True)
    octopush.change(callback_url="http://127.0.0.1:1/", callback_format=form)
    later = {"send_at": "2026-11-03T12:00:00Z"}
    send(octopush, sms(**later))
    before = octopush.callbacks()
    first, second = octopush.messages()
    octopush.report("stop", first, "STOP")
    stopped, other, stop = octopush.callbacks()
    assert stopped.body == before[0].body.replace(b"DELIVERED", b"BLACKLISTED_NUMBER")
    assert (other, stop.kind, second.address) == (before[1], "stop", "+33600000124")
    octopush.advance(hours=2)
    Steering(octopush.sandbox).change_blacklist(add=[second.address])
    assert octopush.callbacks()[1].body == before[1].body  # it was delivered, and only then


def test_a_report_of_emails_is_decided_for_each_address_when_it_is_due(octopush: Octopush) -> None:
    octopush.set_clock(datetime(2026, 11, 3, 10, 0, tzinfo=UTC), frozen=True)
    octopush.change(callback_url="http://127.0.0.1:1/")
    people = [{"email": "ann@example.com"}, {"email": "bob@example.com"}]
    email = {"channel": "email", "text": "Hi", "recipients": people, "send_at": "2026-11-03T12:00:00Z"}
    send(octopush, {**email, "metadata": {"email_from": "shop@example.com", "subject": "News"}})
    steering = Steering(octopush.sandbox)
    steering.change_blacklist(add=["bob@example.com", "ann@example.com"])
    steering.change_blacklist(remove=["bob@example.com"])
    assert statuses(octopush) == {"ann@example.com": "BLACKLISTED_NUMBER", "bob@example.com": "DELIVERED"}


def test_where_everything_is_free_callbacks_say_so(octopush: Octopush, sms: Make) -> None:
    octopush.change(callback_url="http://127.0.0.1:1/", rules_off=["prices"])
    send(octopush, sms())
    octopush.report("delivery", octopush.messages()[0], "READ")
    assert {json.loads(one.body)["unit_price"] for one in octopush.callbacks()} == {0}


def test_every_answer_is_dated_by_the_sandboxs_clock(octopush: Octopush, sms: Make) -> None:
    octopush.set_clock(datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC), frozen=True)
    octopush.fault("status", status=503)
    octopush.fault("status", status=503, headers={"Date": "soon"})
    octopush.fault("retry_after", seconds=1)
    dates = []
    for path, host in [(SEND, "localhost")] * 4 + [("/", "localhost"), ("/", "elsewhere"), ("/nothing", "localhost")]:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(octopush.address).netloc, timeout=20)
        headers = {"host": host, "api-key": "k", "api-login": "l"}
        connection.request("POST" if path == SEND else "GET", path, json.dumps(sms()).encode(), headers)
        dates.append(connection.getresponse().headers.get_all("date"))
        connection.close()
    now = ["Wed, 02 Jan 2030 03:04:05 GMT"]
    assert dates == [now, ["soon"], now, now, now, now, now]


def test_tickets_come_newest_first_with_count_cost_and_state(octopush: Octopush, ask_door: Ask, sms: Make) -> None:
    send(octopush, sms(list_name="first", text="é" * 161))
    octopush.set_clock(datetime(2026, 11, 3, 10, 0, tzinfo=UTC))
    send(octopush, sms(list_name="later", send_at="2026-11-03T12:00:00Z", sendat="x"))
    found = ask_door("/_sandbox/tickets")[1]
    assert found["total"] == 2
    later, first = found["tickets"]
    assert (first["list_name"], first["contacts"], first["units"], first["cost"]) == ("first", 2, 4, 0.18)
    assert (later["state"], later["forgiven"], first["state"]) == ("held", 1, "held")
    octopush.advance(days=3650)
    assert {one["state"] for one in ask_door("/_sandbox/tickets")[1]["tickets"]} == {"sent"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("search=parcel", ["parcel"]),
        ("search=PARCEL", ["parcel"]),
        ("search=%2B33600000199", ["rcs"]),
        ("search=100%25", ["percent"]),
        ("search=1__%25", []),
        ("search=OctoShop", ["parcel"]),
        ("channel=rcs", ["rcs"]),
        ("list_name=percent", ["percent"]),
        ("address=%2B33600000124", ["percent", "parcel"]),
        ("state=canceled", []),
        ("message=1", ["parcel"]),
        ("search=false", []),
        ("search=subject", []),
        ("limit=1&offset=1", ["percent"]),
    ],
)
def test_tickets_are_searched_and_filtered(
    query: str, expected: list[str], octopush: Octopush, ask_door: Ask, sms: Make
) -> None:
    send(octopush, sms(list_name="parcel", text="Your parcel is here", sender="OctoShop"))
    send(octopush, sms(list_name="percent", text="100% off", sender="Other"))
    send(octopush, sms(channel="rcs", list_name="rcs", recipients=[{"phone_number": "+33600000199"}]))
    found = ask_door(f"/_sandbox/tickets?{query}")[1]["tickets"]
    assert [one["list_name"] for one in found] == expected


@pytest.mark.parametrize("sought", ["été", "ÉTÉ", "l'été", "straße", "STRASSE", "💐", "été.d'ann"])
@pytest.mark.parametrize("name", ["tickets", "messages", "requests"])
def test_any_letter_is_searched_in_any_case(name: str, sought: str, octopush: Octopush, ask_door: Ask) -> None:
    people = [{"email": "Été.d'Ann@example.com"}]
    metadata = {"email_from": "shop@example.com", "subject": "Vive l'Été 2026"}
    email = {"channel": "email", "text": "Königstraße 5 💐", "recipients": people, "metadata": metadata}
    assert send(octopush, email)[0] == 201
    other = {"recipients": [{"email": "bob@example.com"}], "metadata": metadata | {"subject": "Ete"}}
    assert send(octopush, email | {"text": "Bye"} | other)[0] == 201
    assert ask_door(f"/_sandbox/{name}?{urllib.parse.urlencode({'search': sought})}")[1]["total"] == 1


def test_every_list_is_narrowed_by_each_filter_that_it_has(octopush: Octopush, ask_door: Ask, sms: Make) -> None:
    octopush.change(callback_url="http://127.0.0.1:1/")
    octopush.set_clock(datetime(2026, 11, 3, 10, 0, tzinfo=UTC), frozen=True)
    send(octopush, sms(list_name="now"))
    people = [{"phone_number": "+33600000199"}]
    send(octopush, sms(list_name="later", send_at="2026-11-03T12:00:00Z", recipients=people))
    send(octopush, sms(text=""))
    emails = [{"email": "ann@example.com"}, {"email": "bob@example.com"}]
    metadata = {"email_from": "shop@example.com", "subject": "News"}
    send(octopush, {"channel": "email", "text": "Hi", "recipients": emails, "metadata": metadata})
    until = time.monotonic() + 20
    while len(octopush.callbacks(state="failed")) < 3:
        assert time.monotonic() < until
        time.sleep(0.01)
    first, _, later, ann, bob = octopush.messages()
    accepted = {"": 3, "state=held": 1, "state=sent": 2, f"message={bob.id}": 1, "address=bob@example.com": 1}
    counts = {
        "tickets": accepted | {"refused=true": 0, f"request={later.request}": 1},
        "messages": accepted | {"": 5, "state=sent": 4, f"request={ann.request}": 2},
        "requests": accepted | {"": 4, "refused=true": 1, f"ticket={first.ticket}": 1},
        "callbacks": {
            "": 4,
            "state=waiting": 1,
            "state=failed": 3,
            "channel=email": 1,
            "list_name=now": 2,
            f"message={first.id}": 1,
            f"request={later.request}": 1,
            f"ticket={first.ticket}": 2,
            f"address={urllib.parse.quote(first.address)}": 1,
            "address=bob@example.com": 1,
            "address=carol@example.com": 0,
        },
    }
    for name, queries in counts.items():
        assert {query: ask_door(f"/_sandbox/{name}?{query}")[1]["total"] for query in queries} == queries, name
    assert [one.message for one in octopush.callbacks(address=later.address)] == [later.id]


def test_a_message_shows_its_parts_and_what_forced_ucs_2(octopush: Octopush, ask_door: Ask, sms: Make) -> None:
    send(octopush, sms(text="l\u2019été" + "x" * 70))
    number = octopush.messages()[0].id
    shown = ask_door(f"/_sandbox/messages/{number}")[1]
    assert shown["message"]["address"] == "+33600000123"
    assert (shown["sms"]["encoding"], shown["sms"]["units"], shown["sms"]["room"]) == ("UCS-2", 75, 134)
    assert [part["units"] for part in shown["sms"]["parts"]] == [67, 8]
    assert "".join(part["text"] for part in shown["sms"]["parts"]) == "l\u2019été" + "x" * 70
    assert shown["sms"]["costly"] == [{"character": "\u2019", "name": "RIGHT SINGLE QUOTATION MARK", "times": 1}]
    assert json.loads(shown["request"]["body"])["sender"] == "SenderName"


def test_refused_requests_are_listed_apart(octopush: Octopush, ask_door: Ask, sms: Make) -> None:
    send(octopush, sms())
    send(octopush, sms(text=""))
    refused = ask_door("/_sandbox/requests?refused=true")[1]
    assert (refused["total"], refused["requests"][0]["code"]) == (1, 107)
    assert ask_door("/_sandbox/requests?refused=false")[1]["total"] == 1


def test_the_version_changes_with_whatever_is_shown(octopush: Octopush, ask_door: Ask, sms: Make) -> None:
    seen = [ask_door("/_sandbox/version")[1]["version"]]

    def note() -> None:
        seen.append(ask_door("/_sandbox/version")[1]["version"])

    note()
    assert seen[0] == seen[1]
    octopush.set_clock(datetime(2026, 11, 3, 10, 0, tzinfo=UTC), frozen=True)
    note()
    send(octopush, sms(send_at="2026-11-03T12:00:00Z"))
    note()
    octopush.advance(hours=3)
    note()
    octopush.set_credit(5)
    note()
    assert len(set(seen)) == 5


def test_a_lost_answer_was_taken_and_its_repetition_is_turned_away(octopush: Octopush, sms: Make) -> None:
    octopush.fault("reset_after")
    request = sms(metadata={"request_id": "a1"})
    with pytest.raises(OSError, match="reset"):
        send(octopush, request)
    assert send(octopush, request)[1]["code"] == 182
    assert len(octopush.messages()) == 2


def test_a_reset_lets_everything_go_right_again(octopush: Octopush, ask_door: Ask, sms: Make) -> None:
    octopush.place({"faults": [{"kind": "status", "status": 503, "times": 5}]})
    assert send(octopush, sms())[0] == 503
    ask_door("/_sandbox/reset", {})
    assert send(octopush, sms())[0] == 201


def test_two_sandboxes_run_side_by_side(sms: Make) -> None:
    with run_octopush() as one, run_octopush(Settings(rules_off=frozenset({"stop_mention"}))) as other:
        assert send(one, sms(purpose="wholesale"))[1]["code"] == 121
        assert send(other, sms(purpose="wholesale"))[0] == 201
        assert (len(one.messages()), len(other.messages())) == (0, 2)


def test_the_plug_in_serves_a_suite_that_knows_nothing_of_octoplan(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["octoplan.sandbox.testing"]\n', encoding="utf-8")
    (tmp_path / "test_shop.py").write_text(
        """
import json, urllib.request

def send(url):
    body = {"channel": "sms", "text": "Welcome!", "purpose": "alert", "recipients": [{"phone_number": "+33600000123"}]}
    headers = {"api-key": "k", "api-login": "l", "content-type": "application/json"}
    request = urllib.request.Request(url + "/multi-channel/send", json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request).status

def test_one(octopush):
    assert send(octopush.url) == 201
    assert [message.text for message in octopush.messages()] == ["Welcome!"]
    assert octopush.forgiven() == ()

def test_another_finds_it_empty(octopush):
    assert octopush.messages() == ()
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1].startswith("2 passed"), done.stdout


def test_a_query_for_nonsense_is_said_by_its_name(ask_door: Ask) -> None:
    for query, said in {
        "messages?state=gone": "state",
        "messages?state=failed": "state",
        "callbacks?state=held": "state",
        "messages?newest=perhaps": "newest",
        "messages?offset=-1": "offset",
        "messages?adress=%2B33600000123": "no such parameter: adress",
        "callbacks?search=parcel": "no such parameter: search",
        "callbacks?refused=true": "no such parameter: refused",
        "tickets?page=2": "no such parameter: page",
    }.items():
        status, answer = ask_door(f"/_sandbox/{query}")
        assert status == 400
        assert answer["error"].startswith(said)


def test_a_test_that_asks_a_list_for_what_it_does_not_know_is_told(octopush: Octopush) -> None:
    with pytest.raises(BadQuestion, match="search: not known of these"):
        octopush.callbacks(search="parcel")
