"""Random months of campaigns, crashes and caps: no stretch of time holds too many messages, by the sandbox's record."""

import os
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octoplan.apply.tower import Flight
from octoplan.sandbox.records import Message
from tests.conftest import NOW

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

PEOPLE = [f"+336000001{number:02}" for number in range(8)]
MONTHS = int(os.environ.get("OCTOPLAN_CAP_MONTHS", "6"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A cap as the test reads it, without the code under test."""

    purpose: str
    channel: str | None
    at_most: int
    within: timedelta
    over: str

    @property
    def written(self) -> str:
        channel = f", channel: {self.channel}" if self.channel else ""
        hours = int(self.within / timedelta(hours=1))
        return f"{{purpose: {self.purpose}, at_most: {self.at_most}, within: {hours}h, over: {self.over}{channel}}}"


def too_many(rule: Rule, messages: Sequence[Message]) -> Iterator[tuple[str, datetime]]:
    """Whoever has more than the rule allows in a stretch of time that begins with one of their messages."""
    reached: dict[str, list[datetime]] = defaultdict(list)
    for one in messages:
        if one.purpose == rule.purpose and rule.channel in (None, one.channel):
            reached[one.address].append(datetime.fromisoformat(one.send_at) if one.send_at else one.at)
    for address, moments in reached.items():
        for start in moments:
            if sum(start <= other < start + rule.within for other in moments) > rule.at_most:
                yield address, start


def rules(chance: random.Random) -> list[Rule]:
    return [
        Rule(
            purpose="wholesale",
            channel=chance.choice([None, None, "sms"]),
            at_most=chance.randint(1, 3),
            within=timedelta(hours=chance.choice([24, 72, 168])),
            over=chance.choice(["skip", "wait"]),
        )
        for _ in range(chance.randint(1, 2))
    ]


def campaign(chance: random.Random, number: int, now: datetime) -> str:
    some = chance.sample(PEOPLE, chance.randint(1, len(PEOPLE)))
    listed = ", ".join(f'{{phone_number: "{one}"}}' for one in some)
    later = now + timedelta(hours=chance.randint(1, 240))
    when = chance.choice(["", "", f"send_at: {later.isoformat()}\nnot_after: {later.isoformat()}\n"])
    channel, more = chance.choice(
        [("sms", ""), ("sms", ""), ("voice_sms", "metadata: {voice_gender: female, voice_language: fr-FR}\n")]
    )
    purpose = chance.choice(["wholesale", "wholesale", "wholesale", "alert"])
    end = "" if when else "open: true\n"
    words = " ".join(chance.sample(["one", "two", "six", "ten", "red", "sea", "sun", "oak"], 4))
    return (
        f"channel: {channel}\npurpose: {purpose}\nsender: OctoShop\n{when}{end}{more}"
        f"text: Number {number} {words} STOP au 30101\nrecipients: [{listed}]\n"
    )


class Died(BaseException):
    """The process is gone at this moment."""


def dying(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the next apply die after so many frames were begun, or while one is on its way."""
    begun = [0]
    whole = Flight.__init__

    def counted(self: Any, *args: Any, **more: Any) -> None:
        begun[0] += 1
        if begun[0] > after:
            raise Died
        whole(self, *args, **more)

    monkeypatch.setattr(Flight, "__init__", counted)


def crash(folder: "Folder", now: datetime, after: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        dying(patched, after)
        try:
            folder.call("apply", "--auto-approve", at=now)
        except Died:
            return


@pytest.mark.parametrize("seed", range(MONTHS))
def test_no_stretch_of_a_random_month_holds_more_than_a_cap_allows(project: "MakeProject", seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    capped = rules(chance)
    written = f"octoplan: 1\ncaps: [{', '.join(rule.written for rule in capped)}]\n"
    folder = project({"octoplan.yaml": written + "environments: {sandbox: {gateway: sandbox, frame_size: 2}}\n"})
    now = NOW
    for number in range(12):
        now += timedelta(hours=chance.randint(1, 60))
        names = [f"campaigns/c{chance.randint(0, 99):02}.yaml" for _ in range(chance.randint(1, 2))]
        folder.write({name: campaign(chance, number, now) for name in names if not (folder.path / name).exists()})
        for path in (folder.path / "campaigns").iterdir():  # one whose moment has passed is of no use any more
            if "send_at" in path.read_text(encoding="utf-8") and chance.random() < 0.3:
                path.unlink()
        if chance.random() < 0.3:
            crash(folder, now, chance.randint(0, 2))
        if chance.random() < 0.3:
            folder.call("plan", "--out", str(folder.path / "p"), at=now)
            now += timedelta(minutes=chance.randint(0, 50))
            done = folder.call("apply", str(folder.path / "p"), "--auto-approve", at=now)
        else:
            done = folder.call("apply", "--auto-approve", at=now)
        assert done.code in (0, 3, 7), done.err
        for rule in capped:
            assert not list(too_many(rule, folder.messages())), rule
    assert len(folder.messages()) > len(PEOPLE), "nothing much was sent: it shows nothing"
    assert folder.call("state", "check", at=now).code == 0


def test_the_oracle_finds_what_a_project_without_caps_sends(project: "MakeProject") -> None:
    folder = project({})
    chance = random.Random(1)  # noqa: S311 - to be the same again
    for number in range(4):
        folder.write({f"campaigns/c{number}.yaml": campaign(chance, number, NOW)})
    assert folder.call("apply", "--auto-approve", at=NOW).code == 0
    rule = Rule(purpose="wholesale", channel=None, at_most=1, within=timedelta(hours=168), over="skip")
    assert list(too_many(rule, folder.messages()))
    assert NOW.tzinfo is UTC
