"""A campaign that is applied at any hour of a month, with crashes and lost answers in between, wakes nobody.

The judge is the sandbox's record by its own clock, and local time by dateutil's zones and days written down here.
"""

import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest
from dateutil.zoneinfo import get_zonefile_instance

from octoplan.sandbox.steering import Steering
from tests.conftest import Folder, Gateway, MakeProject, clean_environment

# octoplan in a process of its own, by a clock that stands where it is told.
STANDING: Final = """\
import io, sys
from datetime import datetime
from octoplan.cli import run
from octoplan.cli.console import Console, SystemClock
class Standing(SystemClock):
    def now(self):
        return datetime.fromisoformat(sys.argv[1])
sys.exit(run(sys.argv[2:], Console(out=sys.stdout, err=sys.stderr, stdin=io.StringIO(), environ={}, clock=Standing())))
"""
APPLY: Final = ("apply", "--env", "live", "--auto-approve")
ZONES: Final = {
    "+33": ("Europe/Paris",),
    "+262": ("Indian/Mayotte", "Indian/Reunion"),
    "+1212": ("America/New_York",),
    "+1305": ("America/New_York",),
    "+34": ("Atlantic/Canary", "Europe/Madrid"),
}
HOURS: Final = {"+33": (8, 20), "+262": (8, 20), "+1212": (8, 21), "+1305": (8, 20), "+34": (8, 20)}
CLOSED: Final = {
    "+33": {date(2026, 12, 25), date(2027, 1, 1)},
    "+262": {date(2026, 12, 20), date(2026, 12, 25), date(2027, 1, 1)},
    "+34": {date(2026, 12, 8), date(2026, 12, 25), date(2027, 1, 1), date(2027, 1, 6)},
}
SALE: Final = """\
channel: sms
purpose: wholesale
open: true
audience: {from: people.csv}
text: Hello {{ first_name }}. STOP au 30101
"""


def number(index: int) -> str:
    prefix = list(ZONES)[index % len(ZONES)]
    rest = {"+33": 600000000, "+262": 692000000, "+1212": 5550000, "+1305": 5550000, "+34": 600000000}[prefix]
    return f"{prefix}{rest + 100 + index // len(ZONES)}"


def may_be_reached(address: str, at: datetime) -> bool:
    """Whether a wholesale message may reach this person then, in whichever of their zones they are."""
    prefix = max((one for one in ZONES if address.startswith(one)), key=len)
    start, end = HOURS[prefix]
    for name in ZONES[prefix]:
        local = at.astimezone(get_zonefile_instance().get(name))
        if not start <= local.hour < end or local.date() in CLOSED.get(prefix, set()):
            return False
        if local.weekday() == 6 and not prefix.startswith("+1"):
            return False
    return True


def walk(folder: Folder, gateway: Gateway, days: int, seed: int) -> Counter[str]:
    """Apply at random moments, with whatever may happen to an apply, each time with a few more people; what happened.

    `killed`: amid a request; `repeated`, `held`: what was left open was sent again, or not at that hour.
    """
    tally: Counter[str] = Counter()
    chance, at, people = random.Random(seed), datetime(2026, 12, 18, 17, 40, tzinfo=UTC), 10  # noqa: S311 - no secret
    until = at + timedelta(days=days)
    while at < until:
        people += chance.randint(0, 6)
        rows = "".join(f"{number(index)},Ada\n" for index in range(people))
        folder.write({"campaigns/people.csv": f"phone_number,first_name\n{rows}"})
        Steering(gateway.sandbox).set_clock(at, frozen=True)
        tally["applies"] += 1
        what = chance.choice(["fine", "fine", "killed", "killed", "lost", "busy"])
        if what == "killed":
            tally["killed"] += kill(folder, gateway, at, chance.choice((1, 1, 2, 3)))
        else:
            faults: dict[str, list[tuple[int, bytes] | None]] = {
                "lost": [None],
                "busy": [(500, b"")] * chance.randint(1, 3),
            }
            gateway.script = faults.get(what, [])
            done = folder.call(*APPLY, at=at, hurried=what != "fine")
            assert done.code in (0, 9), done
            tally["lost or refused for now"] += what != "fine" and len(gateway.script) == 0
            tally["held"] += "outside its window" in done.err
            tally["waiting"] += "waiting" in done.last
        gateway.script = []
        at += timedelta(minutes=chance.randint(5, 9 * 60))
    bodies = Counter(gateway.bodies)
    tally["repeated"] = sum(number > 1 for number in bodies.values())
    return tally


def kill(folder: Folder, gateway: Gateway, at: datetime, requests: int) -> bool:
    """Kill an apply once so many requests arrived, if it makes as many; whether it did."""
    arguments = [sys.executable, "-c", STANDING, at.isoformat(), "-C", str(folder.path), *APPLY]
    before, gateway.pause = len(gateway.bodies), 0.05
    process = subprocess.Popen(
        arguments, env=clean_environment(folder.path.parent), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and len(gateway.bodies) < before + requests:
        try:
            process.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    gateway.pause, code = 0.0, process.wait()
    gateway.await_decisions()
    return code == -signal.SIGKILL


@pytest.mark.parametrize(
    ("days", "seed"),
    [(4, 1), *(pytest.param(31, seed, marks=pytest.mark.long) for seed in range(2, 6))],
)
def test_whatever_happens_nobody_is_reached_outside_their_window(
    project: MakeProject, gateway: Gateway, days: int, seed: int
) -> None:
    gateway_and_size = f"gateway: {{url: {gateway.url}}}, frame_size: 4, max_in_flight: 2"
    environment = f"{{{gateway_and_size}, windows: enforce, require_plan: false}}"
    folder = project(
        {"octoplan.yaml": f"octoplan: 1\nenvironments: {{live: {environment}}}\n", "campaigns/sale.yaml": SALE}
    )
    assert folder.call("state", "init", "--env", "live").code == 0
    tally = walk(folder, gateway, days, seed)
    messages = gateway.sandbox.messages()
    woken = [f"{one.address} {one.at.isoformat()}" for one in messages if not may_be_reached(one.address, one.at)]
    assert woken == []
    assert len({one.address for one in messages}) == len(messages), "nobody got it twice"
    assert len(messages) > 5 * days, "it was no month of waiting"
    assert {prefix for prefix in ZONES for one in messages if one.address.startswith(prefix)} == ZONES.keys()
    print(f"{days} days of seed {seed}: {len(messages)} messages, {dict(sorted(tally.items()))}")  # noqa: T201 - with -rP
    assert all(
        tally[what] >= days // 4 for what in ("killed", "lost or refused for now", "held", "waiting", "repeated")
    )
