"""Frequency caps: over campaigns, editions, plans and moments, by the sandbox's record."""

import csv
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octoplan.state.reaching import Reaching
from octoplan.state.store import SqlStore
from tests.conftest import NOW

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

WEEK = timedelta(days=7)
ADA, BOB, CY = "+33600000001", "+33600000002", "+33600000003"


def settings(*caps: str) -> str:
    keep = "environments: {sandbox: {gateway: sandbox, keep_days: 0}}\n"
    return f"octoplan: 1\n{keep}" + (f"caps: [{', '.join(caps)}]\n" if caps else "")


def cap(at_most: int = 1, within: str = "7d", more: str = "") -> str:
    return f"{{purpose: wholesale, per: person, at_most: {at_most}, within: {within}{more}}}"


def sale(*people: str, text: str = "Sale", send_at: datetime | None = None, edition: int = 1, **more: Any) -> str:
    when = "" if send_at is None else f"send_at: {send_at.isoformat()}\n"
    given = "".join(f"{key}: {value}\n" for key, value in more.items())
    listed = ", ".join(f'{{phone_number: "{one}"}}' for one in people)
    purpose = "" if "purpose" in more else "purpose: wholesale\n"
    return (
        f"channel: sms\n{purpose}sender: OctoShop\nedition: {edition}\nopen: true\n{when}{given}"
        f"text: {text} STOP au 30101\nrecipients: [{listed}]\n"
    )


@pytest.fixture
def shop(project: "MakeProject") -> "Folder":
    folder: Folder = project({"octoplan.yaml": settings(cap()), "campaigns/a.yaml": sale(ADA, text="Autumn")})
    assert folder.call("apply", "--auto-approve").last.startswith("Applied: 1 sent")
    return folder


def apply(folder: "Folder", days: float = 0, **more: Any) -> Any:
    return folder.call("apply", "--auto-approve", at=NOW + timedelta(days=days), **more)


def test_who_is_over_a_cap_is_left_out_counted_and_never_sent_it_late(shop: "Folder") -> None:
    shop.write({"campaigns/b.yaml": sale(ADA, BOB, text="Books")})
    plan = shop.call("plan", at=NOW + timedelta(days=1))
    assert "- 1 over a cap: left out of this edition" in plan.out
    assert plan.out.splitlines()[-1].endswith("1 already sent; 1 over a cap.")
    assert apply(shop, 1).last.startswith("Applied: 1 sent")
    assert shop.addresses() == [ADA, BOB]
    later = shop.call("plan", at=NOW + timedelta(days=30))
    assert "0 to send, 0 to extend" in later.out
    assert apply(shop, 30).code == 0
    assert shop.addresses() == [ADA, BOB]
    shop.write({"campaigns/b.yaml": sale(ADA, BOB, text="Books", edition=2)})
    assert apply(shop, 31).last.startswith("Applied: 2 sent")


def test_who_waits_for_a_cap_gets_it_once_the_cap_is_free_and_not_a_moment_sooner(shop: "Folder") -> None:
    shop.write({"octoplan.yaml": settings(cap(more=", over: wait")), "campaigns/b.yaml": sale(ADA, text="Books")})
    plan = shop.call("plan", "--detailed-exitcode", at=NOW + timedelta(days=1))
    assert plan.code == 2
    assert "1 waiting." in plan.out
    assert "1 person until 2026-11-10 10:00 UTC: the cap of 1 wholesale message in 7d" in plan.out
    assert apply(shop, 1).code == 0
    assert apply(shop, 6.999).code == 0
    assert shop.addresses() == [ADA]
    assert apply(shop, 7).last.startswith("Applied: 1 sent")
    assert shop.addresses() == [ADA, ADA]


def test_a_campaign_that_is_sent_for_the_first_time_while_a_plan_is_drawn_counts_in_it(
    shop: "Folder", monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = Reaching.reached

    def after_books(store: Reaching, since: datetime) -> Any:
        monkeypatch.setattr(Reaching, "reached", reached)
        shop.write({"campaigns/b.yaml": sale(BOB, text="Books")})
        assert shop.call("apply", "--target", "b", "--auto-approve").last.startswith("Applied: 1 sent")
        return store.reached(since)

    shop.write({"campaigns/c.yaml": sale(BOB, CY, text="Coats")})
    monkeypatch.setattr(Reaching, "reached", after_books)
    plan = shop.call("plan")
    assert plan.code == 0
    assert plan.out.splitlines()[-1].startswith("Sends: 1 recipients ")
    assert plan.out.splitlines()[-1].endswith("1 over a cap.")


def test_a_whole_campaign_over_a_cap_is_written_down_though_nothing_is_sent(shop: "Folder") -> None:
    shop.write({"campaigns/b.yaml": sale(ADA, text="Books")})
    done = apply(shop, 1)
    assert (done.code, done.last) == (0, "Applied: 0 sent, 0 refused, 0 open, 0 unknown.")
    assert "1 person is over a cap" in done.out
    assert "No changes. Everybody has had these messages, but for 1 person left out by decision." in done.out
    apply(shop, 20)
    assert shop.addresses() == [ADA]
    told = shop.run("why", "b", typed=f"{ADA}\n").out
    assert "Out: left out of this edition, over a cap (when it was sent)\n" in told


def test_a_message_for_later_counts_against_those_before_and_after_it(shop: "Folder") -> None:
    later = NOW + timedelta(days=10)
    shop.write({"campaigns/b.yaml": sale(ADA, text="Books", send_at=later)})
    assert apply(shop).last.startswith("Applied: 1 sent")
    shop.write({"campaigns/c.yaml": sale(ADA, text="Coats")})
    apply(shop, 8)
    apply(shop, 11)
    shop.write({"campaigns/d.yaml": sale(ADA, text="Dresses")})
    apply(shop, 16.9)
    assert len(shop.addresses()) == 2
    shop.write({"campaigns/e.yaml": sale(ADA, text="Ear rings")})
    apply(shop, 17)
    assert len(shop.addresses()) == 3


def test_an_earlier_edition_counts_at_its_own_moment_and_not_at_the_latest_one(shop: "Folder") -> None:
    first, second = NOW + timedelta(days=10), NOW + timedelta(days=40)
    shop.write({"campaigns/b.yaml": sale(ADA, text="Books", send_at=first)})
    apply(shop)
    shop.write({"campaigns/b.yaml": sale(ADA, text="Books", send_at=second, edition=2)})
    apply(shop, 1)
    assert len(shop.addresses()) == 3
    shop.write({"campaigns/c.yaml": sale(ADA, text="Coats")})
    apply(shop, 12)
    assert len(shop.addresses()) == 3


def test_of_one_plan_the_campaign_of_the_earlier_moment_goes_and_then_the_first_by_name(project: "MakeProject") -> None:
    soon = NOW + timedelta(days=2)
    folder = project(
        {
            "octoplan.yaml": settings(cap()),
            "campaigns/a.yaml": sale(ADA, BOB, text="Autumn", send_at=soon),
            "campaigns/b.yaml": sale(ADA, text="Books"),
            "campaigns/c.yaml": sale(ADA, BOB, CY, text="Coats", send_at=soon),
        }
    )
    assert apply(folder).last.startswith("Applied: 3 sent")
    assert sorted((one.address, one.text.split()[0]) for one in folder.messages()) == [
        (ADA, "Books"),
        (BOB, "Autumn"),
        (CY, "Coats"),
    ]


def test_only_the_purpose_and_the_channel_that_a_cap_names_count(shop: "Folder") -> None:
    shop.write(
        {
            "octoplan.yaml": settings(cap(more=", channel: sms")),
            "campaigns/b.yaml": sale(ADA, text="Code", purpose="alert"),
            "campaigns/c.yaml": sale(ADA, text="Call")
            .replace("channel: sms", "channel: voice_sms")
            .replace("open: true", "open: true\nmetadata: {voice_gender: female, voice_language: fr-FR}"),
        }
    )
    assert apply(shop, 1).last.startswith("Applied: 2 sent")
    shop.write({"campaigns/d.yaml": sale(ADA, text="Dresses")})
    apply(shop, 2)
    assert len(shop.addresses()) == 3


def test_a_plan_file_does_not_go_stale_for_who_went_over_a_cap_since(shop: "Folder") -> None:
    shop.write({"campaigns/b.yaml": sale(ADA, BOB, text="Books")})
    assert shop.call("plan", "--out", str(shop.path / "p"), at=NOW + timedelta(days=8)).code == 0
    shop.write({"campaigns/b.yaml": None, "campaigns/c.yaml": sale(BOB, text="Coats")})
    assert apply(shop, 8).last.startswith("Applied: 1 sent")
    shop.write({"campaigns/b.yaml": sale(ADA, BOB, text="Books"), "campaigns/c.yaml": None})
    done = shop.call("apply", str(shop.path / "p"), "--auto-approve", at=NOW + timedelta(days=8))
    assert done.last.startswith("Applied: 1 sent")
    assert shop.addresses() == [ADA, ADA, BOB]


def test_a_cap_makes_another_digest_where_somebody_is_over_it(shop: "Folder") -> None:
    shop.write({"campaigns/b.yaml": sale(ADA, BOB, text="Books")})
    digests = {
        shop.call("plan", "--json", "--out", str(shop.path / "p"), at=NOW + timedelta(days=day)).json["digest"]
        for day in (1, 2, 8)
    }
    assert len(digests) == 2


def test_a_cap_that_is_gone_or_looser_is_said_first(shop: "Folder") -> None:
    shop.write({"octoplan.yaml": settings(cap(2)), "campaigns/b.yaml": sale(BOB, text="Books")})
    looser = shop.call("plan").out.splitlines()[0]
    assert looser == (
        "Loosened since the last apply: the cap of 2 wholesale messages in 7d, "
        "it was the cap of 1 wholesale message in 7d"
    )
    shop.write({"octoplan.yaml": settings()})
    assert shop.call("plan").out.splitlines()[0].endswith("the cap of 1 wholesale message in 7d is gone")
    shop.write({"octoplan.yaml": settings(cap(within="8d"))})
    assert "Loosened" not in shop.call("plan").out


def test_rejects_names_who_is_over_a_cap_masked_with_file_and_line(shop: "Folder") -> None:
    shop.write(
        {
            "people.csv": f"phone_number,name\n{BOB},Bob\n{ADA},Ada\n",
            "campaigns/b.yaml": sale(text="Books").replace("recipients: []", "audience: {from: ../people.csv}"),
        }
    )
    file = shop.path / "rejects.csv"
    assert shop.call("plan", "--rejects", str(file), at=NOW + timedelta(days=1)).code == 0
    written = file.read_text(encoding="utf-8")
    (row,) = csv.DictReader(written.splitlines())
    assert (row["file"], row["line"], row["reason"]) == (
        "people.csv",
        "3",
        "over the cap of 1 wholesale message in 7d",
    )
    assert row["rest"] == "+33…01"
    assert ADA not in written


def forbid(monkeypatch: pytest.MonkeyPatch, *methods: tuple[type, str]) -> None:
    def forbidden(*_: Any) -> Any:
        raise AssertionError("somebody was looked up")

    for owner, name in methods:
        monkeypatch.setattr(owner, name, forbidden)


@pytest.mark.parametrize("edition", [1, 2], ids=["the same edition", "another edition"])
@pytest.mark.parametrize(
    "now", [{"purpose": "alert"}, {"channel": "rcs"}, {"held": True}], ids=["purpose", "channel", "only left out"]
)
def test_what_was_sent_counts_as_what_it_was_sent_as(project: "MakeProject", now: dict[str, Any], edition: int) -> None:
    kinds = "{purpose: wholesale, per: person, at_most: 1, within: 7d, channel: sms}"
    folder: Folder = project({"octoplan.yaml": settings(kinds), "campaigns/a.yaml": sale(ADA, text="Autumn")})
    assert apply(folder).last.startswith("Applied: 1 sent")
    changed = sale(BOB, text="Autumn", edition=edition, **{key: one for key, one in now.items() if key == "purpose"})
    if "channel" in now:
        changed = changed.replace("channel: sms", "channel: rcs")
    if "held" in now:
        changed = changed.replace(f'"{BOB}"', f'"{ADA}"').replace("purpose: wholesale", "purpose: alert")
        changed += "variants: {a: 0.0001%, holdout: 99.9999%}\n"
    folder.write({"campaigns/a.yaml": changed})
    assert apply(folder, 1).code == 0
    folder.write({"campaigns/b.yaml": sale(ADA, text="Books")})
    plan = folder.call("plan", at=NOW + timedelta(days=2))
    assert "1 over a cap." in plan.out
    assert "sent_as" not in plan.out


def test_nothing_to_do_is_seen_without_looking_anybody_up(shop: "Folder", monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write({"campaigns/b.yaml": sale(ADA, BOB, text="Books")})
    apply(shop, 1)
    forbid(monkeypatch, (SqlStore, "messages"), (Reaching, "placed"), (Reaching, "reached"))
    assert "0 to send, 0 to extend, 2 unchanged" in shop.call("plan", at=NOW + timedelta(days=2)).out


def test_a_project_without_caps_asks_the_state_for_nobody(shop: "Folder", monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write({"octoplan.yaml": settings(), "campaigns/c.yaml": sale(ADA, text="Coats")})
    forbid(monkeypatch, (Reaching, "placed"), (Reaching, "reached"))
    assert "1 to send" in shop.call("plan", at=NOW + timedelta(days=2)).out


def test_nobody_is_looked_up_where_there_are_fewer_editions_than_a_cap_allows(
    shop: "Folder", monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write({"octoplan.yaml": settings(cap(2)), "campaigns/b.yaml": sale(ADA, text="Books")})
    with monkeypatch.context() as patched:
        forbid(patched, (Reaching, "placed"))
        assert "1 to send" in shop.call("plan", at=NOW + timedelta(days=1)).out
    shop.write({"campaigns/c.yaml": sale(ADA, text="Coats")})
    assert "1 over a cap." in shop.call("plan", at=NOW + timedelta(days=1)).out


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{purpose: wholesale, at_most: 0, within: 7d}", "a whole number from 1 to 1000"),
        ("{purpose: wholesale, at_most: 2, within: 7 days}", "a whole number and s, m, h or d, such as 7d"),
        ("{purpose: wholesale, at_most: 2}", "a cap says purpose, at_most and within"),
        ("{purpose: sale, at_most: 2, within: 7d}", "wholesale"),
        ("{purpose: wholesale, at_most: 2, within: 7d, over: drop}", "skip"),
    ],
)
def test_a_cap_that_is_none_is_a_problem_with_its_place(project: "MakeProject", written: str, said: str) -> None:
    folder = project({"octoplan.yaml": settings(written), "campaigns/a.yaml": sale(ADA)})
    found = folder.call("validate")
    assert found.code == 3
    assert "octoplan.yaml:3:" in found.err
    assert said in found.err
