"""`--report FILE`: a plan, and what became of it, in files; held against the sandbox's record."""

from __future__ import annotations

import json
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from octoplan.sandbox.exchange import Answer
from tests.conftest import GREETING

if TYPE_CHECKING:
    from pathlib import Path

    from octoplan.sandbox.exchange import Request
    from tests.conftest import Folder, Gateway, MakeProject, Outcome

PRICED = "octoplan: 1\nenvironments: {sandbox: {gateway: sandbox, prices: {sms_premium: 0.05}}}\n"
PEOPLE = "phone_number,first_name\n" + "".join(f"+336000003{n:02},Zoraida\n" for n in range(8))
FORMATS = ("txt", "json", "md", "html")


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({"octoplan.yaml": PRICED, "campaigns/sale.yaml": GREETING, "campaigns/people.csv": PEOPLE})
    return made


def apply(folder: Folder, *formats: str, at: Path | None = None, flags: tuple[str, ...] = ()) -> Outcome:
    where = at or folder.path
    files = [part for form in formats for part in ("--report", str(where / f"applied.{form}"))]
    return folder.call("apply", "--auto-approve", *files, *flags)


def said(folder: Folder) -> dict[str, str]:
    return {form: (folder.path / f"applied.{form}").read_text(encoding="utf-8") for form in FORMATS}


def document(folder: Folder) -> Any:
    return json.loads((folder.path / "applied.json").read_text(encoding="utf-8"))


def test_every_format_says_how_many_were_sent(folder: Folder) -> None:
    done = apply(folder, *FORMATS)
    assert done.code == 0, done
    reports = said(folder)
    for form in ("txt", "md", "html"):
        shown = unescape(reports[form])
        assert "Applied: 8 sent, 0 refused, 0 open, 0 unknown." in shown
        assert "Apply for sandbox: complete" in shown
        assert "sale" in shown
    (sale,) = document(folder)["campaigns"]
    assert (sale["planned"], sale["sent"], sale["unsent"]) == (8, len(folder.messages()), 0)
    assert sale["parts"] == sum(message.parts for message in folder.messages())
    assert reports["txt"].splitlines()[-1] == "Applied: 8 sent, 0 refused, 0 open, 0 unknown."


def test_nobody_is_in_a_report(folder: Folder) -> None:
    apply(folder, *FORMATS)
    for shown in said(folder).values():
        assert "Zoraida" not in shown
        assert "600000" not in shown.replace(" ", "")


def test_an_apply_with_nothing_to_send_is_reported_too(folder: Folder) -> None:
    apply(folder)
    apply(folder, *FORMATS)
    found = document(folder)
    assert (found["campaigns"], found["run"], found["exit_code"]) == ([], None, 0)
    assert "nothing was sent" in said(folder)["txt"]


@pytest.fixture
def remote(project: MakeProject, gateway: Gateway) -> Folder:
    """Make a project that sends to three people over HTTP."""
    local = f'{{gateway: {{url: "{gateway.url}"}}, require_plan: false}}'
    few = "\n".join(PEOPLE.splitlines()[:4])
    folder: Folder = project(
        {
            "octoplan.yaml": f"octoplan: 1\nenvironments:\n  local: {local}\n",
            "campaigns/sale.yaml": GREETING,
            "campaigns/people.csv": few,
        }
    )
    assert folder.call("state", "init", "--env", "local").code == 0
    return folder


@pytest.fixture
def cut(remote: Folder, gateway: Gateway) -> Folder:
    """Make a project of which a run sent to three of eight people, and heard no answer."""
    gateway.script = [None] * 7
    assert remote.call("apply", "--auto-approve", "--env", "local", hurried=True).code == 9
    gateway.script = []
    return remote.write({"campaigns/people.csv": PEOPLE})


TYPO = GREETING.replace("first_name", "first_nam")
GONE_WRONG = {
    "a typo": (TYPO, ("--auto-approve",), 3, "1 problem in 1 file; nothing more was sent."),
    "nobody to approve": (GREETING, (), 10, "    hint: nothing more was sent"),
    "a limit": (f"{GREETING}limits: {{max_parts: 1}}\n", ("--auto-approve",), 5, "    hint: nothing more was sent"),
}


@pytest.mark.parametrize("case", GONE_WRONG)
def test_what_was_settled_is_told_where_the_rest_of_an_apply_goes_wrong(
    case: str, cut: Folder, gateway: Gateway
) -> None:
    campaign, flags, code, said_last = GONE_WRONG[case]
    cut.write({"campaigns/sale.yaml": campaign})
    files = [part for form in FORMATS for part in ("--report", str(cut.path / f"applied.{form}"))]
    done = cut.call("apply", "--env", "local", *flags, *files)
    assert (done.code, done.last) == (code, "Applied: 3 sent, 0 refused, 0 open, 0 unknown."), done
    assert done.err.splitlines()[-1] == said_last
    assert "nothing was sent" not in done.out + done.err
    assert len(gateway.addresses()) == 3
    found = document(cut)
    assert (found["campaigns"][0]["sent"], found["exit_code"]) == (3, code)
    for shown in said(cut).values():
        assert "nothing was sent" not in shown
    assert "only what an earlier run had left open" in said(cut)["txt"]


def test_whoever_was_planned_and_not_begun_is_counted_beside_what_was_settled(cut: Folder, gateway: Gateway) -> None:
    settings = (cut.path / "octoplan.yaml").read_text(encoding="utf-8")
    one_by_one = settings.replace("require_plan", "frame_size: 1, max_in_flight: 1, require_plan")
    cut.write({"octoplan.yaml": one_by_one})
    gateway.script = [(200, b"{}"), (401, b"{}")]
    done = cut.call("apply", "--auto-approve", "--env", "local", "--report", str(cut.path / "applied.json"))
    assert done.last == "Applied: 3 sent, 1 refused, 0 open, 0 unknown.", done
    (sale,) = document(cut)["campaigns"]
    assert (sale["planned"], sale["sent"], sale["refused"], sale["unsent"]) == (5, 3, 1, 4)


def test_what_was_settled_is_a_line_before_the_error_in_the_stream_of_an_apply(cut: Folder) -> None:
    lines = [json.loads(line) for line in cut.call("apply", "--env", "local", "--json").out.splitlines()]
    assert [one.get("event") for one in lines] == [None, "settling", "sent", None]
    assert lines[-1]["hint"] == "nothing more was sent"


def test_a_renamed_campaign_is_reported_by_the_name_of_its_file(folder: Folder) -> None:
    apply(folder)
    more = PEOPLE + "+33600000390,Zoraida\n"
    moved = f"{GREETING}moved_from: sale\n"
    folder.write({"campaigns/sale.yaml": None, "campaigns/winter.yaml": moved, "campaigns/people.csv": more})
    apply(folder, "json")
    (winter,) = document(folder)["campaigns"]
    assert (winter["campaign"], winter["planned"], winter["sent"]) == ("winter", 1, 1)


def test_a_plan_is_written_to_files_as_it_is_shown(folder: Folder) -> None:
    shown = {form: folder.call("plan", "--format", form).out for form in ("text", "json", "markdown", "html")}
    names = {"text": "plan.txt", "json": "plan.json", "markdown": "plan.md", "html": "plan.html"}
    flags = [part for name in (*names.values(), "a.gitlab.json") for part in ("--report", str(folder.path / name))]
    assert folder.call("plan", *flags).out == shown["text"]
    for form, name in names.items():
        assert (folder.path / name).read_text(encoding="utf-8").rstrip("\n") == shown[form].rstrip("\n"), form
    counted = json.loads((folder.path / "a.gitlab.json").read_text(encoding="utf-8"))
    assert counted == {"create": 1, "update": 0, "delete": 0}


def test_a_plan_that_is_blocked_is_written_all_the_same(folder: Folder) -> None:
    path = folder.path / "plan.md"
    folder.write({"octoplan.yaml": f"{PRICED}limits: {{max_recipients: 1}}\n"})
    assert folder.call("plan", "--report", str(path)).code == 5
    assert "max_recipients" in unescape(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve")], ids=["plan", "apply"])
@pytest.mark.parametrize("name", ["applied.pdf", "applied", "nowhere/applied.md", "folder.md", "taken.md"])
def test_a_report_that_cannot_be_is_refused_before_anything_is_sent(
    folder: Folder, name: str, command: tuple[str, ...]
) -> None:
    (folder.path / "folder.md").mkdir()
    (folder.path / "taken.md.part").mkdir()
    refused = folder.call(*command, "--report", str(folder.path / name))
    assert refused.code == 64
    assert "--report" in refused.err
    assert folder.messages() == ()


def test_to_ask_whether_a_report_can_be_written_leaves_no_file_behind(folder: Folder) -> None:
    folder.write({"campaigns/sale.yaml": "channel: sms\n"})
    assert apply(folder, *FORMATS).code == 3
    assert list(folder.path.glob("applied*")) == []


@pytest.mark.parametrize(("status", "code"), [(200, 1), (401, 4)], ids=["sent", "refused"])
def test_a_report_that_cannot_be_written_any_more_takes_nothing_back_and_hides_no_exit_code(
    status: int, code: int, remote: Folder, gateway: Gateway
) -> None:
    def answer(request: Request) -> Answer:
        (remote.path / "applied.md.part").mkdir()
        return Answer(status=status, body=b"{}")

    gateway.sandbox.answer = answer  # type: ignore[method-assign]
    done = apply(remote, "md", "json", flags=("--env", "local"))
    assert done.code == code
    assert f"cannot write {remote.path / 'applied.md'}" in done.err
    sent = 3 if status == 200 else 0
    assert done.last == f"Applied: {sent} sent, {3 - sent} refused, 0 open, 0 unknown."
    assert document(remote)["said"] == done.last
