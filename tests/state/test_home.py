"""Where a state lives: made once, known by its lineage and key, and never taken for a first run when it is missing."""

import secrets
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from octoplan.errors import StateError
from octoplan.project import Environment
from octoplan.state.home import LOCK_FILE, Home, create, forget, open_state
from tests.state.server import Server

SECRET = "correct horse battery staple"  # noqa: S105 - of a state that nobody sends with
PRODUCTION = Environment(
    name="production", gateway="https://api.octopush.com/v1/public", state=".octoplan/production.db"
)
STAGING = replace(PRODUCTION, name="staging", state=".octoplan/staging.db")
SANDBOX = Environment(name="sandbox", gateway="sandbox", state=".octoplan/sandbox.db")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Two environments of one project, and how the first one's state gets lost or takes the place of another."""

    home: Home
    other: Home
    lose: Callable[[], object]
    exchange: Callable[[], object]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A state that is a file."""
    return Home(root=tmp_path, environment=PRODUCTION, secret=None, random_bytes=secrets.token_bytes)


@pytest.fixture(params=["sqlite", "postgres"])
def ground(request: pytest.FixtureRequest, home: Home) -> Ground:
    """The same, whatever keeps the state."""
    if request.param == "sqlite":
        other = replace(home, environment=STAGING)
        return Ground(home=home, other=other, lose=home.path.unlink, exchange=lambda: other.path.rename(home.path))
    server: Server = request.getfixturevalue("server")
    names = (request.getfixturevalue("schema"), request.getfixturevalue("other_schema"))
    first, second = (
        replace(home, secret=SECRET, environment=replace(environment, state=server.address(name)))
        for environment, name in zip((PRODUCTION, STAGING), names, strict=True)
    )
    lose = f"DROP SCHEMA {names[0]} CASCADE"
    return Ground(
        home=first,
        other=second,
        lose=lambda: server.ask(lose),
        exchange=lambda: server.ask(f"{lose}; ALTER SCHEMA {names[1]} RENAME TO {names[0]}"),
    )


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


def test_a_second_init_is_refused_and_changes_nothing(ground: Ground) -> None:
    home = ground.home
    lineage = create(home)
    before = files(home)
    refused(lambda: create(home), "names a state for production already")
    (home.root / LOCK_FILE).unlink()
    refused(lambda: create(home), "exists already")
    assert files(home) == {name: content for name, content in before.items() if name != LOCK_FILE}
    (home.root / LOCK_FILE).write_bytes(before[LOCK_FILE])
    assert opened(home) == lineage


def test_a_missing_state_is_never_a_first_run(ground: Ground) -> None:
    home = ground.home
    refused(lambda: opened(home), "is missing")
    create(home)
    ground.lose()
    refused(lambda: opened(home), "is missing")
    refused(lambda: create(home), "names a state for production already")
    refused(lambda: opened(home), "is missing")


def test_a_key_file_without_state_and_lock_file_is_no_first_run_either(home: Home) -> None:
    create(home)
    home.path.unlink()
    (home.root / LOCK_FILE).unlink()
    refused(lambda: create(home), "exists already")
    assert not home.path.exists()


def test_another_lineage_is_refused(ground: Ground) -> None:
    create(ground.home)
    create(ground.other)
    ground.exchange()
    refused(lambda: opened(ground.home), f"{LOCK_FILE} says")


def test_a_state_that_the_lock_file_does_not_name_is_refused(ground: Ground) -> None:
    home = ground.home
    create(home)
    create(ground.other)
    text = (home.root / LOCK_FILE).read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "production" not in line]
    (home.root / LOCK_FILE).write_text("\n".join(kept), encoding="utf-8")
    refused(lambda: opened(home), "does not name the state of production")
    assert opened(ground.other)
    (home.root / LOCK_FILE).unlink()
    refused(lambda: opened(home), "does not name the state of production")


@pytest.mark.parametrize(
    "text", ["octoplan_lock: 2\nenvironments: {}\n", "octoplan_lock: 1\n", "octoplan_lock: 1\nenvironments: [a]\n"]
)
def test_a_lock_file_of_another_form_is_refused(ground: Ground, text: str) -> None:
    home = ground.home
    create(home)
    (home.root / LOCK_FILE).write_text(text, encoding="utf-8")
    refused(lambda: opened(home), "is not as `octoplan state init` wrote it")


def test_a_second_environment_keeps_the_first_ones_lineage(ground: Ground) -> None:
    first, second = create(ground.home), create(ground.other)
    assert (opened(ground.home), opened(ground.other)) == (first, second)


def test_another_key_is_refused(ground: Ground) -> None:
    create(ground.home)
    refused(lambda: opened(replace(ground.home, secret=SECRET[::-1])), "the key is not the one")


def test_another_key_file_is_refused(home: Home) -> None:
    create(home)
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


def test_a_key_that_could_be_guessed_is_refused(ground: Ground) -> None:
    home = ground.home
    refused(lambda: create(replace(home, secret=SECRET[:9])), "fewer than 16 characters")
    refused(lambda: opened(home), "is missing")
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


@pytest.mark.parametrize("steps", range(5))
def test_the_sandbox_forgives_a_death_in_the_middle_of_its_reset(
    steps: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = replace(home, environment=SANDBOX)
    with closing(open_state(sandbox, writable=True).store) as store:
        lineage = store.identity.lineage
        store.note(1, "some", "note")
        log = sandbox.path.with_name("sandbox.db-wal")
        left = log.read_bytes()
    log.write_bytes(left)  # as a kill leaves it
    monkeypatch.setattr("octoplan.state.home._check_free", lambda _: None)
    removed: list[Path] = []

    def unlink(path: Path, *, missing_ok: bool = False) -> None:
        if len(removed) == steps:
            raise KeyboardInterrupt
        removed.append(path)
        kept(path, missing_ok=missing_ok)

    kept = Path.unlink
    with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
        patched.setattr(Path, "unlink", unlink)
        forget(sandbox)
    assert (opened(sandbox) == lineage) is (steps < 3)
    forget(sandbox)
    assert opened(sandbox) != lineage


def test_many_that_need_the_sandbox_at_once_find_one_and_the_same(home: Home) -> None:
    sandbox = replace(home, environment=SANDBOX)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: opened(sandbox), range(16)))) == 1
    assert sorted(path.name for path in sandbox.path.parent.iterdir() if "sandbox" in path.name) == [
        "sandbox.db",
        "sandbox.db.key",
    ]


def test_a_server_needs_the_key_in_a_variable(home: Home, server: Server, schema: str) -> None:
    remote = replace(home, environment=replace(PRODUCTION, state=server.address(schema)))
    refused(lambda: create(remote), "a state on a server needs OCTOPLAN_STATE_KEY")
    assert files(remote) == {}
    create(replace(remote, secret=SECRET))
    refused(lambda: opened(remote), "a state on a server needs OCTOPLAN_STATE_KEY")


def test_a_state_on_a_server_leaves_nothing_but_its_lineage_here(home: Home, server: Server, schema: str) -> None:
    remote = replace(home, secret=SECRET, environment=replace(PRODUCTION, state=server.address(schema)))
    lineage = create(remote)
    assert opened(remote) == lineage
    assert list(files(remote)) == [LOCK_FILE]
    assert SECRET not in server.dump(schema)
    assert (home.root / LOCK_FILE).read_text(encoding="utf-8").count(lineage) == 1


def test_one_database_holds_many_states_and_an_init_knows_only_its_own(ground: Ground) -> None:
    first = create(ground.home)
    refused(lambda: opened(ground.other), "is missing")
    second = create(ground.other)
    ground.lose()
    assert opened(ground.other) == second != first


def test_two_who_make_one_state_at_once_make_one(tmp_path: Path, server: Server, schema: str) -> None:
    def make(number: int) -> str:
        root = tmp_path / str(number)
        root.mkdir()
        there = replace(PRODUCTION, state=server.address(schema))
        home = Home(root=root, environment=there, secret=SECRET, random_bytes=secrets.token_bytes)
        try:
            return create(home)
        except StateError as error:
            return error.what

    with ThreadPoolExecutor(6) as pool:
        came = list(pool.map(make, range(6)))
    made = [each for each in came if each != f"a state in the schema {schema} exists already"]
    assert made == server.ask(f"SELECT value FROM {schema}.meta WHERE name = 'lineage'")


def test_without_psycopg_a_server_is_refused_and_a_file_is_not() -> None:
    script = """
import sys
sys.modules["psycopg"] = None
from pathlib import Path
from octoplan.errors import StateError
from octoplan.state import home
from octoplan.state.places import find
for state in ("nothing.db", "postgresql://db.example.com/octoplan"):
    try:
        find(Path(), state).open(writable=False)
    except StateError as error:
        print(error.what)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.splitlines() == [
        "nothing.db is missing",
        "a PostgreSQL state needs psycopg, which is not installed",
    ]
