"""Where a state lives: made once, known by its lineage and key, and never taken for a first run when it is missing."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from octoplan.errors import StateError
from octoplan.project import Environment
from octoplan.state.home import LOCK_FILE, Home, create, open_state

SECRET = "correct horse battery staple"  # noqa: S105 - of a state that nobody sends with
PRODUCTION = Environment(
    name="production", gateway="https://api.octopush.com/v1/public", state=".octoplan/production.db"
)
STAGING = replace(PRODUCTION, name="staging", state=".octoplan/staging.db")
SANDBOX = Environment(name="sandbox", gateway="sandbox", state=".octoplan/sandbox.db")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(root=tmp_path, environment=PRODUCTION, secret=None, random_bytes=secrets.token_bytes)


def opened(home: Home) -> str:
    """Open and close; the lineage."""
    state = open_state(home)
    state.store.close()
    return state.lineage


def refused(act: Callable[[], object], words: str) -> None:
    with pytest.raises(StateError) as caught:
        act()
    assert words in caught.value.what
    assert caught.value.hint


def files(home: Home) -> dict[str, bytes]:
    return {str(path.relative_to(home.root)): path.read_bytes() for path in home.root.rglob("*") if path.is_file()}


def test_a_state_is_made_once_and_found_ever_after(home: Home) -> None:
    lineage = create(home)
    assert opened(home) == lineage
    assert lineage in (home.root / LOCK_FILE).read_text(encoding="utf-8")
    assert sorted(files(home)) == [
        ".octoplan/.gitignore",
        ".octoplan/production.db",
        ".octoplan/production.db.key",
        "octoplan.lock.yaml",
    ]
    assert home.key_path.stat().st_mode & 0o777 == 0o600
    assert (home.root / ".octoplan").stat().st_mode & 0o777 == 0o700


def test_the_key_is_in_no_state_and_in_no_repr(home: Home) -> None:
    create(home)
    key = home.key_path.read_text(encoding="ascii").strip()
    state = open_state(home)
    state.store.close()
    assert key.encode() not in home.path.read_bytes()
    assert key not in f"{state!r}{home!r}"
    for secret in (state.keys.person, state.keys.request, state.keys.body, state.keys.digest):
        assert secret.hex() not in f"{state!r}"
        assert secret not in home.path.read_bytes()


def test_with_a_variable_no_key_file_is_made(home: Home) -> None:
    ours = replace(home, secret=SECRET)
    lineage = create(ours)
    assert not ours.key_path.exists()
    assert opened(ours) == lineage
    assert SECRET not in repr(ours)


def test_a_second_init_is_refused_and_changes_nothing(home: Home) -> None:
    create(home)
    before = files(home)
    refused(lambda: create(home), "names a state for production already")
    (home.root / LOCK_FILE).unlink()
    refused(lambda: create(home), "exists already")
    assert files(home) == {name: content for name, content in before.items() if name != LOCK_FILE}


def test_a_missing_state_is_never_a_first_run(home: Home) -> None:
    refused(lambda: opened(home), "is missing")
    create(home)
    home.path.unlink()
    refused(lambda: opened(home), "is missing")
    refused(lambda: create(home), "names a state for production already")
    (home.root / LOCK_FILE).unlink()
    refused(lambda: create(home), "exists already")
    assert not home.path.exists()


def test_another_lineage_is_refused(home: Home) -> None:
    create(home)
    other = replace(home, environment=STAGING)
    create(other)
    other.path.rename(home.path)
    refused(lambda: opened(home), f"{LOCK_FILE} says")


def test_a_state_that_the_lock_file_does_not_name_is_refused(home: Home) -> None:
    create(home)
    create(replace(home, environment=STAGING))
    text = (home.root / LOCK_FILE).read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "production" not in line]
    (home.root / LOCK_FILE).write_text("\n".join(kept), encoding="utf-8")
    refused(lambda: opened(home), "does not name the state of production")
    assert opened(replace(home, environment=STAGING))
    (home.root / LOCK_FILE).unlink()
    refused(lambda: opened(home), "does not name the state of production")


@pytest.mark.parametrize(
    "text", ["octoplan_lock: 2\nenvironments: {}\n", "octoplan_lock: 1\n", "octoplan_lock: 1\nenvironments: [a]\n"]
)
def test_a_lock_file_of_another_form_is_refused(home: Home, text: str) -> None:
    create(home)
    (home.root / LOCK_FILE).write_text(text, encoding="utf-8")
    refused(lambda: opened(home), "is not as `octoplan state init` wrote it")


def test_a_second_environment_keeps_the_first_ones_lineage(home: Home) -> None:
    first, second = create(home), create(replace(home, environment=STAGING))
    assert (opened(home), opened(replace(home, environment=STAGING))) == (first, second)


def test_another_key_is_refused(home: Home) -> None:
    create(home)
    refused(lambda: opened(replace(home, secret=SECRET)), "the key is not the one")
    home.key_path.write_text("f" * 64, encoding="ascii")
    refused(lambda: opened(home), "the key is not the one")


@pytest.mark.parametrize("content", [None, b"", b"short", b"\xff" * 64])
def test_a_key_that_is_missing_or_spoilt_is_refused(home: Home, content: bytes | None) -> None:
    create(home)
    home.key_path.unlink()
    if content is not None:
        home.key_path.write_bytes(content)
    with pytest.raises(StateError):
        opened(home)


def test_a_key_that_could_be_guessed_is_refused(home: Home) -> None:
    refused(lambda: create(replace(home, secret=SECRET[:9])), "fewer than 16 characters")
    assert not home.path.exists()
    assert not (home.root / LOCK_FILE).exists()


def test_a_key_without_its_state_is_not_overwritten(home: Home) -> None:
    home.key_path.parent.mkdir()
    home.key_path.write_text("a" * 64, encoding="ascii")
    refused(lambda: create(home), "production.db.key exists already")
    assert home.key_path.read_text(encoding="ascii") == "a" * 64


def test_the_sandbox_makes_its_state_when_it_is_needed(home: Home) -> None:
    sandbox = replace(home, environment=SANDBOX)
    lineage = opened(sandbox)
    assert opened(sandbox) == lineage
    assert not (home.root / LOCK_FILE).exists()


def test_the_sandbox_forgives_a_death_between_key_and_state(home: Home) -> None:
    sandbox = replace(home, environment=SANDBOX)
    opened(sandbox)
    sandbox.path.unlink()
    assert opened(sandbox)


def test_many_that_need_the_sandbox_at_once_find_one_and_the_same(home: Home) -> None:
    sandbox = replace(home, environment=SANDBOX)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: opened(sandbox), range(16)))) == 1
    assert sorted(path.name for path in sandbox.path.parent.iterdir() if "sandbox" in path.name) == [
        "sandbox.db",
        "sandbox.db.key",
    ]


def test_postgresql_is_refused_while_there_is_no_store_for_it(home: Home) -> None:
    remote = replace(home, environment=replace(PRODUCTION, state="postgresql://db.example.com/octoplan"))
    for act in (create, opened):
        with pytest.raises(Exception, match="PostgreSQL states are not supported"):
            act(remote)
