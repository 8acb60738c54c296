"""SQL over the messages of one campaign: a hash of each, by which a plan file knows whom it holds and what they get.

A hash is 64 bits of a prefix, a person and the digest of a content; the prefix says which campaign, edition and salt.
"""

import struct
from typing import Final

from octoplan.table.connection import Table
from octoplan.table.keys import MESSAGE_HASH_SQL

_BATCH: Final = 10_000
_SIZE: Final = 8


class Hashes:
    """The hashes of the table `messages_NAME`, whose contents stand in `variants_NAME`."""

    def __init__(self, table: Table, name: str) -> None:
        self._table = table
        self._name = name
        self._varied = f"messages_{name} JOIN variants_{name} v USING (variant)"

    def all(self, prefix: str) -> bytes:
        """Every message's hash, sorted, 8 bytes each."""
        asked = f"SELECT {MESSAGE_HASH_SQL} AS hash FROM {self._varied} ORDER BY hash"
        batches = self._table.batches(asked, (prefix,), _BATCH)
        return b"".join(struct.pack(f">{len(batch)}Q", *(row[0] for row in batch)) for batch in batches)

    def total(self, prefix: str) -> tuple[int, int]:
        """How many messages there are, and the sum of their hashes, which is the same in any order."""
        asked = f"SELECT count(*), coalesce(sum({MESSAGE_HASH_SQL}::HUGEINT), 0) FROM {self._varied}"
        (row,) = self._table.rows(asked, (prefix,))
        return int(row[0]), int(row[1])

    def keep(self, prefix: str, hashes: bytes) -> None:
        """Only messages whose hash is among `hashes` stay."""
        n = self._name
        self._table.execute(f"CREATE TABLE reviewed_{n} (hash UBIGINT)")
        for start in range(0, len(hashes), _SIZE * _BATCH):
            some = hashes[start : start + _SIZE * _BATCH]
            self._table.append(f"reviewed_{n}", (struct.unpack(f">{len(some) // _SIZE}Q", some),))
        self._table.execute(
            f"""CREATE OR REPLACE TABLE messages_{n} AS
                SELECT m.* FROM messages_{n} m JOIN variants_{n} v USING (variant)
                WHERE {MESSAGE_HASH_SQL} IN (SELECT hash FROM reviewed_{n})""",
            (prefix,),
        )
