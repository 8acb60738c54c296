"""The secret of a state → the keys that follow from it. The secret is never in the state, only a check of it.

The only door to `cryptography`.
"""

import hashlib
import hmac
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from octoplan.errors import StateError
from octoplan.state.interface import BodyLost

_SHORTEST = 16
_NONCE = 12
_QUICKLY = 1
_PLAIN = b"{"
"""How a body begins that was not packed: states of earlier versions hold such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys for one use each: `person` hashes addresses, `request` makes request ids, `digest` hashes definitions."""

    person: bytes = field(repr=False)
    request: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    body: bytes = field(repr=False)
    check: str = field(repr=False)

    def keyed_digest(self, data: bytes) -> str:
        """Bytes → 32 hex digits that tell nothing to whoever lacks the key."""
        return hmac.digest(self.digest, data, "sha256")[:16].hex()

    def seal(self, frame: str, body: bytes, random_bytes: Callable[[int], bytes]) -> bytes:
        """A request's body → its encrypted form, bound to its frame (AES-256-GCM of zlib, nonce first).

        Packed, 500 people are a third as much to write, or less; to pack them takes no longer than it saves.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - loaded only when sending

        nonce = random_bytes(_NONCE)
        return nonce + AESGCM(self.body).encrypt(nonce, zlib.compress(body, _QUICKLY), frame.encode())

    def unseal(self, frame: str, sealed: bytes) -> bytes:
        """What `seal` made → the body, the very bytes; BodyLost where it is damaged, or key or frame is another."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - loaded only when sending
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        try:
            opened = AESGCM(self.body).decrypt(sealed[:_NONCE], sealed[_NONCE:], frame.encode())
            return opened if opened.startswith(_PLAIN) else zlib.decompress(opened)
        except (InvalidTag, ValueError, zlib.error):  # ValueError: not even a nonce is left
            raise BodyLost(f"the stored body of frame {frame} is damaged") from None


def derive(secret: str, lineage: str) -> Keys:
    """The secret and the state's lineage → its Keys; StateError for a secret that could be guessed."""
    if len(secret) < _SHORTEST:
        raise StateError(
            f"the state key has fewer than {_SHORTEST} characters",
            hint="phone numbers are few: a short key lets them be guessed; make one with `openssl rand -hex 32`",
        )
    master = hashlib.sha256(b"octoplan state key\0" + secret.encode()).digest()

    def key(use: str) -> bytes:
        return hmac.digest(master, f"{use}\0{lineage}".encode(), "sha256")

    # The person key is half as long, so that key and number fit one block of SHA-256 (see table.keys).
    return Keys(
        person=key("person")[:16],
        request=key("request"),
        digest=key("digest"),
        body=key("body"),
        check=key("check").hex()[:32],
    )
