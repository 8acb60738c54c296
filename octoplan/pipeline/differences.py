"""A campaign and what the state remembers of it → what differs from what was last sent, by the keys of its file."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from octoplan.campaign import Campaign
from octoplan.pipeline.sent_as import KEY
from octoplan.plan import Difference
from octoplan.state.interface import CampaignRecord

_IN_THE_FILE: Final = ("content", "settings")
"""What a file does not put below a key of its own."""
_ELSEWHERE: Final = ("edition", "pruned", KEY)
_DIGESTED: Final = ("audience", "seeds")


def differences(
    campaign: Campaign, record: CampaignRecord | None, digest: Callable[[bytes], str]
) -> tuple[Difference, ...]:
    """Where file and memory differ, in the order of the keys; of an audience only that it does. None: nothing known."""
    if record is None:
        return ()
    after = dict(_leaves(json.loads(json.dumps(campaign.definition(digest)))))
    before = dict(_leaves(record.definition))
    return tuple(
        _difference(key, before.get(key), after.get(key))
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    )


def _difference(key: str, before: str | None, after: str | None) -> Difference:
    return Difference(key=key) if key in _DIGESTED else Difference(key=key, before=before, after=after)


def _leaves(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in definition.items():
        if name in _ELSEWHERE or value is None:
            continue
        if name in _DIGESTED:
            yield name, json.dumps(value, sort_keys=True)
        elif name in _IN_THE_FILE:
            for key, inner in value.items():
                yield from _below(key, inner)
        else:
            yield from _below(name, value)


def _below(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """A value and its path → the path and text of everything in it that is neither a mapping nor a list."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _below(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _below(f"{path}[{number}]", inner)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)
