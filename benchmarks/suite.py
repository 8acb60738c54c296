"""The measurements, one function each: programs and a folder → rows of the table."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import by_hand, material, table
from benchmarks.measure import Command, Pair, Sample, alternate


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Where the programs are that are measured: a virtual environment's own."""

    octoplan: Path
    mailmerge: Path
    python: Path

    @classmethod
    def beside(cls, python: Path) -> "Programs":
        """An interpreter → the programs in its folder; FileNotFoundError names one that is missing."""
        octoplan, mailmerge = python.with_name("octoplan"), python.with_name("mailmerge")
        for program in (octoplan, mailmerge):
            if not program.exists():
                raise FileNotFoundError(
                    f"no {program.name} in {program.parent}: install the project with its extra dev"
                )
        return cls(octoplan=octoplan, mailmerge=mailmerge, python=python)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every measurement needs: the programs, an empty folder, how often, and how a command is run."""

    programs: Programs
    folder: Path
    rounds: int
    run: Callable[[Command], Sample]

    def rows(self) -> Iterator[table.Row]:
        """Nothing more → each row as soon as it is measured."""
        yield self._to_mailmerge("octoplan --help / mailmerge --help", self.octoplan(self.folder, "--help"), 0.5)
        inline = material.inline_project(self.folder / "inline")
        name = "octoplan validate, inline recipients / mailmerge --help"
        yield self._to_mailmerge(name, self.octoplan(inline, "validate"), 1.5)
        few = material.audience_project(self.folder / "few", people=material.FEW_PEOPLE, texts=20)
        name = f"octoplan validate, file of {material.FEW_PEOPLE:,} / mailmerge --help"
        yield self._to_mailmerge(name, self.octoplan(few, "validate"), 3)
        yield from self._cold_plan()

    def _cold_plan(self) -> Iterator[table.Row]:
        many = material.audience_project(self.folder / "many", people=material.PEOPLE, texts=material.TEXTS)
        pairs = self._alternate(self.octoplan(many, "plan", "--simulate", "none"), self.script(many))
        yield table.ratios(f"octoplan plan of {material.PEOPLE:,}, cold / csv + jinja2 + json", pairs, 0.3)
        yield table.peaks("  peak memory of that plan", (pair.ours for pair in pairs), 400)

    def _to_mailmerge(self, name: str, ours: Command, bound: float) -> table.Row:
        theirs = Command(argv=(str(self.programs.mailmerge), "--help"), folder=self.folder)
        return table.ratios(name, self._alternate(ours, theirs), bound)

    def _alternate(self, ours: Command, theirs: Command) -> tuple[Pair, ...]:
        return alternate(ours, theirs, rounds=self.rounds, run=self.run)

    def octoplan(self, project: Path, *arguments: str) -> Command:
        """A project and arguments → the command on a fresh clone: state, inbox and temporary files are removed."""

        def forget() -> None:
            shutil.rmtree(project / ".octoplan", ignore_errors=True)

        return Command(argv=(str(self.programs.octoplan), *arguments), folder=project, prepare=forget)

    def script(self, project: Path) -> Command:
        """A project → the script that people write today, for its contacts and its template."""
        files = (material.contacts_of(project), material.template_of(project))
        script = Path(by_hand.__file__)
        return Command(argv=(str(self.programs.python), str(script), *map(str, files)), folder=project)
