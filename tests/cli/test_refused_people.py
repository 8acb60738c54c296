"""Somebody whose number is refused is listed by masked address and row, whenever the frame was sent, and only so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from octoplan.sandbox.exchange import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from octoplan.sandbox.exchange import Request
    from tests.conftest import Folder, Gateway, MakeProject

NUMBERS = [f"+336000002{number:02}" for number in range(40)]
BAD = (NUMBERS[7], NUMBERS[31])
APPLY = ("apply", "--auto-approve", "--env", "local")
CAMPAIGN = "channel: sms\npurpose: alert\nopen: true\ntext: Hello\naudience: {from: audiences/*.csv}\n"
LISTED = [("+33…07", "campaigns/audiences/a.csv:9"), ("+33…31", "campaigns/audiences/b.csv:13")]


def csv(numbers: list[str]) -> str:
    return "phone_number\n" + "".join(f"{number}\n" for number in numbers)


@pytest.fixture
def folder(project: MakeProject, gateway: Gateway) -> Folder:
    """Make a project that sends to forty people from two files, whose gateway refuses two of them."""
    local = f'{{gateway: {{url: "{gateway.url}"}}, require_plan: false, max_in_flight: 2}}'
    folder: Folder = project(
        {
            "octoplan.yaml": f"octoplan: 1\nenvironments:\n  local: {local}\n",
            "campaigns/hello.yaml": CAMPAIGN,
            "campaigns/audiences/a.csv": csv(NUMBERS[:20]),
            "campaigns/audiences/b.csv": csv(NUMBERS[20:]),
        }
    )
    assert folder.call("state", "init", "--env", "local").code == 0
    refuse(gateway, lambda body: any(number.encode() in body for number in BAD))
    return folder


def refuse(gateway: Gateway, is_bad: Callable[[bytes], bool]) -> None:
    taken = gateway.sandbox.answer

    def answer(request: Request) -> Answer:
        said = f'{{"code": 181, "message": "{BAD[0]}"}}'.encode()
        return Answer(status=400, body=said) if is_bad(request.body) else taken(request)

    gateway.sandbox.answer = answer  # type: ignore[method-assign]


def events(out: str, kind: str) -> list[dict[str, Any]]:
    return [one for one in map(json.loads, out.splitlines()) if one.get("event") == kind]


def test_whoever_is_refused_is_listed_by_masked_address_and_row(folder: Folder) -> None:
    outcome = folder.call(*APPLY)
    assert outcome.code == 8
    told = [line.partition(" refused: ")[2] for line in outcome.err.splitlines() if "+33" in line]
    assert told == [f"{who} ({place}), code 181" for who, place in LISTED]
    assert not [number for number in NUMBERS if number in outcome.out + outcome.err]


def test_as_json_each_is_an_event_that_names_its_frame(folder: Folder) -> None:
    out = folder.call(*APPLY, "--json").out
    refused = {one["frame"] for one in events(out, "refused") if one["recipients"] == 1}
    listed = events(out, "listed")
    assert [one["who"] for one in listed] == [f"{who} ({place})" for who, place in LISTED]
    assert {one["frame"] for one in listed} == refused
    assert {(one["campaign"], one["code"]) for one in listed} == {("hello", 181)}
    assert not [number for number in NUMBERS if number in out]


def test_who_is_refused_when_a_dead_run_is_settled_is_listed_once_contacts_are_read(
    folder: Folder, gateway: Gateway
) -> None:
    gateway.script = [(500, b"{}")]
    assert folder.call(*APPLY, hurried=True).code == 9
    outcome = folder.call(*APPLY)
    assert [outcome.err.count(f"refused: {who} ({place}), code 181") for who, place in LISTED] == [1, 1]
    assert outcome.last == "Applied: 38 sent, 2 refused, 0 open, 0 unknown."


def test_who_is_in_no_audience_any_more_is_counted_and_not_listed(folder: Folder, gateway: Gateway) -> None:
    gateway.script = [(500, b"{}")]
    assert folder.call(*APPLY, hurried=True).code == 9
    folder.write({"campaigns/audiences/b.csv": csv(NUMBERS[20:30])})
    outcome = folder.call(*APPLY)
    assert outcome.last == "Applied: 38 sent, 2 refused, 0 open, 0 unknown."
    assert [who in outcome.err for who, _ in LISTED] == [True, False]


def test_rows_of_a_file_that_went_meanwhile_are_listed_without_a_place(folder: Folder, gateway: Gateway) -> None:
    taken = gateway.sandbox.answer

    def answer(request: Request) -> Answer:
        (folder.path / "campaigns/audiences/a.csv").unlink(missing_ok=True)
        return taken(request)

    gateway.sandbox.answer = answer  # type: ignore[method-assign]
    outcome = folder.call(*APPLY)
    assert outcome.code == 8
    assert " refused: +33…07, code 181\n" in outcome.err
    assert "Traceback" not in outcome.err
