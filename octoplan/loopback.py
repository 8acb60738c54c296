"""A host, or a URL → whether it is this machine. Pure."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host is localhost, of 127.0.0.0/8, or ::1."""
    if host == "localhost":
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    return found.is_loopback


def leads_here(url: str) -> bool:
    """Whether a URL leads to this machine; one that is none does not."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
