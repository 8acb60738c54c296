"""`octoplan report`: what was heard of an edition, by variant, from callbacks to sentences."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.test_variants import CAMPAIGN, folder_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Folder, MakeProject


def ingest(folder: Folder, made: Callable[[bool, int, str, str], list[dict[str, str]]]) -> None:
    """Callbacks for every message: whether it is of variant b, its number there, address and ticket → some."""
    counts = {True: 0, False: 0}
    lines: list[str] = []
    for message in folder.messages():
        warm = str(message.text).startswith("Hello")
        lines += map(json.dumps, made(warm, counts[warm], message.address, message.ticket))
        counts[warm] += 1
    (folder.path / "heard.ndjson").write_text("\n".join(lines) + "\n")
    taken = folder.run("ingest", "heard.ndjson")
    assert taken.code == 0, taken.err


def delivered(address: str, ticket: str, status: str) -> dict[str, str]:
    date = "2026-11-03 09:30:00"
    return {"message_id": ticket, "number": address, "status": status, "delivery_date": date, "channel": "sms"}


def stop(address: str, ticket: str) -> dict[str, str]:
    return {"message_id": ticket, "number": address, "text": "STOP", "stop_date": "2026-11-03 09:31:00"}


def reply(address: str, ticket: str) -> dict[str, str]:
    return {"message_id": ticket, "number": address, "text": "yes", "reception_date": "2026-11-03 09:31:00"}


def test_before_anything_is_heard_nothing_can_be_concluded(project: MakeProject) -> None:
    folder = folder_of(project)
    assert folder.call("report", "sale").code == 1
    assert folder.call("apply", "--auto-approve").code == 0
    outcome = folder.call("report", "sale")
    assert outcome.code == 0, outcome.err
    assert "Nothing can be concluded: no delivery, STOP or reply was heard yet" in outcome.out
    assert "held out: nothing is heard of them" in outcome.out
    assert folder.call("report", "nobody").code == 64


def test_rates_are_those_of_what_was_heard_and_a_clear_difference_is_told(project: MakeProject) -> None:
    folder = folder_of(project)
    assert folder.call("apply", "--auto-approve").code == 0

    def made(warm: bool, number: int, address: str, ticket: str) -> list[dict[str, str]]:  # noqa: FBT001 - as ingest calls it
        said = [delivered(address, ticket, "DELIVERED" if number % 10 else "NOT_DELIVERED")]
        said += [stop(address, ticket)] if number < (30 if warm else 3) else []
        return said + ([reply(address, ticket), reply(address, ticket)] if number < 5 else [])

    ingest(folder, made)
    found = folder.call("report", "sale", "--json").json
    a, b = found["variants"]
    assert [a["variant"], b["variant"]] == ["a", "b"]
    assert (a["opted_out"]["people"], b["opted_out"]["people"]) == (3, 30)
    assert (a["replied"]["people"], b["replied"]["people"]) == (5, 5)
    assert a["delivered"]["people"] == a["sent"] - (a["sent"] + 9) // 10
    told = {one["measure"]: one["told"] for one in found["differences"]}
    assert told == {"delivered": False, "opted_out": True, "replied": False}
    text = folder.call("report", "sale").out
    assert "opted out: a against b -" in text
    assert ": more in b." in text
    assert "replied: a against b" in text
    assert "nothing can be concluded." in text
    marked = folder.call("report", "sale", "--format", "markdown").out
    assert "| variant | sent | delivered | opted out | replied |" in marked
    assert "+336" not in text + marked + json.dumps(found)


def test_a_campaign_without_variants_has_one_row_and_nothing_to_compare(project: MakeProject) -> None:
    folder = folder_of(project, CAMPAIGN.split("variants:", maxsplit=1)[0], 20)
    assert folder.call("apply", "--auto-approve").code == 0
    ingest(folder, lambda _warm, _number, address, ticket: [delivered(address, ticket, "DELIVERED")])
    found = folder.call("report", "sale", "--json").json
    assert [(one["variant"], one["delivered"]["people"]) for one in found["variants"]] == [(None, 20)]
    assert "There is one variant, so there is nothing to compare." in folder.call("report", "sale").out
    assert folder.call("report", "sale", "--edition", "7").out.count("Nothing of this edition was sent yet.") == 1
