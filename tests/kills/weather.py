"""What may go wrong with requests, as the sandbox takes it."""

from collections.abc import Mapping
from typing import Any, Final

WEATHER: Final[tuple[Mapping[str, Any], ...]] = (
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "truncated"},
    {"kind": "invalid_json"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "accept": True},
    {"kind": "status", "status": 302, "accept": True},
    {"kind": "status", "status": 400, "body": {"code": 9999}, "accept": True},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 400, "body": {"code": 104}},
    {"kind": "retry_after", "seconds": 1},
    {"kind": "slow", "seconds": 0.05},
    {"kind": "duplicate"},
    {"kind": "latency", "seconds": 0.03},
)
"""What happens to requests by chance. Nothing of it is a lie: what says no for good has not taken the message."""
