"""How people took what was sent, as far as callbacks told → lines and facts; counts only."""

from collections.abc import Iterator

from octoplan.report.lines import count
from octoplan.report.safe import plain
from octoplan.report.style import BLANK, Line, Style
from octoplan.report.survey import CampaignStanding, Survey
from octoplan.state.told import Response


def heard_facts(response: Response) -> dict[str, int]:
    """How the people of an edition took it → its numbers, by name."""
    return {
        "delivered": response.delivered,
        "failed": response.failed,
        "opted_out": response.optouts,
        "replies": response.replies,
    }


def heard_words(response: Response | None) -> str:
    """How the people of an edition took it → `2,770 delivered, 41 failed`; blank where nothing was heard."""
    facts = heard_facts(response) if response is not None else {}
    return ", ".join(f"{count(number)} {name.replace('_', ' ')}" for name, number in facts.items() if number)


def heard_lines(found: Survey) -> Iterator[Line]:
    """A state's survey → a line for each campaign of which anything was heard; nothing where nothing was."""
    told = [one for one in found.campaigns if any(heard_facts(one.response).values())]
    if told:
        yield BLANK
        yield Line(Style.TITLE, "Heard since")
        yield from (Line(Style.PLAIN, _said(one)) for one in told)


def _said(one: CampaignStanding) -> str:
    facts = heard_facts(one.response)
    numbers = ", ".join(f"{count(number)} {name.replace('_', ' ')}" for name, number in facts.items())
    return f"{plain(one.name)}  edition {one.edition}: {numbers}"
