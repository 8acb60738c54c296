"""An HTTP answer (status, headers, body) → an Outcome. Pure; it never raises and never repeats the answer's words.

What is read: the contract's success and error bodies, flat and nested. What an unreadable or unknown answer proves is
decided here once: a 2xx without readable JSON may have been an acceptance, so it counts as no answer; everything else
that is not understood is a riddle.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import NoReturn

from octoplan.gateways.codes import CODES, FIELDS, WIDTH, Meaning
from octoplan.gateways.interface import Accepted, Balance, Duplicate, Outcome, Refused, Riddle, Unanswered
from octoplan.gateways.wire import LARGEST_ANSWER

_LARGEST_NUMBER = Decimal(10) ** 12
_FINEST = -12
_LONGEST_WAIT = 86_400.0
_TICKET = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_SECONDS = re.compile(r"[0-9]{1,9}")
_CODES_SHOWN = range(100_000)
_SUCCESS = range(200, 300)
_NO_ACCESS = frozenset({401, 403})
_EUROS = frozenset({"euros", "euro", "eur", "€"})
_TICKET_KEYS = ("sms_ticket", "ticket_number")

_Content = Mapping[str, object]


def read_answer(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Read an answer; `headers` with names in any case, `body` as received (what exceeds 1 MiB is unreadable).

    A Retry-After that is a date is counted from the answer's own Date header, so that no clock is needed.
    """
    for applies, read in _BY_STATUS:
        if applies(status):
            return read(status, headers, body)
    return Riddle(reason=f"status {status}")


def read_balance(status: int, body: bytes) -> Balance:
    """Read what the wallet answers: `{"amount": 12.54, "unit": "euros"}`; anything else is no credit that is known.

    Source: the page check-balance. That `unit` may be left out, or be another word for euros, is an assumption.
    """
    if status in _NO_ACCESS:
        return Balance(why=f"{status}: the credentials were not accepted")
    if status not in _SUCCESS:
        return Balance(why=f"the gateway answers {status}")
    content = _parse(body)
    amount = _amount(content.get("amount"), least=-_LARGEST_NUMBER) if content is not None else None
    if content is None or amount is None:
        return Balance(why=f"unreadable answer ({status})")
    if str(content.get("unit", "euros")).lower() not in _EUROS:
        return Balance(why="the gateway counts it in another unit than euros")
    return Balance(amount=amount)


def _read_success(status: int, _headers: Mapping[str, str], body: bytes) -> Outcome:
    content = _parse(body)
    if content is None:
        return Unanswered(reason=f"unreadable answer ({status})")
    ticket = _find_ticket(content)
    if "code" in content and ticket is None and "number_of_contacts" not in content:
        return Riddle(reason=f"{status} with an error in it")
    return Accepted(
        ticket=ticket,
        contacts=_count(content.get("number_of_contacts")),
        cost=_amount(content.get("total_cost"), least=Decimal(0)),
        units=_count(content.get("number_of_sms_needed")),
        credit_left=_amount(content.get("residual_credit"), least=-_LARGEST_NUMBER),
    )


def _read_redirect(status: int, _headers: Mapping[str, str], _body: bytes) -> Outcome:
    return Riddle(reason=f"{status}: a redirect, which is never followed")


def _read_no_access(status: int, _headers: Mapping[str, str], _body: bytes) -> Outcome:
    return Refused(scope="account", code=None, reason=f"{status}: the credentials were not accepted")


def _read_later(status: int, headers: Mapping[str, str], _body: bytes) -> Outcome:
    return Unanswered(reason=str(status), retry_after=_find_wait(headers))


def _read_error(status: int, _headers: Mapping[str, str], body: bytes) -> Outcome:
    content = _parse(body)
    if content is None:
        return Riddle(reason=f"{status} without readable JSON")
    errors = content.get("errors")
    if errors is None:
        return _judge(status, {"": content.get("code")})
    if not isinstance(errors, dict) or not errors:
        return Riddle(reason=f"{status} with errors of unknown form")
    codes = {name: error.get("code") if isinstance(error, dict) else None for name, error in errors.items()}
    return _judge(status, codes)


def _judge(status: int, codes: Mapping[str, object]) -> Outcome:
    """Say what all `codes`, by field, prove together: one unknown code, or two kinds of proof, make a riddle."""
    known: list[tuple[str, int, Meaning]] = []
    for field, code in codes.items():
        if type(code) is not int or code not in CODES:
            return Riddle(reason=f"{status} with {_name_code(code)}")
        known.append((field, code, CODES[code]))
    if len({meaning.proof for _, _, meaning in known}) > 1:
        return Riddle(reason=f"{status} with errors that contradict each other")
    field, code, meaning = max(known, key=lambda one: WIDTH[one[2].scope])
    if meaning.proof == "duplicate":
        return Duplicate(code=code)
    if meaning.proof == "again":
        return Unanswered(reason=f"{status} with code {code}: {meaning.words}")
    return Refused(scope=meaning.scope, code=code, reason=meaning.words, field=field if field in FIELDS else None)


def _name_code(code: object) -> str:
    return f"the unknown code {code}" if type(code) is int and code in _CODES_SHOWN else "no known code"


def _parse(body: bytes) -> _Content | None:
    if len(body) > LARGEST_ANSWER:
        return None
    try:
        content = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _find_ticket(content: _Content) -> str | None:
    tickets = (content.get(key) for key in _TICKET_KEYS)
    return next((one for one in tickets if isinstance(one, str) and _TICKET.fullmatch(one)), None)


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < _LARGEST_NUMBER else None


def _amount(value: object, *, least: Decimal) -> Decimal | None:
    if type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    fine = isinstance(exponent, int) and exponent >= _FINEST
    return value if fine and least <= value <= _LARGEST_NUMBER else None


def _find_wait(headers: Mapping[str, str]) -> float | None:
    found = {name.lower(): value.strip() for name, value in headers.items()}
    wanted = found.get("retry-after", "")
    if _SECONDS.fullmatch(wanted):
        return min(float(wanted), _LONGEST_WAIT)
    until, now = read_date(wanted), read_date(found.get("date", ""))
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), _LONGEST_WAIT)


def read_date(text: str) -> datetime | None:
    """An HTTP date → the moment; None for anything else."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)  # "-0000" and the obsolete forms mean UTC


_BY_STATUS: tuple[tuple[Callable[[int], bool], Callable[[int, Mapping[str, str], bytes], Outcome]], ...] = (
    (_SUCCESS.__contains__, _read_success),
    (range(300, 400).__contains__, _read_redirect),
    (_NO_ACCESS.__contains__, _read_no_access),
    ({429, *range(500, 600)}.__contains__, _read_later),
    (range(400, 500).__contains__, _read_error),
)
