"""What a file of callbacks told → text or JSON, for `octoplan ingest`; counts only."""

from octoplan.ingest.files import Ingested
from octoplan.report.document import document
from octoplan.report.found import json_rows, problems
from octoplan.report.lines import count, several
from octoplan.report.style import Line


def ingested_line(found: Ingested) -> str:
    """What a file told → `Ingested: 4,812 deliveries, 12 STOPs, 3 replies; 4,800 new.`, and what cannot be used."""
    deliveries = f"{count(found.deliveries)} {'delivery' if found.deliveries == 1 else 'deliveries'}"
    replies = f"{count(found.replies)} {'reply' if found.replies == 1 else 'replies'}"
    unusable = f"; {count(found.unusable)} cannot be used" if found.unusable else ""
    return f"Ingested: {deliveries}, {several(found.stops, 'STOP')}, {replies}; {count(found.new)} new{unusable}."


def problem_lines(found: Ingested) -> list[Line]:
    """What a file told → the Problems of the first callbacks that cannot be used."""
    return problems(found.problems)[:-1] if found.problems else []


def json_ingested(found: Ingested) -> str:
    """What a file told → its document."""
    names = ("deliveries", "stops", "replies", "new", "unusable")
    return document(
        "ingested",
        **{name: getattr(found, name) for name in names},
        problems=json_rows(found.problems),
    )
