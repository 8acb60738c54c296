"""The composition root: flags, environment variables, clock and chance → project, state, gateway and table."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octoplan import campaign, project
from octoplan.campaign import Campaign
from octoplan.cli.console import Console
from octoplan.cli.serving import open_storage, start_sandbox, warn_of_people
from octoplan.errors import OctoplanError, StateError, UsageError
from octoplan.project import SANDBOX, Environment, Outside, Project, own_folder
from octoplan.spec import SECRETS

if TYPE_CHECKING:
    from octoplan.gateways.interface import Gateway
    from octoplan.state.home import Home, State
    from octoplan.table.connection import Table


_MOST_CORES = 8  # each takes some 40 MiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One call of a command: the project that it is about, the environment that it names, and whether it may send."""

    console: Console
    project: Project
    environment: Environment
    sending: bool = False

    def campaigns(self, targets: Collection[str] = ()) -> tuple[Campaign, ...]:
        """The project's campaigns, or the targets among them, personalized as the environment says."""
        loaded = campaign.load(self.project, targets)
        return tuple(one.personalized(self.environment.personalization) for one in loaded)

    def check_segments(self, targets: Collection[str] = ()) -> None:
        """ProjectInvalid with the Problems of all segments, also of those that nobody names; nothing for targets."""
        if not targets:
            self.project.segments.check()

    def home(self) -> "Home":
        """Where the environment's state lives."""
        from octoplan.state.home import Home  # noqa: PLC0415 - only where a state is

        secret = self.console.environ.get("OCTOPLAN_STATE_KEY")
        return Home(root=self.project.root, environment=self.environment, secret=secret, random_bytes=os.urandom)

    @property
    def has_state(self) -> bool:
        """Whether there is a state to read, or one is missing: the sandbox's is made by the first apply only."""
        return not self.environment.is_sandbox or self.home().exists

    def check_state(self) -> None:
        """StateError for a sandbox that was never applied to: to look at its state would make one."""
        if not self.has_state:
            raise StateError(f"{self.environment.name} has no state yet: nothing was sent")

    def kept(self, campaign: Campaign) -> tuple[Campaign, bytes]:
        """A campaign → the same as the state has it, and the key by which that tells who gets which variant."""
        with self.state() as state:
            return state.as_held(campaign), state.keys.person

    def held_as(self, state: "State", campaign: str) -> str:
        """A campaign as its author calls it → as the state calls it; UsageError where nobody knows it.

        One that was sent is known to the state, so that a project with a typo in it can be halted too.
        """
        from octoplan.state.records import is_seed  # noqa: PLC0415 - only where a state is

        if campaign in state.store.holding() and not is_seed(campaign):
            return campaign
        try:
            (found,) = self.campaigns((campaign,))
        except OctoplanError:
            if is_seed(campaign) or campaign not in {record.name for record in state.store.campaigns()}:
                raise
            return campaign  # the state knows who is left out of it
        return state.as_held(found).held_as

    @property
    def cores(self) -> int:
        """How many cores this process may use, for what is worth more than one."""
        return min(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MOST_CORES
        )

    @contextmanager
    def state(self, *, writable: bool = False) -> Iterator["State"]:
        """The environment's state, open."""
        from octoplan.state.home import open_state  # noqa: PLC0415 - only where a state is

        opened = open_state(self.home(), writable=writable)
        try:
            yield opened
        finally:
            opened.store.close()

    @contextmanager
    def table(self, *, keeps_rows: bool = False) -> Iterator["Table"]:
        """An empty table of people, its folder beneath .octoplan. `keeps_rows`: whole rows, for `--rejects`."""
        from octoplan.table.connection import Table  # noqa: PLC0415 - duckdb, only where people are read

        with Table(own_folder(self.project.root) / "tmp", keeps_rows=keeps_rows) as table:
            yield table

    def check_gateway(self) -> None:
        """GatewayError where this environment's gateway may not be talked to, whoever would."""
        if not self.environment.is_sandbox:
            from octoplan.gateways.address import check_url  # noqa: PLC0415 - h11 and ssl, only where a gateway is

            check_url(self.environment.gateway, self._allowed_hosts())

    @contextmanager
    def gateway(self) -> Iterator["Gateway"]:
        """The environment's gateway; GatewayError for its URL or missing credentials."""
        if self.environment.is_sandbox:
            with self._embedded() as gateway:
                yield gateway
            return
        from octoplan.gateways.address import credentials  # noqa: PLC0415 - h11 and ssl, only where a gateway is
        from octoplan.gateways.octopush import Octopush  # noqa: PLC0415

        self.check_gateway()
        environ, url = self.console.environ, self.environment.gateway
        own = credentials(environ.get("OCTOPUSH_API_LOGIN"), environ.get("OCTOPUSH_API_KEY"), url)
        remote = Octopush(url, own)
        try:
            yield remote
        finally:
            remote.close()

    @contextmanager
    def _embedded(self) -> Iterator["Gateway"]:
        from octoplan.gateways.embedded import embedded  # noqa: PLC0415 - the sandbox, only where it is sent to

        with open_storage(self.project.root) as storage:
            sandbox = start_sandbox(storage, self.console, {}, self.environment.keep_days)
            gateway = embedded(sandbox)
            try:
                yield gateway
            finally:
                gateway.close()
            if self.sending:
                warn_of_people(sandbox, self.console)

    def pace(self) -> Callable[[], object]:
        """What waits until the environment lets the next request leave."""
        from octoplan.apply.pace import Pace, Stop  # noqa: PLC0415 - only where requests are made

        pace, stop = Pace(self.environment.requests_per_second, self.console.clock), Stop()
        return lambda: pace.wait(stop)

    def _allowed_hosts(self) -> tuple[str, ...]:
        listed = self.console.environ.get("OCTOPLAN_ALLOWED_HOSTS", "")
        return tuple(host.strip() for host in listed.split(",") if host.strip())


def open_session(console: Console, *, sending: bool = False) -> Session:
    """The common flags → the Session. A command that sends must name any environment but the sandbox with --env."""
    loaded = project.load(console.wanted.directory)
    preset = console.environ.get("OCTOPLAN_ENV") or SANDBOX
    name = console.wanted.environment or preset
    if sending and console.wanted.environment is None and preset != SANDBOX:
        raise UsageError(
            f"OCTOPLAN_ENV names {preset}, but a command that sends or changes a state must name it itself",
            hint=f"add --env {preset}, or --env {SANDBOX}",
        )
    environment = loaded.environment(name)
    return Session(
        console=console, project=loaded.at(name, _outside(console)), environment=environment, sending=sending
    )


def _outside(console: Console) -> Outside:
    """Streams and environment variables → what sources may have of them: standard input, and variables of theirs."""
    variables = {key: value for key, value in console.environ.items() if key.startswith(SECRETS)}
    return Outside(variables=variables, stdin=getattr(console.stdin, "buffer", None))


def chance() -> float:
    """A random number, 0 to 1, for jitter."""
    return int.from_bytes(os.urandom(7)) / 2**56
