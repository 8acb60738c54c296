"""A Sandbox → an ASGI app: the API under /v1/public, what was received under /_sandbox, the web inbox at /."""

import contextlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from octoplan.sandbox.api import Api
from octoplan.sandbox.border import LOOPBACK_NAMES, Border
from octoplan.sandbox.control import Control, Door, NotThere, WrongType
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.endpoints import BASE_PATH
from octoplan.sandbox.errors import SandboxError, StorageError
from octoplan.sandbox.exchange import http_date
from octoplan.sandbox.faults import Faults
from octoplan.sandbox.page import INDEX, PAGE_HEADERS, PRIVATE, load_files
from octoplan.sandbox.wire import FaultyWire

_STATUS: Mapping[type[SandboxError], int] = {NotThere: 404, WrongType: 415, StorageError: 500}


def build_app(
    sandbox: Sandbox, *, hosts: Collection[str] | None = LOOPBACK_NAMES, faults: Faults | None = None
) -> ASGIApp:
    """Build the app; `hosts` are the names by which it may be called, None for any (bound to the outside).

    `faults`: what goes wrong with its requests, if the caller wants a say in it.
    """
    faults = Faults() if faults is None else faults
    api = FaultyWire(Api(sandbox), faults, sandbox.now)
    return _Dated(Border(_Fork(api, _build_rest(Control(sandbox, faults))), hosts), sandbox.now)


class _Fork:
    """Sends what is for the API straight there: it is asked a thousand times a second, and the rest by a person."""

    def __init__(self, api: ASGIApp, rest: ASGIApp) -> None:
        self._api = api
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["path"].startswith(BASE_PATH)
        await (self._api if ours else self._rest)(scope, receive, send)


class _Dated:
    """Dates every answer by the sandbox's clock, but for those that are dated already, as those of the API are."""

    def __init__(self, app: ASGIApp, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def date(message: Message) -> None:
            if message["type"] == "http.response.start" and not _is_dated(message):
                with contextlib.suppress(StorageError):  # a file that cannot be used does not say what time it is
                    message["headers"] = [*message["headers"], (b"date", http_date(self._clock()).encode())]
            await send(message)

        await self._app(scope, receive, date)


def _is_dated(message: Message) -> bool:
    return any(name.lower() == b"date" for name, _ in message["headers"])


def _build_rest(control: Control) -> Starlette:
    files = load_files()
    return Starlette(
        routes=[
            Route("/", _serve_files(files), methods=["GET"]),
            Route("/web/{name}", _serve_files(files), methods=["GET"]),
            *control.routes(),
        ],
        exception_handlers={SandboxError: _answer_error, HTTPException: _answer_nothing_here},
    )


def _serve_files(files: Mapping[str, tuple[bytes, str]]) -> Door:
    async def door(request: Request) -> Response:
        found = files.get(request.path_params.get("name", INDEX))
        if found is None:
            raise NotThere("no such file")
        content, media_type = found
        return Response(content, media_type=media_type, headers=dict(PAGE_HEADERS))

    return door


async def _answer_nothing_here(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return JSONResponse({"code": status, "message": "Not found."}, status_code=status, headers=dict(PRIVATE))


async def _answer_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, SandboxError):
        raise error
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
    content = {"error": error.what} | ({"hint": error.hint} if error.hint else {})
    return JSONResponse(content, status_code=status, headers=dict(PRIVATE))
