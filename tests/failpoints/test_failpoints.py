"""At every step of the protocol a real process is killed; what comes after it loses nobody and repeats nobody."""

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

import octoplan
from octoplan.state.interface import Change
from tests.conftest import PATIENCE, clean_environment
from tests.failpoints.conftest import APPLY, PEOPLE, ROOT, Field
from tests.failpoints.points import POINTS, VARIABLE, Gone, Point, arm, find
from tests.failpoints.stories import STORIES

INIT = ("state", "init")


def cases(is_told: Callable[[str], bool]) -> list[object]:
    """List the points of the stories that are told so: at each passing, on each store."""
    return [
        pytest.param(point, nth, kind, id=f"{point.name}:{nth}-{kind}")
        for point in POINTS
        if is_told(point.story)
        for nth in point.nth
        for kind in point.stores
    ]


@pytest.mark.parametrize(("point", "nth", "kind"), cases(STORIES.__contains__))
def test_killed_at_a_step_of_the_protocol_nobody_gets_it_twice_or_is_left_out(
    ground: Field, point: Point, nth: int
) -> None:
    story = STORIES[point.story]
    arguments = story.prepare(ground)
    died = ground.die(f"{point.name}:{nth}", *arguments)
    assert died == -signal.SIGKILL
    if story.then:
        assert ground.call(*story.then).code == 0
    ground.finish(*story.flags)
    ground.check()


@pytest.mark.parametrize(("point", "nth", "kind"), cases(lambda story: story == "init"))
def test_killed_while_a_state_is_made_nothing_is_sent_until_it_is_whole(ground: Field, point: Point, nth: int) -> None:
    died = ground.die(f"{point.name}:{nth}", *INIT)
    assert died == -signal.SIGKILL
    if "octoplan.lock.yaml" not in {path.name for path in ground.folder.path.iterdir()}:
        refused = ground.call(*APPLY)
        assert (refused.code, ground.judge.asked) == (1, []), "what is half made is no state"
        ground.mend_init()
    ground.finish()
    ground.check()


@pytest.mark.parametrize(("point", "nth", "kind"), cases(lambda story: story == "first-start"))
def test_killed_at_a_step_of_its_first_start_the_sandbox_comes_up_again(ground: Field, point: Point, nth: int) -> None:
    sandbox = replace(ground, environment="sandbox", state=".octoplan/sandbox.db")
    died = sandbox.die(f"{point.name}:{nth}", *APPLY)
    assert died == -signal.SIGKILL
    assert sandbox.call(*APPLY).code == 0
    assert sandbox.folder.addresses() == list(PEOPLE)
    assert sandbox.call("state", "check").code == 0


def test_every_point_is_tried_and_every_name_is_there_once() -> None:
    names = [point.name for point in POINTS]
    assert len(names) == len(set(names))
    assert {point.story for point in POINTS} == {*STORIES, "init", "first-start"}
    for point in POINTS:
        assert callable(find(point.target)[2])


def test_every_change_that_a_state_knows_is_killed_before_inside_and_after_its_commit() -> None:
    wanted = {(change.__name__, stage) for change in get_args(Change) for stage in ("before", "inside", "after")}
    assert wanted <= {(point.of, point.name.rpartition("-")[2]) for point in POINTS}


@pytest.mark.parametrize("order", ["no-such-step", "intent-before:x"])
def test_an_order_that_cannot_be_read_fails_loudly(order: str) -> None:
    with pytest.raises((Gone, ValueError)):
        arm(order)


@pytest.mark.parametrize("target", ["octoplan.apply.flight:no_such", "octoplan.no_such:x", "octoplan.errors:A.b"])
def test_a_point_whose_function_is_gone_fails_loudly(target: str) -> None:
    with pytest.raises(Gone, match=target):
        find(target)


def run_build(ground: Field, order: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the test build from its command line."""
    ours = {**ground.env, "PYTHONPATH": str(ROOT), **({VARIABLE: order} if order else {})}
    return subprocess.run(
        [sys.executable, "-m", "tests.failpoints", "--env", "production", *APPLY],
        cwd=ground.folder.path,
        env=clean_environment(ground.folder.path.parent, ours),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_test_build_dies_where_it_is_told_in_a_process_of_its_own(ground: Field) -> None:
    assert ground.call(*INIT).code == 0
    assert run_build(ground, "request-sent:2").returncode == -signal.SIGKILL
    ground.finish()
    ground.check()


@pytest.mark.parametrize("order", ["", "no-such-step"])
def test_a_test_build_that_is_not_armed_does_nothing(ground: Field, order: str) -> None:
    assert ground.call(*INIT).code == 0
    ended = run_build(ground, order)
    assert (ended.returncode, ended.stderr.startswith(b"no failpoint is armed")) == (1, True), ended.stderr
    assert ground.judge.asked == []


def test_the_package_knows_of_no_failpoint() -> None:
    package = Path(octoplan.__file__).parent
    for path in package.rglob("*.py"):
        assert "failpoint" not in path.read_text(encoding="utf-8").lower(), path
