r"""Plan ↔ versioned bytes: what was reviewed, without a person or a word of it. Pure.

    octoplan plan file 2\\n
    {"environment": ..., "campaigns": [{"name": ..., "messages": 48211}, ...]}\\n       one line of JSON
    8 bytes a message, sorted, campaign after campaign                                  zlib

A message's 8 bytes are a keyed hash of person, rendered content and settings, salted per file: they tell whether a
message was in the plan to whoever holds the state's key, and nothing to anyone else.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from octoplan.campaign import Campaign
from octoplan.errors import OctoplanError, PlanStale, UsageError

VERSION = 2
_MAGIC = b"octoplan plan file "
WIDTH = 8
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 16
_ALIKE = str.maketrans("OIL", "011", "-")  # as Crockford reads them


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One campaign of a plan file. `definition`: keyed digest of what its author wrote; `messages`: 8 bytes each.

    `cost`: the estimate, None where it is not known; `simulated`: how many simulated requests were accepted; `seeds`:
    how many messages own staff get beside.
    """

    name: str
    edition: int
    action: str
    definition: str
    recipients: int
    requests: int
    messages: bytes = field(repr=False)
    cost: str | None = None
    simulated: int = 0
    seeds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A reviewed plan. `digest` covers all but salt, serial and simulations; `targets`: what it was limited to.

    `guards`: those of the environment, empty in files of version 1.
    """

    environment: str
    gateway: str
    lineage: str
    serial: int
    digest: str
    salt: str
    targets: tuple[str, ...]
    campaigns: tuple[Reviewed, ...]
    guards: str = ""

    def campaign(self, name: str) -> Reviewed | None:
        """The campaign of this name, if the plan holds one."""
        return next((one for one in self.campaigns if one.name == name), None)


def dump(plan: PlanFile) -> bytes:
    """A PlanFile → its bytes."""
    head = {key: value for key, value in asdict(plan).items() if key != "campaigns"}
    head["campaigns"] = [_head(one) for one in plan.campaigns]
    hashes = b"".join(one.messages for one in plan.campaigns)
    line = json.dumps(head, ensure_ascii=False, sort_keys=True).encode()
    return _MAGIC + f"{VERSION}\n".encode() + line + b"\n" + zlib.compress(hashes)


def _head(one: Reviewed) -> dict[str, Any]:
    """What a file says of a campaign; `seeds` only where there are some, so that others can be read by those before."""
    said = {**asdict(one), "messages": len(one.messages) // WIDTH}
    return said if one.seeds else {key: value for key, value in said.items() if key != "seeds"}


def parse(data: bytes) -> PlanFile:
    """Bytes of a plan file → the PlanFile; OctoplanError for anything else, or a newer version."""
    first, _, rest = data.partition(b"\n")
    version = first.removeprefix(_MAGIC)
    if not first.startswith(_MAGIC) or not version.isdigit():
        raise OctoplanError("this is no octoplan plan file", hint="make one with `octoplan plan --out FILE`")
    if int(version) > VERSION:
        raise OctoplanError(
            f"the plan file has version {int(version)}, this octoplan reads {VERSION}", hint="update it"
        )
    line, _, packed = rest.partition(b"\n")
    try:
        return _plan(json.loads(line), zlib.decompress(packed))
    except (ValueError, KeyError, TypeError, zlib.error):
        raise OctoplanError("the plan file is damaged", hint="make it again with `octoplan plan --out FILE`") from None


def differences(reviewed: PlanFile, now: PlanFile) -> tuple[str, ...]:
    """The reviewed plan and the one made from the files now → what differs in their definitions, in plain words.

    People may differ: who joined or whose words changed is left out of what is sent, not refused. Of one with nothing
    to do, nothing can be sent that was not reviewed.
    """
    said = [
        f"it was made for {what} {old}, this is {new}"
        for what, old, new in (
            ("environment", reviewed.environment, now.environment),
            ("gateway", reviewed.gateway, now.gateway),
            ("state", reviewed.lineage, now.lineage),
        )
        if old != new
    ]
    if now.serial < reviewed.serial:
        said.append(f"the state is older (serial {now.serial}) than the one it was made from ({reviewed.serial})")
    if not any(one.messages or one.seeds for one in reviewed.campaigns):
        return tuple(said)  # nothing can be sent of it, whatever the files say now
    if reviewed.guards and now.guards != reviewed.guards:
        said.append("limits, suppressions or what the environment requires was changed")
    for one in reviewed.campaigns:
        present = now.campaign(one.name)
        if present is None:
            said.append(f"{one.name} is no longer in the project")
        elif present.edition != one.edition:
            said.append(f"{one.name} had edition {one.edition}, now {present.edition}")
        elif present.definition != one.definition:
            said.append(f"{one.name} was changed")
    said += [f"{one.name} was added" for one in now.campaigns if reviewed.campaign(one.name) is None]
    return tuple(said)


def raise_if_stale(reviewed: PlanFile, now: PlanFile) -> None:
    """PlanStale where definitions differ: nothing may be sent that was not reviewed."""
    found = differences(reviewed, now)
    if found:
        raise PlanStale(f"the plan file is stale: {'; '.join(found)}", hint="plan again, and have that reviewed")


def raise_if_unexpected(expected: str, found: str) -> None:
    """PlanStale where a digest is not the one that was approved: no file says which of it would still hold."""
    if found != expected:
        raise PlanStale(
            f"this plan has the digest {found}, not {expected}: it was applied already, or something changed",
            hint="plan again, and have that reviewed; an apply with the plan file sends what still holds",
        )


def message_prefix(campaign: Campaign, key: bytes, salt: str) -> str:
    """What a message's hash begins with: key, salt, campaign, edition and settings; person and content follow."""
    settings = json.dumps(dict(campaign.settings), sort_keys=True, ensure_ascii=False).encode()
    parts = (campaign.name, str(campaign.edition), hashlib.sha256(settings).hexdigest())
    return "\x1f".join((key.hex(), salt, *parts))


def readable(digest: bytes) -> str:
    """At least 10 bytes → 80 bits as 16 Crockford characters in fours, fit for a commit message."""
    number = int.from_bytes(digest[:10], "big")
    return _in_fours("".join(_CROCKFORD[number >> shift & 31] for shift in range(75, -1, -5)))


def parse_digest(typed: str) -> str:
    """A digest as people type it, in any case and with or without hyphens → as `readable` writes it; UsageError."""
    characters = typed.strip().upper().translate(_ALIKE)
    if len(characters) != _LENGTH or not set(characters) <= set(_CROCKFORD):
        raise UsageError(
            "this is no digest of a plan: it has 16 letters and digits, in fours",
            hint="`octoplan plan --out FILE` says it",
        )
    return _in_fours(characters)


def _in_fours(characters: str) -> str:
    return "-".join(characters[start : start + 4] for start in range(0, _LENGTH, 4))


def _plan(head: Mapping[str, Any], hashes: bytes) -> PlanFile:
    campaigns = []
    offset = 0
    for one in head["campaigns"]:
        end = offset + int(one["messages"]) * WIDTH
        campaigns.append(Reviewed(**{**one, "messages": hashes[offset:end]}))
        offset = end
    if offset != len(hashes):
        raise ValueError
    return PlanFile(**{**head, "targets": tuple(head["targets"]), "campaigns": tuple(campaigns)})
