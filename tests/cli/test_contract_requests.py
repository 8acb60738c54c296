"""The four request examples of the API's own page each come out of a campaign file, equal as JSON.

The goldens are the page's, but for the e-mail addresses, which the page masks. octoplan adds `metadata.request_id` and
the flags that it always states; recipients stand in the order of their keys, which differs from state to state.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeProject

GOLDEN = Path(__file__).parents[1] / "golden" / "requests"
CASES = sorted(path.name for path in GOLDEN.iterdir())
BEFORE = datetime(2024, 12, 1, tzinfo=UTC)
STATED: dict[str, dict[str, Any]] = {
    "sms": {},
    "voice_sms": {"recipient_tracking": False},
    "rcs": {"recipient_tracking": False},
    "email": {
        "recipient_tracking": False,
        "auto_remove_blacklisted_contacts": False,
        "simulation_mode": False,
    },
}


def ordered(request: dict[str, Any]) -> dict[str, Any]:
    return request | {"recipients": sorted(request["recipients"], key=json.dumps)}


@pytest.mark.parametrize("channel", CASES)
def test_the_contracts_request_comes_out_of_a_campaign_file(channel: str, project: MakeProject) -> None:
    folder = project({f"campaigns/{channel}.yaml": (GOLDEN / channel / "campaign.yaml").read_text()})
    assert folder.call("apply", "--auto-approve", at=BEFORE).code == 0
    (entry,) = folder.requests()
    sent = json.loads(entry.body)
    assert len(sent["metadata"].pop("request_id")) == 32
    expected = json.loads((GOLDEN / channel / "expected.json").read_text())
    assert not STATED[channel].keys() & expected.keys()
    assert ordered(sent) == ordered(expected | STATED[channel])
    assert entry.forgiven == ()


def test_there_is_a_golden_for_every_channel() -> None:
    assert CASES == ["email", "rcs", "sms", "voice_sms"]
