"""A fork of the zygote is what `octoplan` in a process of its own is: what befalls the one would befall the other."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Folder
from tests.kills.forks import Zygote, begin_zygote
from tests.kills.trial import LEFT_OPEN

FILES = {
    "campaigns/autumn.yaml": """\
channel: sms
purpose: alert
open: true
text: Hello
audience: {from: audiences/people.csv}
""",
    "campaigns/audiences/people.csv": "phone_number,first_name\n+33600000001,Robin\n+33600000002,Alex\n",
}
WRONG = {"campaigns/autumn.yaml": "channel: carrier pigeon\n"}
COMMANDS = (
    ("plan", "--json"),
    ("apply",),
    ("apply", "--auto-approve", "--json"),
    ("state", "check"),
    ("--no-such-flag",),
)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with begin_zygote() as begun:
        yield begun


def test_a_fork_says_and_leaves_what_a_fresh_process_does(zygote: Zygote, tmp_path: Path) -> None:
    fresh = Folder(path=tmp_path / "fresh").write(FILES)
    begun = fresh.call("apply")  # which makes the sandbox's state, the same for both, and sends nothing
    assert (begun.code, fresh.addresses()) == (10, [])
    forked = Folder(path=shutil.copytree(fresh.path, tmp_path / "forked"))
    for command in COMMANDS:
        alone = fresh.run(*command)
        process = zygote.start(forked.path, *command)
        ended = (process.end(), _unlike(process.out.read_text()), _unlike(process.err.read_text()))
        assert ended == (alone.code, _unlike(alone.out), _unlike(alone.err)), command
    assert forked.addresses() == fresh.addresses() == ["+33600000001", "+33600000002"]


def _unlike(said: str) -> str:
    """Leave out of what was said that which is drawn by chance in every run."""
    return "\n".join(line for line in said.splitlines() if '"run"' not in line and '"ticket"' not in line)


def test_a_fork_inherits_no_thread_and_nothing_open_but_its_own_socket(zygote: Zygote, tmp_path: Path) -> None:
    folder = Folder(path=tmp_path / "project").write(FILES)
    for _ in range(2):
        process = zygote.start(folder.path, "apply", "--auto-approve")
        assert process.end() == 0
        assert process.inherited["threads"] == 1
        assert [name.partition(":")[0] for name in process.inherited["open"]] == ["socket", "socket"]


def test_two_forks_share_no_chance(zygote: Zygote, tmp_path: Path) -> None:
    folders = [Folder(path=tmp_path / name).write(FILES) for name in ("one", "two")]
    processes = [zygote.start(folder.path, "apply", "--auto-approve") for folder in folders]
    assert [process.end() for process in processes] == [0, 0]
    keys = {(folder.path / ".octoplan" / "sandbox.db.key").read_text(encoding="ascii") for folder in folders}
    assert len(keys) == 2


def test_a_fork_that_is_killed_is_dead(zygote: Zygote, tmp_path: Path) -> None:
    process = zygote.start(Folder(path=tmp_path / "project").write(FILES).path, "sandbox", "serve", "--port", "0")
    assert not process.has_ended(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.end() == -signal.SIGKILL


def test_a_fork_minds_ctrl_c_and_what_is_wrong(zygote: Zygote, tmp_path: Path) -> None:
    wrong = zygote.start(Folder(path=tmp_path / "wrong").write(WRONG).path, "validate")
    assert (wrong.end(), "carrier pigeon" in wrong.said) == (3, True)
    process = zygote.start(Folder(path=tmp_path / "project").write(FILES).path, "sandbox", "serve", "--port", "0")
    while "http://127.0.0.1" not in process.said:
        assert not process.has_ended(0.02)
    process.send_signal(signal.SIGINT)
    assert process.end() == 0, process.said


def test_ctrl_c_that_comes_before_a_fork_is_octoplan_ends_it_as_one_that_loads(zygote: Zygote, tmp_path: Path) -> None:
    folder = Folder(path=tmp_path / "project").write(FILES)
    for _ in range(20):
        process = zygote.start(folder.path, "apply")
        process.send_signal(signal.SIGINT)
        assert (process.end(), process.said.removeprefix(LEFT_OPEN).strip()) == (130, "interrupted")
