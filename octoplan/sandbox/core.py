"""Request → Answer: the sandbox itself, in process. The other door, `app`, calls this one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from octoplan.sandbox.answers import answer_accepted, answer_failed, answer_refused, answer_unknown_path
from octoplan.sandbox.errors import SandboxError, StorageError
from octoplan.sandbox.exchange import LARGEST_BODY, Answer, Request
from octoplan.sandbox.fields import CHANNELS, ENDPOINTS
from octoplan.sandbox.prices import Bill, make_bill
from octoplan.sandbox.reading import Submission, read_submission
from octoplan.sandbox.records import Delivery, Entry, Message, Query
from octoplan.sandbox.rules import (
    AUTHENTICATION,
    BODY,
    SWITCHABLE,
    TOO_LARGE,
    Rule,
    find_broken,
    find_refusing,
)
from octoplan.sandbox.settings import Settings
from octoplan.sandbox.storage import Ledger, Storage

_CREDENTIALS = ("api-key", "api-login")
_OWN_COLUMNS = frozenset({"text", "sender", "purpose", "list_name", "send_at", "simulation_mode"})
_EVERYTHING = Query()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One request while it is decided: as received, as understood, and when."""

    request: Request
    submission: Submission
    at: datetime


class Sandbox:
    """An Octopush of one's own: answers requests and remembers what they sent. Safe for several threads.

    It does not own `storage`: who opened it closes it. `clock` gives the time as an aware datetime.
    """

    def __init__(self, storage: Storage, clock: Callable[[], datetime], settings: Settings | None = None) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings or Settings()
        if unknown := self._settings.rules_off - SWITCHABLE:
            raise SandboxError(
                f"no rules that can be switched off: {', '.join(sorted(unknown))}",
                hint=f"these can: {', '.join(sorted(SWITCHABLE))}",
            )

    def answer(self, request: Request) -> Answer:
        """Answer `request` as the API would; 500, and nothing kept, if it cannot be written down."""
        endpoint = ENDPOINTS.get((request.method, request.path))
        if endpoint is None:
            return answer_unknown_path()
        if len(request.body) > LARGEST_BODY:
            return answer_refused(TOO_LARGE)
        submission = read_submission(request.body, endpoint)
        rule = self._find_broken(request, submission)
        case = _Case(request=request, submission=submission or Submission(), at=self._clock())
        try:
            with self._storage.transaction() as ledger:
                return self._refuse(ledger, case, rule) if rule else self._decide(ledger, case)
        except StorageError:
            return answer_failed()

    def messages(self, query: Query = _EVERYTHING) -> tuple[Message, ...]:
        """List the messages that were sent."""
        return self._storage.list_messages(query)

    def requests(self, query: Query = _EVERYTHING) -> tuple[Entry, ...]:
        """List the requests that were received: simulated and refused ones too."""
        return self._storage.list_requests(query)

    def count(self, query: Query = _EVERYTHING) -> int:
        """Count the messages that were sent."""
        return self._storage.count_messages(query)

    def reset(self) -> None:
        """Forget everything that was received, and fill up the credit."""
        with self._storage.transaction() as ledger:
            ledger.forget_all()

    def _find_broken(self, request: Request, submission: Submission | None) -> Rule | None:
        if not _is_authenticated(request):
            return AUTHENTICATION
        if submission is None:
            return BODY
        return find_broken(submission, self._settings.rules_off)

    def _decide(self, ledger: Ledger, case: _Case) -> Answer:
        submission = case.submission
        bill = make_bill(submission, self._settings.prices)
        since = case.at - self._settings.memory
        facts = ledger.load_facts(submission.option("request_id"), since, self._settings.credit)
        if not submission.simulated:
            if refusing := find_refusing(bill, facts, self._settings):
                return self._refuse(ledger, case, refusing)
            self._charge(ledger, case, facts.credit - bill.cost)
        number = ledger.next_id()
        ticket = _make_ticket(case, number)
        credit = facts.credit if submission.simulated else facts.credit - bill.cost
        answer = answer_accepted(submission, bill, ticket, credit)
        delivery = None if submission.simulated else _make_delivery(submission, bill)
        ledger.record(_make_entry(case, number, answer, ticket=ticket), delivery)
        return answer

    def _charge(self, ledger: Ledger, case: _Case, credit: Decimal) -> None:
        ledger.set_credit(credit)
        if request_id := case.submission.option("request_id"):
            ledger.remember(request_id, case.at)

    def _refuse(self, ledger: Ledger, case: _Case, rule: Rule) -> Answer:
        answer = answer_refused(rule)
        ledger.record(_make_entry(case, ledger.next_id(), answer, code=rule.code), None)
        request_id = "" if case.submission.simulated else case.submission.option("request_id")
        if request_id and self._settings.refused_use_up_request_ids:
            ledger.remember(request_id, case.at)
        return answer


def _is_authenticated(request: Request) -> bool:
    headers = {name.lower(): value.strip() for name, value in request.headers.items()}
    return all(headers.get(name) for name in _CREDENTIALS)


def _make_ticket(case: _Case, number: int) -> str:
    """Make a ticket that looks like the documented ones: 13 hex digits, here the second and the request's number."""
    prefix = CHANNELS[case.submission.channel].ticket_prefix
    return f"{prefix}_{int(case.at.timestamp()):08x}{number % 0x100000:05x}"


def _make_entry(
    case: _Case, number: int, answer: Answer, *, code: int | None = None, ticket: str | None = None
) -> Entry:
    return Entry(
        id=number,
        at=case.at,
        endpoint=f"{case.request.method} {case.request.path}",
        body=case.request.body,
        status=answer.status,
        code=code,
        answer=answer.body,
        ticket=ticket,
        channel=case.submission.channel,
        list_name=case.submission.option("list_name"),
        simulated=case.submission.simulated,
        forgiven=case.submission.forgiven,
    )


def _make_delivery(submission: Submission, bill: Bill) -> Delivery:
    return Delivery(
        channel=submission.channel,
        text=submission.text,
        sender=submission.option("sender"),
        purpose=submission.option("purpose"),
        list_name=submission.option("list_name"),
        send_at=submission.option("send_at"),
        parts=bill.parts,
        options={name: value for name, value in submission.options.items() if name not in _OWN_COLUMNS},
        addresses=submission.addresses,
    )
