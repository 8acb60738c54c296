"""A running Sandbox → another credit, clock, blacklist or setting; what is set is kept in its file until a reset."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.ledger import Ledger
from octoplan.sandbox.records import Callback, CallbackKind, Message, Query
from octoplan.sandbox.reporting import report_anew, report_on
from octoplan.sandbox.settings import Settings, SettingsError, apply_stored, change_settings, check_clock

_RULES = ("strict", "rules_off")


class Steering:
    """What somebody who runs a sandbox may do to it, beside sending. Safe for several threads."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._storage = sandbox.storage

    def change(self, changes: Mapping[str, Any]) -> Settings:
        """Change settings by name; SettingsError, and nothing changed, if one of them cannot be."""
        with self._storage.transaction() as ledger:
            stored = ledger.load_settings()
            changed = change_settings(apply_stored(self._sandbox.base, stored), changes)
            kept = json.loads(stored)
            prices = kept.get("prices", {}) | changes.get("prices", {})  # rows of the table, each by itself
            kept |= {**changes, "prices": prices} if prices else changes
            if not kept.keys().isdisjoint(_RULES):  # one truth: strictness is a rule that is off
                kept = {name: value for name, value in kept.items() if name not in _RULES}
                kept["rules_off"] = sorted(changed.rules_off)
            ledger.store_settings(json.dumps(kept, default=float))  # of a Decimal, no digit that is allowed is lost
        return changed

    def forget(self, names: Collection[str]) -> None:
        """Forget what was set under `names`, so that what the sandbox was started with counts."""
        with self._storage.transaction() as ledger:
            kept = {name: value for name, value in json.loads(ledger.load_settings()).items() if name not in names}
            ledger.store_settings(json.dumps(kept))

    def set_clock(
        self, to: datetime | None = None, *, ahead: timedelta = timedelta(), frozen: bool | None = None
    ) -> None:
        """Set the clock to a moment, or so much ahead of what it shows; let it stand still, or go on."""
        settings = self._sandbox.settings()
        stands = settings.frozen is not None if frozen is None else frozen
        try:
            shown = (self._sandbox.now() if to is None else to).astimezone(UTC) + ahead
        except OverflowError:
            raise SettingsError("the clock cannot go that far") from None
        check_clock(shown)
        if stands:
            self.change({"frozen": shown.isoformat()})
        else:
            self.change({"frozen": None, "offset_seconds": (shown - self._sandbox.real_time()).total_seconds()})

    def follow_real_time(self) -> None:
        """Let the clock show the real time again."""
        self.change({"frozen": None, "offset_seconds": 0})

    def credit(self) -> Decimal:
        """The credit left, in EUR."""
        left = self._storage.load_credit()
        return self._sandbox.settings().credit if left is None else Decimal(left)

    def set_credit(self, amount: Decimal | None) -> None:
        """Set the credit left, in EUR; None for what the sandbox was started with."""
        with self._storage.transaction() as ledger:
            ledger.set_credit(amount)

    def blacklist(self) -> tuple[str, ...]:
        """List the addresses that want nothing."""
        return self._storage.list_blacklist()

    def change_blacklist(self, *, add: Collection[str] = (), remove: Collection[str] = ()) -> None:
        """Add addresses to the blacklist, or take them from it; what is not due yet is reported accordingly."""
        now, settings = self._sandbox.now(), self._sandbox.settings()
        with self._storage.transaction() as ledger:
            ledger.blacklist(add)
            ledger.unblacklist(remove)
            _report_anew(ledger, {*add, *remove}, now, settings)

    def report(self, kind: CallbackKind, message: Message, said: object) -> Callback:
        """Queue a callback about a message; who sends a STOP gets on the blacklist. CallbackError if it cannot come."""
        now, settings = self._sandbox.now(), self._sandbox.settings()
        callback = report_on(kind, message, said, now, settings)
        with self._storage.transaction() as ledger:
            number = ledger.queue_callbacks((callback,))
            if kind == "stop":
                ledger.blacklist((message.address,))
                _report_anew(ledger, (message.address,), now, settings)
        return replace(callback, id=number or 0)

    def take_callbacks(self, limit: int) -> Sequence[Callback]:
        """List callbacks that are due by the sandbox's clock and were not posted yet, oldest first.

        None of them where another server on the same file posts them. For one thread.
        """
        return self._storage.list_waiting(self._sandbox.now(), limit) if self._storage.may_post() else ()

    def note_callback(self, number: int, *, status: int | None, error: str) -> None:
        """Note what a callback's receiver answered, or why nothing was."""
        with self._storage.transaction() as ledger:
            ledger.note_callback(number, status, error)


def _report_anew(ledger: Ledger, addresses: Collection[str], now: datetime, settings: Settings) -> None:
    """Let the reports about these addresses that are not due yet say what the blacklist says now."""
    for number, ticket, message, form in ledger.find_held(addresses, now):
        messages = ledger.find_messages(Query(ticket=ticket, message=message), now)
        blacklisted = ledger.find_blacklisted([one.address for one in messages])
        ledger.rewrite_callback(number, report_anew(messages, blacklisted, settings, form))
