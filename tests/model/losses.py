"""Which world misses a rule or an assumption, and by which invariant: the table that the tests and the counts walk."""

from dataclasses import dataclass, replace

from tests.model import worlds
from tests.model.laws import Assumption, Rule
from tests.model.values import Budget
from tests.model.world import World

TWICE = "never accepted twice"
FREE = "never free to be sent to while an acceptance may exist"
NOT_SENT = "never recorded as sent without an acceptance"
IN_VAIN = "never unknown without a cause"
KEPT = "never kept as refused but for a fault of one's own"
PLACES = "never more frames in sending than places"
BEYOND = "never beyond what was allowed"
SETTLED = "a further run that gets its answers leaves nothing open"
WHO_IS_FREE = "a further run sends exactly who is free"
NOBODY_FREE = "a further run leaves nobody free"
ENDS = "every run that is left alone ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Without `law`, `world` breaks the invariant that begins with `broken`."""

    law: Rule | Assumption
    world: World
    broken: str


def _loss(law: Rule | Assumption, world: World, broken: str) -> Loss:
    return Loss(law=law, world=world, broken=broken)


_BACK = replace(worlds.CLOCKS, jumps=(-2,))

RULES = (
    _loss(Rule.ONE_APPLIER, worlds.UNLOCKED, FREE),
    _loss(Rule.EPOCH_IN_SWAPS, worlds.UNLOCKED, FREE),
    _loss(Rule.SETTLES, worlds.CRASHES, SETTLED),
    _loss(Rule.OPEN_KEEPS_ITS_PLACE, worlds.CRASHES, PLACES),
    _loss(Rule.PLAN_IS_VERIFIED, worlds.REVIEWED, BEYOND),
    _loss(Rule.RECORDED_TOGETHER, worlds.CRASHES, FREE),
    _loss(Rule.NOBODY_IN_TWO_FRAMES, worlds.LOCK_LOST, SETTLED),
    _loss(Rule.INTENT_FIRST, worlds.CRASHES, FREE),
    _loss(Rule.SWAPS_NAME_THE_RUN, worlds.LOCK_LOST, FREE),
    _loss(Rule.EPOCH_IS_ASKED, worlds.UNLOCKED, FREE),
    _loss(Rule.AGE_IS_ASKED, worlds.TIME, TWICE),
    _loss(Rule.AN_HOUR_LESS, worlds.TIME, TWICE),
    _loss(Rule.DOUBT_HOLDS, _BACK, TWICE),
    _loss(Rule.EVERY_CLOCK_SAYS_OLD, worlds.CLOCKS, IN_VAIN),
    _loss(Rule.CLOCKS_ARE_ASKED_AGAIN, _BACK, TWICE),
    _loss(Rule.BELOW_NOTHING_HOLDS, worlds.CLOCK_ALONE, TWICE),
    _loss(Rule.NOTED_AT_REST, worlds.CLOCK_BEHIND, TWICE),
    _loss(Rule.DATED_BY_GAIN, worlds.CLOCK_AHEAD, TWICE),
    _loss(Rule.DATED_BY_GAIN_IN_RUN, worlds.CLOCKS, TWICE),
    _loss(Rule.NOT_AFTER_IS_ASKED, worlds.NOT_AFTER, BEYOND),
    _loss(Rule.HALT_WITH_INTENT, worlds.HALTS, BEYOND),
    _loss(Rule.HALT_IS_ASKED, worlds.HALTS, BEYOND),
    _loss(Rule.WINDOW_IS_ASKED, worlds.WINDOWS, BEYOND),
    _loss(Rule.REPLAYS_ASK_FOR_THE_WINDOW, worlds.WINDOWS, BEYOND),
    _loss(Rule.STOPS_ARE_ASKED, worlds.STOPS, BEYOND),
    _loss(Rule.SAME_BYTES, worlds.AUDIENCE, TWICE),
    _loss(Rule.PLANNED_IS_RELEASED, worlds.CRASHES, WHO_IS_FREE),
    _loss(Rule.SENDING_IS_NOT, worlds.MOMENTS, FREE),
    _loss(Rule.CLAIMS_AGAIN, worlds.RESTORED_FOUR, TWICE),
    _loss(Rule.CLAIMS_IN_ONE_STEP, worlds.RESTORED_FOUR, TWICE),
    _loss(Rule.RELEASES_ITS_OWN, worlds.RESTORED_FOUR, TWICE),
    _loss(Rule.MOMENT_NEEDS_NO_DOUBT, worlds.MOMENTS, FREE),
    _loss(Rule.BYTES_ARE_DEFINITE, worlds.SPLITS, SETTLED),
    _loss(Rule.DEAD_RUNS_LEAVE_DOUBT, worlds.MOMENTS, FREE),
    _loss(Rule.UNUSED_ID_IN_USE_IS_UNKNOWN, worlds.BURNT, NOT_SENT),
    _loss(Rule.USED_ID_IN_USE_IS_SENT, worlds.MOMENTS, IN_VAIN),
    _loss(Rule.REFUSED_ARE_FREED, worlds.MOMENTS, KEPT),
    _loss(Rule.REFUSALS_ARE_COUNTED, worlds.POOR_AND_BURNT, WHO_IS_FREE),
    _loss(Rule.SPLITS, worlds.SPLITS, WHO_IS_FREE),
    _loss(Rule.SPLITS_IN_ONE_STEP, worlds.SPLITS, KEPT),
    _loss(Rule.BAD_ONE_IS_KEPT, worlds.SPLITS, NOBODY_FREE),
    _loss(Rule.ID_IS_DERIVED, worlds.RESTORED, TWICE),
    _loss(Rule.ID_NAMES_PEOPLE, worlds.CRASHES, WHO_IS_FREE),
    _loss(Rule.SILENCE_PROVES_NOTHING, worlds.MOMENTS, FREE),
    _loss(Rule.RIDDLES_PROVE_NOTHING, worlds.MOMENTS, FREE),
    _loss(Rule.TRIES_ARE_FEW, worlds.CRASHES, ENDS),
    _loss(Rule.UNKNOWN_IS_NOT_FREE, worlds.TIME, FREE),
)

ASSUMPTIONS = (
    _loss(Assumption.REMEMBERS, worlds.TIME, TWICE),
    _loss(Assumption.ATOMIC, worlds.CRASHES, TWICE),
    _loss(Assumption.PROMPT, worlds.TIME, TWICE),
    _loss(Assumption.UNBURNT, worlds.MOMENTS, NOT_SENT),
    _loss(Assumption.STABLE, replace(worlds.SPLITS, bad=0), FREE),
    _loss(Assumption.BRIEF, worlds.TIME, TWICE),
    _loss(Assumption.ONE_LIAR, _BACK, TWICE),
    _loss(Assumption.LONE_IS_TRUE, worlds.CLOCK_ALONE, TWICE),
    _loss(Assumption.TRUTHFUL, worlds.TIME, NOT_SENT),
    _loss(Assumption.NOBODY_LURKS, worlds.UNLOCKED, FREE),
    _loss(Assumption.WITHIN_A_DAY, replace(worlds.RESTORED, budget=Budget(runs=2, ticks=2, restores=1)), TWICE),
    _loss(Assumption.NO_REFUSALS_LOST, replace(worlds.RESTORED, budget=Budget(runs=3, poor=1, restores=1)), TWICE),
    _loss(Assumption.WORDS_STAY, replace(worlds.RESTORED, budget=Budget(runs=3, edits=1, restores=1)), TWICE),
)

NOT_MISSED = {
    Rule.PLANS_AFTER_SETTLING: "whoever settling frees would only wait for the next run",
    Rule.ID_NAMES_CONTENT: "whoever has had other words in this edition has had the message",
}
"""Rules that the model does not need."""

ELSEWHERE = {
    "6 bodies are sealed while a frame is open, and erased when it ends": "tests/state/test_files.py::"
    "test_a_body_is_encrypted_while_its_frame_is_open_and_gone_afterwards",
    "8 what each answer proves, as a table": "tests/apply/test_verdict.py::test_an_answer_proves_what_the_table_says",
    "8 an id in use on a first try stops the run": "tests/apply/test_refusals.py::"
    "test_an_id_in_use_on_a_first_try_is_unknown_and_stops_the_run",
    "9 one bad number costs 2 log2 n requests": "tests/test_frame.py::"
    "test_one_bad_person_stands_alone_after_as_many_splits_as_the_logarithm_says",
    "10 the id follows from key, lineage, campaign and edition": "tests/test_frame.py::"
    "test_a_request_id_follows_from_each_of_its_inputs",
    "10 the id is 32 hex digits, the same everywhere": "tests/test_frame.py::"
    "test_a_request_id_is_the_same_in_every_version_of_octoplan",
    "10 simulated requests carry none": "tests/test_frame.py::test_a_simulated_request_states_it_and_carries_no_id",
    "7 a refusal of the account stops the run": "tests/apply/test_refusals.py::"
    "test_a_refusal_of_the_account_stops_the_run_and_frees_its_people",
    "7 a run of refused frames stops the run": "tests/apply/test_refusals.py::"
    "test_more_than_five_refused_frames_in_a_row_stop_the_run",
    "editions only rise": "tests/cli/test_campaign_life.py::test_an_edition_is_never_lowered",
    "11 frames are leaves of a trie": "tests/test_frame.py::test_leaves_are_a_partition_in_order_and_none_is_too_large",
    "11 one person more changes one frame": "tests/test_frame.py::test_one_person_more_changes_one_frame_only",
}
"""Laws without time, crashes or a second process: a test of their own says more than a model."""
