"""Requests over HTTP → a Sandbox, those that arrive together with one write to the disk: the API's own door."""

import asyncio
from collections.abc import Sequence

from starlette.types import Receive, Scope, Send

from octoplan.sandbox.answers import answer_failed
from octoplan.sandbox.border import log_fault
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.deciding import LARGEST_AT_ALL
from octoplan.sandbox.exchange import LARGEST_BODY, Answer, Request

_TOGETHER = 64
"""Requests in one transaction at most, so that the first of them does not wait long for the last."""

_Waiting = tuple[Request, "asyncio.Future[Answer]"]


class Api:
    """The ASGI application of the API: everything that is not the sandbox's own.

    A request is decided on the event loop: it takes less than a thread switch costs. While one batch is written, the
    next requests pile up in their sockets; they are read in one turn of the loop, and make the next batch.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._waiting: list[_Waiting] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await self._read(receive)
        if body is None:
            return  # nobody is there to read an answer, and nothing complete was sent
        answer = await self._answer(
            Request(
                method=scope["method"],
                path=scope["path"],
                headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
                query=scope["query_string"].decode("latin-1"),
                body=body,
            )
        )
        headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        if answer.status != 204:  # noqa: PLR2004 - no content has no length
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, request: Request) -> "asyncio.Future[Answer]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._decide)
        self._waiting.append((request, future))
        return future

    def _decide(self) -> None:
        batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._decide)
        answers = self._answer_all([request for request, _ in batch])
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():  # its client may have left
                future.set_result(answer)

    def _answer_all(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Answer all at once; where the sandbox has a fault, one by one, so that only its cause gets a 500."""
        try:
            return self._sandbox.answer_together(requests)
        except Exception as fault:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            if len(requests) > 1:
                return [self._answer_all([request])[0] for request in requests]
            log_fault(fault)
            return [answer_failed()]

    async def _read(self, receive: Receive) -> bytes | None:
        """Read at most one byte more than is taken, which is refused then; None if the client left meanwhile."""
        body, more, most = bytearray(), True, LARGEST_BODY
        while more and len(body) <= most:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > most and "body_size" in self._sandbox.settings().rules_off:
                most = LARGEST_AT_ALL
        return bytes(body[: most + 1])
