"""Waves: a few, then more, then all; nobody of a wave gets it before the wave before is over, and everybody in the end.

The sandbox's own record says who got it when.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from octoplan.state.sqlite import SqliteStore
from octoplan.state.told import Delivery, Optout
from tests.cli.meanwhile import at_request, say_stop
from tests.cli.windowed import JumpingClock
from tests.conftest import GREETING, NOW

if TYPE_CHECKING:
    from octoplan.state.interface import FrameRecord
    from tests.conftest import Folder, Gateway, MakeProject, Outcome

PEOPLE = 400
NUMBERS = [f"+3360000{2000 + one}" for one in range(PEOPLE)]
WAVES = GREETING + "waves: [{people: 10}, {share: 5%, after: 15m}, {rest: true, after: 1h}]\n"
FILES = {
    "octoplan.yaml": "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox, frame_size: 16}}\n",
    "campaigns/sale.yaml": WAVES,
}
APPLY = ("apply", "--auto-approve")


def people(numbers: list[str]) -> str:
    return "phone_number,first_name\n" + "".join(f"{number},Ann\n" for number in numbers)


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({**FILES, "campaigns/people.csv": people(NUMBERS)})
    return made


def apply(folder: Folder, minutes: int, *more: str) -> Outcome:
    return folder.call(*APPLY, *more, at=NOW + timedelta(minutes=minutes))


def frames(folder: Folder) -> list[FrameRecord]:
    store = SqliteStore(folder.path / ".octoplan" / "sandbox.db", writable=False)
    try:
        return list(store.frames())
    finally:
        store.close()


def by_wave(folder: Folder, *statuses: str) -> dict[int, int]:
    """How many people of each wave are in frames of these statuses, or of any."""
    found: dict[int, int] = {}
    for one in frames(folder):
        if one.status in (statuses or (one.status,)):
            found[one.wave] = found.get(one.wave, 0) + one.size
    return found


def test_a_plan_shows_who_waits_for_which_wave(folder: Folder) -> None:
    planned = folder.call("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert "20 people: wave 2 of 3, 15m after the one before" in planned.out
    assert "370 people: wave 3 of 3, 1h after the one before" in planned.out
    assert "400 recipients" in planned.last, "it counts all of them"


def test_each_wave_goes_out_once_the_one_before_is_over_and_its_time_has_passed(folder: Folder) -> None:
    first = apply(folder, 0)
    assert (first.code, len(folder.messages()), by_wave(folder)) == (0, 10, {1: 10, 2: 20, 3: 370})
    assert "sale waiting until 2026-11-03 10:15 UTC: 390 people, wave 2 of 3" in first.err
    early = apply(folder, 14)
    assert (early.code, len(folder.messages())) == (0, 10)
    planned = folder.call("plan", "--detailed-exitcode", at=NOW + timedelta(minutes=14))
    assert (planned.code, "…  sale" in planned.out, "waiting until 2026-11-03 10:15" in planned.out) == (2, True, True)
    assert (apply(folder, 15).code, len(folder.messages())) == (0, 30)
    assert (apply(folder, 74).code, len(folder.messages())) == (0, 30)
    last = apply(folder, 75)
    assert (last.code, folder.addresses()) == (0, NUMBERS)
    assert by_wave(folder, "sent") == {1: 10, 2: 20, 3: 370}
    assert folder.call("plan", "--detailed-exitcode", at=NOW + timedelta(minutes=76)).code == 0


@pytest.mark.parametrize(
    ("more", "caps"),
    [
        ("variants: {some: 20%, holdout: 80%}\n", ""),
        ("on_missing: skip\n", ""),
        ("", "caps: [{purpose: alert, at_most: 1, within: 7d}]\n"),
    ],
    ids=["holdout", "blank values", "caps"],
)
def test_the_first_wave_is_of_people_who_get_it_however_many_do_not(folder: Folder, more: str, caps: str) -> None:
    folder.write({"octoplan.yaml": FILES["octoplan.yaml"] + caps, "campaigns/sale.yaml": WAVES + more})
    if "skip" in more:
        folder.write({"campaigns/people.csv": people(NUMBERS).replace("Ann", "", PEOPLE - 50)})
    if caps:  # the campaign before it by name reaches most of them
        folder.write({"campaigns/news.yaml": GREETING.replace("people.csv", "most.csv")})
        folder.write({"campaigns/most.csv": people(NUMBERS[50:])})
    first, found = apply(folder, 0), by_wave(folder, "sent")
    assert (first.code, found.keys() - {0}, found[1]) == (0, {1}, 10), first
    assert 10 < sum(people for wave, people in by_wave(folder).items() if wave) < PEOPLE / 2


def test_a_wave_that_ended_by_a_clock_that_ran_ahead_keeps_the_next_waiting_until_then(folder: Folder) -> None:
    """Too late is safe, too early is not; whoever does not want to wait writes other waves."""
    day = 24 * 60
    assert (apply(folder, day).code, len(folder.messages())) == (0, 10)
    mended = apply(folder, 20)
    assert (mended.code, len(folder.messages())) == (0, 10)
    assert "sale waiting until 2026-11-04 10:15 UTC: 20 people, wave 2 of 3" in mended.err
    assert (apply(folder, day + 15).code, len(folder.messages())) == (0, 30)
    assert (apply(folder, 40).code, len(folder.messages())) == (0, 30)
    folder.write({"campaigns/sale.yaml": GREETING + "waves: [{people: 10}, {rest: true}]\n"})
    assert (apply(folder, 40).code, folder.addresses()) == (0, NUMBERS)


def test_without_a_time_between_them_waves_follow_each_other_in_one_apply(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": GREETING + "waves: [{people: 10}, {share: 5%}, {rest: true}]\n"})
    assert (apply(folder, 0).code, folder.addresses()) == (0, NUMBERS)
    waves = [one.wave for one in sorted(frames(folder), key=lambda one: one.last_change or NOW)]
    assert sorted(waves) == [1] * waves.count(1) + [2] * waves.count(2) + [3] * waves.count(3)
    assert by_wave(folder, "sent") == {1: 10, 2: 20, 3: 370}


def test_a_plan_file_covers_all_waves_and_is_applied_once_for_each(folder: Folder) -> None:
    folder.call("plan", "--out", str(folder.path / "plan.octoplan"))
    for minutes, reached in ((0, 10), (20, 30), (90, PEOPLE)):
        outcome = folder.call(
            "apply", str(folder.path / "plan.octoplan"), "--auto-approve", at=NOW + timedelta(minutes=minutes)
        )
        assert (outcome.code, len(folder.messages())) == (0, reached)
    assert folder.addresses() == NUMBERS


def test_who_joins_later_is_in_the_last_wave_and_nobody_changes_theirs(folder: Folder) -> None:
    apply(folder, 0)
    first = set(folder.addresses())
    joined = [f"+3360000{3000 + one}" for one in range(200)]
    folder.write({"campaigns/people.csv": people([*joined, *NUMBERS])})
    assert (apply(folder, 20).code, len(folder.messages())) == (0, 30)
    assert not set(joined) & set(folder.addresses())
    assert by_wave(folder) == {1: 10, 2: 20, 3: 570}
    assert apply(folder, 100).code == 0
    assert folder.addresses() == sorted([*joined, *NUMBERS])
    assert first < set(NUMBERS)


def test_another_edition_begins_with_other_people_in_the_same_numbers(folder: Folder) -> None:
    apply(folder, 0)
    first = set(folder.addresses())
    apply(folder, 20)
    apply(folder, 100)
    folder.write({"campaigns/sale.yaml": f"edition: 2\n{WAVES}"})
    assert apply(folder, 200).code == 0
    again = folder.addresses()
    second = {address for address in NUMBERS if again.count(address) == 2}
    assert len(second) == 10
    assert second != first


def test_a_refused_share_stops_the_waves_until_somebody_names_the_next(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": f"{WAVES}stop_if: {{refused: 5%, min_people: 5}}\n"})
    apply(folder, 0)
    turn(folder, refused=2)
    refused = apply(folder, 20)
    assert (refused.code, len(folder.messages())) == (5, 10)
    said = "wave 2 of 3 does not begin: 2 of 10 people (20.0 %) were refused, more than 5 % (--accept wave=2)"
    assert said in refused.err
    assert folder.call("plan", at=NOW + timedelta(minutes=20)).code == 5
    assert (apply(folder, 20, "--accept", "wave=1").code, len(folder.messages())) == (5, 10)
    named = apply(folder, 20, "--accept", "wave=2")
    assert (named.code, len(folder.messages())) == (5, 30), "and the third asks for its own name"
    assert "stopped sale: wave 3 of 3 does not begin: 2 of 30 people (6.7 %)" in named.err


def turn(folder: Folder, *, refused: int) -> None:
    """Have the state say that so many of those who were sent to were refused, in frames of their own."""
    import sqlite3  # noqa: PLC0415 - only here

    with sqlite3.connect(folder.path / ".octoplan" / "sandbox.db") as connection:
        (number,) = connection.execute("SELECT max(no) FROM frames WHERE status = 'sent'").fetchone()
        some = connection.execute("SELECT person FROM messages WHERE frame = ? LIMIT ?", (number, refused)).fetchall()
        connection.execute(
            """INSERT INTO frames (no, id, campaign, edition, run, status, size, content, refusals, last_change, wave)
            SELECT (SELECT max(no) + 1 FROM frames), 'f00', campaign, edition, run, 'refused', ?, content, 0,
            last_change, wave FROM frames WHERE no = ?""",
            (refused, number),
        )
        connection.execute("UPDATE frames SET size = size - ? WHERE no = ?", (refused, number))
        for (person,) in some:
            connection.execute("UPDATE messages SET frame = (SELECT max(no) FROM frames) WHERE person = ?", (person,))
    connection.close()


@pytest.mark.parametrize("heard", ["undelivered", "opted_out"])
def test_what_callbacks_tell_of_a_wave_stops_the_next(folder: Folder, heard: str) -> None:
    folder.write({"campaigns/sale.yaml": f"{WAVES}stop_if: {{{heard}: 10%, min_people: 5}}\n"})
    apply(folder, 0)
    hear(folder, heard, 1)
    assert (apply(folder, 20).code, len(folder.messages())) == (0, 30)
    hear(folder, heard, 5)
    stopped = apply(folder, 100)
    assert (stopped.code, len(folder.messages())) == (5, 30)
    assert "wave 3 of 3 does not begin: 5 of 30 people (16.7 %) " in stopped.err


def hear(folder: Folder, what: str, many: int) -> None:
    """Take in callbacks about so many people of the first wave."""
    store = SqliteStore(folder.path / ".octoplan" / "sandbox.db", writable=True)
    some = [(one.ticket or "", person) for one in store.frames() if one.wave == 1 for person in store.people(one.id)]
    for ticket, person in some[:many]:
        if what == "opted_out":
            store.hear([Optout(person=person, ticket=ticket, at=NOW, heard_at=NOW)])
        else:
            store.hear([Delivery(person=person, ticket=ticket, status="NOT_DELIVERED", at=NOW)])
    store.close()


def test_who_says_stop_between_two_waves_is_left_out_of_the_next(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": WAVES.replace("alert", "wholesale").replace("}}\n", "}} STOP au 30101\n")})
    assert apply(folder, 0).code == 0
    store = SqliteStore(folder.path / ".octoplan" / "sandbox.db", writable=True)
    waiting = {one.wave: store.people(one.id) for one in store.frames() if one.wave > 1}
    store.hear([Optout(person=some[0], ticket="", at=NOW, heard_at=NOW) for some in waiting.values()])
    store.close()
    for minutes in (20, 100):
        assert apply(folder, minutes).code == 0
    assert len(folder.addresses()) == len(set(folder.addresses())) == PEOPLE - len(waiting)


def test_a_wave_that_is_refused_as_a_whole_is_not_over(folder: Folder) -> None:
    """The gateway wants a STOP mention that the text lacks: nobody of the next wave is asked about."""
    at_once = "waves: [{people: 10}, {rest: true}]\n"
    folder.write({"campaigns/sale.yaml": GREETING.replace("alert", "wholesale") + at_once})
    refused = apply(folder, 0)
    assert (refused.code, folder.addresses(), len(folder.requests())) == (8, [], 1)
    folder.write({"campaigns/sale.yaml": GREETING + at_once})
    assert (apply(folder, 1).code, folder.addresses()) == (0, NUMBERS)


def test_who_was_refused_and_left_since_holds_no_wave_back(folder: Folder) -> None:
    at_once = "waves: [{people: 10}, {rest: true}]\n"
    folder.write({"campaigns/sale.yaml": GREETING.replace("alert", "wholesale") + at_once})
    assert apply(folder, 0).code == 8
    (first,) = (set(json.loads(one.body)["recipients"][0].values()) for one in folder.requests())
    stayed = [number for number in NUMBERS if number not in first]
    folder.write({"campaigns/sale.yaml": GREETING + at_once, "campaigns/people.csv": people(stayed)})
    assert (apply(folder, 1).code, folder.addresses()) == (0, stayed)


def test_a_wave_whose_window_is_closed_waits_for_both(folder: Folder) -> None:
    """Until eight in the evening, in Paris: the second wave is due at five past, and goes out in the morning."""
    enforced = FILES["octoplan.yaml"].replace("frame_size: 16", "frame_size: 16, windows: enforce")
    text = WAVES.replace("alert", "wholesale").replace("}}\n", "}} STOP au 30101\n")
    folder.write({"octoplan.yaml": enforced, "campaigns/sale.yaml": text})
    evening, morning = 8 * 60 + 50, 21 * 60 + 5
    assert (apply(folder, evening).code, len(folder.messages())) == (0, 10)
    closed = apply(folder, evening + 20)
    assert (closed.code, len(folder.messages()), "…  sale" in closed.out) == (0, 10, True), closed
    assert (apply(folder, morning).code, len(folder.messages())) == (0, 30)
    assert (apply(folder, morning + 61).code, folder.addresses()) == (0, NUMBERS)


OVER_HTTP = """\
octoplan: 1
environments:
  production: {{gateway: {{url: "{url}"}}, require_plan: false, max_in_flight: 3, frame_size: 2}}
"""
ENV = {
    "OCTOPLAN_STATE_KEY": "correct horse battery staple",
    "OCTOPUSH_API_LOGIN": "shop@example.com",
    "OCTOPUSH_API_KEY": "api-sesame-4711",
}


def test_a_wave_that_was_killed_is_ended_before_the_next_begins(project: MakeProject, gateway: Gateway) -> None:
    folder: Folder = project(
        {
            "octoplan.yaml": OVER_HTTP.format(url=gateway.url),
            "campaigns/sale.yaml": GREETING + "waves: [{people: 60}, {rest: true, after: 1h}]\n",
            "campaigns/people.csv": people(NUMBERS[:100]),
        }
    )

    def call(*arguments: str, hours: int = 0) -> Outcome:
        now = datetime.now(UTC) + timedelta(hours=hours)
        return folder.call("--env", "production", *arguments, env=ENV, at=now)

    assert call("state", "init").code == 0
    gateway.pause = 0.05
    for round_ in (1, 2):
        process = folder.start("--env", "production", *APPLY, env=ENV)
        gateway.kill_at(8 * round_, process)
    gateway.pause = 0
    ended = call(*APPLY)
    assert (ended.code, "40 people, wave 2 of 2" in ended.err) == (0, True)
    assert len(gateway.addresses()) == len(set(gateway.addresses())) == 60
    assert call(*APPLY).code == 0
    assert len(gateway.addresses()) == 60
    assert call(*APPLY, hours=2).code == 0
    assert gateway.addresses() == NUMBERS[:100]


def test_a_halt_keeps_the_next_wave_from_beginning(folder: Folder) -> None:
    apply(folder, 0)
    folder.call("halt", "--campaign", "sale")
    assert (apply(folder, 20).code, len(folder.messages())) == (5, 10)
    folder.call("resume", "--campaign", "sale")
    assert (apply(folder, 20).code, len(folder.messages())) == (0, 30)


@pytest.mark.parametrize(
    ("waves", "said"),
    [
        ("[{people: 10}, {people: 20}]", "the last wave is the rest"),
        ("[{rest: true}, {people: 20}]", "the last wave is the rest"),
        ("[{people: 10, after: 1h}, {rest: true}]", "nothing comes before the first wave"),
        ("[{people: 10}]", "a list of two waves at least"),
        ("[{people: 10, share: 5%}, {rest: true}]", "a wave has one of"),
        ("[{people: 0}, {rest: true}]", "a whole number from 1"),
        ("[{share: 5}, {rest: true}]", "must be text, not the number 5"),
        ("[{people: 10}, {rest: true, after: soon}]", "such as 15m"),
    ],
)
def test_waves_that_make_no_sense_are_told_by_file_and_line(folder: Folder, waves: str, said: str) -> None:
    folder.write({"campaigns/sale.yaml": f"{GREETING}waves: {waves}\n"})
    outcome = folder.call("validate")
    assert (outcome.code, said in outcome.err, "campaigns/sale.yaml:6:" in outcome.err) == (3, True, True), outcome.err


def test_a_campaign_without_waves_is_in_none(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": GREETING})
    assert (apply(folder, 0).code, by_wave(folder)) == (0, {0: PEOPLE})


CLOSED = "not_after: 2026-11-03T12:00:00+00:00"  # two hours after the first apply


def test_waves_that_cannot_all_begin_before_not_after_block_their_campaign(folder: Folder) -> None:
    text = WAVES.replace("open: true", CLOSED)
    folder.write({"campaigns/sale.yaml": text.replace("after: 1h", "after: 106m")})
    blocked = apply(folder, 0)
    assert (blocked.code, folder.addresses()) == (5, []), "15 and 106 minutes are more than two hours"
    assert "sale: wave 3 of 3 cannot begin before not_after" in blocked.err
    folder.write({"campaigns/sale.yaml": text.replace("after: 1h", "after: 100m")})
    assert [(apply(folder, minutes).code, len(folder.messages())) for minutes in (0, 15)] == [(0, 10), (0, 30)]
    assert (apply(folder, 115).code, folder.addresses()) == (0, NUMBERS)


def over_http(project: MakeProject, gateway: Gateway, campaign: str, more: str = "") -> Folder:
    folder: Folder = project(
        {
            "octoplan.yaml": OVER_HTTP.format(url=gateway.url).replace("frame_size: 2", f"frame_size: 2{more}"),
            "campaigns/sale.yaml": campaign,
            "campaigns/people.csv": people(NUMBERS[:20]),
        }
    )
    assert folder.call("--env", "production", "state", "init", env=ENV).code == 0
    return folder


def test_a_wave_that_the_one_before_made_too_late_for_not_after_ends_with_8(
    project: MakeProject, gateway: Gateway
) -> None:
    limited = GREETING.replace("open: true", CLOSED) + "waves: [{people: 10}, {rest: true, after: 1h}]\n"
    folder = over_http(project, gateway, limited)
    clock = JumpingClock(NOW, gateway, 1, NOW + timedelta(minutes=70))
    outcome = folder.call("--env", "production", *APPLY, env=ENV, clock=clock)
    assert (outcome.code, outcome.last) == (8, "Applied: 10 sent, 0 refused, 0 open, 0 unknown.")
    assert "stopped sale: wave 2 of 2: 10 people cannot be sent to before not_after any more" in outcome.err
    again = folder.call("--env", "production", *APPLY, env=ENV, at=NOW + timedelta(minutes=80))
    assert (again.code, len(gateway.addresses())) == (5, 10)


def test_a_run_that_stopped_itself_in_a_wave_ends_with_8_also_if_others_wait_for_a_cap(
    project: MakeProject, gateway: Gateway
) -> None:
    """The second campaign costs three times its price; one of its people has had the first."""
    folder = over_http(project, gateway, GREETING, ", prices: {sms_premium: 0.045}")
    caps = "caps: [{purpose: alert, per: person, at_most: 1, within: 7d, over: wait}]\n"
    written = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    folder.write({"octoplan.yaml": written + caps, "campaigns/people.csv": people(NUMBERS[:1])})
    assert folder.call("--env", "production", *APPLY, env=ENV).code == 0
    second = GREETING.replace("people.csv", "all.csv").replace("Hello", "Hi")
    folder.write(
        {
            "octoplan.yaml": written.replace("0.045", "0.015") + caps,
            "campaigns/all.csv": people(NUMBERS[:20]),
            "campaigns/second.yaml": second + "waves: [{people: 10}, {rest: true, after: 1h}]\n",
        }
    )
    outcome = folder.call("--env", "production", *APPLY, env=ENV, at=NOW + timedelta(hours=1))
    assert "of cost, more than 10 % above the plan's" in outcome.err
    assert "second waiting until 2026-11-10" in outcome.err, "one waits for the cap"
    assert outcome.code == 8


def test_a_stop_in_mid_run_keeps_no_later_wave_waiting(
    project: MakeProject, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    wholesale = GREETING.replace("alert", "wholesale").replace("}}\n", "}} STOP au 30101\n")
    folder = over_http(project, gateway, wholesale + "waves: [{people: 10}, {people: 5}, {rest: true}]\n")
    written = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    folder.write({"octoplan.yaml": written.replace("max_in_flight: 3", "max_in_flight: 1")})
    for number, wave in ((2, 1), (8, 3)):
        at_request(monkeypatch, number, partial(say_stop, folder, "production", wave))
    outcome = folder.call("--env", "production", *APPLY, env=ENV)
    assert (outcome.code, outcome.last) == (0, "Applied: 18 sent, 0 refused, 0 open, 0 unknown, 2 opted out.")
    assert len(set(gateway.addresses())) == len(gateway.addresses()) == 18
