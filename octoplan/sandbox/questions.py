"""What a client asks under /_sandbox → a Query, an object, a duration: read strictly, with one sentence of error."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from octoplan.sandbox.errors import SandboxError
from octoplan.sandbox.records import CallbackState, Query, State

LARGEST_QUESTION = 1024 * 1024
_MOST = 1000
_OF_ALL = ("brief", "newest", "limit", "offset")
"""What every list knows beside its filters."""
AnyState = State | CallbackState
_LONGEST = 200
_DURATION = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class BadQuestion(SandboxError):  # noqa: N818 - it says what is the case
    """Something that cannot be asked."""


def read_query(asked: Mapping[str, str], filters: Collection[str], states: Sequence[AnyState]) -> Query:
    """Read the parameters of a list, which knows these; BadQuestion names the first that makes no sense."""
    known = (*filters, *_OF_ALL)
    if unknown := asked.keys() - {*known}:
        raise BadQuestion(f"no such parameter: {min(unknown)[:40]}", hint=f"there are: {', '.join(known)}")
    return Query(
        ticket=_read_word(asked, "ticket"),
        address=_read_word(asked, "address"),
        channel=_read_word(asked, "channel"),
        list_name=_read_word(asked, "list_name"),
        search=_read_word(asked, "search"),
        message=_read_number(asked, "message"),
        request=_read_number(asked, "request"),
        state=_read_state(asked, states),
        refused=_read_flag(asked, "refused"),
        brief=bool(_read_flag(asked, "brief")),
        newest=bool(_read_flag(asked, "newest")),
        limit=min(_read_number(asked, "limit", 100) or 0, _MOST),
        offset=_read_number(asked, "offset", 0) or 0,
    )


def read_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; BadQuestion if it is none."""
    try:
        found = json.loads(body.decode("utf-8"))
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()  # no half surrogates, no endless numbers
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadQuestion("the body is not a JSON object", hint='such as {"amount": 12.5}')
    return found


def take_only(found: Mapping[str, Any], *names: str) -> None:
    """Pass an object that holds at least one of `names` and nothing else; BadQuestion otherwise."""
    if unknown := found.keys() - set(names):
        raise BadQuestion(f"no such field: {min(unknown)[:40]}", hint=f"there are: {', '.join(names)}")
    if not found:
        raise BadQuestion("nothing is asked for", hint=f"there are: {', '.join(names)}")


def read_id(written: str) -> int:
    """Read the number of a message or request in a path; 0, which none has, for what is none."""
    return int(written) if re.fullmatch(r"[0-9]{1,18}", written) else 0


def read_duration(value: object) -> timedelta:
    """Read seconds, or a text such as 90s, 15m, 24h or 7d; BadQuestion if it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**10:
        return timedelta(seconds=value)
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        return timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
    raise BadQuestion("advance: seconds, or a text such as 90s, 15m, 24h or 7d is needed")


def read_truth(found: Mapping[str, Any], name: str) -> bool | None:
    """Read a field that is true or false; None if it is absent or null, BadQuestion if it is anything else."""
    value = found.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise BadQuestion(f"{name}: true or false is needed")


def read_addresses(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the field `addresses`: phone numbers and e-mail addresses as they are sent; BadQuestion if it is none."""
    take_only(found, "addresses")
    addresses = found["addresses"]
    if not isinstance(addresses, list) or not all(map(_is_address, addresses)):
        raise BadQuestion("addresses: an array of numbers and e-mail addresses is needed")
    return tuple(addresses)


def _is_address(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST


def _read_state(asked: Mapping[str, str], states: Sequence[AnyState]) -> AnyState | None:
    written = asked.get("state")
    if not written:
        return None
    for state in states:
        if state == written:
            return state
    raise BadQuestion(f"state: one of {', '.join(states)}")


def _read_word(asked: Mapping[str, str], name: str) -> str | None:
    return asked.get(name) or None


def _read_number(asked: Mapping[str, str], name: str, otherwise: int | None = None) -> int | None:
    written = asked.get(name)
    if written is None:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,9}", written):
        raise BadQuestion(f"{name}: a whole number is needed")
    return int(written)


def _read_flag(asked: Mapping[str, str], name: str) -> bool | None:
    written = asked.get(name)
    if written is None:
        return None
    if written not in _FLAGS:
        raise BadQuestion(f"{name}: true or false is needed")
    return _FLAGS[written]
