"""What an author writes about people → AudienceSpec, its segments looked up; and a named source → SourceSpec.

A *name* is a word in `from` that is no file: a segment, which is a YAML file in a folder named `audiences`, or a source
of the environment, which octoplan.yaml describes.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from octoplan import durations, schema, source
from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.reading import is_file, walk
from octoplan.region import Region, region_of
from octoplan.source import Document, Pointer

STDIN = "-"
SECRETS = "OCTOPLAN_SOURCE_"
_EMPTY: Mapping[str, Any] = MappingProxyType({})
_NAME = re.compile(r"[A-Za-z][0-9A-Za-z_-]*")
_FOLDER = "audiences"
# Windows are looked up for days around a `send_at`.
_LATEST = {"send_at": datetime(9999, 1, 1, tzinfo=UTC), "not_after": durations.LATEST}


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceSpec:
    """Which contact files, which rows of them, and how their columns are called.

    `name`: that of the segment, or of the file that it stands in. `columns`: our name → theirs. `inherits`: a bare
    path in `exclude`, read as the audience around it is. `segment`: what the one name in `sources` stands for, where
    that is a segment; `query`: the SQL of one that has it instead of `from`.
    """

    name: str
    base: Path
    sources: tuple[str, ...]
    document: Document
    pointer: Pointer
    where: str | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    region: Region | None = None
    exclude: tuple["AudienceSpec", ...] = ()
    max_rejected: float = 0.05
    inherits: bool = False
    segment: "AudienceSpec | None" = None
    query: str | None = None
    sample: int | None = None
    limit: int | None = None

    def place(self, *keys: str | int) -> Place:
        """Keys below this audience → where the author wrote them."""
        return self.document.place((*self.pointer, *keys))

    def source_place(self, index: int) -> Place:
        """The number of an entry in `from` → where the author wrote it."""
        if self.inherits:
            return self.document.value_place(self.pointer)
        return self.place(*(("from", index) if len(self.sources) > 1 else ("from",)))

    @property
    def home(self) -> str | None:
        """The region of a number that stands in no row: its own default, or that of the segment below."""
        if self.region is not None:
            return self.region.default
        return self.segment.home if self.segment is not None else None

    def definition(self, digest: Callable[[bytes], str]) -> dict[str, Any]:
        """What the state remembers of it; whatever may name people only as a keyed digest."""
        return {
            "from": list(self.sources),
            "where": None if self.where is None else digest(self.where.encode()),
            "columns": dict(self.columns),
            "region": None if self.region is None else self.region.written,
            "exclude": [entry.definition(digest) for entry in self.exclude],
            **{key: value for key, value in (("sample", self.sample), ("limit", self.limit)) if value is not None},
            **({} if self.query is None else {"query": digest(self.query.encode())}),
            **({} if self.segment is None else {"segment": self.segment.definition(digest)}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """A named source of an environment: contact files, objects, standard input (`-`), or a query to a database.

    `form`: what the files are, where their names do not say it. `variable`: which one holds the database's address.
    """

    name: str
    document: Document
    pointer: Pointer
    paths: tuple[str, ...] = ()
    form: str | None = None
    variable: str | None = None
    query: str | None = None

    def place(self, *keys: str | int) -> Place:
        """Keys below this source → where the author wrote them."""
        return self.document.place((*self.pointer, *keys))


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of the project in the folder `root`, which are found by name and read only then."""

    root: Path

    def files(self) -> Iterator[Path]:
        """All of them, by path: YAML files in `audiences`, and in folders of that name among the campaigns.

        ProjectInvalid for a folder that cannot be read.
        """
        for folder in (self.root / _FOLDER, *self._beside_campaigns()):
            for parent, folders, files in walk(folder, self._shown):
                folders.clear()
                yield from sorted(path for name in files if (path := parent / name).suffix in (".yaml", ".yml"))

    def _beside_campaigns(self) -> Iterator[Path]:
        for parent, folders, _ in walk(self.root / "campaigns", self._shown):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            if parent.name == _FOLDER:
                yield parent

    def names(self) -> tuple[str, ...]:
        """What they are called."""
        return tuple(dict.fromkeys(path.stem for path in self.files()))

    def find(self, name: str, place: Place, trail: Sequence[str] = ()) -> AudienceSpec | None:
        """A name, and where it was named → its AudienceSpec, None where there is no such; ProjectInvalid: not valid.

        `trail`: the segments on the way here, none of which it may build on.
        """
        found = [path for path in self.files() if path.stem == name]
        if not found:
            return None
        if len(found) > 1:
            shown = " and ".join(self._shown(path) for path in found)
            raise _invalid(
                place, "segment/twice", f"two segments are called {name}: {shown}", "rename one of the files"
            )
        if name in trail:
            way = " → ".join((*trail[trail.index(name) :], name))
            raise _invalid(place, "segment/cycle", f"a segment cannot build on itself: {way}", "break the circle")
        return self.load(found[0], (*trail, name))

    def check(self) -> None:
        """ProjectInvalid with what is wrong with any of them."""
        problems: dict[Problem, None] = {}
        for path in self.files():
            try:
                self.find(path.stem, Place(file=self._shown(path)))
            except ProjectInvalid as invalid:
                problems |= dict.fromkeys(invalid.problems)
        if problems:
            raise ProjectInvalid(*problems)

    def load(self, path: Path, trail: Sequence[str]) -> AudienceSpec:
        """A segment's file → its AudienceSpec; ProjectInvalid with every Problem."""
        real = Path(os.path.realpath(path))
        shown = self._shown(path)
        if not real.is_relative_to(self.root):
            raise _invalid(Place(file=shown), "file/outside", "the segment lies outside the project", "copy it into it")
        document = source.load(real, shown)
        if problems := schema.check(document, "segment"):
            raise ProjectInvalid(*problems)
        return _built(document, (), lambda _: real.parent, self, trail)

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def is_name(written: str) -> bool:
    """What stands in `from` → whether it could be a name: a word without dot, slash or pattern."""
    return _NAME.fullmatch(written) is not None


def audience_spec(
    document: Document, pointer: Pointer, base: Callable[[Pointer], Path], segments: Segments
) -> AudienceSpec:
    """The audience, exclusion or suppression written at `pointer` → its AudienceSpec.

    `base`: a place in the document → the folder that paths written there are relative to.
    """
    return _built(document, pointer, base, segments, ())


def _built(
    document: Document, pointer: Pointer, base: Callable[[Pointer], Path], segments: Segments, trail: Sequence[str]
) -> AudienceSpec:
    written = document.data
    for key in pointer:
        written = written[key]
    # A link to a segment's file is a name of its own, so that the document's is not asked.
    name = trail[-1] if trail and not pointer else document.path.stem
    if isinstance(written, str):
        folder = base(pointer)
        spec = AudienceSpec(
            name=name, base=folder, sources=(written,), document=document, pointer=pointer, inherits=True
        )
        return _upon(spec, segments, trail)
    spec = AudienceSpec(
        name=name,
        base=base((*pointer, "from")),
        sources=_listed(written.get("from", ())),
        document=document,
        pointer=pointer,
        where=written.get("where"),
        columns=MappingProxyType(dict(written.get("columns") or {})),
        region=region_of(written.get("region")),
        exclude=tuple(
            _built(document, (*pointer, "exclude", index), base, segments, trail)
            for index in range(len(written.get("exclude") or ()))
        ),
        max_rejected=_share(written.get("max_rejected", 0.05)),
        query=written.get("query"),
        sample=written.get("sample"),
        limit=written.get("limit"),
    )
    return _upon(spec, segments, trail)


def _upon(spec: AudienceSpec, segments: Segments, trail: Sequence[str]) -> AudienceSpec:
    """A spec → the same with the segment that it builds on, if it does."""
    for index, written in enumerate(spec.sources):
        place = spec.source_place(index)
        segment = segments.find(written, place, trail) if is_name(written) else None
        if segment is None:
            continue
        if is_file(spec.base / written):
            message = f"{written} is a segment, and a file beside this one"
            raise _invalid(place, "audience/ambiguous", message, f"rename one, or write ./{written} for the file")
        if len(spec.sources) > 1:
            raise _invalid(
                place,
                "segment/alone",
                f"the segment {written} stands beside something else in from",
                "name it alone; a segment with a query puts several sources together: select ... union all select ...",
            )
        return replace(spec, segment=segment)
    return spec


def source_specs(document: Document, environment: str) -> Mapping[str, SourceSpec]:
    """octoplan.yaml and the name of an environment in it → its sources by name."""
    written = ((document.data.get("environments") or {}).get(environment) or {}).get("sources") or {}
    pointer = ("environments", environment, "sources")
    return MappingProxyType({name: _source(document, (*pointer, name), written[name]) for name in written})


def _source(document: Document, pointer: Pointer, written: Any) -> SourceSpec:
    name = str(pointer[-1])
    if isinstance(written, dict) and "database" in written:
        variable = written["database"].removeprefix("env:")
        return SourceSpec(name=name, document=document, pointer=pointer, variable=variable, query=written["query"])
    values = written if isinstance(written, dict) else {"from": written}
    return SourceSpec(
        name=name, document=document, pointer=pointer, paths=_listed(values["from"]), form=values.get("format")
    )


def canonical(value: Any) -> bytes:
    """What an author wrote → the bytes that its digest is made of."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode()


def _listed(written: str | Sequence[str]) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(written)


def _share(written: float | str) -> float:
    return float(written[:-1].strip()) / 100 if isinstance(written, str) else float(written)


def _invalid(place: Place, rule: str, message: str, hint: str) -> ProjectInvalid:
    return ProjectInvalid(Problem(place=place, rule=rule, message=message, hint=hint))


def moment(document: Document, key: str) -> datetime | None:
    """A date and time as written, with its zone → the moment, None where none is written; ProjectInvalid otherwise."""
    written = document.data.get(key)
    if written is None:
        return None
    try:
        return durations.read_moment(written, _LATEST[key])
    except ValueError:
        message, hint = f"{key} is no date and time that exists", "write it as 2026-12-01T10:00:00+01:00"
        raise _invalid(document.place((key,)), "campaign/moment", message, hint) from None
