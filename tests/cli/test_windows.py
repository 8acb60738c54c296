"""Messages are sent within their recipients' windows: planned, shown, and asked before every first byte."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octoplan.project import load
from octoplan.sandbox.testing import run_octopush
from tests.cli.windowed import MORNING, NIGHT, SALE, JumpingClock, make_live, people
from tests.conftest import Folder, Gateway, MakeProject

EVENING = datetime(2026, 11, 3, 18, 58, tzinfo=UTC)  # Tuesday, two minutes before its end
FRENCH = [f"+336000002{number:02}" for number in range(10)]
ISLANDERS = [f"+26269200020{number}" for number in range(5)]


@pytest.fixture
def folder(project: MakeProject, gateway: Gateway) -> Folder:
    return make_live(project, gateway, *FRENCH, more="frame_size: 4, ")


def steps(folder: Folder, at: datetime) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = folder.call("plan", "--env", "live", "--json", at=at).json["steps"]
    return found


def recipients(gateway: Gateway) -> int:
    return sum(len(json.loads(body)["recipients"]) for body in gateway.bodies)


def apply(folder: Folder, at: datetime, *flags: str) -> tuple[int, str]:
    done = folder.call("apply", "--env", "live", "--auto-approve", *flags, at=at)
    return done.code, done.last


def test_at_night_a_campaign_waits_and_is_sent_in_the_morning(folder: Folder, gateway: Gateway) -> None:
    planned = folder.call("plan", "--env", "live", "--detailed-exitcode", at=NIGHT)
    assert planned.code == 2
    assert "…  sale" in planned.out
    assert "waiting until 2026-11-03 08:00 +01:00: outside the window fr-strict" in planned.out
    assert "Plan: 0 to send, 0 to extend, 0 unchanged, 1 waiting." in planned.out
    code, last = apply(folder, NIGHT)
    assert (code, last) == (0, "Applied: 0 sent, 0 refused, 0 open, 0 unknown, 10 waiting.")
    assert gateway.addresses() == []
    assert apply(folder, MORNING) == (0, "Applied: 10 sent, 0 refused, 0 open, 0 unknown.")
    assert gateway.addresses() == FRENCH


def test_people_whose_window_is_closed_wait_while_others_are_sent_to(folder: Folder, gateway: Gateway) -> None:
    folder.write({"campaigns/people.csv": people(*FRENCH, *ISLANDERS)})
    early = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)  # 09:00 on Reunion, 06:00 in Paris
    (step,) = steps(folder, early)
    assert (step["action"], step["waiting"], step["recipients"]) == ("send", 10, 15)
    assert step["waits"][0]["until"] == "2026-11-03T08:00:00+01:00"
    code, last = apply(folder, early)
    assert (code, last) == (0, "Applied: 5 sent, 0 refused, 0 open, 0 unknown, 10 waiting.")
    assert gateway.addresses() == sorted(ISLANDERS)
    assert apply(folder, MORNING) == (0, "Applied: 10 sent, 0 refused, 0 open, 0 unknown.")
    assert gateway.addresses() == sorted([*FRENCH, *ISLANDERS])


def test_a_plan_file_of_the_night_is_applied_in_the_morning(folder: Folder, gateway: Gateway) -> None:
    assert folder.call("plan", "--env", "live", "--out", str(folder.path / "a.plan"), at=NIGHT).code == 0
    assert apply(folder, NIGHT, str(folder.path / "a.plan"))[0] == 0
    assert gateway.addresses() == []
    code, _ = apply(folder, MORNING, str(folder.path / "a.plan"))
    assert code == 0
    assert gateway.addresses() == FRENCH


def test_an_alert_goes_at_any_hour(folder: Folder, gateway: Gateway) -> None:
    folder.write({"campaigns/sale.yaml": SALE.replace("wholesale", "alert")})
    assert "windows" not in folder.call("plan", "--env", "live", at=NIGHT).out
    assert apply(folder, NIGHT)[0] == 0
    assert gateway.addresses() == FRENCH


def test_an_environment_may_only_show_windows(folder: Folder, gateway: Gateway) -> None:
    written = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    folder.write({"octoplan.yaml": written.replace("windows: enforce", "windows: show")})
    planned = folder.call("plan", "--env", "live", at=NIGHT)
    assert "notice: 10 people are outside their window, which live only shows" in planned.out
    assert "fr-strict (operator): 10 people, mon-sat 08:00-20:00, not on holidays; only shown here" in planned.out
    assert apply(folder, NIGHT)[0] == 0
    assert gateway.addresses() == FRENCH


def test_the_sandbox_shows_windows_and_sends_at_any_hour(folder: Folder) -> None:
    done = folder.call("apply", "--auto-approve", at=NIGHT)
    assert done.code == 0
    assert "sandbox only shows" in done.out
    assert folder.addresses() == FRENCH


def test_refuse_blocks_the_campaign_outside_its_window(folder: Folder, gateway: Gateway) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "window: {outside: refuse}\n"})
    refused = folder.call("apply", "--env", "live", "--auto-approve", at=NIGHT)
    assert refused.code == 5
    assert (
        "now is outside the window of 10 people (fr-strict); the next that fits all is 2026-11-03T07:00Z" in refused.err
    )
    assert gateway.addresses() == []
    assert apply(folder, MORNING)[0] == 0


def hold_at_night(folder: Folder, gateway: Gateway) -> None:
    """A request without an answer in the evening is held at night, and settled in the morning."""
    gateway.script = [(500, b"")]
    assert folder.call("apply", "--env", "live", "--auto-approve", at=EVENING, hurried=True).code == 9
    held = folder.call("apply", "--env", "live", "--auto-approve", at=EVENING + timedelta(hours=3))
    assert held.code == 9
    assert "outside its window until 2026-11-04 07:00 UTC" in held.err
    assert len(gateway.bodies) == 1
    assert apply(folder, EVENING + timedelta(hours=13))[0] == 0


def test_refuse_holds_an_open_frame_at_night_too(folder: Folder, gateway: Gateway) -> None:
    folder.write(
        {"campaigns/people.csv": people(*FRENCH[:3]), "campaigns/sale.yaml": SALE + "window: {outside: refuse}\n"}
    )
    hold_at_night(folder, gateway)
    assert gateway.addresses() == FRENCH[:3]


def test_refuse_begins_nothing_in_the_last_minute_of_a_window(folder: Folder, gateway: Gateway) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "window: {outside: refuse}\n"})
    code, last = apply(folder, EVENING + timedelta(seconds=61))
    assert (code, last) == (0, "Applied: 0 sent, 0 refused, 0 open, 0 unknown, 10 waiting.")
    assert gateway.addresses() == []
    assert folder.call("apply", "--env", "live", "--auto-approve", at=NIGHT).code == 5
    assert apply(folder, EVENING + timedelta(hours=13))[0] == 0
    assert gateway.addresses() == FRENCH


@pytest.mark.parametrize(("send_at", "code"), [("2026-11-08T10:00:00+01:00", 5), ("2026-11-09T10:00:00+01:00", 0)])
def test_send_at_is_judged_in_the_place_of_now(folder: Folder, gateway: Gateway, send_at: str, code: int) -> None:
    folder.write({"campaigns/sale.yaml": SALE + f"send_at: {send_at}\n"})
    done = folder.call("apply", "--env", "live", "--auto-approve", at=NIGHT)
    assert done.code == code
    if code:
        told = "send_at is outside the window of 10 people (fr-strict); the next that fits all is 2026-11-09T07:00Z"
        assert told in done.err
    assert recipients(gateway) == (0 if code else 10)


def test_an_open_frame_whose_send_at_is_over_is_held_at_night(folder: Folder, gateway: Gateway) -> None:
    sale = SALE + "send_at: 2026-11-03T19:59:00+01:00\n"  # the gateway would hand it on at once by then
    folder.write({"campaigns/people.csv": people(*FRENCH[:3]), "campaigns/sale.yaml": sale})
    hold_at_night(folder, gateway)
    assert gateway.bodies[1] == gateway.bodies[0]


def test_what_has_a_send_at_to_come_may_leave_at_any_hour_before(folder: Folder, gateway: Gateway) -> None:
    sale = SALE + "send_at: 2026-11-13T10:00:00+01:00\n"
    folder.write({"campaigns/people.csv": people(*FRENCH[:3], *ISLANDERS[:3]), "campaigns/sale.yaml": sale})
    gateway.script = [(500, b""), (500, b"")]
    assert folder.call("apply", "--env", "live", "--auto-approve", at=NIGHT, hurried=True).code == 9
    assert apply(folder, NIGHT + timedelta(hours=1))[0] == 0
    assert recipients(gateway) == 2 * (3 + 3)


def test_a_rule_of_ones_own_counts_before_the_pack(folder: Folder, gateway: Gateway) -> None:
    own = 'window: {hours: "22:00-23:00", days: mon, why: everybody asked for it}\n'
    folder.write({"campaigns/sale.yaml": SALE + own})
    assert "own (own rule): 10 people, mon 22:00-23:00" in folder.call("plan", "--env", "live", at=NIGHT).out
    assert apply(folder, NIGHT)[0] == 0
    assert gateway.addresses() == FRENCH


def test_the_project_may_choose_another_pack_for_a_country(folder: Folder, gateway: Gateway) -> None:
    written = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    folder.write({"octoplan.yaml": written + "windows: {FR: {pack: fr-charter, why: agreed}}\n"})
    late = datetime(2026, 11, 3, 20, 30, tzinfo=UTC)
    assert apply(folder, late)[0] == 0
    assert gateway.addresses() == FRENCH


def test_a_reason_has_to_be_written(folder: Folder) -> None:
    for window in ("{pack: fr-charter}", '{hours: "08:00-20:00"}', "{pack: none}"):
        folder.write({"campaigns/sale.yaml": SALE + f"window: {window}\n"})
        done = folder.call("validate", at=NIGHT)
        assert done.code == 3, window
        assert "needs a written reason" in done.err


@pytest.mark.parametrize(
    "window",
    [
        "{pack: fr-voice, why: x}",
        '{hours: "22:00-06:00", why: x}',
        '{hours: "8-20", why: x}',
        "{days: mon, why: x}",
        "{pack: fr-strict, hours: '08:00-20:00', why: x}",
    ],
)
def test_a_window_that_cannot_be_meant_is_a_problem(folder: Folder, window: str) -> None:
    folder.write({"campaigns/sale.yaml": SALE + f"window: {window}\n"})
    done = folder.call("plan", "--env", "live", at=NIGHT)
    assert done.code == 3
    assert "campaigns/sale.yaml:6:" in done.err


def test_a_column_tells_the_time_zone_before_the_number_does(folder: Folder, gateway: Gateway) -> None:
    rows = "phone_number,first_name,tz\n+33600000200,Ada,Indian/Reunion\n+33600000201,Bob,\n"
    folder.write({"campaigns/people.csv": rows, "campaigns/sale.yaml": SALE + "timezone: {column: tz}\n"})
    assert apply(folder, datetime(2026, 11, 3, 5, 0, tzinfo=UTC))[0] == 0
    assert gateway.addresses() == ["+33600000200"]


def test_a_time_zone_that_there_is_not_is_a_problem_without_its_value(folder: Folder) -> None:
    rows = "phone_number,first_name,tz\n+33600000200,Ada,Europe/Pariss\n"
    folder.write({"campaigns/people.csv": rows, "campaigns/sale.yaml": SALE + "timezone: {column: tz}\n"})
    done = folder.call("plan", "--env", "live", at=NIGHT)
    assert done.code == 3
    assert "1 person has a time zone that there is not, in column tz" in done.err
    assert "Pariss" not in done.err + done.out


def test_a_column_of_time_zones_has_to_be_there(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "timezone: {column: zone}\n"})
    done = folder.call("plan", "--env", "live", at=NIGHT)
    assert done.code == 3
    assert "there is no column zone" in done.err


def test_nothing_is_begun_in_the_last_minute_of_a_window(folder: Folder, gateway: Gateway) -> None:
    code, last = apply(folder, EVENING + timedelta(seconds=61))
    assert (code, last) == (0, "Applied: 0 sent, 0 refused, 0 open, 0 unknown, 10 waiting.")
    assert gateway.addresses() == []


def test_an_open_frame_is_held_at_night_and_replayed_in_the_morning(folder: Folder, gateway: Gateway) -> None:
    folder.write({"campaigns/people.csv": people(*FRENCH[:3])})
    gateway.script = [(500, b"")]
    done = folder.call("apply", "--env", "live", "--auto-approve", at=EVENING, hurried=True)
    assert done.code == 9
    held = folder.call("apply", "--env", "live", "--auto-approve", at=EVENING + timedelta(hours=3))
    assert held.code == 9
    assert "outside its window until 2026-11-04 07:00 UTC" in held.err
    assert len(gateway.bodies) == 1
    code, _ = apply(folder, EVENING + timedelta(hours=13))
    assert code == 0
    assert gateway.bodies[1] == gateway.bodies[0]
    assert gateway.addresses() == FRENCH[:3]


def test_an_open_frame_whose_window_opens_too_late_becomes_unknown(folder: Folder, gateway: Gateway) -> None:
    saturday = datetime(2026, 11, 7, 18, 0, tzinfo=UTC)
    folder.write({"campaigns/people.csv": people(*FRENCH[:3])})
    gateway.script = [(500, b"")]
    assert folder.call("apply", "--env", "live", "--auto-approve", at=saturday, hurried=True).code == 9
    monday = folder.call("apply", "--env", "live", "--auto-approve", "--json", at=saturday + timedelta(hours=38))
    assert monday.code == 9
    assert json.loads(monday.out.splitlines()[2])["event"] == "unknown"
    assert len(gateway.bodies) == 1


@pytest.mark.parametrize("where", ["campaign", "environment"])
def test_a_send_at_too_far_ahead_waits(folder: Folder, gateway: Gateway, where: str) -> None:
    sale = SALE + "send_at: 2026-11-09T10:00:00+01:00\n"
    if where == "environment":
        written = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
        folder.write({"octoplan.yaml": written.replace("frame_size: 4", "frame_size: 4, max_ahead: 36h")})
    folder.write({"campaigns/sale.yaml": sale + ("max_ahead: 36h\n" if where == "campaign" else "")})
    planned = folder.call("plan", "--env", "live", at=NIGHT)
    assert "waiting until 2026-11-07 22:00 +01:00: send_at is further away than max_ahead (36h)" in planned.out
    assert apply(folder, NIGHT) == (0, "Applied: 0 sent, 0 refused, 0 open, 0 unknown, 10 waiting.")
    assert gateway.bodies == []
    code, _ = apply(folder, datetime(2026, 11, 8, 3, 0, tzinfo=UTC))
    assert code == 0
    assert recipients(gateway) == 10


def test_another_window_is_said_in_the_first_line_and_makes_a_plan_file_stale(folder: Folder, gateway: Gateway) -> None:
    reviewed = str(folder.path / "a.plan")
    assert apply(folder, MORNING)[0] == 0
    folder.write({"campaigns/people.csv": people(*FRENCH, "+33600000299")})
    assert folder.call("plan", "--env", "live", "--out", reviewed, at=MORNING).code == 0
    written = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    folder.write({"octoplan.yaml": written + "windows: {FR: {pack: none, why: x}}\n"})
    first = folder.call("plan", "--env", "live", at=MORNING).out.splitlines()[0]
    assert first == "Loosened since the last apply: the window of FR is pack none"
    assert folder.call("apply", "--env", "live", "--auto-approve", reviewed, at=MORNING).code == 7
    shown = written.replace("windows: enforce", "windows: show")
    folder.write({"octoplan.yaml": shown})
    first = folder.call("plan", "--env", "live", at=MORNING).out.splitlines()[0]
    assert first == "Loosened since the last apply: windows are only shown"


def test_whoever_is_late_is_counted_by_the_requests_that_they_are_in(project: MakeProject, gateway: Gateway) -> None:
    """Those in France have a text each, and so a request; the others share one, which is the last."""
    folder = make_live(project, gateway, more="requests_per_second: 0.1, ")
    alone = "".join(f"+336000003{one:02},Ann {one}\n" for one in range(10))
    together = "".join(f"+4479460002{one:02},Ada\n" for one in range(90))
    folder.write(
        {
            "campaigns/people.csv": f"phone_number,first_name\n{alone}{together}",
            "campaigns/sale.yaml": SALE.replace("open: true", "not_after: 2026-11-03T10:01:01+01:00"),
        }
    )
    done = folder.call("plan", "--env", "live", "--simulate", "none", at=MORNING)
    assert done.code == 5, done
    assert "94 people cannot be sent to before not_after" in done.err


def test_who_cannot_be_reached_before_not_after_blocks_the_campaign(folder: Folder, gateway: Gateway) -> None:
    rows = people(*FRENCH, *ISLANDERS)
    early = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)
    sale = SALE.replace("open: true", "not_after: 2026-11-03T07:00:00+01:00")
    folder.write({"campaigns/people.csv": rows, "campaigns/sale.yaml": sale})
    done = folder.call("apply", "--env", "live", "--auto-approve", at=early)
    assert done.code == 5
    assert "10 people cannot be sent to before not_after, at this rate and in their windows" in done.err
    assert gateway.addresses() == []
    folder.write({"campaigns/sale.yaml": sale.replace("T07:00:00", "T08:05:00")})
    assert apply(folder, early)[0] == 0
    assert gateway.addresses() == sorted(ISLANDERS)


@pytest.mark.parametrize(
    "own",
    [
        pytest.param('{days: mon, hours: "09:00-18:00", why: our day}', id="closed for longer than is looked ahead"),
        pytest.param('{hours: "09:00-10:00", why: our hour}', id="longer at this rate than is looked ahead"),
    ],
)
def test_windows_that_are_not_known_until_not_after_block_nobody(
    project: MakeProject, gateway: Gateway, own: str
) -> None:
    at = datetime(2027, 3, 23, 9, 0, tzinfo=UTC)  # Tuesday; the Monday after is Easter
    made = make_live(project, gateway, *FRENCH, more="frame_size: 1, requests_per_second: 0.0002, ")
    last = "not_after: 2027-04-20T20:00:00+02:00"
    made.write({"campaigns/sale.yaml": SALE.replace("open: true", last) + f"window: {own}\n"})
    planned = made.call("plan", "--env", "live", "--json", at=at)
    (step,) = planned.json["steps"]
    assert (planned.code, step["action"], step["blocked"]) == (0, "waiting", [])
    sooner = last.replace("04-20", "03-31")
    made.write({"campaigns/sale.yaml": SALE.replace("open: true", sooner) + f"window: {own}\n"})
    assert made.call("plan", "--env", "live", at=at).code == 5, "until then they are"


def test_a_plan_says_when_it_would_end_if_that_is_not_at_once(folder: Folder) -> None:
    (step,) = steps(folder, MORNING)
    assert step["ends"] is None
    (step,) = steps(folder, NIGHT)
    assert step["ends"].startswith("2026-11-03T07:00:00")
    assert "ends        about 2026-11-03 07:00 UTC" in folder.call("plan", "--env", "live", at=NIGHT).out


@pytest.mark.parametrize(
    ("gateway", "enforced"),
    [
        ("sandbox", False),
        ("{url: 'http://127.0.0.1:8025/v1/public'}", False),
        ("{url: 'http://localhost:8025'}", False),
        ("{url: 'http://[::1]:8025'}", False),
        ("{url: 'https://relay.example.com/v1/public'}", True),
        ("{url: 'https://127.0.0.1.example.com'}", True),
        ("octopush", True),
    ],
)
def test_windows_are_enforced_wherever_somebody_can_be_reached(
    project: MakeProject, gateway: str, *, enforced: bool
) -> None:
    made = project({"octoplan.yaml": f"octoplan: 1\nenvironments: {{live: {{gateway: {gateway}}}}}\n"})
    assert load(made.path).environments["live"].enforces_windows == enforced


def test_a_pack_that_is_none_is_a_problem_that_lists_them(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "window: {pack: fr-lax, why: we asked}\n"})
    outcome = folder.call("validate")
    assert outcome.code == 3
    assert "`window.pack`: must be be, courtesy, de, es-voice, fr-charter, fr-strict" in outcome.err


@pytest.mark.parametrize(
    ("here", "there"),
    [(MORNING, NIGHT), (MORNING, MORNING + timedelta(hours=11)), (EVENING - timedelta(hours=4), NIGHT)],
)
def test_a_clock_that_is_hours_off_wakes_nobody_where_the_gateway_tells_the_time(
    folder: Folder, gateway: Gateway, here: datetime, there: datetime
) -> None:
    gateway.date = there
    done = folder.call("apply", "--env", "live", "--auto-approve", at=here)
    assert (done.code, done.last) == (8, "Applied: 0 sent, 0 refused, 0 open, 0 unknown, 10 waiting.")
    said = (
        f"sale waiting: 10 people, clocks differ: it is {there:%Y-%m-%d %H:%M} UTC by the API's, which is outside its "
        f"window, and {here:%Y-%m-%d %H:%M} by this machine's clock; set them right"
    )
    assert [line for line in done.err.splitlines() if "clock" in line] == [said]
    assert gateway.bodies == []
    gateway.date = here
    assert apply(folder, here) == (0, "Applied: 10 sent, 0 refused, 0 open, 0 unknown.")


def test_clocks_that_differ_hold_nobody_whose_window_is_open_by_each(folder: Folder, gateway: Gateway) -> None:
    gateway.date = MORNING + timedelta(hours=3)
    assert apply(folder, MORNING) == (0, "Applied: 10 sent, 0 refused, 0 open, 0 unknown.")


def test_clocks_that_differ_by_minutes_are_one_clock(folder: Folder, gateway: Gateway) -> None:
    gateway.date = EVENING + timedelta(minutes=3)
    assert apply(folder, EVENING - timedelta(seconds=30)) == (0, "Applied: 10 sent, 0 refused, 0 open, 0 unknown.")


def test_some_may_be_open_by_each_clock_while_others_are_not(folder: Folder, gateway: Gateway) -> None:
    folder.write({"campaigns/people.csv": people(*FRENCH, *ISLANDERS)})
    gateway.date = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)  # 09:00 on Reunion, 06:00 in Paris
    code, last = apply(folder, MORNING)
    assert (code, last) == (8, "Applied: 5 sent, 0 refused, 0 open, 0 unknown, 10 waiting.")
    assert gateway.addresses() == sorted(ISLANDERS)


def test_an_open_frame_is_held_where_clocks_differ_on_the_hour(folder: Folder, gateway: Gateway) -> None:
    gateway.date = MORNING
    gateway.script = [(500, b"")]
    folder.write({"campaigns/people.csv": people(*FRENCH[:3])})
    assert folder.call("apply", "--env", "live", "--auto-approve", at=MORNING, hurried=True).code == 9
    gateway.date = NIGHT + timedelta(days=1)
    done = folder.call("apply", "--env", "live", "--auto-approve", at=NIGHT + timedelta(days=1))
    assert (done.code, len(gateway.bodies)) == (9, 1)
    gateway.date = NIGHT + timedelta(days=1)
    done = folder.call("apply", "--env", "live", "--auto-approve", at=MORNING + timedelta(hours=2))
    assert (done.code, len(gateway.bodies)) == (9, 1)
    assert "clocks differ" in done.err
    gateway.date = MORNING + timedelta(hours=2)
    assert apply(folder, MORNING + timedelta(hours=2))[0] == 0
    assert gateway.addresses() == FRENCH[:3]


def test_waves_too_end_with_8_where_clocks_differ(folder: Folder, gateway: Gateway) -> None:
    folder.write({"campaigns/sale.yaml": SALE + "waves: [{people: 4}, {rest: true, after: 1h}]\n"})
    gateway.date = NIGHT
    code, last = apply(folder, MORNING)
    assert (code, gateway.bodies) == (8, [])
    assert last == "Applied: 0 sent, 0 refused, 0 open, 0 unknown, 10 waiting."


def test_the_sandbox_is_a_witness_of_the_hour_too(folder: Folder) -> None:
    settings = (folder.path / "octoplan.yaml").read_text(encoding="utf-8")
    with run_octopush() as octopush:
        address = f"gateway: {{url: {octopush.url}}}"
        folder.write({"octoplan.yaml": re.sub(r"gateway: \{url: .*?\}", address, settings)})
        octopush.set_clock(NIGHT, frozen=True)
        assert apply(folder, MORNING) == (8, "Applied: 0 sent, 0 refused, 0 open, 0 unknown, 10 waiting.")
        assert octopush.messages() == ()
        octopush.set_clock(MORNING, frozen=True)
        assert apply(folder, MORNING) == (0, "Applied: 10 sent, 0 refused, 0 open, 0 unknown.")
        assert len(octopush.messages()) == 10


def jump(folder: Folder, gateway: Gateway, then: datetime, *, after: int) -> tuple[int, str, str]:
    """Apply in the evening; once so many requests have arrived it is a later hour."""
    clock = JumpingClock(EVENING, gateway, after, then)
    done = folder.call("apply", "--env", "live", "--auto-approve", clock=clock)
    return done.code, done.last, done.err


@pytest.mark.parametrize("minutes", [10, 60])
def test_whose_window_opens_only_after_not_after_does_not_wait_and_ends_with_8(
    project: MakeProject, gateway: Gateway, minutes: int
) -> None:
    folder = make_live(project, gateway, *FRENCH, more="frame_size: 4, max_in_flight: 1, ")
    folder.write({"campaigns/sale.yaml": SALE.replace("open: true", "not_after: 2026-11-03T20:30:00+01:00")})
    code, last, told = jump(folder, gateway, EVENING + timedelta(minutes=minutes), after=1)
    sent = recipients(gateway)
    assert (code, last) == (8, f"Applied: {sent} sent, 0 refused, 0 open, 0 unknown.")
    assert f"stopped sale: {10 - sent} people cannot be sent to before not_after any more" in told


def test_whose_window_opens_again_before_not_after_waits_for_that(project: MakeProject, gateway: Gateway) -> None:
    folder = make_live(project, gateway, *FRENCH, more="frame_size: 4, max_in_flight: 1, ")
    folder.write({"campaigns/sale.yaml": SALE.replace("open: true", "not_after: 2026-11-04T08:00:00+01:00")})
    code, last, told = jump(folder, gateway, EVENING + timedelta(minutes=10), after=1)
    sent = recipients(gateway)
    assert (code, last) == (0, f"Applied: {sent} sent, 0 refused, 0 open, 0 unknown, {10 - sent} waiting.")
    assert f"sale waiting until 2026-11-04 07:00 UTC: {10 - sent} people, outside the window" in told


def test_a_wave_whose_window_closed_while_it_went_out_waits_for_that_and_counts_nobody_twice(
    project: MakeProject, gateway: Gateway
) -> None:
    folder = make_live(project, gateway, *FRENCH, more="frame_size: 2, max_in_flight: 1, ")
    folder.write({"campaigns/sale.yaml": SALE + "waves: [{people: 2}, {people: 6}, {rest: true}]\n"})
    first = folder.call("plan", "--env", "live", "--json", at=EVENING).json["steps"][0]["requests"]
    code, last, told = jump(folder, gateway, EVENING + timedelta(minutes=10), after=3)
    sent = recipients(gateway)
    assert (code, 2 < sent < 8, first > 3) == (0, True, True)
    assert last == f"Applied: {sent} sent, 0 refused, 0 open, 0 unknown, {10 - sent} waiting."
    assert f"sale waiting until 2026-11-04 07:00 UTC: {8 - sent} people, outside the window" in told
    assert "sale waiting: 2 people, wave 3 of 3" in told


def test_a_wave_that_is_due_only_when_its_window_is_closed_until_after_not_after_does_not_wait(
    folder: Folder, gateway: Gateway
) -> None:
    limited = SALE.replace("open: true", "not_after: 2026-11-04T07:30:00+01:00")
    folder.write({"campaigns/sale.yaml": limited + "waves: [{people: 4}, {rest: true, after: 1h}]\n"})
    done = folder.call("apply", "--env", "live", "--auto-approve", at=EVENING - timedelta(minutes=3))
    assert (done.code, done.last) == (8, "Applied: 4 sent, 0 refused, 0 open, 0 unknown.")
    assert "stopped sale: wave 2 of 2: 6 people cannot be sent to before not_after any more" in done.err
    assert recipients(gateway) == 4
