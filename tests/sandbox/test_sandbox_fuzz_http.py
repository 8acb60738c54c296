"""Whatever is sent to a running sandbox: it answers, it never fails, and it never makes up a message.

`make test` runs the same 500 cases each time; `make test-long` 10,000 new ones, and prints how to repeat a failure.
"""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoplan.sandbox.callbacks import STATUSES
from octoplan.sandbox.doors import DOOR_SCHEMAS, DOORS, Door
from octoplan.sandbox.endpoints import ENDPOINTS
from octoplan.sandbox.faults import KINDS
from octoplan.sandbox.fields import METADATA, Endpoint
from octoplan.sandbox.rules import RULES

CREDENTIALS = {"api-key": "k", "api-login": "l"}
JSON = "application/json"
SENDS = tuple(f"POST {path}" for (_, path), endpoint in ENDPOINTS.items() if endpoint.does == "send")

RAW = {
    "@infinite": "1e400",
    "@minus": "-1e400",
    "@long": "9" * 4000,
    "@deep": "[" * 5000 + "]" * 5000,
    "@arrays": "[" * 60 + "]" * 60,
    "@objects": '{"a":' * 60 + "1" + "}" * 60,
    "@nan": "NaN",
    "@control": '"\x01"',
}
"""JSON, or nearly so, that json.dumps does not write: its name as a text → what stands in its place."""

MOMENTS = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "9995-01-01T00:00:00Z",
    "2027-01-01T10:00:00",
    "2026-03-29T02:30:00",
    "2027-01-01T10:00:00+02:00",
    "2027-W01-1T10:00:00Z",
    "soon",
]
WORDS = [
    *RAW,
    "sms",
    "email",
    "alert",
    "wholesale",
    "fr-FR",
    "rich_card",
    "html",
    "true",
    "\ud800",
    "a\x00b",
    "é" * 1225,
    "{first_name} {param1} {x}",
    "STOP au XXXXX",
    "+33600000123",
    "ann@example.com",
    "FR",
    "sms_premium",
]
NUMBERS = [0, -1, 1, 0.1, 600, 10**15, -(10**15), 2**63, 10**300, 1e308, 1e-300]
SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from(NUMBERS)
    | st.sampled_from(WORDS)
    | st.sampled_from(MOMENTS)
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=12)
)
NAMES = sorted({one.path[-1] for endpoint in ENDPOINTS.values() for one in endpoint.fields})
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "kind", "\ud800"]), inner, max_size=3)
    ),
    max_leaves=5,
)
PERSON = {"phone_number": "+33600000123", "email": "ann@example.com"}
GOOD: dict[str, Any] = {"text": "Hi STOP au 30101", "purpose": "alert", "recipients": [PERSON, PERSON], METADATA: {}}
OBJECTS = st.lists(st.dictionaries(st.sampled_from(["title", "\udfff"]), VALUES, max_size=2), max_size=2)
FAULTS = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS)},
    optional={"seconds": SCALARS, "status": SCALARS, "body": VALUES, "path": st.just("/\ud800"), "times": SCALARS},
)
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "send_at": st.sampled_from(MOMENTS),
    "now": st.sampled_from(MOMENTS),
    "cards": OBJECTS,
    "actions": OBJECTS,
    "recipients": st.lists(st.dictionaries(st.sampled_from(["phone_number", "email", "param1"]), SCALARS), max_size=3),
    "message_type": st.sampled_from(["simple_text", "rich_card"]),
    "advance": st.sampled_from(["24h", "-999999999d", "999999999d", "@infinite", "@nan", -(10**10), 86_400]),
    "rules_off": st.lists(st.sampled_from([*(rule.id for rule in RULES), "\ud800"]), max_size=3),
    "prices": st.dictionaries(
        st.sampled_from(["sms_premium", "rcs", "\ud800"]), st.dictionaries(st.sampled_from(["FR", "default"]), SCALARS)
    ),
    "callback_url": st.sampled_from(["http://127.0.0.1:9/", "http://\ud800/", ""]),
    "callback_format": st.sampled_from(["json", "form"]),
    "addresses": st.lists(st.sampled_from(["+33600000123", "\ud800", "a\x00"]), max_size=2),
    "faults": st.lists(FAULTS, max_size=2),
    "probability": st.sampled_from([0, 0.5, 1, "@nan", "@infinite"]),
    "status": st.sampled_from([*STATUSES, 200, 599]),
    "amount": st.sampled_from([0, 0.09, 12.5, 1e-300, 10**12]),
}
"""What a field might well hold: wrong in one place rather than altogether."""

TOKENS = st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "post", "!"])
VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)
QUERIES = st.one_of(
    st.just(""),
    VISIBLE,
    st.builds(
        "{}={}".format,
        st.sampled_from(["limit", "offset", "message", "request", "state", "refused", "search", "country_codes[]"]),
        st.sampled_from(["1", "-1", "9" * 30, "9" * 5000, "true", "%ff", "%00", "held", "%25_\\", "FR"]) | VISIBLE,
    ),
    st.just("country_code=FR&product_name=premium_sms&with_details=1"),
)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "origin", "sec-fetch-site", "accept", "cookie", "upgrade", "x-a", "api-key"]),
    st.sampled_from(["", JSON, "text/plain", "null", "websocket", "same-origin", "http://[", "\xff"])
    | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12),
    max_size=2,
)
NO_HEADERS: st.SearchStrategy[dict[str, str]] = st.just({})
TAKING = [door for door in DOORS if door.takes]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, as it goes over the wire."""

    method: str
    target: str
    body: bytes = field(default=b"", repr=False)
    headers: dict[str, str]
    chunked: bool

    def __repr__(self) -> str:
        return f"{self.method} {self.target[:80]} {self.headers} {'chunked ' * self.chunked}{self.body[:500]!r}"


def write(content: object) -> bytes:
    """A value → JSON, with what json.dumps would not write in its places."""
    text = json.dumps(content)
    for name, raw in RAW.items():
        text = text.replace(f'"{name}"', raw)
    return text.encode()


def fields_of(door: Door) -> list[str]:
    """The fields that a door takes."""
    takes = door.takes or {}
    schema = DOOR_SCHEMAS.get(takes.get("$ref", "").rpartition("/")[2], takes)
    return sorted(schema.get("properties", {})) or ["x"]


BODIES = VALUES.map(write) | st.binary(max_size=60)


@st.composite
def calls_of_the_api(draw: st.DrawFn) -> Call:
    """Draw a request to an endpoint: mostly a good one in which some values are wrong."""
    endpoint = draw(st.sampled_from([*ENDPOINTS.values()] + [one for one in ENDPOINTS.values() if one.does == "send"]))
    body = draw(st.one_of(wrong_bodies(endpoint), wrong_bodies(endpoint), BODIES))
    query = draw(QUERIES) if endpoint.method == "GET" else ""
    return Call(
        method=endpoint.method,
        target=f"{endpoint.path}?{query}" if query else endpoint.path,
        body=body,
        headers=CREDENTIALS | {"content-type": JSON} | draw(NO_HEADERS | HEADERS),
        chunked=draw(st.booleans()),
    )


@st.composite
def wrong_bodies(draw: st.DrawFn, endpoint: Endpoint) -> bytes:
    """Draw a good body in which up to four values are wrong."""
    good = GOOD | {"channel": draw(st.sampled_from(["sms", "voice_sms", "rcs", "email"]))}
    top = [one.path[0] for one in endpoint.fields if one.path[0] != METADATA]
    inner = [one.path[1] for one in endpoint.fields if one.path[0] == METADATA]
    if inner:
        good[METADATA] = draw(some_of(inner))
    return write(good | draw(some_of([*top, "recipients", "channel", "x"])))


@st.composite
def some_of(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Draw up to two fields with values that might fit them, or any."""
    chosen = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    return {name: draw(VALUES | FITTING.get(name, SCALARS)) for name in chosen}


@st.composite
def calls_of_a_door(draw: st.DrawFn) -> Call:
    """Draw a request to a door: an object with some of its fields, or anything else."""
    door = draw(st.sampled_from(TAKING) | st.sampled_from(DOORS))
    number = draw(st.sampled_from(["1", "1", "2", "9" * 19, "9" * 30, "9" * 5000]))
    query = draw(QUERIES) if door.asks else ""
    return Call(
        method=door.method,
        target=door.path.replace("{number}", number) + (f"?{query}" if query else ""),
        body=draw(some_of(fields_of(door)).map(write) | BODIES) if door.takes else b"",
        headers={"content-type": JSON} | draw(NO_HEADERS | HEADERS),
        chunked=draw(st.booleans()),
    )


@st.composite
def calls_of_anything(draw: st.DrawFn) -> Call:
    """Draw a request with any method to any path."""
    known = st.sampled_from([door.path for door in DOORS] + [path for _, path in ENDPOINTS] + ["/", "/web/inbox.css"])
    path = draw(known | st.builds("{}{}".format, known, VISIBLE) | VISIBLE.map("/{}".format))
    return Call(
        method=draw(TOKENS),
        target=path,
        body=draw(BODIES),
        headers=draw(NO_HEADERS | HEADERS),
        chunked=draw(st.booleans()),
    )


CASES = st.lists(
    st.one_of(calls_of_the_api(), calls_of_the_api(), calls_of_a_door(), calls_of_anything()), min_size=1, max_size=3
)


@dataclass(kw_only=True)
class Running:
    """A running sandbox and one connection to it, which is made anew where the server closed it."""

    connection: http.client.HTTPConnection
    errors: Path
    said: str = ""

    def ask(self, call: Call) -> tuple[int, Any]:
        """Send a call; its status and its answer, read if it says that it is JSON."""
        try:
            return self._ask(call)
        except BaseException:
            self.connection.close()  # what is left of it belongs to no other case
            raise

    def _ask(self, call: Call) -> tuple[int, Any]:
        self.connection.putrequest(call.method, call.target, skip_accept_encoding=True)
        for name, value in call.headers.items():
            self.connection.putheader(name, value.encode("latin-1"))
        if call.chunked:
            self.connection.putheader("transfer-encoding", "chunked")
        else:
            self.connection.putheader("content-length", str(len(call.body)))
        self.connection.endheaders(_cut(call.body) if call.chunked else call.body, encode_chunked=call.chunked)
        with self.connection.getresponse() as answer:
            body = answer.read()
        assert answer.status < 500, (answer.status, call)
        if answer.getheader("content-type") == JSON and call.method != "HEAD":
            return answer.status, json.loads(body)
        return answer.status, None

    def get(self, path: str) -> Any:
        """Ask a door that must answer, and does so in JSON."""
        status, answer = self.ask(Call(method="GET", target=path, headers={}, chunked=False))
        assert (status, type(answer)) == (200, dict), path
        return answer

    def reset(self) -> None:
        assert self.ask(Call(method="POST", target="/_sandbox/reset", headers={}, chunked=False)) == (204, None)


def _cut(body: bytes) -> Iterator[bytes]:
    yield from (body[at : at + 50] for at in range(0, len(body), 50))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    errors = tmp_path_factory.mktemp("fuzz") / "stderr"
    command = [sys.executable, "-W", "error", "-m", "octoplan", "sandbox", "serve", "--port", "0", "--memory"]
    with errors.open("wb") as stderr, subprocess.Popen(command, stderr=stderr, cwd=errors.parent) as process:
        try:
            while not (said := errors.read_text()).endswith("\n"):
                assert process.poll() is None, said
                time.sleep(0.01)
            port = int(said.split("/v1/public")[0].rpartition(":")[2])
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                yield Running(connection=connection, errors=errors, said=said)
        finally:
            process.terminate()
    assert (process.returncode, errors.read_text()) == (0, said)


def check(running: Running, calls: list[Call]) -> None:
    """Every call is answered; what is kept is what was accepted; all of it can be shown; nothing was complained of."""
    running.reset()
    accepted: list[dict[str, Any]] = []
    for call in calls:
        status, answer = running.ask(call)
        path = call.target.partition("?")[0]
        if f"{call.method} {path}" in SENDS and 200 <= status < 300:
            accepted.append(answer)
        elif path == "/_sandbox/reset" and status == 204:
            accepted.clear()
        elif path == "/_sandbox/faults" and status == 200:  # scripted ones would be no finding
            running.ask(Call(method="DELETE", target=path, headers={}, chunked=False))
    check_record(running, accepted, every_door=any(call.target.startswith("/_sandbox/") for call in calls))
    assert running.errors.read_text() == running.said


def check_record(running: Running, accepted: list[dict[str, Any]], *, every_door: bool) -> None:
    """As many messages as the accepted requests say, the simulated ones aside; and every door can show them."""
    entries = running.get("/_sandbox/requests?limit=1000")["requests"]
    kept = [one for one in entries if one["endpoint"] in SENDS and one["status"] < 400]
    assert [json.loads(one["answer"]) for one in kept] == accepted
    real = [answer for one, answer in zip(kept, accepted, strict=True) if not one["simulated"]]
    messages = running.get("/_sandbox/messages?limit=1000")
    assert messages["total"] == sum(answer["number_of_contacts"] for answer in real)
    assert messages["total"] == len(messages["messages"])
    assert running.get("/_sandbox/tickets")["total"] == len(real)
    for name in ("version", "callbacks", "settings", "clock", "credit", "blacklist") * every_door:
        running.get(f"/_sandbox/{name}")
    for message in messages["messages"][:1]:
        assert running.get(f"/_sandbox/messages/{message['id']}")["message"] == message


def door(path: str, content: object) -> Call:
    """A request to a door."""
    headers = {"content-type": JSON}
    return Call(method="POST", target=f"/_sandbox/{path}", body=write(content), headers=headers, chunked=False)


def send(channel: str = "sms", **changes: Any) -> Call:
    """A request to send, with an id."""
    content = GOOD | {"channel": channel} | changes
    content[METADATA] = {"request_id": "a"} | content[METADATA]
    return Call(method="POST", target=SENDS[0][5:], body=write(content), headers=CREDENTIALS, chunked=False)


def cards(content: object) -> Call:
    """A request to send a card."""
    return send("rcs", metadata={"message_type": "rich_card", "cards": [content]})


def look(path: str) -> Call:
    """A question."""
    return Call(method="GET", target=path, headers=CREDENTIALS, chunked=False)


CREDITS = look("/v1/public/wallet/check-credits?country_codes[]=FR")
BALANCE = look("/v1/public/wallet/check-balance?with_details=1&country_code=FR&product_name=sms_premium")
ONCE = {
    "a date that UTC cannot hold, early": [send(send_at="0001-01-01T00:00:00+14:00")],
    "a date that UTC cannot hold, late": [send(send_at="9999-12-31T23:59:59-14:00")],
    "a local date that UTC cannot hold": [send(send_at="0001-01-01T00:00:00")],
    "half a surrogate pair as a setting's name": [door("settings", {"\ud800": 1})],
    "half a surrogate pair as a rule": [door("settings", {"rules_off": ["\ud800"]})],
    "half a surrogate pair as a product": [door("settings", {"prices": {"\ud800": {"FR": 1}}})],
    "half a surrogate pair in an address of the web": [door("settings", {"callback_url": "http://\ud800/"}), send()],
    "half a surrogate pair as an address": [door("blacklist", {"addresses": ["\ud800"]}), send()],
    "half a surrogate pair in a fault": [door("faults", {"faults": [{"kind": "latency", "path": "/\ud800"}]})],
    "half a surrogate pair in a card": [cards({"title": "\ud800"}), cards({"\ud800": 1})],
    "an infinite number in a card": [cards({"title": "@infinite"}), cards({"title": "@minus"})],
    "a number of 4,000 digits in a card": [cards({"title": "@long"})],
    "a card without end": [cards("@objects"), cards("@arrays"), cards("@deep")],
    "the first second of all": [door("clock", {"now": "0001-01-01T00:00:00Z"}), send(), BALANCE],
    "the last second of all": [door("clock", {"now": "9999-12-31T23:59:59Z", "frozen": True}), send(), BALANCE],
    "almost the last second of all": [door("clock", {"now": "9999-12-31T23:59:59.999Z"}), send(), BALANCE],
    "a year of five digits": [door("clock", {"now": "9995-01-01T00:00:00Z"}), BALANCE],
    "a price next to nothing": [
        door("settings", {"prices": {"sms_premium": {"FR": 1e-300}}}),
        send(),
        CREDITS,
        BALANCE,
    ],
    "a credit next to nothing": [door("credit", {"amount": 1e-300}), send(), CREDITS, BALANCE],
    "a number beyond 64 bits": [look(f"/_sandbox/messages/{'9' * 19}"), look(f"/_sandbox/requests/{'9' * 19}")],
    "a number of 5,000 digits": [look(f"/_sandbox/messages/{'9' * 5000}"), look(f"/_sandbox/requests/{'9' * 5000}")],
    "a limit beyond 64 bits": [
        look(f"/_sandbox/messages?{name}={'9' * 30}") for name in ("limit", "offset", "message")
    ],
}


@pytest.mark.parametrize("calls", ONCE.values(), ids=ONCE)
def test_what_once_failed_is_answered(running: Running, calls: list[Call]) -> None:
    check(running, calls)


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(calls=CASES)
def test_whatever_is_sent_is_answered_and_only_what_is_accepted_is_kept(running: Running, calls: list[Call]) -> None:
    check(running, calls)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(calls=CASES)
def test_ten_thousand_times_whatever_is_sent_is_answered(running: Running, calls: list[Call]) -> None:
    check(running, calls)
