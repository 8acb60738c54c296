"""Where the people of an edition are cut into waves: a line of what a state says of itself, and of its export."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_NAME: Final = "waves:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """`waves`: as their author wrote them; `cuts`: the first hash behind each but the last.

    They hold for this edition, as long as its waves are written so.
    """

    campaign: str
    edition: int
    waves: Sequence[Mapping[str, Any]]
    cuts: tuple[int, ...]

    @property
    def note(self) -> tuple[str, str]:
        """Under which name a state keeps them, and as what text."""
        said = {"edition": self.edition, "waves": self.waves, "cuts": self.cuts}
        return f"{_NAME}{self.campaign}", json.dumps(said)


def cuts_of(meta: Mapping[str, str], campaign: str) -> Cuts | None:
    """What a state says of itself, and a campaign as it calls it → where that was cut last; None: never."""
    text = meta.get(f"{_NAME}{campaign}")
    return _load(campaign, text) if text is not None else None


def all_cuts(meta: Mapping[str, str]) -> Iterator[Cuts]:
    """What a state says of itself → every campaign's cuts, by name."""
    for name in sorted(meta):
        if name.startswith(_NAME):
            yield _load(name.removeprefix(_NAME), meta[name])


def _load(campaign: str, text: str) -> Cuts:
    said = json.loads(text)
    return Cuts(campaign=campaign, edition=said["edition"], waves=said["waves"], cuts=tuple(said["cuts"]))
