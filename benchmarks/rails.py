"""A plan of a million people with all guard rails on, against the same plan without them.

Each of them finds many: a tenth is suppressed, a tenth held out, a twentieth over the cap, since two earlier campaigns
reached them. A tenth lives in the United States, where area codes tell zones and rules; windows are enforced, so that
whoever's is closed at this hour waits, and no request mixes what opens at other moments.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks import material, table
from benchmarks.measure import MINIMUM_ROUNDS, Command, alternate
from benchmarks.suite import Bench

_PLAN = ("plan", "--simulate", "none")
_RAILS = """\
octoplan: 1
environments: {sandbox: {gateway: sandbox, windows: enforce}}
caps: [{purpose: wholesale, per: person, at_most: 2, within: 7d}]
suppressions: {all: [{from: campaigns/audiences/unsubscribed.csv}]}
"""
_VARIANTS = "variants: {a: 45%, b: 45%, holdout: 10%}\n"
_AREAS = (206, 212, 303, 305, 312, 404, 405, 415, 602, 713)
"""American area codes, of several zones, and of states with rules of their own."""


def rows(bench: Bench) -> Iterator[table.Row]:
    """Programs and a folder → the rows, each as soon as it is measured."""
    bare = material.audience_project(bench.folder / "bare", people=0, texts=material.TEXTS)
    _write(material.contacts_of(bare), range(material.MILLION))
    _make_wholesale(bare)
    _send_earlier(bench, bare)
    railed = Path(shutil.copytree(bare, bench.folder / "railed"))
    _put_up(railed)
    with_rails, without = (Command(argv=(str(bench.programs.octoplan), *_PLAN), folder=one) for one in (railed, bare))
    pairs = alternate(with_rails, without, rounds=MINIMUM_ROUNDS, run=bench.run)
    yield table.ratios(
        f"plan of {material.MILLION:,}, windows, caps, suppressions, variants / none of them", pairs, 1.5
    )
    yield table.peaks("  peak memory of that plan", (pair.ours for pair in pairs), 450)


def _send_earlier(bench: Bench, project: Path) -> None:
    """Two campaigns for a fifth of the people each, of whom a quarter are in both, are sent."""
    fifth, campaigns = material.MILLION // 5, project / "campaigns"
    later = campaigns / "from-file.yaml"
    aside = later.rename(project / later.name)
    for number, first in enumerate((0, fifth * 3 // 4)):
        name = f"earlier-{number}"
        _write(campaigns / "audiences" / f"{name}.csv", range(first, first + fifth))
        text = aside.read_text(encoding="utf-8").replace("contacts.csv", f"{name}.csv")
        (campaigns / f"{name}.yaml").write_text(text.replace("text.txt", f"{name}.txt"), encoding="utf-8")
        (campaigns / f"{name}.txt").write_text(f"News number {number} from your shop. STOP au 30101", encoding="utf-8")
    bench.run(bench.octoplan(project, "apply", "--auto-approve"))
    for sent in campaigns.glob("earlier-*"):
        sent.unlink()
    aside.rename(later)


def _write(path: Path, numbers: Iterable[int]) -> None:
    """A path and people by number → a contact file of them, in which whose number ends in 5 lives in America."""
    french = path.with_suffix(".french")
    material.write_contacts(french, numbers)
    with french.open(encoding="utf-8") as lines, path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(map(_moved, lines))
    french.unlink()


def _moved(line: str) -> str:
    telephone, rest = line.split(",", 1)
    if not telephone.endswith("5"):
        return line
    number = int(telephone.removeprefix("+336")) // 10
    return f"+1{_AREAS[number % len(_AREAS)]}555{number // len(_AREAS):04},{rest}"


def _make_wholesale(project: Path) -> None:
    """The purpose that windows and caps are for, with and without them: `pack: none` is said where there are none."""
    campaign = project / "campaigns" / "from-file.yaml"
    written = campaign.read_text(encoding="utf-8").replace("purpose: alert", "purpose: wholesale")
    campaign.write_text(f"{written}window: {{pack: none, why: measured without}}\n", encoding="utf-8")
    text = material.template_of(project)
    text.write_text(text.read_text(encoding="utf-8") + " STOP au 30101", encoding="utf-8")


def _put_up(project: Path) -> None:
    """The guard rails, in a project that has none."""
    campaign = project / "campaigns" / "from-file.yaml"
    kept = [line for line in campaign.read_text(encoding="utf-8").splitlines(keepends=True) if "window:" not in line]
    campaign.write_text("".join(kept) + _VARIANTS, encoding="utf-8")
    (project / "octoplan.yaml").write_text(_RAILS, encoding="utf-8")
    people = range(0, material.MILLION, 10)
    _write(project / "campaigns" / "audiences" / "unsubscribed.csv", people)
