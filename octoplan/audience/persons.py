"""A good address, of either kind → the key of its person, one for all spellings of a mailbox."""

from octoplan.audience.emails import known_as
from octoplan.table.keys import person_key


def person_of(key: bytes, address: str) -> int:
    """A 16-byte sub-key and a good address → a number below 2**128; what is stored of people, and looked up."""
    return person_key(key, known_as(address))
