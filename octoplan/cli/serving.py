"""Flags of `sandbox serve` → a running server on the sandbox's file, or on none."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octoplan.cli.console import Console
from octoplan.errors import GatewayError, OctoplanError, UsageError
from octoplan.project import own_folder

if TYPE_CHECKING:
    from octoplan.sandbox.core import Sandbox
    from octoplan.sandbox.settings import Settings
    from octoplan.sandbox.steering import Steering
    from octoplan.sandbox.storage import Storage

LOCAL = ("127.0.0.1", "localhost", "::1")


@contextmanager
def open_storage(folder: Path, *, in_memory: bool = False) -> Iterator["Storage"]:
    """The sandbox's memory: .octoplan/inbox.db in `folder`, made if missing; or nothing that outlives the call."""
    from octoplan.sandbox.errors import SandboxError  # noqa: PLC0415 - the sandbox, only where it is asked for
    from octoplan.sandbox.storage import Storage  # noqa: PLC0415

    try:
        storage = Storage.in_memory() if in_memory else Storage.at(own_folder(folder) / "inbox.db")
    except SandboxError as error:
        raise OctoplanError(error.what, hint=error.hint) from error
    with storage:
        yield storage


def start_sandbox(
    storage: "Storage", console: Console, flags: Mapping[str, Any], keep_days: int | None = None
) -> "Sandbox":
    """A storage and the flags that were given → the Sandbox: a flag counts for more than what the file remembers.

    `keep_days`, as octoplan.yaml has it, is remembered in the file: it holds for `sandbox serve` there too.
    """
    from octoplan.sandbox.core import Sandbox  # noqa: PLC0415 - the sandbox, only where it is asked for
    from octoplan.sandbox.errors import SandboxError  # noqa: PLC0415
    from octoplan.sandbox.retention import sweep  # noqa: PLC0415
    from octoplan.sandbox.settings import show_settings  # noqa: PLC0415
    from octoplan.sandbox.steering import Steering  # noqa: PLC0415

    given = {name: value for name, value in flags.items() if value is not None}
    try:
        sandbox = Sandbox(storage, console.clock.now, _read_flags(console, given))
        if given:
            _make_way(Steering(sandbox), given)
        if keep_days is not None and show_settings(sandbox.settings())["keep_days"] != keep_days:
            Steering(sandbox).change({"keep_days": keep_days})
        sweep(sandbox)
    except SandboxError as error:
        raise UsageError(error.what, hint=error.hint) from error
    return sandbox


def warn_of_people(sandbox: "Sandbox", console: Console) -> None:
    """Say it on stderr, once a command, where the inbox looks as if real people were in it."""
    from octoplan.sandbox.errors import SandboxError  # noqa: PLC0415 - the sandbox, only where it is asked for
    from octoplan.sandbox.retention import warn  # noqa: PLC0415

    with suppress(SandboxError):  # what was sent was sent
        said = warn(sandbox)
        if said:
            console.talk(said)


def serve_sandbox(sandbox: "Sandbox", host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the API and the web inbox until a signal ends it; `ready` is called with the address."""
    from octoplan.sandbox.app import build_app  # noqa: PLC0415 - starlette, only to serve
    from octoplan.sandbox.errors import SandboxError  # noqa: PLC0415
    from octoplan.sandbox.posting import Poster  # noqa: PLC0415
    from octoplan.sandbox.retention import sweeping  # noqa: PLC0415
    from octoplan.sandbox.serve import serve  # noqa: PLC0415
    from octoplan.sandbox.steering import Steering  # noqa: PLC0415

    app = build_app(sandbox) if host in LOCAL else build_app(sandbox, hosts=None)
    try:
        with Poster(Steering(sandbox)), sweeping(sandbox):
            serve(app, host, port, ready=ready)
    except SandboxError as error:
        raise GatewayError(error.what, hint=error.hint) from error


def _make_way(steering: "Steering", given: Collection[str]) -> None:
    steering.forget([name for flag in given for name in _SETTINGS.get(flag, (flag,))])
    if "credit" in given:
        steering.set_credit(None)


def _read_flags(console: Console, given: Mapping[str, Any]) -> "Settings":
    from octoplan.sandbox.settings import Settings, change_settings, read_credit, read_moment  # noqa: PLC0415

    settings = Settings()
    if "credit" in given:
        settings = replace(settings, credit=read_credit(given["credit"], "--credit"))
    if "clock" in given:
        ahead = read_moment("--clock", given["clock"]).astimezone(UTC) - console.clock.now()
        settings = replace(settings, offset=ahead)
    changes = {name: given[name] for name in sorted(given) if name not in ("credit", "clock")}  # rules_off, then strict
    if "prices" in given:
        changes["prices"] = _read_prices(given["prices"])
    return change_settings(settings, changes)


def _read_prices(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OctoplanError(f"{path}: the prices cannot be read: {error.strerror or 'no reason given'}") from error
    except (ValueError, RecursionError) as error:
        raise OctoplanError(
            f"{path}: the prices are not JSON", hint='such as {"sms_premium": {"FR": 0.05, "default": 0.09}}'
        ) from error


_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "clock": ("offset_seconds", "frozen"),
    "credit": (),
    "strict": ("rules_off",),
}
"""Under which names the file remembers what a flag says; its own name, where it is not here."""
