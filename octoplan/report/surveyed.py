"""An audience as a whole → text or JSON, for `octoplan audience`; of people only masked addresses."""

from collections.abc import Iterator

from octoplan.pipeline.surveying import ColumnFact, Surveyed
from octoplan.report.document import document, placed
from octoplan.report.lines import count, people
from octoplan.report.safe import masked, plain, words
from octoplan.report.style import BLANK, Line, Style

_BY = {"phone_number": "phone number", "email": "e-mail address"}


def text_surveyed(found: Surveyed) -> list[Line]:
    """An audience → its counts, reasons, columns, overlaps and a few masked addresses."""
    subject, counts = found.subject, found.counts
    title = f"{plain(subject.name)}, {subject.kind}, by {_BY[found.by]}: {people(counts.people)}"
    return [
        Line(Style.TITLE, title),
        *_section("Rows", _funnel(found)),
        *_section("First rows that cannot be used", (words(str(reject)) for reject in found.rejects)),
        *_section("Columns", _columns(found)),
        *_section("In other campaigns too", _overlaps(found)),
        *_section("A few", [", ".join(masked(address) for address in found.few)] if found.few else []),
    ]


def json_surveyed(found: Surveyed) -> str:
    """An audience → its document."""
    counts = found.counts
    return document(
        "audience",
        name=found.subject.name,
        is_a=found.subject.kind,
        by=found.by,
        rows=counts.rows,
        left_out=dict(counts.left_out),
        people=counts.people,
        rejects=[{**placed(one.place), "reason": words(one.reason)} for one in found.rejects],
        columns=[
            {
                "name": one.name,
                "ours": list(one.ours),
                "kind": one.kind,
                "blank": one.blank,
                "share": _share(one, found),
            }
            for one in found.columns
        ],
        overlaps=[{"campaign": one.campaign, "people": one.people} for one in found.overlaps],
        few=[masked(address) for address in found.few],
        problems=[
            {**placed(one.place), "rule": one.rule, "message": words(one.message), "hint": plain(one.hint)}
            for one in found.problems
        ],
    )


def _section(title: str, lines: Iterator[str] | list[str]) -> Iterator[Line]:
    listed = list(lines)
    if listed:
        yield BLANK
        yield Line(Style.PLAIN, f"{title}:")
        yield from (Line(Style.DETAIL, f"    {line}") for line in listed)


def _funnel(found: Surveyed) -> Iterator[str]:
    counts = found.counts
    steps = [("read", counts.rows), *counts.left_out, ("people", counts.people)]
    width = max(len(count(number)) for _, number in steps)
    for reason, number in steps:
        yield f"{count(number):>{width}}  {words(reason)}"


def _columns(found: Surveyed) -> Iterator[str]:
    names = [_name(column) for column in found.columns]
    wide, kinds = max(map(len, names), default=0), max((len(column.kind) for column in found.columns), default=0)
    for name, column in zip(names, found.columns, strict=True):
        blank = f"{100 * _share(column, found):.1f} % blank" if column.blank else "never blank"
        yield f"{name:<{wide}}  {column.kind:<{kinds}}  {blank}"


def _name(column: ColumnFact) -> str:
    ours = f" as {', '.join(column.ours)}" if column.ours else ""
    return plain(f"{column.name}{ours}")


def _share(column: ColumnFact, found: Surveyed) -> float:
    return column.blank / found.counts.people if found.counts.people else 0.0


def _overlaps(found: Surveyed) -> Iterator[str]:
    for overlap in sorted(found.overlaps, key=lambda one: one.campaign):
        shown = "its audience is not valid" if overlap.people is None else people(overlap.people)
        yield f"{plain(overlap.campaign)}: {shown}"
