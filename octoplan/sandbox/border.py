"""Who may ask → everybody on this machine, and no page of another origin: an ASGI wrapper around the whole server.

A foreign page can reach a server on loopback in two ways: by a host name that it points there, and by forms, images and
scripts that send without asking. The first is told by the Host header, the second by Origin and Sec-Fetch-Site.
"""

import asyncio
import json
import logging
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from octoplan.sandbox.endpoints import BASE_PATH

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_LOG = logging.getLogger(__name__)
_PORT = re.compile(r":[0-9]{1,5}\Z")
_READING = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({b"same-origin", b"none"})


class Border:
    """Turns away other host names (421), and whatever changes something on behalf of a foreign page (403).

    `hosts`: the names by which the server may be called; None for any, where it is bound to the outside.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass what may pass; a fault of ours is said without a traceback, which may quote what people wrote."""
        if scope["type"] != "http":
            return  # there are no web sockets here, and nothing to start or stop
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._pass(scope, receive, watch)
        except OSError:
            raise  # a fault that was asked for breaks the connection off
        except asyncio.CancelledError:  # it took longer than the server goes on after a signal
            if not begun:
                await _refuse(send, 503, "the sandbox ends")
        except Exception as fault:  # noqa: BLE001 - the last border
            log_fault(fault)
            if not begun:
                await _refuse(send, 500, "the sandbox has a fault; its terminal says where")

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._hosts is not None and _find_host(scope) not in self._hosts:
            await _refuse(send, 421, "unknown host name")
        elif _is_foreign(scope):
            await _refuse(send, 403, "a page of another origin may not do this")
        else:
            await self._app(scope, receive, send)


def log_fault(fault: Exception) -> None:
    """Say that the sandbox itself has a fault, and where: never its message, which may quote what people wrote."""
    traceback = fault.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    where = f" at {traceback.tb_frame.f_globals.get('__name__')}:{traceback.tb_lineno}" if traceback else ""
    _LOG.error("the sandbox has a fault: %s%s; please report it", type(fault).__name__, where)


def _find_host(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"host"]
    if len(found) != 1:
        return ""
    return _PORT.sub("", found[0].decode("latin-1")).strip("[]").lower()


def _is_foreign(scope: Scope) -> bool:
    if scope["method"] in _READING and not scope["path"].startswith(BASE_PATH):
        return False  # a link from elsewhere may open the inbox; what it shows stays with the browser
    host, foreign = b"", False
    origin = None
    for name, value in scope["headers"]:
        if name == b"origin":
            origin = value
        elif name == b"host":
            host = value
        elif name == b"sec-fetch-site":
            foreign = value not in _OWN_SITES
    return foreign or (origin is not None and _netloc(origin) != host.decode("latin-1"))


def _netloc(origin: bytes) -> str:
    try:
        return urlsplit(origin.decode("latin-1")).netloc
    except ValueError:
        return ""


async def _refuse(send: Send, status: int, error: str) -> None:
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
