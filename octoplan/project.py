"""The folder with `octoplan.yaml` and `campaigns/` → a Project: environments, defaults, constants, suppressions."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Literal

from octoplan import durations, schema, source
from octoplan.caps import Cap, caps_of
from octoplan.errors import OctoplanError, Place, Problem, ProjectInvalid, UsageError
from octoplan.limits import Limits, limits_of
from octoplan.loopback import leads_here
from octoplan.reading import is_file, walk
from octoplan.source import Document
from octoplan.spec import AudienceSpec, Segments, SourceSpec, audience_spec, source_specs

SANDBOX = "sandbox"
CHANNELS = ("sms", "voice_sms", "rcs", "email")
Purpose = Literal["alert", "wholesale"]
Personalization = Literal["client", "server"]
Optouts = Literal["wholesale", "all"]
PURPOSES: tuple[Purpose, ...] = ("alert", "wholesale")
OCTOPUSH_URL = "https://api.octopush.com/v1/public"
_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a part (sms) or a message (other channels) costs by product and country; None of it is known to the API.

    `products`: product (`sms_premium`, `voice_sms`, ...) → ISO country or `default` → price.
    """

    products: Mapping[str, Mapping[str, Decimal]]
    blacklist_check_per_request: Decimal | None = None
    currency: str = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A named gateway and its state. `gateway` is `sandbox` or a URL; `state` a path or a postgresql:// address."""

    name: str
    gateway: str
    state: str
    simulate_to: tuple[str, ...] | Literal["audience"] = ()
    require_plan: bool = True
    require_simulation: bool = False
    max_in_flight: int = 4
    requests_per_second: float | None = None
    frame_size: int = 450
    abort_after: int = 5
    personalization: Personalization = "client"
    enforces_windows: bool = True
    max_ahead: timedelta | None = None
    prices: Prices | None = None
    keep_days: int | None = None

    @property
    def is_sandbox(self) -> bool:
        """Whether requests end in the embedded sandbox, in this process."""
        return self.gateway == SANDBOX


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the sources of an environment may ask of the machine: secrets by name, and standard input, if any."""

    variables: Mapping[str, str] = field(default_factory=lambda: _EMPTY, repr=False)
    stdin: BinaryIO | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder of campaigns and what they share. `document` is octoplan.yaml, None where there is none.

    `optouts`: for campaigns of which purpose a STOP counts. `sources`: those of the environment `seen_from`, with what
    they may ask of `outside`. `lint_off`: rules of lint that no campaign is asked about. `windows`: when messages may
    be sent, by country, as written.
    """

    root: Path
    document: Document | None
    environments: Mapping[str, Environment]
    constants: Mapping[str, Any]
    suppressions: Mapping[str, tuple[AudienceSpec, ...]]
    limits: Limits = field(default_factory=Limits)
    caps: tuple[Cap, ...] = ()
    lint_off: tuple[str, ...] = ()
    optouts: Optouts = "wholesale"
    windows: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _EMPTY)
    seen_from: str = SANDBOX
    sources: Mapping[str, SourceSpec] = field(default_factory=lambda: _EMPTY)
    outside: Outside = field(default_factory=Outside)

    def at(self, environment: str, outside: Outside) -> "Project":
        """The name of an environment → the project as that one sees it: with its sources."""
        found = {} if self.document is None else source_specs(self.document, environment)
        return replace(self, seen_from=environment, sources=found, outside=outside)

    def without_stdin(self) -> "Project":
        """The same for a command that reads something else from standard input."""
        return replace(self, outside=replace(self.outside, stdin=None))

    @property
    def segments(self) -> Segments:
        """Its named audiences."""
        return Segments(self.root)

    def environment(self, name: str) -> Environment:
        """A name → the environment; UsageError where the project has no such."""
        try:
            return self.environments[name]
        except KeyError:
            known = ", ".join(self.environments)
            raise UsageError(f"no environment {name!r} in this project", hint=f"it has: {known}") from None

    def defaults(self, channel: str) -> tuple[Document, ...]:
        """A channel → what octoplan.yaml lays beneath its campaigns, the more special first."""
        if self.document is None:
            return ()
        written = self.document.data.get("defaults") or {}
        return tuple(self.document.child(("defaults", key)) for key in (channel, "all") if key in written)

    def obeys_stop(self, purpose: str) -> bool:
        """A campaign's purpose → whether whoever has said STOP gets nothing of it."""
        return purpose == "wholesale" or self.optouts == "all"

    def suppressions_for(self, purpose: str) -> tuple[AudienceSpec, ...]:
        """A campaign's purpose → the contact files nobody of whom it may reach."""
        return (*self.suppressions.get("all", ()), *self.suppressions.get(purpose, ()))

    def shown(self, path: Path) -> str:
        """A path → how people see it: relative to the project."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    def campaign_files(self) -> Iterator[Path]:
        """All campaign files by path, none in `audiences`, which hold data; ProjectInvalid: a folder is unreadable."""
        folder = self.root / "campaigns"
        for parent, folders, files in walk(folder, self.shown):
            folders[:] = sorted(name for name in folders if name != "audiences" and not name.startswith("."))
            yield from (parent / name for name in sorted(files) if name.endswith((".yaml", ".yml")))

    def resolve(self, base: Path, written: str, place: Place) -> Path:
        """A path as written in a file of folder `base` → the real path; Problems: missing, outside the project."""
        path = Path(os.path.realpath(base / written.replace("\0", "\ufffd")))  # NUL is in no path
        if not path.is_relative_to(self.root):
            raise ProjectInvalid(
                Problem(
                    place=place,
                    rule="file/outside",
                    message=f"{written} lies outside the project",
                    hint="nothing outside the project's folder is read; copy the file into it",
                )
            )
        if not is_file(path):
            raise ProjectInvalid(
                Problem(
                    place=place,
                    rule="file/missing",
                    message=f"no file {written}",
                    hint=f"paths are relative to the file that names them, here {self.shown(base) or '.'}/",
                )
            )
        return path


def load(root: Path) -> Project:
    """A folder → its Project; ProjectInvalid with every Problem of octoplan.yaml."""
    root = Path(os.path.realpath(root))
    path = root / "octoplan.yaml"
    if not path.exists() and not (root / "campaigns").is_dir():
        raise OctoplanError(
            f"no octoplan project in {root.name or root}: neither octoplan.yaml nor a campaigns folder",
            hint="go to the project's folder, or name it with -C",
        )
    document = source.load(path, "octoplan.yaml") if path.exists() else None
    if document is None:
        return Project(
            root=root, document=None, environments={SANDBOX: _sandbox({})}, constants=_EMPTY, suppressions=_EMPTY
        )
    problems = schema.check_project(document)
    if problems:
        raise ProjectInvalid(*problems)
    data = document.data
    return Project(
        root=root,
        document=document,
        environments=_environments(document),
        constants=MappingProxyType(data.get("vars") or {}),
        limits=limits_of(data.get("limits")),
        caps=caps_of(data.get("caps")),
        lint_off=tuple((data.get("lint") or {}).get("off", ())),
        optouts=data.get("optouts", "wholesale"),
        windows=MappingProxyType(data.get("windows") or {}),
        suppressions=MappingProxyType(
            {
                purpose: tuple(
                    audience_spec(document, ("suppressions", purpose, index), lambda _: root, Segments(root))
                    for index in range(len(entries))
                )
                for purpose, entries in (data.get("suppressions") or {}).items()
            }
        ),
    )


def own_folder(root: Path) -> Path:
    """The project's `.octoplan` folder, made where it is missing: its owner's only, kept out of git by itself."""
    folder = root / ".octoplan"
    ignore = folder / ".gitignore"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise OctoplanError(f"the folder .octoplan cannot be used: {error.strerror or 'no reason given'}") from error
    return folder


def _sandbox(written: Mapping[str, Any]) -> Environment:
    return _environment(SANDBOX, {"gateway": SANDBOX, **written})


def _environments(document: Document) -> Mapping[str, Environment]:
    written = document.data.get("environments") or {}
    if (written.get(SANDBOX) or {}).get("gateway", SANDBOX) != SANDBOX:
        raise ProjectInvalid(
            Problem(
                place=document.place(("environments", SANDBOX, "gateway")),
                rule="project/sandbox",
                message="the environment named sandbox always sends to the embedded sandbox",
                hint="give this environment another name: an apply outside the sandbox has to name it",
            )
        )
    others = {name: _environment(name, values) for name, values in written.items() if name != SANDBOX}
    environments = {SANDBOX: _sandbox(written.get(SANDBOX) or {}), **others}
    _one_state_each(document, environments)
    return MappingProxyType(environments)


def _one_state_each(document: Document, environments: Mapping[str, Environment]) -> None:
    """ProjectInvalid where two environments share a state: what one only tried would count as sent in the other."""
    first: dict[str, str] = {}
    for name, environment in environments.items():
        other = first.setdefault(os.path.normpath(environment.state), name)
        if other != name:
            raise ProjectInvalid(
                Problem(
                    place=document.place(("environments", name, "state")),
                    rule="project/state",
                    message=f"{name} and {other} share the state {environment.state}",
                    hint="give each a state of its own: what one sends would count as sent in the other",
                )
            )


def _environment(name: str, written: Mapping[str, Any]) -> Environment:
    gateway = written["gateway"]
    url = gateway["url"].rstrip("/") if isinstance(gateway, dict) else gateway
    to = written.get("simulate_to", "audience" if url == SANDBOX else ())
    reaches_nobody = url == SANDBOX or leads_here(url)
    return Environment(
        name=name,
        gateway=OCTOPUSH_URL if url == "octopush" else url,
        state=written.get("state") or f".octoplan/{name}.db",
        simulate_to="audience" if to == "audience" else tuple(to),
        require_plan=written.get("require_plan", url != SANDBOX),
        require_simulation=written.get("require_simulation", False),
        max_in_flight=written.get("max_in_flight", 4),
        requests_per_second=written.get("requests_per_second", 10.0 if url == "octopush" else None),
        frame_size=written.get("frame_size", 450),
        abort_after=written.get("abort_after", 5),
        personalization=written.get("personalization", "client"),
        enforces_windows=written.get("windows", "show" if reaches_nobody else "enforce") == "enforce",
        max_ahead=durations.parse(written["max_ahead"]) if "max_ahead" in written else None,
        prices=_prices(written["prices"]) if written.get("prices") else None,
        keep_days=written.get("keep_days"),
    )


def _prices(written: Mapping[str, Any]) -> Prices:
    products = {
        product: {place: Decimal(str(price)) for place, price in prices.items()}
        if isinstance(prices, dict)
        else {"default": Decimal(str(prices))}
        for product, prices in written.items()
        if product not in ("blacklist_check_per_request", "currency")
    }
    check = written.get("blacklist_check_per_request")
    return Prices(
        products=products,
        blacklist_check_per_request=None if check is None else Decimal(str(check)),
        currency=written.get("currency", "EUR"),
    )
