"""However an apply dies, and whatever happens to its requests: everybody has the message once, by the sandbox's record.

A seed decides everything but the clock: who, which words, which weather, which deaths at which moments. To try a
failure's seed again: OCTOPLAN_TEST_SEED=<seed> .venv/bin/python -m pytest tests/kills
It is the first one that is tried then, in a file and on a server. The clock is not in the seed: try it several times.
"""

import os
import random
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Folder
from tests.kills.author import hire
from tests.kills.clock import PLACES, StandingClock
from tests.kills.counts import LONG_TESTS, MANY, SOME, TESTS
from tests.kills.forks import Zygote, begin_zygote
from tests.kills.rails import Rails
from tests.kills.sandbox import serve_sandbox
from tests.kills.trial import ROUNDS, Trial
from tests.state.server import Server, shared

AT_ONCE: Final = 3
"""Trials side by side: most of their time they wait."""
Rounds = Mapping[Callable[[Trial], None], int]
AIMED: Final[Mapping[str, Rounds]] = {"outside": {Trial.close: 1}, "unhalted": {Trial.halt: 1}}
"""What shows soonest in which way an octoplan is broken."""
KEY: Final = {"OCTOPLAN_STATE_KEY": "correct horse battery staple"}


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with begin_zygote() as begun:
        yield begun


@pytest.fixture
def server(pytestconfig: pytest.Config) -> Server:
    return shared(pytestconfig)


@pytest.fixture(scope="module")
def seed() -> int:
    given = os.environ.get("OCTOPLAN_TEST_SEED")
    return int(given) if given else secrets.randbits(32)


def run_trial(
    seed: int,
    folder: Path,
    zygote: Zygote,
    server: Server | None = None,
    *,
    personal: bool = False,
    rounds: Rounds = ROUNDS,
) -> Counter[str]:
    """Run the trial of a seed, its state in a file or on a server; what befell whom.

    `personal`: everybody has words of their own, which the gateway fills in.
    """
    chance = random.Random(seed)  # noqa: S311 - deaths, not secrets
    schema: AbstractContextManager[str] = server.spare_schema() if server else nullcontext("")
    rails, clock = draw_world(folder, chance)
    try:
        with serve_sandbox(clock.now if clock else lambda: datetime.now(UTC)) as served, schema as name:
            state = f'"{server.address(name)}"' if server else ".octoplan/production.db"
            author = hire(Folder(path=folder), chance, (served.url, state), rails, personal=personal)
            env = KEY if server else {}
            trial = Trial(zygote=zygote, served=served, author=author, chance=chance, env=env, clock=clock)
            trial.rounds = rounds
            trial.run()
            trial.tally["filled in by the gateway"] = served.filled()
    except BaseException as failure:
        failure.add_note(f"to try this seed again: OCTOPLAN_TEST_SEED={seed}")
        raise
    shutil.rmtree(folder)
    return trial.tally


def draw_world(folder: Path, chance: random.Random) -> tuple[Rails, StandingClock | None]:
    """Draw the guard rails of a trial, and the clock that it lives by if there are windows."""
    rails = Rails.draw(chance)
    if not rails.window:
        return rails, None
    folder.mkdir(parents=True)
    return rails, StandingClock(folder / "clock", chance.choice(PLACES[:4]))


def run_batch(
    seeds: Sequence[int],
    folder: Path,
    zygote: Zygote,
    server: Server | None = None,
    *,
    personal: bool = False,
    rounds: Rounds = ROUNDS,
) -> None:
    """Run the trials of many seeds; and see that they were what they are called."""

    def run(one: int) -> Counter[str]:
        return run_trial(one, folder / str(one), zygote, server, personal=personal, rounds=rounds)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        tallies = list(pool.map(run, seeds))
    tally = sum(tallies, Counter[str]())
    print(f"{seeds}: {dict(sorted(tally.items()))}")  # noqa: T201 - shown with -rP, and where it fails
    assert tally["killed"] > len(seeds) / 5
    assert tally["found frames open"] > len(seeds) / 10
    assert (tally["filled in by the gateway"] > len(seeds)) == personal


@pytest.mark.parametrize("batch", range(TESTS["file"]))
def test_whatever_befalls_an_apply_everybody_gets_it_once(
    batch: int, seed: int, tmp_path: Path, zygote: Zygote
) -> None:
    run_batch(_seeds(seed, batch, SOME), tmp_path, zygote)


@pytest.mark.long
@pytest.mark.parametrize("batch", range(LONG_TESTS["file"]))
def test_whatever_befalls_an_apply_everybody_gets_it_once_many_times_over(
    batch: int, seed: int, tmp_path: Path, zygote: Zygote
) -> None:
    run_batch(_seeds(seed, batch + 1, MANY), tmp_path, zygote)


@pytest.mark.parametrize("batch", range(TESTS["server"]))
def test_whatever_befalls_an_apply_with_its_state_on_a_server_everybody_gets_it_once(
    batch: int, seed: int, tmp_path: Path, zygote: Zygote, server: Server
) -> None:
    run_batch(_seeds(seed, batch, SOME), tmp_path, zygote, server)


@pytest.mark.long
@pytest.mark.parametrize("batch", range(LONG_TESTS["server"]))
def test_whatever_befalls_an_apply_with_its_state_on_a_server_everybody_gets_it_once_many_times_over(
    batch: int, seed: int, tmp_path: Path, zygote: Zygote, server: Server
) -> None:
    run_batch(_seeds(seed, batch + 1, MANY), tmp_path, zygote, server)


@pytest.mark.parametrize("batch", range(TESTS["filled in"]))
def test_whatever_befalls_an_apply_everybody_gets_what_the_gateway_is_to_fill_in_for_them_once(
    batch: int, seed: int, tmp_path: Path, zygote: Zygote
) -> None:
    run_batch(_seeds(seed, batch, SOME), tmp_path, zygote, personal=True)


@pytest.mark.long
@pytest.mark.parametrize("batch", range(LONG_TESTS["filled in"]))
def test_whatever_befalls_an_apply_everybody_gets_what_the_gateway_is_to_fill_in_for_them_once_many_times_over(
    batch: int, seed: int, tmp_path: Path, zygote: Zygote
) -> None:
    run_batch(_seeds(seed, batch + 1, MANY), tmp_path, zygote, personal=True)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("unsent", "got it twice"),
        ("sent", "left out"),
        ("late", "the last apply does not end well|got it twice"),
        ("outside", "arrived outside of the window"),
        ("unhalted", "arrived after a halt"),
        ("anew", "must not|other words|left out"),
        ("alone", "got it twice"),
    ],
)
def test_an_octoplan_that_is_broken_on_purpose_is_caught(way: str, words: str, tmp_path: Path, zygote: Zygote) -> None:
    seeds: Sequence[int] = range(60)
    if way == "outside":
        seeds = [seed for seed in range(180) if Rails.draw(random.Random(seed)).window]  # noqa: S311 - as above
    with pytest.raises(AssertionError, match=words):
        run_batch(seeds, tmp_path, replace(zygote, broken=way), rounds=AIMED.get(way, ROUNDS))


def _seeds(seed: int, batch: int, size: int) -> range:
    return range(seed + batch * size, seed + (batch + 1) * size)
