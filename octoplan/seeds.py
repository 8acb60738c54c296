"""`seeds:` of a campaign → the file of own staff who get its message when it begins and when it is over."""

from collections.abc import Callable
from dataclasses import dataclass, field

from octoplan import schema, source
from octoplan.errors import ProjectInvalid
from octoplan.project import Project
from octoplan.source import Document
from octoplan.spec import canonical
from octoplan.texts import Base


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """Own staff, as their file names them: `document` is personal data, and has the shape of `schemas/seeds`."""

    document: Document = field(repr=False)

    def definition(self, digest: Callable[[bytes], str]) -> str:
        """What the state remembers of them: nobody's address."""
        return digest(canonical(self.document.data["seeds"]))


def read_seeds(project: Project, document: Document, base: Base) -> Seeds | None:
    """A campaign's document → its Seeds, None where it has none; ProjectInvalid with every Problem of their file."""
    if "seeds" not in document.data:
        return None
    written = document.data["seeds"]
    file = project.resolve(base(("seeds",)), written, document.place(("seeds",)))
    found = source.load(file, project.shown(file))
    if problems := schema.check(found, "seeds"):
        raise ProjectInvalid(*problems)
    return Seeds(document=found)
