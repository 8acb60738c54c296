"""The small worlds that are searched whole, and the larger ones for a long run: every bound stands here."""

from dataclasses import replace

from tests.model.laws import Assumption, Rule
from tests.model.values import Budget
from tests.model.world import World

CRASHES = World(name="crashes", people=2, budget=Budget(runs=3, crashes=2, silences=2))
MOMENTS = World(name="moments", budget=Budget(runs=3, crashes=2, silences=2, riddles=1, poor=2))
SPLITS = World(name="splits", people=3, size=3, bad=0b010, budget=Budget(runs=2, crashes=1, silences=1, poor=1))
WORDS = World(
    name="words",
    people=2,
    size=2,
    bad_texts=frozenset({0}),
    budget=Budget(runs=3, crashes=1, silences=1, poor=1, edits=1),
)
AUDIENCE = World(
    name="audience", people=2, size=2, absent=0b10, budget=Budget(runs=3, crashes=1, silences=1, edits=1, joins=1)
)
STOPS = World(name="stops", people=2, size=2, budget=Budget(runs=2, crashes=1, silences=1, ticks=1, stops=1))
HALTS = World(name="halts", people=2, places=2, budget=Budget(runs=2, crashes=1, silences=1, halts=1))
WINDOWS = World(name="windows", people=2, budget=Budget(runs=3, crashes=1, silences=1, ticks=1, turns=2))
TIME = World(name="time", budget=Budget(runs=3, crashes=1, silences=2, poor=1, ticks=2))
NOT_AFTER = World(name="not-after", budget=Budget(runs=2, crashes=1, silences=2, poor=1, closings=1))
LANES = World(name="lanes", people=3, places=2, budget=Budget(runs=2, crashes=1, silences=2))
UNLOCKED = World(name="unlocked", people=2, budget=Budget(runs=2, crashes=1, silences=1, unlocks=1, bodies=1))
UNLOCKED_LATE = World(name="unlocked-late", budget=Budget(runs=2, crashes=1, silences=1, ticks=2, unlocks=1, bodies=1))
LOCK_LOST = World(name="lock-lost", budget=Budget(runs=3, silences=1, poor=1)).lacking(Rule.ONE_APPLIER)
REVIEWED = World(name="reviewed", reviews=True, budget=Budget(runs=2, crashes=1, silences=1, edits=1))
RESTORED = World(
    name="restored", people=2, size=2, adopts=True, budget=Budget(runs=3, crashes=1, silences=1, restores=1)
)
RESTORED_FOUR = World(
    name="restored-four", people=4, size=2, keys=(0, 1, 2, 4), adopts=True, budget=Budget(runs=3, crashes=1, restores=1)
)
BURNT = World(
    name="burnt", copied=True, adopts=True, bad_texts=frozenset({0}), budget=Budget(runs=3, restores=1)
).lacking(Assumption.UNBURNT)
POOR_AND_BURNT = World(name="poor-and-burnt", budget=Budget(runs=3, poor=2)).lacking(Assumption.UNBURNT)
CLOCKS = World(name="clocks", jumps=(-2, 2), budget=Budget(runs=2, silences=2, ticks=2, jumps=2))
CLOCK_AHEAD = World(
    name="clock-ahead",
    people=2,
    places=2,
    tries=1,
    left=0b01,
    ahead=2,
    jumps=(-2,),
    budget=Budget(runs=2, silences=1, ticks=2, jumps=1),
)
CLOCK_BEHIND = replace(CLOCK_AHEAD, name="clock-behind", ahead=-2, jumps=(2,))
CLOCK_ALONE = World(
    name="clock-alone", lone=True, jumps=(-5, -2), budget=Budget(runs=2, crashes=1, silences=2, ticks=2, jumps=1)
)

WORLDS = (
    CRASHES,
    MOMENTS,
    SPLITS,
    WORDS,
    AUDIENCE,
    STOPS,
    HALTS,
    WINDOWS,
    TIME,
    NOT_AFTER,
    LANES,
    UNLOCKED,
    UNLOCKED_LATE,
    LOCK_LOST,
    REVIEWED,
    RESTORED,
    RESTORED_FOUR,
    BURNT,
    POOR_AND_BURNT,
    CLOCKS,
    CLOCK_AHEAD,
    CLOCK_BEHIND,
    CLOCK_ALONE,
)
"""Searched whole by every test run."""

LARGE = (
    replace(
        CLOCKS,
        name="large-clocks",
        jumps=(-2, -1, 1, 2),
        budget=Budget(runs=3, crashes=1, silences=2, ticks=2, jumps=2),
    ),
    replace(CLOCK_AHEAD, name="large-clock-ahead", jumps=(-2, 2), budget=Budget(runs=3, silences=2, ticks=2, jumps=2)),
    replace(CRASHES, name="large-crashes", people=3, budget=Budget(runs=3, crashes=2, silences=2, poor=1)),
    replace(SPLITS, name="large-splits", bad=0b101, budget=Budget(runs=3, crashes=2, silences=2, poor=1, riddles=1)),
    replace(WORDS, name="large-words", people=3, budget=Budget(runs=3, crashes=2, silences=2, poor=1, edits=2)),
    replace(AUDIENCE, name="large-audience", people=3, budget=Budget(runs=4, crashes=2, silences=2, edits=1, joins=2)),
    replace(TIME, name="large-time", budget=Budget(runs=4, crashes=2, silences=3, poor=2, ticks=3, bodies=1)),
    replace(LANES, name="large-lanes", bad=0b001, budget=Budget(runs=2, crashes=1, silences=2, poor=1)),
    replace(
        UNLOCKED_LATE, name="large-unlocked", budget=Budget(runs=3, crashes=1, silences=2, ticks=2, unlocks=1, bodies=1)
    ),
    replace(LOCK_LOST, name="large-lock-lost", people=2, budget=Budget(runs=3, crashes=1, silences=2)),
    replace(RESTORED, name="large-restored", people=3, budget=Budget(runs=4, crashes=2, silences=2, restores=1)),
    World(
        name="large-unlock-and-split",
        people=2,
        size=2,
        bad=0b01,
        budget=Budget(runs=2, crashes=1, silences=1, poor=1, ticks=1, unlocks=1),
    ),
    World(
        name="large-edits-and-days",
        people=2,
        size=2,
        absent=0b10,
        budget=Budget(runs=3, crashes=1, silences=1, ticks=2, edits=1, joins=1, bodies=1),
    ),
    World(
        name="large-two-lanes-unlocked",
        people=2,
        places=2,
        bad=0b01,
        budget=Budget(runs=2, silences=1, riddles=1, poor=1, unlocks=1, closings=1),
    ),
)
"""Searched whole by the long suite."""
