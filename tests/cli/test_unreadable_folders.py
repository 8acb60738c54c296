"""A folder that may not be looked into: what it holds is not known, so it is said, and nothing is sent."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conftest import GREETING, OCTOPLAN, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Folder, MakeProject

_RIGHTS = "-dac_override,-dac_read_search"
LIMITED = ("setpriv", f"--inh-caps={_RIGHTS}", f"--bounding-set={_RIGHTS}")
"""Before a command: it may read what its user may, also where that is root."""

FILES = {
    "octoplan.yaml": "octoplan: 1\nsuppressions: {all: [{from: lists/*/*.csv}]}\n",
    "lists/shop/stop.csv": "phone_number\n+33600000301\n",
    "lists/web/stop.csv": "phone_number\n+33600000302\n",
    "campaigns/hello.yaml": GREETING,
    "campaigns/people.csv": "phone_number,first_name\n+33600000301,Ann\n+33600000302,Bob\n+33600000303,Cy\n",
    "campaigns/more/news.yaml": GREETING.replace("people.csv", "friends").replace("Hello", "News for"),
    "campaigns/audiences/friends.yaml": "from: ../people.csv\n",
    "audiences/all.yaml": "from: ../campaigns/people.csv\n",
}


@pytest.fixture
def folder(project: MakeProject) -> Iterator[Folder]:
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root reads everything, and there is no setpriv")
    made: Folder = project(FILES)
    yield made
    for path in made.path.rglob("*"):
        if path.is_dir():
            path.chmod(0o700)


def call(folder: Folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    limited = LIMITED if os.geteuid() == 0 else ()
    environ = clean_environment(folder.path.parent)
    return subprocess.run(
        [*limited, OCTOPLAN, *arguments], cwd=folder.path, env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [("validate",), ("apply", "--auto-approve")], ids=lambda one: one[0])
@pytest.mark.parametrize(
    ("closed", "mode", "said"),
    [
        ("lists/web", 0o000, "octoplan.yaml:2:23: error: the folder lists/web"),
        ("lists", 0o000, "octoplan.yaml:2:23: error: the folder lists"),
        ("lists", 0o400, "octoplan.yaml:2:23: error: the folder lists/"),
        ("campaigns/more", 0o000, "campaigns/more: error: the folder "),
        ("campaigns/audiences", 0o000, "campaigns/audiences: error: the folder "),
        ("audiences", 0o000, "audiences: error: the folder "),
    ],
)
def test_what_stands_in_a_folder_that_cannot_be_read_is_never_taken_for_nothing(
    folder: Folder, closed: str, mode: int, said: str, command: tuple[str, ...]
) -> None:
    (folder.path / closed).chmod(mode)
    done = call(folder, *command)
    assert done.returncode == 3, done
    assert done.stderr.startswith(said)
    assert " cannot be read [file/unreadable]" in done.stderr
    (folder.path / closed).chmod(0o700)
    assert call(folder, "plan").stdout.splitlines()[-1].startswith("Sends: 2 recipients"), "something was sent"
