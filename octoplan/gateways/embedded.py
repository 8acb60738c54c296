"""The sandbox in process, as a gateway: the code that talks to the real API, on a transport without network."""

import httpx

from octoplan.gateways.address import credentials
from octoplan.gateways.octopush import Octopush
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.exchange import Request, http_date

_URL = "http://localhost/v1/public"


class EmbeddedTransport(httpx.BaseTransport):
    """Hands each request to `Sandbox.answer`; safe for several threads, as the sandbox is."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer without a network."""
        if request.method == "HEAD":
            return httpx.Response(204, headers={"date": http_date(self._sandbox.now())}, request=request)
        answer = self._sandbox.answer(
            Request(
                method=request.method,
                path=request.url.path,
                headers=dict(request.headers.items()),
                body=request.read(),
            )
        )
        return httpx.Response(
            answer.status, headers=dict(answer.headers), stream=httpx.ByteStream(answer.body), request=request
        )


def embedded(sandbox: Sandbox, *, name: str = "sandbox") -> Octopush:
    """Make the gateway `sandbox` of a Sandbox; who opened its storage closes it, after the gateway."""
    return Octopush(_URL, credentials(None, None, _URL), name=name, transport=EmbeddedTransport(sandbox))
