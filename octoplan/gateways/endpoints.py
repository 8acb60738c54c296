"""A request's body → the endpoint that it is for. The one table of the paths that octoplan sends to.

A frame's body is stored sealed and sent again as it is, maybe by another octoplan: so the bytes themselves say where
they belong, and nothing beside them can be lost or mixed up.
"""

import json
from typing import Final

from octoplan.frame import is_personal

MULTI_CHANNEL: Final = "/multi-channel/send"
SMS_CAMPAIGN: Final = "/sms-campaign/send"
"""The older endpoint, the only one for which Octopush documents placeholders."""
CHECK_BALANCE: Final = "/wallet/check-balance"
"""What credit there is; asked with GET."""

_BEGINNING: Final = b'{"channel":'


def path_of(body: bytes) -> str:
    """Find the path below the API's address: what names a type at its top, and no channel, is for the older one."""
    if body.startswith(_BEGINNING):  # as octoplan writes them; five hundred recipients take a while to read
        return MULTI_CHANNEL
    try:
        request = json.loads(body)
    except ValueError:
        return MULTI_CHANNEL
    if isinstance(request, dict) and is_personal(request) and request.keys() >= {"type", "recipients"}:
        return SMS_CAMPAIGN
    return MULTI_CHANNEL
