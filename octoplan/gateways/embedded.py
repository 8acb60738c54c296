"""The sandbox in process, as a gateway: the code that talks to the real API, on a wire without network."""

from collections.abc import Callable

from octoplan.gateways.address import credentials
from octoplan.gateways.octopush import Octopush
from octoplan.gateways.wire import Answer, Patience, Request
from octoplan.sandbox import exchange
from octoplan.sandbox.core import Sandbox

_URL = "http://localhost/v1/public"


class EmbeddedWire:
    """Hands each request to `Sandbox.answer`; safe for several threads, as the sandbox is."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def ask(self, request: Request, may_leave: Callable[[], bool], patience: Patience) -> Answer | None:  # noqa: ARG002
        """Answer without a network, and at once."""
        if request.method == "HEAD":
            return Answer(status=204, headers={"date": exchange.http_date(self._sandbox.now())}, body=b"")
        if not may_leave():
            return None
        asked = exchange.Request(
            method=request.method, path=request.target, headers=dict(request.headers), body=request.body
        )
        answer = self._sandbox.answer(asked)
        return Answer(status=answer.status, headers=dict(answer.headers), body=answer.body)


def embedded(sandbox: Sandbox, *, name: str = "sandbox") -> Octopush:
    """Make the gateway `sandbox` of a Sandbox; who opened its storage closes it, after the gateway."""
    return Octopush(_URL, credentials(None, None, _URL), name=name, wire=EmbeddedWire(sandbox))
