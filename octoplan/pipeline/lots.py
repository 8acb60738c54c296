"""The messages of a campaign → lots: each guard rail says here by what people are divided who may not share a frame."""

from octoplan.pipeline.course import Course
from octoplan.pipeline.gathering import Gathered
from octoplan.table.lots import Division, Lot
from octoplan.table.sending import Messages


def divide(_gathered: Gathered, messages: Messages, _course: Course) -> tuple[Lot, ...]:
    """A campaign whose messages are known → its lots, which no frame mixes; none where no guard rail asks for any."""
    return messages.framing.divide(Division())
