import json

import pytest

from octoplan.frame import body, is_personal, personal_body
from octoplan.gateways.endpoints import MULTI_CHANNEL, SMS_CAMPAIGN, path_of
from octoplan.sandbox.endpoints import BASE_PATH, ENDPOINTS

SETTINGS = {"channel": "sms", "purpose": "alert", "metadata": {"type": "sms_premium"}}
TO = [{"phone_number": "+33600000123"}]


@pytest.mark.parametrize("name", ["ab" * 16, None])
def test_the_bytes_themselves_say_which_endpoint_they_are_for(name: str | None) -> None:
    assert path_of(body(SETTINGS, {"text": "Hi"}, TO, name)) == MULTI_CHANNEL
    assert path_of(personal_body(SETTINGS, "Hi {param1}", [TO[0] | {"param1": "Ann"}], name)) == SMS_CAMPAIGN


def test_a_body_is_read_as_the_frame_that_made_it_reads_it() -> None:
    for made, personal in (
        (body(SETTINGS, {"text": "Hi"}, TO, None), False),
        (personal_body(SETTINGS, "Hi {param1}", [TO[0] | {"param1": "Ann"}], None), True),
    ):
        assert is_personal(json.loads(made)) is personal
        assert (path_of(made) == SMS_CAMPAIGN) is personal


def test_a_channel_counts_wherever_it_stands() -> None:
    made = json.loads(body(SETTINGS, {"text": "Hi"}, TO, None)) | {"type": "sms_premium"}
    assert path_of(json.dumps(dict(reversed(made.items()))).encode()) == MULTI_CHANNEL


@pytest.mark.parametrize("other", [b"", b"{", b"[]", b"{}", b'{"recipients": []}', b'{"type": "sms_premium"}', b"\xff"])
def test_anything_else_goes_where_everything_went_before(other: bytes) -> None:
    assert path_of(other) == MULTI_CHANNEL


def test_both_endpoints_are_in_the_sandbox() -> None:
    for path in (MULTI_CHANNEL, SMS_CAMPAIGN):
        assert ("POST", BASE_PATH + path) in ENDPOINTS
