"""Applies are killed at any moment; nobody gets more than the cap allows, and everybody somebody's message, once."""

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, Gateway, MakeProject

PEOPLE = [f"+336000002{number:02}" for number in range(24)]
AT_MOST = {"skip": 1, "wait": 2}


def settings(url: str, over: str) -> str:
    return (
        "octoplan: 1\n"
        f"caps: [{{purpose: wholesale, at_most: {AT_MOST[over]}, within: 7d, over: {over}}}]\n"
        "environments:\n"
        f"  local: {{gateway: {{url: '{url}'}}, require_plan: false, windows: show, frame_size: 4, max_in_flight: 3}}\n"
    )


def campaign(chance: random.Random, words: str) -> tuple[str, set[str]]:
    some = chance.sample(PEOPLE, chance.randint(12, len(PEOPLE)))
    listed = ", ".join(f'{{phone_number: "{one}"}}' for one in some)
    written = (
        f"channel: sms\npurpose: wholesale\nopen: true\nsender: OctoShop\n"
        f"text: {words} STOP au 30101\nrecipients: [{listed}]\n"
    )
    return written, set(some)


def apply(folder: "Folder") -> int:
    return folder.run("apply", "--env", "local", "--auto-approve").code


@pytest.mark.parametrize("over", ["skip", "wait"])
def test_however_applies_are_killed_nobody_gets_more_than_a_cap_allows(
    project: "MakeProject", gateway: "Gateway", over: str
) -> None:
    chance = random.Random(over)  # noqa: S311 - to be the same again
    made = {
        name: campaign(chance, words)
        for name, words in (("a", "Autumn sale of coats"), ("b", "Six new books"), ("c", "Red wine from the south"))
    }
    files = {f"campaigns/{name}.yaml": written for name, (written, _) in made.items()}
    folder = project({"octoplan.yaml": settings(gateway.url, over), **files})
    assert folder.run("state", "init", "--env", "local").code == 0
    gateway.pause = 0.02
    for _ in range(4):
        process = folder.start("apply", "--env", "local", "--auto-approve")
        gateway.kill_at(len(gateway.bodies) + chance.randint(1, 3), process)
        assert max(Counter(gateway.addresses()).values(), default=0) <= AT_MOST[over]
    gateway.pause = 0
    assert apply(folder) == 0
    assert apply(folder) == 0
    wanted = Counter(address for _, people in made.values() for address in people)
    assert Counter(gateway.addresses()) == {address: min(n, AT_MOST[over]) for address, n in wanted.items()}
    assert folder.run("state", "check", "--env", "local").code == 0
