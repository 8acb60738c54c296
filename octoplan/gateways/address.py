"""A gateway's URL and credentials → checked, before anything of either leaves this machine."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from octoplan import loopback
from octoplan.errors import GatewayError
from octoplan.gateways.wire import Address

OCTOPUSH_HOST = "api.octopush.com"
OCTOPUSH_URL = f"https://{OCTOPUSH_HOST}/v1/public"
LOGIN_VARIABLE = "OCTOPUSH_API_LOGIN"
KEY_VARIABLE = "OCTOPUSH_API_KEY"

_PLACEHOLDER = "sandbox"
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(?:/[A-Za-z0-9._~/-]*)?")
_HEADER_SAFE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_PORTS = range(1, 65_536)
_ALLOW = "name it in OCTOPLAN_ALLOWED_HOSTS if your credentials may go there"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """What proves who we are; it goes into headers and nowhere else, and hides itself when shown."""

    login: str = field(repr=False)
    key: str = field(repr=False)

    def __repr__(self) -> str:
        return "Credentials(***)"


def check_url(url: str, allowed_hosts: Collection[str]) -> None:
    """Pass a `url` that credentials may be sent to; GatewayError for any other.

    HTTPS, but for loopback; the host is Octopush's, loopback, or one of `allowed_hosts` (exact, in any case). The URL
    is never repeated, since it may hold a password.
    """
    parsed = parse(url)
    host = parsed.host
    if is_loopback(url):
        return
    if parsed.scheme != "https":
        raise GatewayError(f"the gateway {host} is not reached by https", hint="plain http is for this machine only")
    if host != OCTOPUSH_HOST and host not in {allowed.strip().lower() for allowed in allowed_hosts}:
        raise GatewayError(f"the gateway's host {host} is not allowed", hint=_ALLOW)


def is_loopback(url: str) -> bool:
    """Tell whether `url` leads to this machine: localhost, 127.0.0.0/8 or ::1; GatewayError if it is no plain URL."""
    return loopback.is_loopback(parse(url).host)


def credentials(login: str | None, key: str | None, url: str) -> Credentials:
    """Take what the two environment variables hold; GatewayError if one is missing or cannot stand in a header.

    For a `url` on this machine, where a sandbox takes anybody's, both may be missing.
    """
    if not login and not key and is_loopback(url):
        return Credentials(login=_PLACEHOLDER, key=_PLACEHOLDER)
    given = {LOGIN_VARIABLE: login or "", KEY_VARIABLE: key or ""}
    if missing := [name for name, value in given.items() if not value]:
        raise GatewayError(
            f"no credentials: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set",
            hint=f"set {LOGIN_VARIABLE} and {KEY_VARIABLE}",
        )
    for name, value in given.items():
        if not _HEADER_SAFE.fullmatch(value):
            raise GatewayError(
                f"{name} holds a character that cannot stand in a header, or blanks around it",
                hint="set it again; a copied line break is the usual cause",
            )
    return Credentials(login=given[LOGIN_VARIABLE], key=given[KEY_VARIABLE])


def parse(url: str) -> Address:
    """Take a URL apart, for whoever checks it and whoever sends alike, so that both see one host; or GatewayError."""
    if _PLAIN_URL.fullmatch(url):
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port = "", None
        if host and (port is None or port in _PORTS):
            return Address(scheme=parts.scheme, host=host, port=port, path=parts.path)
    raise GatewayError(
        "the gateway's URL is not of the form https://host/path",
        hint="no user name, query or fragment may stand in it",
    )
