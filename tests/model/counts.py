"""Findings → `counts.json`, which the docs quote; `python -m tests.model.counts` writes all of it anew, in minutes."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.model.checker import Finding, explore
from tests.model.losses import ASSUMPTIONS, RULES, Loss
from tests.model.world import World
from tests.model.worlds import LARGE, WORLDS

ANEW = "python -m tests.model.counts writes counts.json anew"
PATH = Path(__file__).with_name("counts.json")


def recorded() -> Mapping[str, Any]:
    """What the file says."""
    return json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}


def of_world(found: Finding) -> dict[str, Any]:
    """A world that was searched whole → its bounds and counts."""
    world = found.world
    return {
        "people": world.people,
        "frame_size": world.size,
        "places": world.places,
        "tries": world.tries,
        "at_most": {name: count for name, count in world.budget._asdict().items() if count},
        "without": sorted(world.without),
        "states": found.states,
        "steps": found.steps,
        "depth": found.depth,
    }


def of_loss(found: Finding) -> dict[str, Any]:
    """A counterexample → where it was found, what it breaks, and in how many steps."""
    return {"world": found.world.name, "broken": found.broken, "length": len(found.story)}


def _worlds(worlds: Iterable[World]) -> dict[str, Any]:
    return {world.name: of_world(explore(world)) for world in worlds}


def _losses(losses: Iterable[Loss]) -> dict[str, Any]:
    return {str(loss.law): of_loss(explore(loss.world.lacking(loss.law))) for loss in losses}


def _write() -> None:
    made = {
        "worlds": _worlds(WORLDS),
        "large": _worlds(LARGE),
        "rules": _losses(RULES),
        "assumptions": _losses(ASSUMPTIONS),
    }
    PATH.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
