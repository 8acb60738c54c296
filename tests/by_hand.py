"""Who gets which variant, written down once more by hand: nothing of octoplan's own hash is used."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

SHARES: Final[Mapping[str, int]] = {"plain": 45, "warm": 35, "holdout": 20}
"""In percent, in the order in which they are written."""
_ALL: Final = 1 << 64


def arm_of(key: bytes, campaign: str, address: str, shares: Mapping[str, int] = SHARES) -> str:
    """The state's key of people, a campaign and an address → the label of the variant."""
    person = int(hashlib.sha256(f"{key.hex()}{address}".encode()).hexdigest()[24:32], 16)
    salt = hmac.new(key, b"arm\x1f" + campaign.encode(), "sha256").digest()
    factor, summand = (int.from_bytes(part, "big") for part in (salt[:8], salt[8:16]))
    drawn = (person * (factor | 1) + summand) % _ALL
    reached = 0
    for label, share in shares.items():
        reached += share
        if drawn * 100 < reached * _ALL:
            return label
    raise AssertionError("the shares are not 100 % together")
