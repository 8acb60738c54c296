"""SQL that packs messages into frames: the leaves of the trie over the person keys of each variant.

A node of the trie is a depth and the key's first `depth` bits. Leaves are the highest nodes of at most `size` people
(`frame.leaves` is the same law for a few). To find them without sorting people, they are counted in buckets at a depth
where no bucket is too full; all nodes above are sums of buckets.
"""

from math import ceil, log2

from octoplan.table.connection import Table

KEY_BITS = 128
_SLACK = 3
_DEEPER = 8


def pack(table: Table, name: str, size: int, source: str) -> int:
    """`source`, SQL that yields (person, variant) → the table `bucket_{name}`, and the bits of its buckets.

    (variant, bits, bucket, leaf): a person belongs to the leaf, numbered from 0, of the bucket that is the first bits
    of their key. A variant of at most `size` people is one leaf, its bucket 0 of 0 bits.
    """
    table.execute(f"CREATE TABLE size_{name} AS SELECT variant, count(*) AS people FROM ({source}) GROUP BY variant")
    most = table.value(f"SELECT coalesce(max(people), 0) FROM size_{name}")
    bits = 0 if most <= size else _count_buckets(table, name, size, source, ceil(log2(most / size)) + _SLACK)
    _find_leaves(table, name, size, bits)
    return bits or KEY_BITS


def count(table: Table, name: str, size: int, source: str) -> int:
    """`source`, as for `pack` → how many leaves there are."""
    whole = f"SELECT variant, count(*) AS people FROM ({source}) GROUP BY variant"
    small = int(table.value(f"SELECT count(*) FROM ({whole}) WHERE people <= {size}"))
    large = f"FROM ({source}) WHERE variant IN (SELECT variant FROM ({whole}) WHERE people > {size})"
    pack(table, f"{name}_counted", size, large)
    return small + int(table.value(f"SELECT count(DISTINCT leaf) FROM bucket_{name}_counted"))


def _count_buckets(table: Table, name: str, size: int, source: str, bits: int) -> int:
    """Count people of variants that need more than one frame, in buckets of at most `size`; the bits that takes."""
    while True:
        bits = min(bits, KEY_BITS)
        table.execute(
            f"""CREATE OR REPLACE TABLE counted_{name} AS
                SELECT variant, person >> {KEY_BITS - bits}::UHUGEINT AS bucket, count(*) AS people FROM ({source})
                WHERE variant IN (SELECT variant FROM size_{name} WHERE people > {size}) GROUP BY ALL"""
        )
        fullest = table.value(f"SELECT coalesce(max(people), 0) FROM counted_{name}")
        if fullest <= size or bits == KEY_BITS:
            return bits
        bits += _DEEPER


def _find_leaves(table: Table, name: str, size: int, bits: int) -> None:
    small = f"SELECT variant, 0 AS depth, 0::UHUGEINT AS prefix FROM size_{name} WHERE people <= {size}"
    if not bits:
        table.execute(
            f"""CREATE TABLE bucket_{name} AS SELECT variant, 0 AS bits, prefix AS bucket,
                row_number() OVER (ORDER BY variant) - 1 AS leaf FROM ({small})"""
        )
        return
    table.execute(
        f"""CREATE OR REPLACE TABLE node_{name} AS
            SELECT variant, depth, bucket >> ({bits} - depth)::UHUGEINT AS prefix, sum(people) AS people
            FROM counted_{name}, (SELECT unnest(range({bits} + 1)) AS depth) GROUP BY ALL"""
    )
    # A leaf is small enough, its parent is not; at the last bit there is nothing left to split by.
    table.execute(
        f"""CREATE TABLE bucket_{name} AS WITH leaf AS (
                SELECT *, row_number() OVER (ORDER BY variant, depth, prefix) - 1 AS leaf FROM (
                    {small} UNION ALL
                    SELECT c.variant, c.depth, c.prefix FROM node_{name} c JOIN node_{name} p
                        ON p.variant = c.variant AND p.depth = c.depth - 1 AND p.prefix = c.prefix >> 1::UHUGEINT
                    WHERE p.people > {size} AND (c.people <= {size} OR c.depth = {KEY_BITS})))
            SELECT b.variant, {bits} AS bits, b.bucket, l.leaf
            FROM counted_{name} b, (SELECT unnest(range({bits} + 1)) AS depth) d
            JOIN leaf l ON l.variant = b.variant AND l.depth = d.depth
                AND l.prefix = b.bucket >> ({bits} - d.depth)::UHUGEINT
            UNION ALL SELECT variant, 0, prefix, leaf FROM leaf
            WHERE variant IN (SELECT variant FROM size_{name} WHERE people <= {size})"""
    )
    for spent in ("node", "counted", "size"):
        table.execute(f"DROP TABLE {spent}_{name}")
