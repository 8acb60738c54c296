"""The doors under /_sandbox: look at what was received, and steer the sandbox. JSON in, JSON out, no credentials."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.faults import Faults, read_order
from octoplan.sandbox.page import PRIVATE, render_body
from octoplan.sandbox.queries import CALLBACKS, MESSAGES, REQUESTS, TICKETS, Listing
from octoplan.sandbox.questions import (
    LARGEST_QUESTION,
    BadQuestion,
    read_addresses,
    read_duration,
    read_id,
    read_object,
    read_query,
    read_truth,
    take_only,
)
from octoplan.sandbox.records import CallbackKind, Message, Query
from octoplan.sandbox.settings import read_credit, read_moment, show_settings
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.views import (
    show_callback,
    show_clock,
    show_entry,
    show_entry_briefly,
    show_message,
    show_rules,
    show_sms,
    show_ticket,
)

Found = TypeVar("Found")
Show = Callable[[Found], dict[str, Any]]
Door = Callable[[Request], Awaitable[Response]]
_JSON = "application/json"
_CHANGE_BLACKLIST = {"POST": "add", "DELETE": "remove"}


class Control:
    """What each path under /_sandbox does. The storage is asked in threads, so that sends go on meanwhile."""

    def __init__(self, sandbox: Sandbox, faults: Faults) -> None:
        self._sandbox = sandbox
        self._faults = faults
        self._steering = Steering(sandbox)

    def routes(self) -> list[Route]:
        """List the paths and what they do."""
        number = "/_sandbox/messages/{number}"
        return [
            Route("/openapi.json", self.describe, methods=["GET"]),
            Route("/_sandbox/version", self.tell_version, methods=["GET"]),
            Route("/_sandbox/tickets", self._list("tickets", TICKETS, show_ticket), methods=["GET"]),
            Route("/_sandbox/messages", self._list("messages", MESSAGES, show_message), methods=["GET"]),
            Route(
                "/_sandbox/requests", self._list("requests", REQUESTS, show_entry, show_entry_briefly), methods=["GET"]
            ),
            Route("/_sandbox/callbacks", self._list("callbacks", CALLBACKS, show_callback), methods=["GET"]),
            Route(number, self.show_message, methods=["GET"]),
            Route(f"{number}/body", self.show_body, methods=["GET"]),
            Route(f"{number}/delivery", self._report("delivery", "status"), methods=["POST"]),
            Route(f"{number}/stop", self._report("stop", "text"), methods=["POST"]),
            Route(f"{number}/reply", self._report("reply", "text"), methods=["POST"]),
            Route("/_sandbox/requests/{number}", self.show_request, methods=["GET"]),
            Route("/_sandbox/rules", self.show_rules, methods=["GET"]),
            Route("/_sandbox/settings", self.settings, methods=["GET", "POST"]),
            Route("/_sandbox/clock", self.clock, methods=["GET", "POST"]),
            Route("/_sandbox/credit", self.credit, methods=["GET", "POST"]),
            Route("/_sandbox/blacklist", self.blacklist, methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/reset", self.reset, methods=["POST"]),
        ]

    async def describe(self, _request: Request) -> Response:
        """Describe the whole as an OpenAPI document."""
        from octoplan.sandbox.openapi import build_openapi  # noqa: PLC0415 - seldom asked for

        return _answer(build_openapi())

    async def tell_version(self, _request: Request) -> Response:
        """Name the present content, and tell the time by the sandbox's clock."""
        version = await run_in_threadpool(self._sandbox.version)
        now = await run_in_threadpool(self._sandbox.now)
        return _answer({"version": version, "now": now.isoformat()})

    async def show_message(self, request: Request) -> Response:
        """Show one message, how a network counts it, the request it came with, and the callbacks about it."""
        message = await self._message(request)
        entries = await run_in_threadpool(self._sandbox.find, REQUESTS, Query(request=message.request))
        callbacks = await run_in_threadpool(self._sandbox.find, CALLBACKS, Query(message=message.id))
        whole = await run_in_threadpool(self._sandbox.find, CALLBACKS, Query(ticket=message.ticket, limit=50))
        seen = (*callbacks, *(one for one in whole if one.message is None))
        return _answer(
            {
                "message": show_message(message),
                "sms": show_sms(message),
                "request": show_entry(entries[0]),
                "callbacks": [show_callback(one) for one in seen],
            }
        )

    async def show_body(self, request: Request) -> Response:
        """Show an e-mail's text as a document for a frame that may do nothing."""
        document, headers = render_body(await self._message(request))
        return Response(document, headers=dict(headers))

    async def show_request(self, request: Request) -> Response:
        """Show one request as it was received."""
        found = await run_in_threadpool(
            self._sandbox.find, REQUESTS, Query(request=read_id(request.path_params["number"]))
        )
        if not found:
            return _answer({"error": "no such request"}, 404)
        return _answer({"request": show_entry(found[0])})

    async def show_rules(self, _request: Request) -> Response:
        """Show the table of rules, and which of them hold."""
        return _answer({"rules": show_rules(await run_in_threadpool(self._sandbox.settings))})

    async def settings(self, request: Request) -> Response:
        """Show or change settings."""
        if request.method == "POST":
            changes = await _read_object(request)
            take_only(changes, *show_settings(self._sandbox.settings()))
            return _answer(show_settings(await run_in_threadpool(self._steering.change, changes)))
        return _answer(show_settings(await run_in_threadpool(self._sandbox.settings)))

    async def clock(self, request: Request) -> Response:
        """Show the clock, set or advance it, stop it or let it go on."""
        if request.method == "POST":
            await run_in_threadpool(self._set_clock, await _read_object(request))
        settings = await run_in_threadpool(self._sandbox.settings)
        return _answer(show_clock(settings, await run_in_threadpool(self._sandbox.now)))

    async def credit(self, request: Request) -> Response:
        """Show or set the credit."""
        if request.method == "POST":
            found = await _read_object(request)
            take_only(found, "amount")
            await run_in_threadpool(self._steering.set_credit, read_credit(found["amount"]))
        return _answer({"amount": float(await run_in_threadpool(self._steering.credit))})

    async def blacklist(self, request: Request) -> Response:
        """Show the blacklist, add to it, or take from it."""
        if request.method in _CHANGE_BLACKLIST:
            change = {_CHANGE_BLACKLIST[request.method]: read_addresses(await _read_object(request))}
            await run_in_threadpool(lambda: self._steering.change_blacklist(**change))
        return _answer({"addresses": list(await run_in_threadpool(self._steering.blacklist))})

    async def faults(self, request: Request) -> Response:
        """Show the faults that wait, place more, or take all away."""
        if request.method == "POST":
            self._faults.place(read_order(await _read_object(request)))
        elif request.method == "DELETE":
            await _read_body(request)
            self._faults.clear()
        return _answer(self._faults.show())

    async def reset(self, request: Request) -> Response:
        """Forget everything, and let everything go right again."""
        await _read_body(request)
        await run_in_threadpool(self._sandbox.reset)
        self._faults.clear()
        return Response(status_code=204)

    def _list(self, name: str, listing: Listing[Found], show: Show[Found], brief: Show[Found] | None = None) -> Door:
        async def door(request: Request) -> Response:
            query = read_query(request.query_params, listing.conditions, listing.states)
            if listing is TICKETS:
                query = replace(query, newest=True)
            found = await run_in_threadpool(self._sandbox.find, listing, query)
            total = await run_in_threadpool(self._sandbox.count_of, listing, query)
            shown = brief if query.brief and brief else show
            return _answer({"total": total, name: [shown(one) for one in found]})

        return door

    def _report(self, kind: CallbackKind, field: str) -> Door:
        async def door(request: Request) -> Response:
            found = await _read_object(request)
            take_only(found, field)
            callback = await run_in_threadpool(self._steering.report, kind, await self._message(request), found[field])
            return _answer({"callback": show_callback(callback)}, 201)

        return door

    async def _message(self, request: Request) -> Message:
        found = await run_in_threadpool(self._sandbox.messages, Query(message=read_id(request.path_params["number"])))
        if not found:
            raise NotThere("no such message")
        return found[0]

    def _set_clock(self, found: dict[str, Any]) -> None:
        """Read all of it, then set the clock at once."""
        take_only(found, "now", "advance", "frozen", "real")
        real, frozen = read_truth(found, "real"), read_truth(found, "frozen")
        to = read_moment("now", found["now"]) if "now" in found else None
        ahead = read_duration(found["advance"]) if "advance" in found else timedelta()
        if real and not (to or ahead or frozen):
            self._steering.follow_real_time()
        elif real:
            self._steering.set_clock(to or self._sandbox.real_time(), ahead=ahead, frozen=bool(frozen))
        elif found.keys() != {"real"}:
            self._steering.set_clock(to, ahead=ahead, frozen=frozen)


class NotThere(BadQuestion):
    """Something that was asked for by its number, and is not there."""


async def _read_object(request: Request) -> dict[str, Any]:
    return read_object(await _read_body(request))


async def _read_body(request: Request) -> bytes:
    """Read a body that claims to be JSON; a form of a foreign page cannot claim that."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("", _JSON):
        raise WrongType("the content type is not application/json")
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_QUESTION:
                raise BadQuestion("the body is too large")
    except ClientDisconnect:
        raise BadQuestion("the body is not whole") from None
    if body and not kind:
        raise WrongType("the content type is not application/json", hint="add -H 'content-type: application/json'")
    return bytes(body)


class WrongType(BadQuestion):
    """A body of another content type."""


def _answer(content: object, status: int = 200) -> Response:
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Response(body.encode("utf-8", "replace"), status_code=status, media_type=_JSON, headers=dict(PRIVATE))
