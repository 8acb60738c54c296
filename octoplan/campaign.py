"""Valid campaign files → Campaigns: channel, content, audience, options, and the request they make."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from octoplan import durations, schema, source
from octoplan.arms import Arm, Piece, read_arms, within
from octoplan.errors import Place, Problem, ProjectInvalid, UsageError
from octoplan.limits import Limits, limits_of
from octoplan.project import Personalization, Project
from octoplan.seeds import Seeds, read_seeds
from octoplan.source import Document, Pointer
from octoplan.spec import AudienceSpec, audience_spec, canonical, moment
from octoplan.texts import content_of, read_texts, settings_of
from octoplan.waves import Waves, waves_of

AddressField = Literal["phone_number", "email"]

_RAILS = ("timezone", "window", "max_ahead")  # keys that are remembered as they are written


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What tells a person's language: a column, and who gets which language where it tells none that there is."""

    column: str
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timezone:
    """What tells where a person's own time is: a column, and the zone of whoever has none."""

    column: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign file, defaults beneath it.

    `content`: the templated part of the request, as written; `settings`: the rest of the request but the recipients,
    every flag stated; both are trees in the shape of the API's body. `constants`: project vars under campaign vars.
    `moved_from`: the name that it had when it was sent, `not_moved_from`: names that it never had. With
    `language`, texts by language may stand in the place of a text. `optimize`: typographic characters that force
    UCS-2 are replaced. `text_files`: the pointer of a text that stands in a file of its own → the file, as shown.
    `lint_off`: rules of lint that it is not asked about. `sends_unreachable`: also landlines.
    `arms`: what its author calls variants, the holdout among them; `pieces`: where texts of several arms are written.
    `window`: when it may be sent, as written; `max_ahead`: how far away a `send_at` may be.
    """

    name: str
    edition: int
    channel: str
    purpose: str
    content: Mapping[str, Any]
    settings: Mapping[str, Any]
    constants: Mapping[str, Any]
    document: Document
    audience: AudienceSpec | None
    send_at: datetime | None
    not_after: datetime | None
    skip_missing: bool
    language: Language | None = None
    optimize: bool = False
    text_files: Mapping[Pointer, str] = field(default_factory=lambda: MappingProxyType({}))
    personalization: Personalization | None = None
    limits: Limits = field(default_factory=Limits)
    moved_from: str | None = None
    not_moved_from: tuple[str, ...] = ()
    held_under: str | None = None
    lint_off: tuple[str, ...] = ()
    sends_unreachable: bool = False
    waves: Waves = field(default_factory=Waves)
    arms: tuple[Arm, ...] = ()
    pieces: Mapping[Pointer, tuple[Piece, ...]] = field(default_factory=lambda: MappingProxyType({}))
    timezone: Timezone = field(default_factory=Timezone)
    window: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    max_ahead: timedelta | None = None
    seeds: Seeds | None = None

    @property
    def held_as(self) -> str:
        """Under which name a state has it, and request ids follow from it."""
        return self.held_under or self.name

    def held_in(self, names: Collection[str], holding: Collection[str]) -> "Campaign":
        """The same for a state with campaigns of these names, some `holding` people: under its own or former one."""
        is_moved = self.moved_from in names and self.name not in holding
        return replace(self, held_under=self.moved_from) if is_moved else self

    @property
    def is_personal(self) -> bool:
        """Whether the gateway is to fill in what differs between people."""
        return self.personalization == "server"

    def personalized(self, by: Personalization) -> "Campaign":
        """The same campaign where an environment says `by`, unless its author said something; only SMS can be `server`.

        Nor can a text that Octopush may rewrite: what that makes of placeholders is not known.
        """
        can_be = self.channel == "sms" and not self.settings["auto_optimize_text"]
        return self if self.personalization or not can_be else replace(self, personalization=by)

    @property
    def address_field(self) -> AddressField:
        """What a recipient is reached by: the API's name of the field."""
        return "email" if self.channel == "email" else "phone_number"

    @property
    def recipients(self) -> tuple[Mapping[str, Any], ...]:
        """The people given inline, with their variables; personal data, for the audience only."""
        return tuple(self.document.data.get("recipients") or ())

    @property
    def product(self) -> str:
        """What the price list calls it: the SMS type, or the channel."""
        kind = self.settings["metadata"].get("type") if "metadata" in self.settings else None
        return str(kind or self.channel)

    @property
    def html_body(self) -> bool:
        """Whether the text is HTML, so that values are escaped in it."""
        return bool(self.settings.get("metadata", {}).get("body_format") == "html")

    def is_closed(self, now: datetime) -> bool:
        """Whether `not_after` has passed: nothing of it is sent any more."""
        return self.not_after is not None and now > self.not_after

    def locate(self, pointer: Pointer, line: int, column: int) -> Place:
        """A line and column inside a templated string → the place in the file that holds it."""
        if pointer in self.pieces:
            pointer, line, column = within(self.pieces[pointer], line, column)
        if pointer in self.text_files:
            return Place(file=self.text_files[pointer], line=line, column=column)
        return self.document.place_in_text(pointer, line, column)

    def definition(self, digest: Callable[[bytes], str]) -> dict[str, Any]:
        """What the state remembers of it; recipients and `where` only as keyed digests, since they may name people."""
        audience: dict[str, Any] = {"recipients": digest(canonical(self.document.data.get("recipients")))}
        if self.audience is not None:
            audience = self.audience.definition(digest)
        # Said only where it is so: a definition is compared with those that earlier versions have written down.
        language = {"language": [self.language.column, self.language.default]} if self.language else {}
        limits = {"limits": self.limits.written} if self.limits.written else {}
        arms = {"variants": {arm.label: str(arm.share) for arm in self.arms}} if self.arms else {}
        unreachable = {"unreachable": "send"} if self.sends_unreachable and self.audience else {}
        rails = {key: self.document.data[key] for key in _RAILS if key in self.document.data}
        return {
            **arms,
            **unreachable,
            **self.waves.written,
            **rails,
            **({"seeds": self.seeds.definition(digest)} if self.seeds else {}),
            **language,
            **limits,
            **({"personalization": "server"} if self.is_personal else {}),
            **({"optimize": "gsm7"} if self.optimize else {}),
            "channel": self.channel,
            "edition": self.edition,
            "content": dict(self.content),
            "settings": dict(self.settings),
            "vars": dict(self.constants),
            "not_after": self.not_after.isoformat() if self.not_after else None,
            "on_missing": "skip" if self.skip_missing else "fail",
            "audience": audience,
        }


def load(project: Project, targets: Collection[str] = ()) -> tuple[Campaign, ...]:
    """A Project → its Campaigns by name, or only `targets`; ProjectInvalid with the Problems of all of them."""
    campaigns: list[Campaign] = []
    problems: list[Problem] = []
    for path in project.campaign_files():
        try:
            campaign = _load_one(project, path, targets)
        except ProjectInvalid as invalid:
            problems.extend(invalid.problems)
            continue
        if campaign is not None:
            campaigns.append(campaign)
    problems.extend((*_duplicate_names(campaigns), *_taken_names(campaigns), *_early_ends(campaigns)))
    if problems:
        raise ProjectInvalid(*problems)
    for target in targets:
        if target not in {campaign.name for campaign in campaigns}:
            raise UsageError(
                f"no campaign {target!r} in this project",
                hint="a campaign is called by its `name`, or else by its file",
            )
    return tuple(sorted(campaigns, key=lambda campaign: campaign.name))


def _load_one(project: Project, path: Path, targets: Collection[str]) -> Campaign | None:
    real = project.resolve(path.parent, path.name, Place(file=project.shown(path)))
    try:
        document = source.load(real, project.shown(path))
    except ProjectInvalid:
        if targets and path.stem not in targets:
            return None
        raise
    if targets and document.data.get("name", path.stem) not in targets:
        return None
    channel = document.data.get("channel")
    if isinstance(channel, str):
        document = document.merged_over(*project.defaults(channel))
    problems = schema.check_campaign(document)
    if problems:
        raise ProjectInvalid(*problems)
    return _build(project, document, path)


def _build(project: Project, document: Document, path: Path) -> Campaign:
    data = document.data

    def base(pointer: Pointer) -> Path:
        """Paths are relative to the file that names them, which for a default is octoplan.yaml."""
        return path.parent if document.value_place(pointer).file == document.shown else project.root

    text, text_files = read_texts(project, document, base)
    armed = read_arms(project, document, base, content_of(data, text))
    return Campaign(
        name=data.get("name", path.stem),
        edition=data.get("edition", 1),
        channel=data["channel"],
        purpose=data["purpose"],
        content=armed.content,
        settings=settings_of(data),
        constants=MappingProxyType({**project.constants, **(data.get("vars") or {})}),
        document=document,
        audience=audience_spec(document, ("audience",), base, project.segments) if "audience" in data else None,
        send_at=moment(document, "send_at"),
        not_after=moment(document, "not_after"),
        skip_missing=data.get("on_missing") == "skip",
        language=Language(**data["language"]) if "language" in data else None,
        optimize=data.get("optimize") == "gsm7",
        text_files=MappingProxyType({**text_files, **armed.files}),
        arms=armed.arms,
        pieces=armed.pieces,
        personalization=data.get("personalization"),
        limits=limits_of(data.get("limits"), project.limits.growth),
        moved_from=data.get("moved_from"),
        not_moved_from=_listed(data.get("not_moved_from")),
        lint_off=tuple((data.get("lint") or {}).get("off", ())),
        sends_unreachable=data.get("unreachable") == "send" or "audience" not in data,
        waves=waves_of(document),
        timezone=Timezone(**data.get("timezone", {})),
        window=MappingProxyType(data.get("window", {})),
        max_ahead=durations.parse(data["max_ahead"]) if "max_ahead" in data else None,
        seeds=read_seeds(project, document, base),
    )


def _early_ends(campaigns: list[Campaign]) -> Iterator[Problem]:
    for campaign in campaigns:
        if campaign.send_at and campaign.not_after and campaign.not_after < campaign.send_at:
            yield Problem(
                place=campaign.document.place(("not_after",)),
                rule="campaign/not-after",
                message="not_after comes before send_at: nothing could ever be sent",
                hint="let not_after be the last moment at which the message still makes sense",
            )


def _duplicate_names(campaigns: list[Campaign]) -> Iterator[Problem]:
    first: dict[str, Campaign] = {}
    for campaign in campaigns:
        other = first.setdefault(campaign.name, campaign)
        if other is not campaign:
            yield Problem(
                place=campaign.document.place(("name",)),
                rule="campaign/duplicate-name",
                message=f"the name {campaign.name!r} is taken by {other.document.shown}",
                hint="the state knows a campaign by its name; give this one another",
            )


def _taken_names(campaigns: list[Campaign]) -> Iterator[Problem]:
    """What was sent belongs to one campaign: a name that was left for another is nobody else's, and left once."""
    takers = {campaign.name: campaign for campaign in campaigns}
    for campaign in campaigns:
        if campaign.moved_from is None:
            continue
        other = takers.setdefault(campaign.moved_from, campaign)
        if other is not campaign or campaign.moved_from == campaign.name:
            yield Problem(
                place=campaign.document.place(("moved_from",)),
                rule="campaign/moved-from",
                message=f"moved_from names {campaign.moved_from!r}, which belongs to {other.document.shown}",
                hint="it names what this campaign was called before, and nothing else is called so now",
            )


def _listed(written: str | list[str] | None) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(written or ())
