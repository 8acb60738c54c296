"""Free people and a campaign's words → who gets which text: rendered one by one, or composed in the table."""

from octoplan.content.abreast import Order, choose
from octoplan.content.asking import ask_all
from octoplan.content.composing import ENOUGH, Composed, compose_all, measure_of
from octoplan.content.variants import Faults, render_all
from octoplan.errors import Problem
from octoplan.pipeline.arming import hold_out
from octoplan.pipeline.gathering import Gathered
from octoplan.table.composing import Composition
from octoplan.table.sending import Messages


def fill(gathered: Gathered, messages: Messages, cores: int) -> tuple[Faults, bool]:
    """Free people → who gets what; the faults, and whether texts share requests that the gateway fills."""
    composition = _composition(gathered, messages)
    if composition is None:
        faults = _render(gathered, messages, cores)
        messages.vary()
        return faults, False
    composed = _compose(gathered, composition)
    asking = messages.asking(composition)
    if gathered.campaign.is_personal:
        ask_all(asking, composed)
    messages.share(asking)
    return composed.faults, asking.requests() > 0


def take_free(gathered: Gathered, cores: int = 1) -> tuple[int, tuple[Problem, ...]]:
    """A gathered campaign, as if nobody had been sent to → how many people get it, and the Problems of rendering it."""
    people, problems, _ = ask_free(gathered, cores)
    return people, problems


def ask_free(
    gathered: Gathered, cores: int, asked: tuple[str, str] | None = None
) -> tuple[int, tuple[Problem, ...], tuple[int, int]]:
    """The same; and of a pattern and a country: how many people are there, and in how many of their texts it is not."""
    messages = Messages(gathered.table, gathered.audience.people, len(gathered.audience.variables))
    messages.hold(())
    people = messages.free(())
    people -= hold_out(messages, gathered.campaign, gathered.audience)
    composition = _composition(gathered, messages)
    faults = _compose(gathered, composition).faults if composition else _render(gathered, messages, cores)
    told = messages.without(*asked, composition) if asked else (0, 0)
    return people - faults.skipped, tuple(fault.problem(gathered.audience.places) for fault in faults), told


def _composition(gathered: Gathered, messages: Messages) -> Composition | None:
    """Where texts are put together in SQL: where that is asked for, or pays. They are the same either way."""
    campaign, templates = gathered.campaign, gathered.wording.templates.values()
    if campaign.channel != "sms" or all(isinstance(one.text, str) for one in templates):
        return None
    composition = messages.composition(measure_of(campaign.channel))
    return composition if campaign.is_personal or composition.distinct >= ENOUGH else None


def _compose(gathered: Gathered, composition: Composition) -> Composed:
    return compose_all(composition, gathered.wording, gathered.audience.variables, gathered.campaign)


def _render(gathered: Gathered, messages: Messages, cores: int) -> Faults:
    campaign, wording, names = gathered.campaign, gathered.wording, gathered.audience.variables
    constants = dict(campaign.constants)
    order = Order(written=wording.written, names=names, constants=constants, channel=campaign.channel)
    render = choose(wording, order, messages.combine(), cores)
    return render_all(render(messages.combinations()), wording.renderer(names, constants), campaign, messages.rendered)
