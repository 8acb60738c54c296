"""A Request and a Ledger → an Answer, written down: what the API does with each endpoint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from octoplan.sandbox.answers import (
    answer_accepted,
    answer_canceled,
    answer_refused,
    answer_strict,
    answer_unknown_path,
    make_json,
)
from octoplan.sandbox.cancelling import find_campaign, find_hindrance
from octoplan.sandbox.checks import Account, Case, find_broken, find_refusing
from octoplan.sandbox.deliveries import make_delivery
from octoplan.sandbox.endpoints import ENDPOINTS
from octoplan.sandbox.exchange import LARGEST_BODY, Answer, Request
from octoplan.sandbox.fields import Channel, Endpoint
from octoplan.sandbox.ledger import Ledger
from octoplan.sandbox.prices import make_bill
from octoplan.sandbox.reading import Submission, read_query, read_submission
from octoplan.sandbox.records import Delivery, Entry
from octoplan.sandbox.rules import BY_ID, Rule
from octoplan.sandbox.settings import Settings

_CREDENTIALS = ("api-key", "api-login")
_NOTHING = Submission()
LARGEST_AT_ALL = 10 * LARGEST_BODY
"""What is read of a body where the rule `body_size` is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where requests are decided: the open ledger, how this sandbox is set, and the time by its clock."""

    ledger: Ledger
    settings: Settings
    now: datetime

    def answer(self, request: Request, endpoint: Endpoint | None) -> Answer:
        """Answer one request as the API would, and write it down, but for what is no request of this API."""
        if endpoint is None:
            return answer_unknown_path()
        if self._holds("body_size") and len(request.body) > LARGEST_BODY:
            return answer_refused(BY_ID["body_size"])
        if self._holds("authentication") and not _is_authenticated(request):
            return self._refuse(request, self._read(request, endpoint) or _NOTHING, BY_ID["authentication"])
        submission = self._read(request, endpoint)
        if submission is None:
            return self._refuse(request, _NOTHING, BY_ID["body"])
        if submission.forgiven and self.settings.strict:
            return self._write(request, submission, _Decision(answer=answer_strict(submission.forgiven), code=400))
        return _DOES[endpoint.does](self, request, submission, endpoint)

    def send(self, request: Request, submission: Submission, endpoint: Endpoint) -> Answer:
        """Accept what is to be sent, or turn it away by the first rule that it breaks."""
        channel = endpoint.channels.get(submission.channel)
        submission = self._leave_out(submission)
        if rule := find_broken(Case(submission=submission, channel=channel, settings=self.settings)):
            return self._refuse(request, submission, rule)
        if channel is None:  # only where the rule about channels is off and its table empty
            return answer_unknown_path()
        return self._accept(request, submission, channel)

    def cancel(self, request: Request, submission: Submission, _endpoint: Endpoint) -> Answer:
        """Cancel a campaign that waits for its send_at."""
        campaign = find_campaign(self.ledger, submission.option("ticket_number"))
        month = self.now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        rule = find_hindrance(
            campaign,
            submission,
            now=self.now,
            this_month=self.ledger.count_cancellations(month),
            rules_off=self.settings.rules_off,
        )
        if rule or campaign is None:
            return self._refuse(request, submission, rule or BY_ID["cancel_ticket"])
        self.ledger.cancel(campaign.request, self.now, campaign.ticket)
        if self._holds("cancel_refund"):
            self.ledger.set_credit(self._credit() + campaign.cost)
        return self._write(request, submission, _Decision(answer=answer_canceled()))

    def tell_balance(self, request: Request, submission: Submission, _endpoint: Endpoint) -> Answer:
        """Tell what is left in the wallet."""
        from octoplan.sandbox.wallet import tell_balance  # noqa: PLC0415 - seldom asked for

        content = tell_balance(submission, self._credit(), self.settings.prices, self.now)
        return self._write(request, submission, _Decision(answer=make_json(200, content)))

    def tell_credits(self, request: Request, submission: Submission, _endpoint: Endpoint) -> Answer:
        """Tell how many messages that is worth."""
        from octoplan.sandbox.wallet import tell_credits  # noqa: PLC0415 - seldom asked for

        content = tell_credits(submission, self._credit(), self.settings.prices)
        return self._write(request, submission, _Decision(answer=make_json(200, content)))

    def _holds(self, rule: str) -> bool:
        return rule not in self.settings.rules_off

    def _credit(self) -> Decimal:
        left = self.ledger.load_credit()
        return self.settings.credit if left is None else left

    def _read(self, request: Request, endpoint: Endpoint) -> Submission | None:
        if endpoint.method == "GET":
            return read_query(request.query, endpoint)
        return read_submission(request.body, endpoint, self.settings.rules_off)

    def _leave_out(self, submission: Submission) -> Submission:
        """Take away the contacts that get nothing: blacklisted ones, and, where each counts once, duplicates."""
        gone: frozenset[str] = frozenset()
        if submission.flag("auto_remove_blacklisted_contacts") and self._holds("blacklist"):
            gone = self.ledger.find_blacklisted(submission.addresses)
        once = not self._holds("duplicates")
        if not gone and not once:
            return submission
        first = {address: at for at, address in reversed(tuple(enumerate(submission.addresses)))}
        kept = [
            at
            for at, address in enumerate(submission.addresses)
            if address not in gone and not (once and first[address] != at)
        ]
        return replace(
            submission,
            addresses=tuple(submission.addresses[at] for at in kept),
            personal=tuple(submission.personal[at] for at in kept) if submission.personal else (),
        )

    def _accept(self, request: Request, submission: Submission, channel: Channel) -> Answer:
        bill = make_bill(submission, channel, self.settings.prices, self.settings.rules_off)
        credit, request_id = self._credit(), submission.option("request_id")
        number = self.ledger.next_id()
        ticket = self._make_ticket(channel, number)
        named = "" if channel.name == "rcs" and not self._holds("rcs_answer") else ticket
        if submission.simulated:
            answer = answer_accepted(submission, channel, bill, named, credit)
            return self._write(request, submission, _Decision(answer=answer, number=number, ticket=ticket))
        account = Account(request_id_used=self._is_used(request_id), credit=credit)
        if rule := find_refusing(bill, account, self.settings.rules_off):
            return self._refuse(request, submission, rule, number=number)
        credit = credit - bill.cost if self._holds("credit") else max(Decimal(0), credit - bill.cost)
        self.ledger.set_credit(credit)
        if request_id:
            self.ledger.remember(request_id, self.now)
        answer = answer_accepted(submission, channel, bill, named, credit)
        delivery = make_delivery(submission, bill, self.settings, self.now)
        return self._write(
            request, submission, _Decision(answer=answer, number=number, ticket=ticket, delivery=delivery)
        )

    def _is_used(self, request_id: str) -> bool:
        return bool(request_id) and self.ledger.is_used(request_id, self.now - self.settings.memory)

    def _make_ticket(self, channel: Channel, number: int) -> str:
        """Make a ticket like the documented ones: 13 hex digits, here of the second and the request's number."""
        return f"{channel.ticket_prefix}_{int(self.now.timestamp()) & 0xFFFFFFFF:08x}{number & 0xFFFFF:05x}"

    def _refuse(self, request: Request, submission: Submission, rule: Rule, *, number: int | None = None) -> Answer:
        request_id = "" if submission.simulated else submission.option("request_id")
        if request_id and not self._holds("refused_request_id"):
            self.ledger.remember(request_id, self.now)
        return self._write(request, submission, _Decision(answer=answer_refused(rule), number=number, code=rule.code))

    def _write(self, request: Request, submission: Submission, decision: "_Decision") -> Answer:
        entry = Entry(
            id=decision.number or self.ledger.next_id(),
            at=self.now,
            endpoint=f"{request.method} {request.path}",
            body=request.body or request.query.encode("utf-8", "replace"),
            status=decision.answer.status,
            code=decision.code,
            answer=decision.answer.body,
            ticket=decision.ticket,
            channel=submission.channel,
            list_name=submission.option("list_name"),
            simulated=submission.simulated,
            contacts=submission.contacts,
            forgiven=submission.forgiven,
        )
        first = self.ledger.record(entry, decision.delivery)
        if first is not None and decision.delivery is not None and self.settings.callback_url:
            self._queue_reports(entry, decision.delivery, first)
        return decision.answer

    def _queue_reports(self, entry: Entry, delivery: Delivery, first: int) -> None:
        from octoplan.sandbox.reporting import report_deliveries  # noqa: PLC0415 - only where somebody listens

        blacklisted = self.ledger.find_blacklisted(delivery.addresses)
        self.ledger.queue_callbacks(report_deliveries(entry, delivery, first, blacklisted, self.settings))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    """What became of a request; `number` where one was given out already."""

    answer: Answer
    number: int | None = None
    code: int | None = None
    ticket: str | None = None
    delivery: Delivery | None = None


def find_endpoint(request: Request) -> Endpoint | None:
    """Find the row of the API's table that a request is for."""
    return ENDPOINTS.get((request.method, request.path))


def _is_authenticated(request: Request) -> bool:
    headers = {name.lower(): value.strip() for name, value in request.headers.items()}
    return all(headers.get(name) for name in _CREDENTIALS)


_DOES: Mapping[str, Callable[[Desk, Request, Submission, Endpoint], Answer]] = MappingProxyType(
    {"send": Desk.send, "cancel": Desk.cancel, "balance": Desk.tell_balance, "credits": Desk.tell_credits}
)
