import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.endpoints import MULTI_CHANNEL_SEND
from octoplan.sandbox.exchange import LARGEST_BODY, Request
from octoplan.sandbox.storage import Storage

HEADERS = {"api-key": "k", "api-login": "l"}
NAMES = [field.name for field in MULTI_CHANNEL_SEND.fields] + ["phone_number", "email", "channel", "recipients"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=30)
    | st.sampled_from(["sms", "email", "rcs", "+33600000123", "ann@example.com", "alert", "2027-01-01", "fr-FR"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=4),
    max_leaves=12,
)


def send(sandbox: Sandbox, body: bytes) -> tuple[int, dict[str, Any]]:
    answer = sandbox.answer(Request(method="POST", path=MULTI_CHANNEL_SEND.path, headers=HEADERS, body=body))
    return answer.status, json.loads(answer.body)


def check(body: bytes) -> None:
    """Every body gets an answer; messages are there if and only if it says so, and can be listed."""
    with Storage.in_memory() as storage:
        sandbox = Sandbox(storage, lambda: datetime(2026, 11, 3, tzinfo=UTC))
        status, answer = send(sandbox, body)
        assert status in {201, 400}
        (entry,) = sandbox.requests()
        kept = 0 if entry.simulated else answer.get("number_of_contacts", 0)
        assert sandbox.count() == kept == len(sandbox.messages())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    check(body)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_any_json_gets_an_answer(value: object) -> None:
    check(json.dumps(value).encode())


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["sms", "voice_sms", "rcs", "email"]),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6),
)
def test_a_good_request_with_wrong_values_gets_an_answer(
    channel: str, wrong: dict[str, Any], inner: dict[str, Any]
) -> None:
    person = {"phone_number": "+33600000123", "email": "ann@example.com"}
    good = {"channel": channel, "text": "Hi", "purpose": "alert", "recipients": [person], "metadata": inner}
    check(json.dumps(good | wrong).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        '{"channel":"sms"}'.encode("utf-16"),
        b'{"channel":"sms","text":"\xe9"}',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"channel":"sms","text":' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"text":NaN}',
        b'{"text":' + b"9" * 5000 + b"}",
        b'{"channel":"sms","recipients":[' + b"{}," * 300_000 + b"{}]}",
        b'{"channel":"sms","text":"\x00"}',
    ],
    ids=range(15),
)
def test_a_hostile_body_is_400_and_sends_nothing(body: bytes, sandbox: Sandbox) -> None:
    assert send(sandbox, body)[0] == 400
    assert sandbox.count() == 0


def test_a_body_beyond_the_limit_is_413(sandbox: Sandbox) -> None:
    assert send(sandbox, b" " * (LARGEST_BODY + 1))[0] == 413
    assert sandbox.requests() == ()


def test_nul_and_half_surrogates_are_kept_or_mended(
    sandbox: Sandbox, ask: Callable[..., Any], sms: Callable[..., Any]
) -> None:
    assert ask(sandbox, sms(text="a\x00b\ud800c", list_name="\udfff"))[0] == 201
    message = sandbox.messages()[0]
    assert (message.text, message.list_name) == ("a\x00b\ufffdc", "\ufffd")
