"""Where an environment's state lives → the open store and its keys: `create` once, `open_state` ever after.

Every environment but the sandbox is made once by `octoplan state init`, which writes its lineage into
octoplan.lock.yaml. A state that should exist and does not is never taken for a first run.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from octoplan import source
from octoplan.campaign import Campaign
from octoplan.errors import StateError, StateLocked
from octoplan.project import Environment
from octoplan.state import database, moving
from octoplan.state.exports import Exported, Record
from octoplan.state.interface import FORMAT, Missing, Store
from octoplan.state.keys import Keys, derive
from octoplan.state.places import Place, find
from octoplan.state.sqlite import SqliteStore

LOCK_FILE = "octoplan.lock.yaml"
_HEADER = "# Which state belongs to which environment. Written by `octoplan state init`; commit it.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """An environment's place for its state. `secret`: OCTOPLAN_STATE_KEY, None where it is not set."""

    root: Path
    environment: Environment
    secret: str | None = field(repr=False)
    random_bytes: Callable[[int], bytes] = field(repr=False)

    @property
    def path(self) -> Path:
        """The file that keeps the state, where it is no server."""
        return self.root / self.environment.state

    @property
    def key_path(self) -> Path:
        """The file with the hashing key, made where no variable gives one."""
        return self.path.with_name(f"{self.path.name}.key")

    @property
    def exists(self) -> bool:
        """Whether the state's file is there."""
        return self.path.exists()

    @property
    def place(self) -> Place:
        """The file or server that keeps the state."""
        return find(self.root, self.environment.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An open store with its keys."""

    store: Store
    keys: Keys
    lineage: str

    def as_held(self, campaign: Campaign) -> Campaign:
        """A campaign → the same, under the name by which this state has it."""
        return campaign.held_in({record.name for record in self.store.campaigns()}, self.store.holding())


def create(home: Home) -> str:
    """Make the state of an environment, once; its lineage. StateError where it exists or the lock file names one."""
    name, place = home.environment.name, home.place
    if not home.environment.is_sandbox and name in _locked(home.root):
        raise StateError(
            f"{LOCK_FILE} names a state for {name} already",
            hint="restore that state; a new one would not know what was sent",
        )
    place.check_free()
    lineage = home.random_bytes(8).hex()
    secret = _make_key(home) if home.secret is None and place.has_key_file else _secret(home)
    meta = {
        "format": str(FORMAT),
        "lineage": lineage,
        "serial": "1",
        "epoch": "1",
        "key_check": derive(secret, lineage).check,
    }
    place.create(meta)
    if not home.environment.is_sandbox:
        _write_lock(home.root, {**_locked(home.root), name: lineage})
    return lineage


def check_none(home: Home) -> None:
    """StateError where an environment has a state, of which an export could only make a second one."""
    try:
        home.place.open(writable=False).close()
    except Missing:
        return
    raise StateError(
        f"{home.environment.name} has a state already: an export is moved to where there is none",
        hint="what a restored state has forgotten comes back from receipts; nothing was changed",
    )


def move_in(home: Home, exported: Exported, records: Iterable[Record]) -> None:
    """Make the state of an environment from an export, whole or not at all; StateError where there is one already.

    The lock file must name this state or none, and the key must be the one that its people are hashed with.
    """
    name, found = home.environment.name, exported.identity
    locked = None if home.environment.is_sandbox else _locked(home.root).get(name)
    if locked not in (None, found.lineage):
        raise StateError(
            f"the export has lineage {found.lineage}, {LOCK_FILE} says {locked} for {name}",
            hint="it is of another state: it does not know what was sent by this one",
        )
    home.place.check_free()
    _check_key(home, derive(_secret(home), found.lineage), exported.key_check)
    meta = {
        "format": str(FORMAT),
        "lineage": found.lineage,
        "serial": str(found.serial + 1),
        "epoch": str(found.epoch),
        "key_check": exported.key_check,
    }
    home.place.create(meta, lambda writer: moving.fill(writer, records))
    if locked is None and not home.environment.is_sandbox:
        _write_lock(home.root, {**_locked(home.root), name: found.lineage})


def open_state(home: Home, *, writable: bool = False) -> State:
    """The state of an environment, the sandbox's made when first needed; StateError where it is not the right one."""
    try:
        store = home.place.open(writable=writable)
    except Missing:
        _make_sandbox(home)
        store = home.place.open(writable=writable)
    try:
        lineage = _check_lineage(home, store.identity.lineage)
        keys = _check_key(home, derive(_secret(home), lineage), store.meta().get("key_check"))
    except BaseException:
        store.close()
        raise
    return State(store=store, keys=keys, lineage=lineage)


def forget(home: Home) -> None:
    """Remove the sandbox's state and key; StateLocked while an apply holds it. No other environment has this."""
    if not home.environment.is_sandbox:
        raise StateError("only the sandbox is ever forgotten")
    path = home.path
    if home.exists:
        _check_free(path)
    # The log first: without its state it would be merged into the next one.
    for name in (f"{path.name}-wal", f"{path.name}-shm", path.name, home.key_path.name):
        path.with_name(name).unlink(missing_ok=True)
    for lock in path.parent.glob(f"{path.name}.lock.*"):
        lock.unlink(missing_ok=True)


def _check_free(path: Path) -> None:
    """StateLocked where an apply holds this state; a damaged one, which a reset mends, is held by nobody."""
    try:
        with contextlib.closing(SqliteStore(path, writable=True)) as store, store.lock():
            pass
    except StateLocked:
        raise
    except StateError:
        return


def _make_sandbox(home: Home) -> None:
    """Make the state of the sandbox, unless another process just did; StateError for any other environment."""
    name = home.environment.name
    if not home.environment.is_sandbox:
        raise StateError(
            f"the state of {name}, {home.place.shown}, is missing",
            hint=f"if {name} was never used, `octoplan state init --env {name}`; else restore it: without it, "
            "everybody would be sent to again",
        ) from None
    try:
        create(home)
    except StateError:
        if not home.exists:
            raise


def _check_key(home: Home, keys: Keys, check: str | None) -> Keys:
    if keys.check != check:
        raise StateError(
            f"the key is not the one that the state of {home.environment.name} was made with",
            hint="with another key nobody would be recognised; set OCTOPLAN_STATE_KEY to the right one",
        )
    return keys


def _check_lineage(home: Home, lineage: str) -> str:
    if home.environment.is_sandbox:
        return lineage
    name = home.environment.name
    locked = _locked(home.root).get(name)
    if locked is None:
        raise StateError(
            f"{LOCK_FILE} does not name the state of {name}",
            hint=f"restore {LOCK_FILE} from git; if its `state init` was interrupted, make it say "
            f'{{octoplan_lock: 1, environments: {{{name}: {{lineage: "{lineage}"}}}}}}',
        )
    if locked != lineage:
        raise StateError(
            f"the state of {name} has lineage {lineage}, {LOCK_FILE} says {locked}",
            hint="this is another state: it does not know what was sent; restore the right one",
        )
    return lineage


def _locked(root: Path) -> Mapping[str, str]:
    path = root / LOCK_FILE
    if not path.exists():
        return {}
    data = source.load(path, LOCK_FILE).data
    entries = data.get("environments")
    if data.get("octoplan_lock") != 1 or not isinstance(entries, dict):
        raise StateError(f"{LOCK_FILE} is not as `octoplan state init` wrote it", hint="restore it from git")
    return {name: str(entry.get("lineage")) for name, entry in entries.items() if isinstance(entry, dict)}


def _write_lock(root: Path, lineages: Mapping[str, str]) -> None:
    lines = [f'  {name}: {{lineage: "{lineage}"}}\n' for name, lineage in sorted(lineages.items())]
    text = f"{_HEADER}octoplan_lock: 1\nenvironments:\n{''.join(lines)}"
    database.replace_text(root / LOCK_FILE, text)


def _make_key(home: Home) -> str:
    secret = home.random_bytes(32).hex()
    try:
        database.write_new(home.key_path, f"{secret}\n", hint="restore its state, or move the old key away")
    except StateError:
        if home.environment.is_sandbox and home.key_path.exists():
            return _secret(home)  # left by a process that was killed before it made the state, or is making it now
        raise
    return secret


def _secret(home: Home) -> str:
    if home.secret is not None:
        return home.secret
    if not home.place.has_key_file:
        raise StateError(
            "the key of the state is missing: a state on a server needs OCTOPLAN_STATE_KEY",
            hint="everybody who uses it needs the same; make it once with `openssl rand -hex 32`, and keep it safe",
        )
    try:
        return home.key_path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise StateError(
            f"the key of the state is missing: neither OCTOPLAN_STATE_KEY nor {home.key_path.name}",
            hint="restore it; without it nobody who was sent to would be recognised",
        ) from None
