"""Chance → a project: who gets which words, and how the author rewrites both between two deaths."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.conftest import Folder

NAME: Final = "Zenobia-Quirina"
PROJECT: Final = """\
octoplan: 1
environments:
  production:
    gateway: {{url: "{url}"}}
    state: {state}
    require_plan: false
    max_in_flight: {lanes}
    frame_size: {size}
    abort_after: 1000
"""
WAVES: Final = "waves: [{people: 4}, {share: 20%}, {rest: true}]\n"
_APOSTROPHE: Final = "o'"
SMS: Final = "channel: sms\n"
PERSONAL: Final = "channel: sms\npersonalization: server\n"
EMAIL: Final = "channel: email\nmetadata: {email_from: shop@example.com, subject: News}\n"
COMMON: Final = "purpose: alert\nopen: true\nauto_remove_blacklisted_contacts: true\n"


@dataclass(slots=True, kw_only=True)
class Author:
    """Who writes the campaign in `folder`. `people` are in the audience, those who `left` were once.

    `inline`: people stand in the campaign's file, or in one of their own. `personal`: each has a name of their own,
    which the gateway fills in. `waves`: a few get it first.
    """

    folder: Folder
    chance: random.Random
    url: str
    state: str
    email: bool
    inline: bool
    personal: bool = False
    waves: bool = False
    people: list[int] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    text: int = 1

    def address(self, number: int) -> str:
        """Give the address of a person."""
        if self.email:
            return f"{_APOSTROPHE if self.is_bad(number) else ''}nobody.{number}@example.com"
        return f"+336000{number:05d}"

    def is_bad(self, number: int) -> bool:
        """Whether octoplan takes the address for good, and the sandbox refuses it: o'nobody.5@example.com."""
        return self.email and number % 11 == 5

    def is_blacklisted(self, number: int) -> bool:
        """Whether whoever is there is not to get anything, of which only the sandbox knows."""
        return number % 13 == 7

    @property
    def blacklist(self) -> list[str]:
        """Addresses of the present audience that want nothing."""
        return [self.address(one) for one in self.people if self.is_blacklisted(one)]

    def expected(self) -> Iterator[str]:
        """Whoever has to have the message in the end."""
        return (self.address(one) for one in self.people if not (self.is_bad(one) or self.is_blacklisted(one)))

    def allowed(self) -> Iterator[str]:
        """Whoever may have it at any time: those who left, too."""
        everybody = (*self.people, *self.left)
        return (self.address(one) for one in everybody if not (self.is_bad(one) or self.is_blacklisted(one)))

    def words(self) -> dict[str, list[str]]:
        """Give what each may have been told: the present words, or those of any time before."""
        return {
            self.address(one): [f"Words {text} for {self._name(one)}" for text in range(1, self.text + 1)]
            for one in (*self.people, *self.left)
        }

    def _name(self, number: int) -> str:
        return f"{NAME} {number}" if self.personal else NAME

    def join(self, count: int) -> None:
        """So many new people are in the audience."""
        first = max((*self.people, *self.left, -1)) + 1
        self.people += range(first, first + count)

    def leave(self, count: int) -> None:
        """So many people are not in the audience any more."""
        gone = set(self.chance.sample(self.people, min(count, len(self.people) - 1)))
        self.people = [number for number in self.people if number not in gone]
        self.left |= gone

    def rewrite(self) -> None:
        """Let people join and leave, change the words, or nothing of it."""
        self.join(self.chance.choice((0, 1, 6)))
        self.leave(self.chance.choice((0, 1, 4)))
        self.text += self.chance.choice((0, 1))
        self.write()

    def write(self) -> None:
        """Write the project's files; how many at once, and in frames of which size, is drawn anew."""
        lanes, size = self.chance.randint(1, 6), self.chance.randint(1, 7)
        self.folder.write(
            {
                "octoplan.yaml": PROJECT.format(url=self.url, state=self.state, lanes=lanes, size=size),
                "campaigns/sale.yaml": self._campaign(),
                "campaigns/audiences/people.csv": self._rows(),
            }
        )

    def _campaign(self) -> str:
        who = self._recipients() if self.inline else "audience: {from: audiences/people.csv}\n"
        kind = PERSONAL if self.personal else EMAIL if self.email else SMS
        return f"{kind}{COMMON}text: 'Words {self.text} for {{{{ first_name }}}}'\n{WAVES * self.waves}{who}"

    def _recipients(self) -> str:
        rows = (
            f'  - {{{self._column}: "{self.address(one)}", first_name: {self._name(one)}}}\n' for one in self.people
        )
        return f"recipients:\n{''.join(rows)}"

    def _rows(self) -> str:
        return f"{self._column},first_name\n" + "".join(
            f"{self.address(one)},{self._name(one)}\n" for one in self.people
        )

    @property
    def _column(self) -> str:
        return "email" if self.email else "phone_number"


def hire(folder: Folder, chance: random.Random, where: tuple[str, str], *, personal: bool = False) -> Author:
    """Draw a campaign, and write it; `where`: the gateway and the state."""
    email, inline = chance.random() < 0.4 and not personal, chance.random() < 0.5
    url, state = where
    author = Author(folder=folder, chance=chance, url=url, state=state, email=email, inline=inline, personal=personal)
    author.waves = chance.random() < 0.3
    author.join(chance.randint(6, 45))
    author.write()
    return author
