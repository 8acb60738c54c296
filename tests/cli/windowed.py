"""A campaign whose windows are enforced, for whom, and the hours at which it is tried."""

from datetime import UTC, datetime
from typing import Final

from tests.conftest import Folder, Gateway, MakeProject, StandingClock

NIGHT: Final = datetime(2026, 11, 2, 21, 30, tzinfo=UTC)  # Monday, 22:30 in Paris
MORNING: Final = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)  # Tuesday, 10:00 in Paris
SALE: Final = """\
channel: sms
purpose: wholesale
open: true
audience: {from: people.csv}
text: Hello {{ first_name }}. STOP au 30101
"""


def people(*numbers: str) -> str:
    """Write the contact file of these numbers."""
    return "phone_number,first_name\n" + "".join(f"{number},Ada\n" for number in numbers)


def make_live(project: MakeProject, gateway: Gateway, *numbers: str, more: str = "") -> Folder:
    """Make a project of the campaign for these numbers, and its state; `more`: of its environment, comma last."""
    settings = f"gateway: {{url: {gateway.url}}}, windows: enforce, {more}require_plan: false"
    made = project(
        {
            "octoplan.yaml": f"octoplan: 1\nenvironments:\n  live: {{{settings}}}\n",
            "campaigns/people.csv": people(*numbers),
            "campaigns/sale.yaml": SALE,
        }
    )
    assert made.call("state", "init", "--env", "live").code == 0
    return made


class JumpingClock(StandingClock):
    """Stands at one moment until so many requests have arrived at a gateway, and then at a later one."""

    def __init__(self, at: datetime, gateway: Gateway, number: int, then: datetime) -> None:
        super().__init__(at)
        self._gateway, self._number, self._then = gateway, number, then

    def now(self) -> datetime:
        return self._then if len(self._gateway.bodies) >= self._number else super().now()
