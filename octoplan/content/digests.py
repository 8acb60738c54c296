"""A message's words in; the digest out by which equal ones are known, in Python as in SQL."""

from hashlib import sha256


def text_digest(text: str) -> str:
    """A rendered text → the digest of a message that is nothing but this text, 32 hex digits: half of its SHA-256."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
