"""What an import brings, or has brought → a sentence, and its facts for JSON; counts only."""

from dataclasses import asdict
from typing import Any

from octoplan.report.lines import count, several
from octoplan.state.moving import Moved
from octoplan.state.restoring import Brought


def brought_line(brought: Brought) -> str:
    """What receipts bring back → a sentence or more."""
    said = [_frames(brought)]
    if brought.freed:
        said.append(f"{_people(brought.freed)} free again after a refusal")
    if brought.unnamed:
        said.append(f"{several(brought.unnamed, 'refused frame')} of which nobody knows who was in it")
    if brought.released:
        said.append(f"what was planned of {several(brought.released, 'campaign')} is planned anew")
    sentences = [f"Import: {'; '.join(said)}."]
    if brought.elsewhere:
        left = f", and {several(brought.left_out, 'frame')} of theirs left out" if brought.left_out else ""
        sentences.append(f"{_people(brought.elsewhere)} left where they are, in another frame{left}.")
    return " ".join(sentences)


def brought_facts(brought: Brought) -> dict[str, Any]:
    """What receipts bring back → its facts."""
    return asdict(brought)


def moved_line(moved: Moved) -> str:
    """What an export holds → a sentence or more."""
    parts = (several(moved.campaigns, "campaign"), several(moved.frames, "frame"), several(moved.messages, "message"))
    opened = f" {several(moved.opened, 'frame')} of them open: unknown from now on, since bodies are not exported."
    halted = f" {several(moved.halts, 'halt')} in it: what is halted stays so until `octoplan resume`."
    return f"Import: {', '.join(parts)}.{opened if moved.opened else ''}{halted if moved.halts else ''}"


def moved_facts(moved: Moved) -> dict[str, Any]:
    """What an export holds → its facts."""
    return asdict(moved)


def _frames(brought: Brought) -> str:
    if not brought.frames:
        return "the state has every frame"
    kinds = ", ".join(f"{count(number)} {status}" for status, number in sorted(brought.frames.items()))
    return f"{several(sum(brought.frames.values()), 'frame')} ({kinds}) of {_people(brought.people)}"


def _people(number: int) -> str:
    return f"{count(number)} {'people' if number != 1 else 'person'}"
