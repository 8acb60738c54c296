"""What must not be so in a state → SQL that finds it, one text for all databases.

A row of an answer has one column, `name`: the frame or run that breaks the rule, or the person, as a hash.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from octoplan.state.rights import PRUNED

FIRST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that is broken: how often, and the first frames, runs or people (as hashes) that break it."""

    rule: str
    count: int
    first: tuple[str, ...]


_PEOPLE = "SELECT m.person AS name FROM messages m"
_FRAMES = "SELECT f.id AS name FROM frames f"
_BODIES = "SELECT b.frame AS name FROM bodies b"
_SKIPPED = "SELECT s.person AS name FROM skipped s"
# Each looks for one row by its key: a NOT IN over all of them would be slow where they do not fit in memory.
QUESTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "message/twice": f"{_PEOPLE} GROUP BY m.campaign, m.edition, m.person HAVING count(*) > 1",
        "message/campaign": f"{_PEOPLE} WHERE NOT EXISTS (SELECT 1 FROM campaigns c WHERE c.no = m.campaign)",
        "message/no-frame": f"""{_PEOPLE} WHERE m.frame IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM frames f WHERE f.no = m.frame)""",
        "message/foreign-frame": f"""{_PEOPLE} JOIN frames f ON f.no = m.frame
            WHERE m.campaign <> f.campaign OR m.edition <> f.edition""",
        "frame/campaign": f"{_FRAMES} WHERE NOT EXISTS (SELECT 1 FROM campaigns c WHERE c.no = f.campaign)",
        # People of a refused frame may be free again, or in the halves that it was split into: all of them or none.
        "frame/size": f"""{_FRAMES}
            LEFT JOIN (SELECT frame, count(*) AS people FROM messages GROUP BY frame) m ON m.frame = f.no
            WHERE coalesce(m.people, 0) <> f.size
            AND NOT (m.people IS NULL AND (f.status = 'refused' OR f.why = '{PRUNED}'))""",
        "frame/status": f"{_FRAMES} WHERE f.status NOT IN ('planned', 'sending', 'sent', 'refused', 'unknown')",
        "planned/attempted": f"""{_FRAMES} WHERE f.status = 'planned'
            AND (f.attempts > 0 OR f.first_attempt IS NOT NULL)""",
        "sending/first-attempt": f"""{_FRAMES} WHERE f.status = 'sending'
            AND (f.attempts < 1 OR f.first_attempt IS NULL)""",
        "sending/body": f"""{_FRAMES} WHERE f.status = 'sending'
            AND NOT EXISTS (SELECT 1 FROM bodies b WHERE b.frame = f.id)""",
        "body/kept": f"""{_BODIES}
            WHERE NOT EXISTS (SELECT 1 FROM frames f WHERE f.id = b.frame AND f.status = 'sending')""",
        "sending/many": f"{_FRAMES} WHERE f.status = 'sending'",
        "sent/no-ticket": f"{_FRAMES} WHERE f.status = 'sent' AND f.ticket IS NULL",
        "skipped/campaign": f"""{_SKIPPED} WHERE NOT EXISTS (SELECT 1 FROM campaigns c WHERE c.no = s.campaign)""",
        "skipped/sent": f"""{_SKIPPED} JOIN messages m ON m.campaign = s.campaign AND m.edition = s.edition
            AND m.person = s.person JOIN frames f ON f.no = m.frame WHERE f.status <> 'refused'""",
        "run/not-ended": "SELECT r.id AS name FROM runs r WHERE r.ended_at IS NULL",
    }
)


def bounded(question: str) -> str:
    """A question → the same, answered with how many there are and the first of them."""
    return f"SELECT q.name, count(*) OVER () AS many FROM ({question}) q ORDER BY q.name LIMIT {FIRST}"
