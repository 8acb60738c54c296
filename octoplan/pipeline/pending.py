"""One person of a campaign who is still to be sent to → what that waits for: for `octoplan why`."""

from dataclasses import dataclass
from typing import Final

from octoplan.pipeline.capping import Caps
from octoplan.pipeline.course import Course
from octoplan.pipeline.drafts import Draft
from octoplan.pipeline.judging import Judged
from octoplan.pipeline.waiting import waits_of
from octoplan.plan import Wait
from octoplan.state.halts import halt_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What somebody who is still to be sent to has to wait for.

    `judged`: their window, None where no rule binds them; `waits`: all else; `blocked`: why nothing more of the
    campaign is sent; `capped`: the cap that leaves them out of this edition, blank where none does.
    """

    judged: Judged | None = None
    waits: tuple[Wait, ...] = ()
    blocked: tuple[str, ...] = ()
    capped: str = ""


NOTHING: Final = Pending()


def pending(draft: Draft, caps: Caps | None, course: Course, person: int) -> Pending:
    """One person of a draft → what they have to wait for beside their window."""
    campaign = draft.campaign
    over = caps.over(draft.messages, campaign, person) if caps else None
    if over is not None and over[0].over == "skip":
        return Pending(capped=over[0].said)
    halted = halt_of(course.state.store.halts(), campaign.held_as)
    return Pending(
        waits=(*waits_of(draft, course, person), *([over[1]] if over is not None else [])),
        blocked=(
            *([halted.said] if halted is not None else []),
            *(draft.waves.faults if draft.waves is not None else ()),
        ),
    )
