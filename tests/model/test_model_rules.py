"""Take away a rule of the send protocol, or what it relies on, and a promise breaks: the shortest way there."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.model.checker import explore
from tests.model.counts import ANEW, of_loss, recorded
from tests.model.laws import Assumption, Rule
from tests.model.losses import ASSUMPTIONS, ELSEWHERE, NOT_MISSED, RULES, Loss
from tests.model.values import Budget
from tests.model.world import World
from tests.model.worlds import AUDIENCE, CRASHES, HALTS, MOMENTS, RESTORED, RESTORED_FOUR, SPLITS, TIME, WORDS

ROOT = Path(__file__).parents[2]


def is_missed(loss: Loss, counted: str) -> None:
    found = explore(loss.world.lacking(loss.law))
    assert found.broken.startswith(loss.broken), f"\n{found}"
    assert recorded()[counted][str(loss.law)] == of_loss(found), f"{ANEW}\n{found}"


@pytest.mark.parametrize("loss", RULES, ids=lambda loss: str(loss.law))
def test_without_this_rule_a_promise_breaks(loss: Loss) -> None:
    is_missed(loss, "rules")


@pytest.mark.parametrize("loss", ASSUMPTIONS, ids=lambda loss: str(loss.law))
def test_if_the_world_were_otherwise_a_promise_would_break(loss: Loss) -> None:
    is_missed(loss, "assumptions")


def test_every_rule_and_assumption_is_taken_away_once() -> None:
    assert {*(loss.law for loss in RULES), *NOT_MISSED} == {*Rule}
    assert {loss.law for loss in ASSUMPTIONS} == {*Assumption}
    assert len(RULES) == len(recorded()["rules"]), ANEW


@pytest.mark.parametrize("where", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_rule_that_is_no_matter_of_time_has_a_test_of_its_own(where: str) -> None:
    path, _, name = where.partition("::")
    assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", NOT_MISSED, ids=str)
def test_nothing_misses_this_rule(rule: Rule) -> None:
    for world in (CRASHES, MOMENTS, SPLITS, WORDS, AUDIENCE, RESTORED, RESTORED_FOUR):
        found = explore(world.lacking(rule))
        assert not found.broken, f"\n{found}"


def test_a_restored_state_whose_words_were_edited_is_safe_only_if_the_id_does_not_name_them() -> None:
    edited = next(loss.world for loss in ASSUMPTIONS if loss.law is Assumption.WORDS_STAY)
    assert explore(edited).broken
    assert not explore(edited.lacking(Rule.ID_NAMES_CONTENT)).broken


def test_refusals_are_counted_for_an_api_that_burns_ids_and_cost_the_safety_of_restored_states() -> None:
    poor = next(loss.world for loss in ASSUMPTIONS if loss.law is Assumption.NO_REFUSALS_LOST)
    assert explore(poor).broken
    assert not explore(poor.lacking(Rule.REFUSALS_ARE_COUNTED)).broken
    assert not explore(MOMENTS.lacking(Rule.REFUSALS_ARE_COUNTED)).broken


@pytest.mark.parametrize("world", [SPLITS, WORDS, TIME], ids=lambda world: world.name)
def test_to_hold_every_refusal_in_doubt_is_safe_with_an_api_that_refuses_what_it_has_accepted(world: World) -> None:
    unstable = replace(world, budget=world.budget._replace(runs=3, poor=1)).lacking(Assumption.STABLE)
    assert explore(unstable, further=False).broken
    held = explore(unstable.lacking(Rule.BYTES_ARE_DEFINITE), further=False)
    assert not held.broken, f"\n{held}"


def test_either_way_of_asking_for_a_halt_is_enough_for_what_it_says_and_without_both_more_is_accepted() -> None:
    halts = replace(HALTS, strict=False)
    both = (Rule.HALT_WITH_INTENT, Rule.HALT_IS_ASKED)
    for one in both:
        found = explore(halts.lacking(one))
        assert not found.broken, f"\n{found}"
    found = explore(halts.lacking(*both), further=False)
    assert found.broken.endswith("more was accepted after a halt than was in flight"), f"\n{found}"


def test_a_story_names_every_run_and_ends_with_what_went_wrong() -> None:
    found = explore(World(name="story", budget=Budget(runs=2, crashes=1)).lacking(Rule.SENDING_IS_NOT))
    assert found.story[0] == "run A starts"
    assert any(line.startswith("run B ") for line in found.story)
    assert "BROKEN: never free to be sent to while an acceptance may exist" in str(found)
