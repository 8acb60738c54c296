"""An answer → what becomes of the frame: rules 8 and 9, and section 7."""

from tests.model.laws import Rule
from tests.model.values import Lane
from tests.model.world import World

STOPS = frozenset({"account", "riddle", "halted"})


def verdict(lane: Lane, world: World, *, adopted: bool) -> tuple[str, bool]:
    """A lane with an answer → (sent, freed, kept, split, open, unknown or planned; whether the run stops)."""
    if lane.answer in ("halted", "outside"):  # not a byte of it was sent, unless by an attempt before
        return "open" if lane.doubt else "planned", lane.answer in STOPS
    if lane.answer == "duplicate":
        return _duplicate(lane, world, adopted=adopted)
    return _proof(lane, world), lane.answer in STOPS


def _proof(lane: Lane, world: World) -> str:
    match lane.answer:
        case "accepted":
            return "sent"
        case "campaign" | "recipient":
            return _about_bytes(lane, world)
        case "account":
            return "open" if lane.doubt and world.holds(Rule.MOMENT_NEEDS_NO_DOUBT) else "freed"
        case "riddle":
            return "open" if world.holds(Rule.RIDDLES_PROVE_NOTHING) else "freed"
        case "late":
            return "unknown" if lane.doubt else "freed"
    return "freed"  # no answer at all, where it is taken for a refusal


def _about_bytes(lane: Lane, world: World) -> str:
    if lane.doubt and not world.holds(Rule.BYTES_ARE_DEFINITE):
        return "open"
    if lane.answer == "campaign" or not world.holds(Rule.SPLITS):
        return "freed"
    if lane.request.people.bit_count() > 1:
        return "split"
    return "kept" if world.holds(Rule.BAD_ONE_IS_KEPT) else "freed"


def _duplicate(lane: Lane, world: World, *, adopted: bool) -> tuple[str, bool]:
    if lane.doubt:
        return ("sent" if world.holds(Rule.USED_ID_IN_USE_IS_SENT) else "unknown"), False
    if adopted or not world.holds(Rule.UNUSED_ID_IN_USE_IS_UNKNOWN):
        return "sent", False
    return "unknown", True
