"""The messages of a campaign → lots: each guard rail says here by what people are divided who may not share a frame."""

from octoplan.table.lots import Division, Lot
from octoplan.table.sending import Messages


def divide(messages: Messages, *divisions: Division) -> tuple[Lot, ...]:
    """A campaign whose messages are known → its lots, which no frame mixes; none where no guard rail asks for any.

    Each guard rail gives a division of its own, by wave, window or arm.
    """
    return messages.framing.divide(
        Division(
            wave="".join(one.wave for one in divisions),
            zone="".join(one.zone for one in divisions),
            zones=tuple(zone for one in divisions for zone in one.zones),
            arm="".join(one.arm for one in divisions),
            arms=tuple(arm for one in divisions for arm in one.arms),
            joins=tuple(join for one in divisions for join in one.joins),
        )
    )
