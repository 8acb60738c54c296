"""What the world does wrong: gateways, credentials, states, and calls that ask for what is not there."""

from __future__ import annotations

import fcntl
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

CAMPAIGN = """\
channel: sms
purpose: alert
open: true
recipients: [{phone_number: "+33600000123"}, {phone_number: "+33600000124"}]
text: Hello €
"""
MORE = CAMPAIGN.replace("Hello", "Welcome to our shop,")
PERSONAL = ("+33600000123", "+33600000124", "0600000", "600000123")
CREDENTIALS = {"OCTOPUSH_API_LOGIN": "me@example.com", "OCTOPUSH_API_KEY": "distinctive-secret-key"}
MATTER_OF_FACT = ("Traceback", "octoplan has a fault", *PERSONAL, "distinctive-secret-key")


def environments(**written: str) -> str:
    lines = "".join(f"  {name}: {{{values}}}\n" for name, values in written.items())
    return f"octoplan: 1\nenvironments:\n{lines}"


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    """Make a project with states in two environments, neither of which sends anything off this machine."""
    files = {
        "campaigns/hello.yaml": CAMPAIGN,
        "octoplan.yaml": environments(
            production="gateway: octopush, require_plan: false",
            asked='gateway: octopush, require_plan: false, simulate_to: ["+33600000999"]',
            plain='gateway: {url: "http://gateway.example.com/v1/public"}, require_plan: false',
            foreign='gateway: {url: "https://gateway.example.com/v1/public"}, require_plan: false',
            reviewed="gateway: octopush",
            loose='gateway: {url: "http://127.0.0.1:9/v1/public"}, require_plan: false',
        ),
    }
    names = ("production", "asked", "plain", "foreign", "reviewed", "loose")
    made = tuple(("state", "init", "--env", name) for name in names)
    folder: Folder = project(files, after=(*made, ("apply", "--auto-approve")))
    return folder


def refused(
    folder: Folder, *arguments: str, code: int, says: tuple[str, ...], env: dict[str, str] | None = None
) -> None:
    """Expect this call to fail so, to leave everything as it was, and to say the same as JSON."""
    before = folder.footprint()
    outcome = folder.call(*arguments, env=env)
    assert outcome.code == code, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("error: ")
    for words in says:
        assert words in outcome.err
    machine = folder.call(*arguments, "--json", env=env)
    assert machine.code == code
    assert (machine.json["octoplan"], machine.json["exit_code"]) == ("error", code)
    for hidden in MATTER_OF_FACT:
        assert hidden not in outcome.err + machine.out + machine.err
    assert folder.footprint() == before


APPLY = ("apply", "--auto-approve", "--env")


@pytest.mark.parametrize("command", [("apply", "--auto-approve", "--env", "production"), ("plan", "--env", "asked")])
def test_without_credentials_the_real_gateway_is_not_used(command: tuple[str, ...], folder: Folder) -> None:
    says = ("OCTOPUSH_API_LOGIN and OCTOPUSH_API_KEY are not set", "hint: ")
    refused(folder, *command, code=4, says=says)
    only_login = {"OCTOPUSH_API_LOGIN": "me@example.com"}
    refused(folder, *command, code=4, says=("OCTOPUSH_API_KEY is not set", "hint: "), env=only_login)


def test_a_key_with_a_line_break_is_refused_and_not_shown(folder: Folder) -> None:
    broken = CREDENTIALS | {"OCTOPUSH_API_KEY": "distinctive-secret-key\n"}
    refused(folder, *APPLY, "production", code=4, says=("OCTOPUSH_API_KEY holds a character", "hint: "), env=broken)


@pytest.mark.parametrize("command", [("plan", "--env"), APPLY])
def test_plain_http_goes_to_this_machine_only(command: tuple[str, ...], folder: Folder) -> None:
    allowed = CREDENTIALS | {"OCTOPLAN_ALLOWED_HOSTS": "gateway.example.com"}
    refused(
        folder, *command, "plain", code=4, says=("gateway.example.com is not reached by https", "hint: "), env=allowed
    )


@pytest.mark.parametrize("command", [("plan", "--env"), APPLY])
def test_credentials_go_to_no_host_that_the_environment_does_not_allow(
    command: tuple[str, ...], folder: Folder
) -> None:
    says = ("the gateway's host gateway.example.com is not allowed", "hint: name it in OCTOPLAN_ALLOWED_HOSTS")
    refused(folder, *command, "foreign", code=4, says=says, env=CREDENTIALS)


def test_a_second_init_is_refused(folder: Folder) -> None:
    refused(folder, "state", "init", "--env", "production", code=1, says=("production", "hint: "))
    refused(folder, "state", "init", code=1, says=("sandbox.db exists already", "hint: "))


def test_a_key_that_git_would_see_is_said_at_once(folder: Folder) -> None:
    text = "octoplan: 1\nenvironments: {team: {gateway: octopush, state: states/team.db}, own: {gateway: octopush}}\n"
    folder.write({"octoplan.yaml": text})
    seen = folder.call("state", "init", "--env", "team")
    assert (seen.code, "Keep states/team.db.key out of git" in seen.err) == (0, True)
    own = folder.call("state", "init", "--env", "own")
    assert (own.code, "out of git" in own.err) == (0, False)


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve"), ("status",), ("state", "list")])
def test_a_state_that_is_missing_is_no_first_run(command: tuple[str, ...], folder: Folder) -> None:
    (folder.path / ".octoplan" / "loose.db").unlink()
    says = ("the state of loose, .octoplan/loose.db, is missing", "octoplan state init --env loose")
    refused(folder, *command, "--env", "loose", code=1, says=says)
    assert not (folder.path / ".octoplan" / "loose.db").exists()


def test_a_missing_state_is_not_made_anew_by_init(folder: Folder) -> None:
    (folder.path / ".octoplan" / "loose.db").unlink()
    refused(
        folder, "state", "init", "--env", "loose", code=1, says=("names a state for loose already", "hint: restore")
    )


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve")])
def test_another_key_is_refused(command: tuple[str, ...], folder: Folder) -> None:
    other = {"OCTOPLAN_STATE_KEY": "a-key-that-was-never-used"}
    refused(folder, *command, code=1, says=("the key is not the one", "hint: "), env=other)


def test_a_short_key_is_refused(folder: Folder) -> None:
    refused(folder, "plan", code=1, says=("fewer than 16 characters", "hint: "), env={"OCTOPLAN_STATE_KEY": "short"})


def test_a_missing_key_is_refused(folder: Folder) -> None:
    (folder.path / ".octoplan" / "sandbox.db.key").unlink()
    refused(folder, "plan", code=1, says=("the key of the state is missing", "hint: "))


def test_a_lock_file_that_names_another_lineage_is_refused(folder: Folder) -> None:
    lock = folder.path / "octoplan.lock.yaml"
    kept = [line for line in lock.read_text().splitlines(keepends=True) if "loose" not in line]
    lock.write_text("".join([*kept, '  loose: {lineage: "0123456789abcdef"}\n']))
    refused(folder, "plan", "--env", "loose", code=1, says=("lineage", "hint: "))
    lock.write_text("".join(kept))
    refused(folder, "plan", "--env", "loose", code=1, says=("does not name the state of loose", "hint: "))


def test_a_truncated_state_is_refused(folder: Folder) -> None:
    state = folder.path / ".octoplan" / "loose.db"
    content = state.read_bytes()
    for size in (0, 50, len(content) // 2):
        state.write_bytes(content[:size])
        for command in (("plan",), ("apply", "--auto-approve")):
            outcome = folder.call(*command, "--env", "loose")
            assert outcome.code == 1, (size, outcome)
            assert "error: " in outcome.err
            assert "fault" not in outcome.err


def test_a_state_of_a_newer_format_is_refused(folder: Folder) -> None:
    with closing(sqlite3.connect(folder.path / ".octoplan" / "loose.db")) as connection, connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    refused(folder, "plan", "--env", "loose", code=1, says=("format 99", "hint: "))


def test_a_second_applier_never_shares(folder: Folder) -> None:
    with (folder.path / ".octoplan" / "sandbox.db.lock.1").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused(folder, "apply", "--auto-approve", code=6, says=("another octoplan holds this state", "hint: "))
        assert folder.call("plan").code == 0


def test_an_environment_with_require_plan_is_applied_from_a_plan_file_only(folder: Folder) -> None:
    says = ("--auto-approve needs a plan file, or --expect with its digest", "hint: octoplan plan --out FILE")
    refused(folder, *APPLY, "reviewed", code=5, says=says, env=CREDENTIALS)


def test_nothing_is_sent_that_nobody_approved(folder: Folder) -> None:
    before = folder.footprint()
    outcome = folder.write({"campaigns/more.yaml": MORE}).call("apply")
    assert outcome.code == 10
    assert "error: nobody is here to approve" in outcome.err
    assert folder.footprint() == before


UNKNOWN = {
    "command": (("aply",), "aply"),
    "flag": (("plan", "--simluate", "all"), "--simluate"),
    "flag's value": (("plan", "--simulate", "some"), "some"),
    "environment": (("plan", "--env", "prodution"), "prodution"),
    "target": (("plan", "--target", "hullo"), "hullo"),
    "campaign to render": (("render", "hullo"), "hullo"),
    "campaign to ask about": (("why", "hullo"), "hint: a campaign is called by its `name`"),
    "campaign to show": (("state", "show", "hullo"), "hullo"),
    "plan file": (("apply", "nowhere.plan"), "nowhere.plan"),
    "subcommand": (("state", "ini"), "ini"),
    "folder": (("-C", "/nowhere/at/all", "plan"), "/nowhere/at/all"),
    "environment for an apply": (("apply", "--auto-approve", "--env", "prodution"), "prodution"),
}


@pytest.mark.parametrize(("arguments", "names"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_call_for_what_is_not_there_exits_64_and_names_it(
    arguments: tuple[str, ...], names: str, folder: Folder
) -> None:
    before = folder.footprint()
    outcome = folder.call(*arguments)
    assert (outcome.code, outcome.out) == (64, "")
    assert outcome.err.startswith("error: ")
    assert names in outcome.err
    assert folder.footprint() == before


def test_the_environment_of_an_apply_is_never_taken_from_a_variable(folder: Folder) -> None:
    preset = {"OCTOPLAN_ENV": "loose"}
    refused(
        folder,
        "apply",
        "--auto-approve",
        code=64,
        says=("OCTOPLAN_ENV names loose", "hint: add --env loose"),
        env=preset,
    )
    assert folder.call("plan", env=preset).out.startswith("Plan for loose")
    assert folder.call("plan", "--env", "sandbox", env=preset).out.startswith("Plan for sandbox")


def test_a_folder_without_a_project_says_so(project: MakeProject) -> None:
    empty = project({}, "empty")
    (empty.path / "campaigns").rmdir()
    for command in ("validate", "plan", "status"):
        outcome = empty.call(command)
        assert outcome.code == 1
        assert "neither octoplan.yaml nor a campaigns folder" in outcome.err
    assert not list(empty.path.iterdir())


def test_a_gateway_that_does_not_listen_ends_a_plan_with_4(folder: Folder) -> None:
    folder.write(
        {"octoplan.yaml": environments(loose='gateway: {url: "http://127.0.0.1:9/v1/public"}, simulate_to: audience')}
    )
    refused(folder, "plan", "--env", "loose", code=4, says=("the gateway does not answer", "hint: "))


def test_two_environments_never_share_a_state(folder: Folder) -> None:
    shared = "gateway: octopush, state: .octoplan/../.octoplan/sandbox.db"
    outcome = folder.write({"octoplan.yaml": environments(production=shared)}).call("plan")
    assert outcome.code == 3
    assert "octoplan.yaml:3:35: error: production and sandbox share the state" in outcome.err
    assert "[project/state]" in outcome.err


BROKEN_FILES: dict[str, tuple[str, bytes, tuple[str, ...]]] = {
    "inbox": (".octoplan/inbox.db", b"garbage", ("apply", "--auto-approve")),
    "plan file": ("reviewed.plan", b"garbage", ("apply", "{}/reviewed.plan", "--auto-approve")),
    "empty plan file": ("reviewed.plan", b"", ("apply", "{}/reviewed.plan", "--auto-approve")),
    "lock file": ("octoplan.lock.yaml", b"environments: 3\n", ("plan", "--env", "loose")),
}


@pytest.mark.parametrize(("name", "content", "command"), BROKEN_FILES.values(), ids=BROKEN_FILES)
def test_a_file_of_ours_that_is_broken_is_named_and_not_mended(
    name: str, content: bytes, command: tuple[str, ...], folder: Folder
) -> None:
    before = folder.footprint()["sandbox.db"]
    for stale in (folder.path / ".octoplan").glob("inbox.db-*"):
        stale.unlink()
    folder.write({name: content})
    outcome = folder.call(*(word.format(folder.path) for word in command))
    assert outcome.code == 1
    assert "    hint: " in outcome.err
    assert "fault" not in outcome.err
    assert (folder.path / name).read_bytes() == content
    (folder.path / ".octoplan" / "inbox.db").unlink()
    assert folder.footprint()["sandbox.db"] == before


def test_a_plan_file_of_another_environment_or_of_other_words_is_stale(folder: Folder) -> None:
    out = str(folder.path / "reviewed.plan")
    folder.write({"campaigns/more.yaml": MORE})
    assert folder.call("plan", "--out", out).code == 0
    before = folder.footprint()
    loose = folder.call("apply", out, "--auto-approve", "--env", "loose")
    assert (loose.code, loose.out) == (7, "")
    folder.write({"campaigns/more.yaml": CAMPAIGN.replace("Hello", "Good evening")})
    changed = folder.call("apply", out, "--auto-approve")
    assert changed.code == 7
    assert "the plan file is stale: more was changed" in changed.err
    assert folder.footprint() == before


def test_a_plan_file_that_cannot_be_written_is_said_without_a_fault(folder: Folder) -> None:
    outcome = folder.call("plan", "--out", str(folder.path / "nowhere" / "reviewed.plan"))
    assert outcome.code == 1
    assert "No such file or directory" in outcome.err
    assert "fault" not in outcome.err


def test_a_port_that_is_taken_ends_the_server_with_4(folder: Folder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = folder.run("sandbox", "serve", "--port", str(port))
    assert outcome.code == 4
    assert f"port {port} of 127.0.0.1 cannot be had" in outcome.err


def test_a_full_disk_behind_stdout_ends_with_1_and_no_traceback(folder: Folder) -> None:
    with Path("/dev/full").open("wb") as full:
        process = folder.start("plan", stdout=full)
        assert process.stderr is not None
        err = process.stderr.read().decode()
        process.stderr.close()
        assert process.wait(timeout=30) == 1
    assert err.startswith("error: No space left on device\n")
    assert "Traceback" not in err


def test_a_stream_without_the_character_gets_it_escaped(folder: Folder) -> None:
    outcome = folder.run("sandbox", "inbox", env={"PYTHONIOENCODING": "ascii"})
    assert outcome.code == 0
