"""A project in a temporary folder, real files in it, and the three steps over them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from octoplan import campaign, project
from octoplan.audience import steps
from octoplan.audience.exclusions import open_suppressions
from octoplan.audience.values import Audience
from octoplan.errors import Problem
from octoplan.project import Outside
from octoplan.table.connection import Table

KEY = b"0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An audience and its people, as rows in file order: address, country, then the variables."""

    audience: Audience
    people: list[tuple[Any, ...]]
    columns: tuple[str, ...]

    @property
    def addresses(self) -> list[str]:
        return [row[0] for row in self.people]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.audience.problems

    @property
    def rules(self) -> list[str]:
        return [problem.rule for problem in self.audience.problems]

    @property
    def said(self) -> str:
        """All words that a person could see of it."""
        seen = [str(self.audience.counts), repr(self.audience), *(str(reject) for reject in self.audience.rejects)]
        return "\n".join([*seen, *(f"{one.place} {one.message} {one.hint}" for one in self.audience.problems)])


class Contacts:
    """A project that a test fills with files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "campaigns").mkdir(parents=True)

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.root / "campaigns" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def campaign(self, *, channel: str = "sms", **written: Any) -> None:
        """One campaign; `written`: audience or recipients, as data."""
        settings: dict[str, Any] = {
            "channel": channel,
            "purpose": "wholesale",
            "open": True,
            "text": "Hi STOP au 30101",
        }
        if channel == "email":
            settings["metadata"] = {"email_from": "shop@example.com", "subject": "Hi"}
        self.file("sale.yaml", json.dumps(settings | written, ensure_ascii=False, indent=1))

    def suppress(self, suppressions: Mapping[str, Any]) -> None:
        (self.root / "octoplan.yaml").write_text(json.dumps({"octoplan": 1, "suppressions": suppressions}))

    def configure(self, **written: Any) -> None:
        """octoplan.yaml; `written`: what stands in it besides its version, as data."""
        (self.root / "octoplan.yaml").write_text(json.dumps({"octoplan": 1} | written, indent=1))

    def sources(self, **written: Any) -> None:
        """The sources of the sandbox, as data."""
        self.configure(environments={"sandbox": {"gateway": "sandbox", "sources": written}})

    def segment(self, name: str, **written: Any) -> None:
        """A segment; `written`: what stands in it, as data."""
        self.file(f"audiences/{name}.yaml", json.dumps(written, ensure_ascii=False, indent=1))

    def select(
        self,
        variables: Sequence[str] = (),
        *,
        memory: int = 300,
        environment: str = "sandbox",
        outside: Outside | None = None,
    ) -> Outcome:
        """The whole way of the only campaign."""
        read = project.load(self.root).at(environment, outside or Outside())
        (found,) = campaign.load(read)
        with Table(self.root / ".octoplan" / "tmp", memory=memory) as table:
            suppressions = open_suppressions(read, {found.address_field}, table)
            opened = steps.open_audience(found, read, table)
            loaded = steps.load(opened, variables)
            table.lock()
            selected = steps.select(loaded, suppressions, KEY)
            people: list[tuple[Any, ...]] = []
            if selected.people:
                values = "".join(f", v{number}" for number in range(len(selected.variables)))
                people = table.rows(f"SELECT address, country{values} FROM {selected.people} ORDER BY file, record")
            return Outcome(audience=selected, people=people, columns=opened.columns)


@pytest.fixture
def contacts(tmp_path: Path) -> Contacts:
    return Contacts(tmp_path / "project")


@pytest.fixture
def new_contacts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Contacts]:
    """For Hypothesis, which runs a test many times: a fresh one each."""
    return lambda: Contacts(tmp_path_factory.mktemp("law") / "project")
