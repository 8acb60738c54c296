"""Chance → a project: who gets which words, and how the author rewrites both between two deaths."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import yaml

from octoplan.state.keys import derive
from tests.by_hand import arm_of
from tests.conftest import Folder
from tests.kills.rails import Rails

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
    windows: {windows}
"""
_REFUSED: Final = "c"  # no country's and nobody's: the sandbox asks for two letters
SMS: Final = "channel: sms\n"
PERSONAL: Final = "channel: sms\npersonalization: server\n"
EMAIL: Final = "channel: email\nmetadata: {email_from: shop@example.com, subject: News}\n"
COMMON: Final = "open: true\nauto_remove_blacklisted_contacts: true\n"
STOP: Final = " STOP au 30101"


@dataclass(slots=True, kw_only=True)
class Author:
    """Who writes the campaign in `folder`. `people` are in the audience, those who `left` were once.

    `inline`: people stand in the campaign's file, or in one of their own. `personal`: each has a name of their own,
    which the gateway fills in. `both`: the second campaign is there already. `lanes`: how many requests at once.
    `key`: with which the state knows people.
    """

    folder: Folder
    chance: random.Random
    url: str
    state: str
    email: bool
    inline: bool
    rails: Rails
    personal: bool = False
    both: bool = False
    people: list[int] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    text: int = 1
    edition: int = 1
    first_text: int = 1
    lanes: int = 1
    key: bytes = field(default=b"", repr=False)

    def address(self, number: int) -> str:
        """Give the address of a person."""
        if self.email:
            return f"nobody.{number}@example.{_REFUSED if self.is_bad(number) else 'com'}"
        return f"+336000{number:05d}"

    def is_bad(self, number: int) -> bool:
        """Whether octoplan takes the address for good, and the sandbox refuses it: nobody.5@example.c."""
        return self.email and number % 11 == 5

    def is_blacklisted(self, number: int) -> bool:
        """Whether whoever is there is not to get anything, of which only the sandbox knows."""
        return number % 13 == 7

    @property
    def blacklist(self) -> list[str]:
        """Addresses of the present audience that want nothing."""
        return [self.address(one) for one in self.people if self.is_blacklisted(one)]

    def know_state(self, secret: str | None) -> None:
        """The state is made: who gets which variant follows from its key. None: a file beside it has the secret."""
        lock = yaml.safe_load((self.folder.path / "octoplan.lock.yaml").read_text(encoding="utf-8"))
        kept = self.folder.path / ".octoplan" / "production.db.key"
        found = secret or kept.read_text(encoding="utf-8").strip()
        self.key = derive(found, lock["environments"]["production"]["lineage"]).person

    def expected(self) -> Iterator[str]:
        """Whoever has to have the message in the end: one of the two, where there are two campaigns."""
        for one in self.people:
            told = not self.is_held_out(one) or self._is_in_both(one)
            if told and not (self.is_bad(one) or self.is_blacklisted(one)):
                yield self.address(one)

    def words(self) -> dict[str, dict[str, int]]:
        """Give what each may have been told at any time, those who left too, and in which edition.

        The words of their own variant: present ones, or those of any time before.
        """
        everybody = (*self.people, *self.left)
        return {
            self.address(one): dict(self._words(one))
            for one in everybody
            if not (self.is_bad(one) or self.is_blacklisted(one))
        }

    def _words(self, number: int) -> Iterator[tuple[str, int]]:
        name, end = self._name(number), self._end
        if not self.is_held_out(number):
            begin = "Warm words" if self._arm(number) == "warm" else "Words"
            for text in range(1, self.text + 1):
                yield f"{begin} {text} for {name}{end}", 2 if text >= self.first_text > 1 else 1
        if self._is_in_both(number):
            yield f"Come to our fair on Monday, {name}{end}", 1

    def is_held_out(self, number: int) -> bool:
        """Whether somebody is to get nothing of the first campaign, ever."""
        return self._arm(number) == "holdout"

    def _arm(self, number: int) -> str:
        return arm_of(self.key, "sale", self.address(number)) if self.rails.arms else ""

    def _is_in_both(self, number: int) -> bool:
        return self.both and number % 2 == 0

    @property
    def waits(self) -> bool:
        """Whether whoever is over the cap waits, and is not left out."""
        return self.both and self.rails.over == "wait"

    @property
    def _end(self) -> str:
        return "" if self.email or self.rails.purpose == "alert" else STOP

    def _name(self, number: int) -> str:
        return f"{NAME} {number}" if self.personal else NAME

    def join(self, count: int) -> None:
        """So many new people are in the audience."""
        first = max((*self.people, *self.left, -1)) + 1
        self.people += range(first, first + count)

    def leave(self, count: int) -> None:
        """So many people are not in the audience any more; the first one stays."""
        gone = set(self.chance.sample(self.people[1:], min(count, len(self.people) - 1)))
        self.people = [number for number in self.people if number not in gone]
        self.left |= gone

    def rewrite(self) -> None:
        """Let people join and leave, change the words, begin the second campaign, or nothing of it."""
        self.join(self.chance.choice((0, 1, 6)))
        self.leave(self.chance.choice((0, 1, 4)))
        self.text += self.chance.choice((0, 1))
        self.both = bool(self.rails.second)
        self.write()

    def begin_edition(self) -> None:
        """Everybody is to get it again, in other words."""
        self.edition += 1
        self.text += 1
        self.first_text = self.text
        self.write()

    def write(self) -> None:
        """Write the project's files; how many at once, and in frames of which size, is drawn anew."""
        self.lanes, size = self.chance.randint(1, 6), self.chance.randint(1, 7)
        windows = "enforce" if self.rails.window else "show"
        project = PROJECT.format(url=self.url, state=self.state, lanes=self.lanes, size=size, windows=windows)
        files: dict[str, str] = {
            "octoplan.yaml": project + self.rails.project(email=self.email),
            "campaigns/sale.yaml": self._sale(),
            "campaigns/audiences/people.csv": self._rows(),
        }
        if self.both:
            some = [one for one in self.people if self._is_in_both(one)]
            text = f"Come to our fair on Monday, {{{{ first_name }}}}{self._end}"
            files[f"campaigns/{self.rails.second}.yaml"] = f"{self._head}text: '{text}'\n{self._recipients(some)}"
        self.folder.write(files)

    def _sale(self) -> str:
        who = self._recipients(self.people) if self.inline else "audience: {from: audiences/people.csv}\n"
        text = f"ords {self.text} for {{{{ first_name }}}}{self._end}"
        rails = self.rails.sale(f"Warm w{text}")
        return f"{self._head}edition: {self.edition}\ntext: 'W{text}'\n{rails}{who}"

    @property
    def _head(self) -> str:
        kind = PERSONAL if self.personal else EMAIL if self.email else SMS
        return f"{kind}{COMMON}purpose: {self.rails.purpose}\n{self.rails.campaign(email=self.email)}"

    def _recipients(self, people: list[int]) -> str:
        rows = (f'  - {{{self._column}: "{self.address(one)}", first_name: {self._name(one)}}}\n' for one in people)
        return f"recipients:\n{''.join(rows)}"

    def _rows(self) -> str:
        return f"{self._column},first_name\n" + "".join(
            f"{self.address(one)},{self._name(one)}\n" for one in self.people
        )

    @property
    def _column(self) -> str:
        return "email" if self.email else "phone_number"


def hire(
    folder: Folder, chance: random.Random, where: tuple[str, str], rails: Rails, *, personal: bool = False
) -> Author:
    """Draw a campaign, and write it; `where`: the gateway and the state."""
    email, inline = chance.random() < 0.4 and not personal, chance.random() < 0.5
    author = Author(
        folder=folder,
        chance=chance,
        url=where[0],
        state=where[1],
        email=email,
        inline=inline,
        rails=rails,
        personal=personal,
    )
    author.both = bool(author.rails.second) and chance.random() < 0.6
    author.join(chance.randint(6, 45))
    author.write()
    return author
