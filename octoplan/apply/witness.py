"""Who is told, beside the state, what became of frames and of whom they held; nothing steers by it."""

from collections.abc import Sequence
from typing import Protocol

from octoplan.frame import Frame
from octoplan.state.changes import Change
from octoplan.state.interface import CampaignRecord


class Witness(Protocol):
    """Told after the state knows it. An error that it raises ends the run, with everything recorded."""

    def know(self, campaigns: Sequence[CampaignRecord]) -> None:
        """Campaigns as the state has them from now on."""

    def note(self, frame: Frame, change: Change) -> None:
        """A frame, and the change by which it came to an end or was left open; from any thread."""


class Nobody:
    """A Witness that takes no note of anything."""

    def know(self, campaigns: Sequence[CampaignRecord]) -> None:
        """Leave it."""

    def note(self, frame: Frame, change: Change) -> None:
        """Leave it."""
