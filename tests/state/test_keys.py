import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from octoplan.errors import StateError
from octoplan.state.interface import BodyLost
from octoplan.state.keys import Keys, derive

SECRET = "correct horse battery staple"  # noqa: S105 - nobody's
LINEAGE = "0123456789abcdef"
FRAME = "ab" * 16


def chance(size: int) -> bytes:
    return bytes(range(size))


@pytest.fixture
def keys() -> Keys:
    return derive(SECRET, LINEAGE)


def test_keys_are_the_same_in_every_version_of_octoplan(keys: Keys) -> None:
    assert keys.check == "c7e8662ded7c342759ea20ab84278d82"
    assert keys.person.hex() == "d2a5cba348abb4bd730ea48faa4e3bea"


def test_each_use_and_each_lineage_has_a_key_of_its_own(keys: Keys) -> None:
    other = derive(SECRET, "fedcba9876543210")
    found = [keys.person, keys.request, keys.digest, keys.body, other.person, other.request, other.digest, other.body]
    assert len({key[:16] for key in found}) == 8
    assert keys.check != other.check
    assert [len(key) for key in found[:4]] == [16, 32, 32, 32]


def test_what_is_sealed_comes_back_byte_by_byte(keys: Keys) -> None:
    body = '{"text":"Été €"}'.encode()
    sealed = keys.seal(FRAME, body, chance)
    assert body not in sealed
    assert keys.unseal(FRAME, sealed) == body


def test_a_body_of_many_people_takes_a_fraction_of_its_length(keys: Keys) -> None:
    numbers = random.Random(1)  # noqa: S311 - the same numbers each time
    people = ",".join(f'{{"phone_number":"+336000{numbers.randrange(100_000):05}"}}' for _ in range(500))
    body = f'{{"recipients":[{people}]}}'.encode()
    sealed = keys.seal(FRAME, body, chance)
    assert len(sealed) < len(body) / 3
    assert keys.unseal(FRAME, sealed) == body


def test_a_body_that_an_earlier_version_sealed_comes_back_too(keys: Keys) -> None:
    body = b'{"text":"Hi"}'
    nonce = chance(12)
    assert keys.unseal(FRAME, nonce + AESGCM(keys.body).encrypt(nonce, body, FRAME.encode())) == body


@pytest.mark.parametrize("damage", [lambda s: s[:-1], lambda s: s[:5], lambda _: b"", lambda s: s[:20] + b"?" + s[21:]])
def test_a_damaged_body_is_lost(keys: Keys, damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(BodyLost):
        keys.unseal(FRAME, damage(keys.seal(FRAME, b"a body", chance)))


def test_a_body_belongs_to_its_frame_and_key(keys: Keys) -> None:
    sealed = keys.seal(FRAME, b"a body", chance)
    with pytest.raises(BodyLost):
        keys.unseal("cd" * 16, sealed)
    with pytest.raises(BodyLost):
        derive("another secret of some length", LINEAGE).unseal(FRAME, sealed)


def test_no_key_is_in_a_repr(keys: Keys) -> None:
    assert repr(keys) == "Keys()"


@pytest.mark.parametrize("secret", ["", "sesame", "x" * 15])
def test_a_secret_that_could_be_guessed_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(StateError) as caught:
        derive(secret, LINEAGE)
    assert not secret or secret not in f"{caught.value.what} {caught.value.hint}"


def test_a_keyed_digest_tells_nothing_without_the_key(keys: Keys) -> None:
    digest = keys.keyed_digest(b"+33600000123")
    assert digest != derive("another secret of some length", LINEAGE).keyed_digest(b"+33600000123")
    assert (len(digest), set(digest) <= set("0123456789abcdef")) == (32, True)
