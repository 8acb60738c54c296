"""People who were taken out of frames since they said STOP → how many, for whoever asks whether an edition is over."""

import threading
from collections import Counter


class Gone:
    """How many people of each campaign, as the state calls it, an apply has taken out of frames, over all threads.

    The state has them as free, like those whose frame was refused, but nobody is to send to them.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._people: Counter[str] = Counter()

    def add(self, campaign: str, people: int) -> None:
        """So many more were."""
        with self._guard:
            self._people[campaign] += people

    def of(self, campaign: str) -> int:
        """How many of a campaign were so far."""
        with self._guard:
            return self._people[campaign]
