"""What the inbox forgets by itself, and when it warns."""

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from octoplan.sandbox import retention
from octoplan.sandbox.core import Sandbox
from octoplan.sandbox.queries import CALLBACKS
from octoplan.sandbox.records import Query
from octoplan.sandbox.settings import Settings, SettingsError
from octoplan.sandbox.steering import Steering
from octoplan.sandbox.storage import Storage

Ask = Callable[..., tuple[int, dict[str, Any]]]
Make = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.forgetful


def to(*addresses: str) -> list[dict[str, str]]:
    return [{"phone_number": address} for address in addresses]


def addresses(sandbox: Sandbox) -> list[str]:
    return [message.address for message in sandbox.messages()]


def test_what_is_older_than_seven_days_is_removed_and_nothing_else(
    storage: Storage, clock: Any, ask: Ask, sms: Make
) -> None:
    sandbox = Sandbox(storage, clock, Settings(callback_url="http://127.0.0.1:1/"))
    ask(sandbox, sms(metadata={"request_id": "a1"}))
    ask(sandbox, sms(sender="x"))
    clock.advance(days=6, hours=23)
    ask(sandbox, sms(recipients=to("+33600000999")))
    assert retention.sweep(sandbox) == 0
    clock.advance(hours=2)
    assert retention.sweep(sandbox) == 2
    assert addresses(sandbox) == ["+33600000999"]
    assert [len(one.body) > 0 for one in sandbox.requests()] == [True]
    assert len(sandbox.find(CALLBACKS, Query())) == 1


def test_a_clock_that_is_set_months_ahead_removes_nothing(storage: Storage, clock: Any, ask: Ask, sms: Make) -> None:
    sandbox = Sandbox(storage, clock)
    ask(sandbox, sms())
    Steering(sandbox).set_clock(ahead=timedelta(days=400))
    assert sandbox.now() > clock.now + timedelta(days=399)
    assert retention.sweep(sandbox) == 0
    Steering(sandbox).set_clock(frozen=True)
    ask(sandbox, sms(recipients=to("+33600000999")))
    assert retention.sweep(sandbox) == 0
    assert len(addresses(sandbox)) == 3


def test_a_clock_that_stands_still_keeps_nothing_for_ever(storage: Storage, clock: Any, ask: Ask, sms: Make) -> None:
    sandbox = Sandbox(storage, clock)
    Steering(sandbox).set_clock(frozen=True)
    ask(sandbox, sms())
    clock.advance(days=8)
    assert retention.sweep(sandbox) == 1
    assert addresses(sandbox) == []


def test_what_is_still_held_stays(storage: Storage, clock: Any, ask: Ask, sms: Make) -> None:
    sandbox = Sandbox(storage, clock)
    ask(sandbox, sms(send_at=(clock.now + timedelta(days=20)).isoformat()))
    clock.advance(days=10)
    assert retention.sweep(sandbox) == 0
    clock.advance(days=11)
    assert retention.sweep(sandbox) == 1


def test_how_long_can_be_set_and_for_ever_too(storage: Storage, clock: Any, ask: Ask, sms: Make) -> None:
    sandbox = Sandbox(storage, clock)
    steering = Steering(sandbox)
    ask(sandbox, sms())
    steering.change({"keep_days": 0})
    clock.advance(days=3000)
    assert retention.sweep(sandbox) == 0
    steering.change({"keep_days": 2999})
    assert retention.sweep(sandbox) == 1
    for wrong in (-1, 1.5, True, "7", 3661):
        with pytest.raises(SettingsError, match="keep_days: a whole number"):
            steering.change({"keep_days": wrong})


def test_no_byte_of_who_was_removed_stays_in_the_file(tmp_path: Path, clock: Any, ask: Ask, sms: Make) -> None:
    path = tmp_path / "inbox.db"
    with Storage.at(path) as storage:
        sandbox = Sandbox(storage, clock)
        ask(sandbox, sms(recipients=to("+33600000777"), text="Hello Ada"))
        clock.advance(days=8)
        ask(sandbox, sms(recipients=to("+33600000999")))
        assert retention.sweep(sandbox) == 1
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"+33600000777" not in content
        assert b"Hello Ada" not in content
        assert b"+33600000999" in content


def test_a_reset_leaves_no_byte_of_anybody_in_the_file(tmp_path: Path, clock: Any, ask: Ask, sms: Make) -> None:
    with Storage.at(tmp_path / "inbox.db") as storage:
        sandbox = Sandbox(storage, clock)
        Steering(sandbox).change_blacklist(add=["+33600000999"])
        ask(sandbox, sms(recipients=to("+33600000777"), text="Hello Ada"))
        sandbox.reset()
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        for left in (b"+33600000777", b"+33600000999", b"Hello Ada"):
            assert left not in content


def test_a_file_of_before_keeps_what_it_has_for_another_seven_days(tmp_path: Path, ask: Ask, sms: Make) -> None:
    path = tmp_path / "inbox.db"
    moments = [datetime.now(UTC) - timedelta(days=100)]
    with Storage.at(path) as storage:
        ask(Sandbox(storage, lambda: moments[-1]), sms())
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("ALTER TABLE requests DROP COLUMN arrived; PRAGMA user_version = 2;")
    with Storage.at(path) as storage:
        sandbox = Sandbox(storage, lambda: moments[-1])
        moments.append(datetime.now(UTC) + timedelta(days=6))
        assert retention.sweep(sandbox) == 0
        moments.append(datetime.now(UTC) + timedelta(days=8))
        assert retention.sweep(sandbox) == 1


def test_more_than_a_thousand_people_who_look_real_are_worth_a_warning(
    storage: Storage, clock: Any, ask: Ask, sms: Make, contract: dict[str, Any]
) -> None:
    sandbox = Sandbox(storage, clock)
    for first in (0, 500, 1000):
        ask(sandbox, sms(recipients=to(*(f"+3360000{number:04}" for number in range(first, first + 500)))))
    email = contract["email"]
    ask(sandbox, email | {"recipients": [{"email": f"p{number}@example.com"} for number in range(500)]})
    assert retention.warn(sandbox) == ""
    for first in (0, 500):
        ask(sandbox, sms(recipients=to(*(f"+3361234{number:04}" for number in range(first, first + 500)))))
    assert retention.warn(sandbox) == ""  # a thousand, and not more
    ask(sandbox, email | {"recipients": [{"email": "ada@shop.fr"}]})
    assert "more than 1,000 people who look real" in retention.warn(sandbox)
    assert "for 7 days" in retention.warn(sandbox)
