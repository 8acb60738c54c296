"""A Sandbox → a Starlette app: the API under /v1/public, what was received under /_sandbox, a list of it at /."""

import base64
import re
from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.errors import SandboxError
from octoplan.sandbox.exchange import LARGEST_BODY, Request
from octoplan.sandbox.page import PAGE_HEADERS, render_page
from octoplan.sandbox.records import Entry, Message, Query

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SHOWN = 200
_MOST = 1000
_PORT = re.compile(r":[0-9]{1,5}\Z")
_PRIVATE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def build_app(sandbox: Sandbox, *, hosts: Collection[str] | None = LOOPBACK_NAMES) -> Starlette:
    """Build the app; `hosts` are the names by which it may be called, None for any (bound to the outside)."""
    doors = _Doors(sandbox)
    routes = [
        Route("/", doors.show_page, methods=["GET"]),
        Route("/_sandbox/messages", doors.list_messages, methods=["GET"]),
        Route("/_sandbox/requests", doors.list_requests, methods=["GET"]),
        Route("/_sandbox/reset", doors.reset, methods=["POST"]),
        Route("/{path:path}", doors.answer, methods=list(_METHODS)),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_HostCheck, hosts=hosts)],
        exception_handlers={SandboxError: _answer_failure, HTTPException: _answer_nothing_here},
    )


class _Doors:
    """What each path does.

    A send is answered on the event loop: it takes less than a thread switch costs. Lists are read in threads.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def answer(self, request: HttpRequest) -> Response:
        body = await _read_body(request)
        if body is None:
            return Response(status_code=400)  # nobody is there to read it, and nothing complete was sent
        received = Request(
            method=request.method, path=request.scope["path"], headers=dict(request.headers.items()), body=body
        )
        answer = self._sandbox.answer(received)
        return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))

    async def show_page(self, _request: HttpRequest) -> Response:
        messages = await run_in_threadpool(self._sandbox.messages, Query(newest=True, limit=_SHOWN))
        total = await run_in_threadpool(self._sandbox.count)
        return HTMLResponse(render_page(messages, total), headers=dict(PAGE_HEADERS))

    async def list_messages(self, request: HttpRequest) -> Response:
        query = _read_query(request)
        if query is None:
            return _answer_bad_query()
        found = await run_in_threadpool(self._sandbox.messages, query)
        total = await run_in_threadpool(self._sandbox.count, query)
        return JSONResponse({"total": total, "messages": [_show_message(one) for one in found]}, headers=_PRIVATE)

    async def list_requests(self, request: HttpRequest) -> Response:
        query = _read_query(request)
        if query is None:
            return _answer_bad_query()
        found = await run_in_threadpool(self._sandbox.requests, query)
        return JSONResponse({"requests": [_show_entry(one) for one in found]}, headers=_PRIVATE)

    async def reset(self, request: HttpRequest) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return JSONResponse({"error": "a page of another origin may not do this"}, status_code=403)
        await run_in_threadpool(self._sandbox.reset)
        return Response(status_code=204)


class _HostCheck:
    """Turns away requests for other host names, so that no foreign page reaches a sandbox by renaming it in DNS."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._hosts is not None and _name_host(scope) not in self._hosts:
            refusal = JSONResponse({"error": "unknown host name"}, status_code=421)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _name_host(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"host"]
    if len(found) != 1:
        return ""
    return _PORT.sub("", found[0].decode("latin-1")).strip("[]").lower()


async def _read_body(request: HttpRequest) -> bytes | None:
    """Read at most one byte more than is taken, which the sandbox then refuses; None if the client left meanwhile."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_BODY:
                break
    except ClientDisconnect:
        return None
    return bytes(body[: LARGEST_BODY + 1])


def _read_query(request: HttpRequest) -> Query | None:
    asked = request.query_params
    limit, offset = asked.get("limit", "100"), asked.get("offset", "0")
    if not (_is_small(limit) and _is_small(offset)):
        return None
    return Query(
        ticket=asked.get("ticket"),
        address=asked.get("address"),
        channel=asked.get("channel"),
        list_name=asked.get("list_name"),
        limit=min(int(limit), _MOST),
        offset=int(offset),
    )


def _is_small(number: str) -> bool:
    return re.fullmatch(r"[0-9]{1,9}", number) is not None


def _show_message(message: Message) -> dict[str, Any]:
    return asdict(message) | {"at": message.at.isoformat()}


def _show_entry(entry: Entry) -> dict[str, Any]:
    """Show a request; its body as text where it is UTF-8, and always its bytes in base64."""
    return asdict(entry) | {
        "at": entry.at.isoformat(),
        "body": entry.body.decode("utf-8", "replace"),
        "body_base64": base64.b64encode(entry.body).decode("ascii"),
        "answer": entry.answer.decode("ascii"),
    }


def _answer_bad_query() -> Response:
    return JSONResponse({"error": "limit and offset are whole numbers"}, status_code=400)


async def _answer_nothing_here(_request: HttpRequest, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return JSONResponse({"code": status, "message": "Not found."}, status_code=status)


async def _answer_failure(_request: HttpRequest, _error: Exception) -> Response:
    return JSONResponse({"error": "the sandbox's file cannot be used"}, status_code=500)
