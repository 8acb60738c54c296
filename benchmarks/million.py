"""Plans of a million people and more, against the script that people write, and what such plans hold in memory.

A round takes a minute, so there are as few as a median needs, however many other parts are told to take.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks import material, table
from benchmarks.measure import MINIMUM_ROUNDS, Command, Pair, Sample, alternate, take_turns
from benchmarks.suite import Bench

MOST_REQUESTS = 4_500
"""In frames of at most 450, a million people are 2,223 requests at least; a leaf of a trie is half full or more."""

LARGER: Mapping[int, float] = {5_000_000: 1.3, 10_000_000: 2.5}
"""How many people more, and how many times the memory of a million is allowed for them."""

_PLAN = ("plan", "--simulate", "none")


def rows(bench: Bench) -> Iterator[table.Row]:
    """Programs and a folder → the rows, each as soon as it is measured."""
    yield from _same_texts(bench)
    yield from _personal_texts(bench)
    yield from _many_campaigns(bench)
    yield _to_mailmerge(bench)


def _same_texts(bench: Bench) -> Iterator[table.Row]:
    project = material.audience_project(bench.folder / "same", people=material.MILLION, texts=material.TEXTS)
    sent = material.audience_project(bench.folder / "sent", people=material.MILLION, texts=material.TEXTS)
    bench.run(bench.octoplan(sent, "apply", "--auto-approve"))
    again = Command(argv=(str(bench.programs.octoplan), *_PLAN), folder=sent)
    cold, done = take_turns(
        (bench.octoplan(project, *_PLAN), again), bench.script(project), rounds=MINIMUM_ROUNDS, run=bench.run
    )
    yield table.ratios(f"plan of {material.MILLION:,}, {material.TEXTS} texts, cold / csv + jinja2 + json", cold, 0.12)
    yield table.ratios("  the same, all sent before", done, 0.12)


def _personal_texts(bench: Bench) -> Iterator[table.Row]:
    client = _personal(bench, material.MILLION, "client")
    server = _personal(bench, material.MILLION, "server")
    plan, filled = bench.octoplan(client, *_PLAN), bench.octoplan(server, *_PLAN)
    planned, asked = take_turns((plan, filled), bench.script(client), rounds=MINIMUM_ROUNDS, run=bench.run)
    yield table.ratios(f"plan of {material.MILLION:,}, all texts different, cold / the script", planned, 0.5)
    yield table.peaks("  peak memory of that plan", _ours(planned), 450)
    yield table.ratios("  the same, texts filled in by the gateway / the script", asked, 0.4)
    yield table.Row(name="  requests of that plan", values=(_requests(filled),), bound=MOST_REQUESTS, unit="requests")
    checked = alternate(bench.octoplan(client, "validate"), plan, rounds=MINIMUM_ROUNDS, run=bench.run)
    yield table.ratios("  validate / plan of the same", checked, 1)
    held = median(sample.peak_bytes for sample in _ours(planned))
    for people, bound in LARGER.items():
        larger = bench.run(bench.octoplan(_personal(bench, people, "client"), *_PLAN))
        name = f"  peak memory of a plan of {people:,} / of {material.MILLION:,}"
        yield table.Row(name=name, values=(larger.peak_bytes / held,), bound=bound)


def _many_campaigns(bench: Bench) -> Iterator[table.Row]:
    """What it costs to show a plan as a page, of which most is what each campaign costs, and how large it gets."""
    folder = bench.folder / "many"
    project = material.many_project(folder, people=material.MILLION, campaigns=material.CAMPAIGNS)
    html, plan = (bench.octoplan(project, *_PLAN, "--format", form) for form in ("html", "text"))
    pairs = alternate(html, plan, rounds=MINIMUM_ROUNDS, run=bench.run)
    whole = f"plan of {material.MILLION:,} in {material.CAMPAIGNS} campaigns"
    yield table.ratios(f"{whole} as HTML / as text", pairs, 1.1)
    yield table.Row(name="  size of that HTML", values=(len(_said(html)) / 1000,), bound=2_000, unit="kB")
    comment = bench.octoplan(project, *_PLAN, "--format", "markdown")
    yield table.Row(name="  size of its Markdown", values=(len(_said(comment)) / 1000,), bound=65, unit="kB")


def _to_mailmerge(bench: Bench) -> table.Row:
    project = _personal(bench, material.MERGED, "client")
    merged = material.merge_project(bench.folder / "merged", people=material.MERGED)
    dry = Command(argv=(str(bench.programs.mailmerge), "--dry-run", "--no-limit"), folder=merged)
    pairs = alternate(bench.octoplan(project, *_PLAN), dry, rounds=MINIMUM_ROUNDS, run=bench.run)
    return table.ratios(f"plan of {material.MERGED:,}, all texts different / mailmerge --dry-run of them", pairs, 1)


def _personal(bench: Bench, people: int, personalization: str) -> Path:
    folder = bench.folder / f"{personalization}-{people}"
    return material.personal_project(folder, people=people, personalization=personalization)


def _ours(pairs: Sequence[Pair]) -> list[Sample]:
    return [pair.ours for pair in pairs]


def _requests(plan: Command) -> float:
    (step,) = json.loads(_said(plan, "--json"))["steps"]
    return float(step["requests"])


def _said(plan: Command, *more: str) -> bytes:
    plan.prepare()
    return subprocess.run((*plan.argv, *more), cwd=plan.folder, check=True, capture_output=True).stdout
