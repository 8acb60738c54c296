"""A campaign's rendered content and own staff → one request to them; what `octoplan test` and `seeds:` send."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from octoplan.campaign import Campaign
from octoplan.frame import Frame, Origin, body, request_id
from octoplan.state.home import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """One message to own staff, 50 people at most: `staff` are their addresses by person key.

    `settings`: the rest of the request. `name`: under which one the state keeps it, as what `edition`.
    """

    campaign: Campaign
    name: str
    edition: int
    settings: Mapping[str, Any]
    content: Mapping[str, Any] = field(repr=False)
    staff: Mapping[int, str] = field(repr=False)

    def frame(self, state: State, refusals: int = 0) -> Frame:
        """The same state, people, content and refusals → the same Frame."""
        keys, people = state.keys, tuple(sorted(self.staff))
        origin = Origin(key=keys.request, lineage=state.lineage, campaign=self.name, edition=self.edition)
        content = keys.keyed_digest(json.dumps(self.content, sort_keys=True, ensure_ascii=False).encode())
        made = request_id(origin, content, refusals, people)
        recipients = [{self.campaign.address_field: self.staff[person]} for person in people]
        sent = body(self.settings, self.content, recipients, made)
        return Frame(id=made, origin=origin, content=content, refusals=refusals, people=people, body=sent)
