"""A process that has imported octoplan and opened nothing, of which every order is answered with a fork.

A fork is a real process that dies a real death, but need not spend half a second on imports. Each has a nurse, its
parent, that tells when it ends and lets go of its number only when whoever asked has heard it: nobody kills a stranger.
"""

import atexit
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

import octoplan
from octoplan.__main__ import main as run_octoplan
from tests.failpoints.points import VARIABLE, arm
from tests.kills.broken import WAYS
from tests.kills.clock import follow

LAZY = (
    "_strptime",
    "cryptography.hazmat.primitives.ciphers.aead",
    "duckdb",
    "email_validator",
    "jsonschema.validators",
    "phonenumbers",
    "psycopg",
    "referencing.jsonschema",
    "yaml",
)
"""What octoplan imports where it needs it."""


def load() -> None:
    """Import all that a command may ask for, but for the plug-in for tests."""
    for module in pkgutil.walk_packages(octoplan.__path__, "octoplan."):
        if module.name not in ("octoplan.__main__", "octoplan.sandbox.testing"):
            importlib.import_module(module.name)
    for name in LAZY:
        importlib.import_module(name)


def look_at_oneself() -> dict[str, Any]:
    """What a fork would inherit that a fresh process has not: threads, and what is open beyond the three streams."""
    shown = [_read_link(entry) for entry in Path("/proc/self/fd").iterdir() if int(entry.name) > 2]
    return {"threads": len(list(Path("/proc/self/task").iterdir())), "open": sorted(filter(None, shown))}


def _read_link(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except FileNotFoundError:  # the folder's own
        return ""


def serve(path: str) -> dict[str, Any] | None:
    """Answer orders until stdin ends: None. It returns once more in every fork, with the order that it is for."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nurses are nobody's to wait for
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([sys.stdin, door], [], [])[0]:
            near, _ = door.accept()
            with near:
                inherited = look_at_oneself()
                if os.fork():
                    continue
                door.close()
                if (order := nurse(near, inherited)) is not None:
                    return order
    return None


def nurse(near: socket.socket, inherited: dict[str, Any]) -> dict[str, Any] | None:
    """Read an order, fork, tell the number and then the end; the order itself in the fork. Nobody else returns.

    A Ctrl-C waits until the fork is what was ordered: before that there is no octoplan that could be interrupted.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    order: dict[str, Any] = json.loads(near.makefile("rb").readline())
    if not (number := os.fork()):
        return order
    near.sendall(json.dumps({"pid": number, **inherited}).encode() + b"\n")
    os.waitid(os.P_PID, number, os.WEXITED | os.WNOWAIT)
    near.sendall(b"ended\n")
    near.recv(1)
    status = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    near.sendall(json.dumps(status).encode() + b"\n")
    os._exit(0)


def become(order: dict[str, Any]) -> None:
    """Be what a shell would have started: arguments, environment, folder, streams; break, if that is the order.

    A clock that it is told of is the only one that there is.
    """
    sys.argv = ["octoplan", *order["arguments"]]
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    if point := os.environ.get(VARIABLE):
        arm(point)
    if order["clock"]:
        follow(order["clock"])
    if order["broken"]:
        WAYS[order["broken"]]()
    streams = ((os.devnull, os.O_RDONLY), (order["out"], os.O_WRONLY), (order["err"], os.O_WRONLY))
    for number, (name, how) in enumerate(streams):
        opened = os.open(name, how)
        os.dup2(opened, number)
        os.close(opened)


def hear_ctrl_c_once_it_runs() -> None:
    """Let Ctrl-C through, also one that waits, when octoplan asks for its `cli`: the first thing in its own `try`."""
    names = vars(octoplan)
    cli = names.pop("cli")

    def arrive(name: str) -> object:
        if name != "cli":
            raise AttributeError(name)
        del names["__getattr__"]
        names["cli"] = cli
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return cli

    names["__getattr__"] = arrive


def leave(code: object) -> NoReturn:
    """End as an interpreter does, but for taking a hundred modules apart, which costs more than octoplan itself."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    load()
    asked = serve(sys.argv[1])
    if asked is not None:
        become(asked)
        hear_ctrl_c_once_it_runs()
        try:
            run_octoplan()
        except SystemExit as end:
            leave(end.code)
