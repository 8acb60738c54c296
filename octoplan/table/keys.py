"""A key and an address → the person key, the same number in Python and in SQL.

The first 128 bits of SHA-256 over 32 hex digits of a 16-byte sub-key and the address, ASCII letters in lower case:
e-mail is compared without case, and only ASCII has one lower case that all languages agree on. What else is one mailbox
is known to `audience`, which gives what an address is known by. An address of at most
23 bytes costs a single block of the hash. Without the key nobody can try all numbers of a country against a state.
"""

import hashlib
import string
from typing import Final

from octoplan.table.quoting import literal

KEY_BYTES = 16
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def person_key(key: bytes, address: str) -> int:
    """A 16-byte sub-key and an address → a number below 2**128."""
    return int(hashlib.sha256((_prefix(key) + folded(address)).encode()).hexdigest()[:32], 16)


def folded(address: str) -> str:
    """An address → with ASCII letters in lower case."""
    return address.translate(_LOWER)


def person_key_sql(expression: str, key: bytes, *, folded: bool = False) -> str:
    """An SQL expression of addresses and a 16-byte sub-key → the SQL of their person keys, UHUGEINT.

    `folded`: there are no capital letters in them, as in numbers, so that looking for them can be left out.
    """
    lower = expression if folded else _lower_sql(expression)
    return f"('0x' || left(sha256({literal(_prefix(key))} || {lower}), 32))::UHUGEINT"


def _prefix(key: bytes) -> str:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a person key is made with {KEY_BYTES} bytes")
    return key.hex()


def _lower_sql(expression: str) -> str:
    """SQL text → SQL of the same in lower case: DuckDB's `lower` where it is ASCII, which is most of it, and fast."""
    fold = f"translate({expression}, '{string.ascii_uppercase}', '{string.ascii_lowercase}')"
    return f"(CASE WHEN strlen({expression}) = length({expression}) THEN lower({expression}) ELSE {fold} END)"


MESSAGE_HASH_SQL: Final = "('0x' || left(sha256(? || chr(31) || hex(person) || chr(31) || v.digest), 16))::UBIGINT"
"""A message's 64-bit hash; its one parameter is the prefix."""


def request_id_sql(digest: str, refusals: str = "refusals") -> str:
    """SQL for `frame.request_id` over the people of a group; its one parameter is the prefix."""
    fields = f"{digest} || chr(31) || max({refusals}) || chr(31) || string_agg(hex(person), ',' ORDER BY person)"
    return f"left(sha256(? || chr(31) || {fields}), 32)"
