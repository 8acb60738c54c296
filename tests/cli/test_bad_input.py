"""What an author can get wrong: each ends in exit 3, is said where it stands, sends nothing and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Folder, MakeProject

PEOPLE = (
    "phone_number,first_name,email\n"
    "06 00 00 01 23,Zoraida,zoraida@example.com\n"
    "0600000124,Bertil,bertil@example.org\n"
    "+33600000125,Annelise,annelise@example.net\n"
)
PERSONAL = ("Zoraida", "Bertil", "Annelise", "zoraida", "bertil", "annelise", "00 01 23", "6000001", "@example")
GOOD = """\
channel: sms
purpose: alert
sender: OctoShop
open: true
audience: {from: audiences/people.csv, region: FR}
text: Hello {{ first_name }}
"""
COMMANDS = (("validate",), ("plan",), ("apply", "--auto-approve"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A project gone wrong: the files that are added, and what is said of them."""

    files: Mapping[str, str | bytes]
    rule: str
    place: str
    says: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...] = field(default=COMMANDS)


def campaign(old: str, new: str, **audiences: str | bytes) -> dict[str, str | bytes]:
    """Make a second campaign that differs from the good one in this, and its contact files."""
    assert old in GOOD
    files = {f"campaigns/audiences/{name}.csv": content for name, content in audiences.items()}
    return {"campaigns/bad.yaml": GOOD.replace(old, new)} | files


def where(condition: str) -> dict[str, str | bytes]:
    return campaign("{from: audiences/people.csv, region: FR}", f"\n  from: audiences/people.csv\n  where: {condition}")


TWENTY = "".join(f"06000002{number:02},Ann\n" for number in range(20))
TEXT = "Hello {{ first_name }}"
FILE = "people.csv"

BAD = {
    "a misspelt key": Bad(
        files=campaign("open: true", "open: true\nsendat: 2026-12-01T10:00:00+01:00"),
        rule="schema/unknown-key",
        place="campaigns/bad.yaml:5:1",
        says=("`sendat`", "hint: did you mean `send_at`?"),
    ),
    "an unknown key": Bad(
        files=campaign("open: true", "open: true\nflavour: vanilla"),
        rule="schema/unknown-key",
        place="campaigns/bad.yaml:5:1",
        says=("`flavour`", "hint: known here: "),
    ),
    "an option of another channel": Bad(
        files=campaign(TEXT, f"{TEXT}\nmetadata: {{voice_language: fr-FR}}"),
        rule="schema/unknown-key",
        place="campaigns/bad.yaml:7:12",
        says=("`voice_language` goes with voice_sms, not with sms",),
    ),
    "a file name that is no name": Bad(
        files={"campaigns/test:sale.yaml": GOOD},
        rule="schema/pattern",
        place="campaigns/test:sale.yaml:1:1",
        says=("without `name` it is called as its file", "hint: say `name`"),
    ),
    "octoplan's own simulation_mode": Bad(
        files=campaign("open: true", "open: true\nsimulation_mode: true"),
        rule="schema/reserved",
        place="campaigns/bad.yaml:5:1",
        says=("simulation_mode", "plan"),
    ),
    "octoplan's own request id": Bad(
        files=campaign(TEXT, f"{TEXT}\nmetadata: {{request_id: mine}}"),
        rule="schema/reserved",
        place="campaigns/bad.yaml:7:12",
        says=("request_id",),
    ),
    "a wrong type": Bad(
        files=campaign("open: true", "open: true\nedition: two"),
        rule="schema/type",
        place="campaigns/bad.yaml:5:1",
        says=("`edition`: must be a whole number, not text 'two'", "hint: for example `edition: 1`"),
    ),
    "no purpose": Bad(
        files=campaign("purpose: alert\n", ""),
        rule="schema/required",
        place="campaigns/bad.yaml:1:1",
        says=("`purpose`", "`alert` or `wholesale`"),
    ),
    "neither not_after nor open": Bad(
        files=campaign("open: true\n", ""),
        rule="schema/required",
        place="campaigns/bad.yaml:1:1",
        says=("`not_after: 2027-11-28T18:00:00+01:00`, or `open: true`",),
    ),
    "send_at without an offset": Bad(
        files=campaign("open: true", "open: true\nsend_at: 2026-12-01T10:00:00"),
        rule="schema/offset",
        place="campaigns/bad.yaml:5:1",
        says=("`send_at`: the offset from UTC is missing, as in 2026-12-01T10:00:00+01:00",),
    ),
    "send_at in the past with people left": Bad(
        files=campaign("open: true", "open: true\nsend_at: 2026-10-01T10:00:00+01:00"),
        rule="campaign/send-at-past",
        place="campaigns/bad.yaml:5:1",
        says=("3 people are still to be sent to", "hint: the API would send at once"),
        commands=COMMANDS[1:],  # whether somebody is left is known to the state, which validate does not read
    ),
    "not_after before send_at": Bad(
        files=campaign("open: true", "send_at: 2026-12-02T10:00:00+01:00\nnot_after: 2026-12-01T10:00:00+01:00"),
        rule="campaign/not-after",
        place="campaigns/bad.yaml:5:1",
        says=("not_after comes before send_at", "hint: "),
    ),
    "a date that does not exist": Bad(
        files=campaign("open: true", "not_after: 2026-02-30T10:00:00+01:00"),
        rule="campaign/moment",
        place="campaigns/bad.yaml:4:1",
        says=("no date and time that exists", "hint: write it as 2026-12-01T10:00:00+01:00"),
    ),
    "a send_at at the end of all time": Bad(
        files=campaign("open: true", "open: true\nsend_at: 9999-12-31T23:30:00-01:00"),
        rule="campaign/moment",
        place="campaigns/bad.yaml:5:1",
        says=("send_at is no date and time that exists", "hint: write it as 2026-12-01T10:00:00+01:00"),
    ),
    "a not_after behind the end of all time": Bad(
        files=campaign("open: true", "not_after: 9999-12-31T23:59:59-12:00"),
        rule="campaign/moment",
        place="campaigns/bad.yaml:4:1",
        says=("not_after is no date and time that exists", "hint: "),
    ),
    "no text": Bad(
        files=campaign(TEXT, "''"),
        rule="schema/pattern",
        place="campaigns/bad.yaml:6:1",
        says=("the text is empty", "hint: "),
    ),
    "a text empty once rendered": Bad(
        files=campaign(TEXT, "'{% if first_name == \"Bertil\" %} {% else %}Hello{% endif %}'"),
        rule="content/empty",
        place="campaigns/bad.yaml:6:8",
        says=("empty once rendered", "for 1 person (first campaigns/audiences/people.csv:3)", "hint: "),
    ),
    "a text too long once rendered": Bad(
        files=campaign(TEXT, f"{'x' * 1217}{{{{ first_name }}}}"),
        rule="content/too-long",
        place="campaigns/bad.yaml:6:7",
        says=("more than 1224 characters", "for 1 person (first campaigns/audiences/people.csv:4)", "hint: "),
    ),
    "an undefined variable": Bad(
        files=campaign(TEXT, "|\n  Hello\n  dear {{ frist_name }}"),
        rule="template/unknown-name",
        place="campaigns/bad.yaml:8:11",
        says=("`frist_name`", "did you mean `first_name`? columns: email, first_name, phone_number; vars: none"),
    ),
    "a name that is a column and a var": Bad(
        files=campaign(TEXT, f"{TEXT}\nvars: {{first_name: you}}"),
        rule="template/ambiguous-name",
        place="campaigns/bad.yaml:6:16",
        says=("first_name",),
    ),
    "a column that the file lacks": Bad(
        files=campaign("region: FR", "region: FR, columns: {phone_number: mobile}"),
        rule="audience/column",
        place="campaigns/bad.yaml:5:62",
        says=(
            "campaigns/audiences/people.csv has no column mobile",
            "hint: it has: phone_number, first_name, email",
        ),
    ),
    "no column of addresses": Bad(
        files=campaign(FILE, "plain.csv", plain="name,mobile\nZoraida,0600000123\n"),
        rule="audience/address",
        place="campaigns/bad.yaml:5:1",
        says=("no column phone_number", "hint: add columns: {phone_number: ...} with one of: name, mobile"),
    ),
    "a blank value without a fallback": Bad(
        files=campaign(FILE, "blank.csv", blank=PEOPLE.replace("Bertil", "  ")),
        rule="content/blank",
        place="campaigns/bad.yaml:6:16",
        says=(
            "`first_name` is blank, for 1 person (first campaigns/audiences/blank.csv:3)",
            "hint: give it a fallback",
        ),
    ),
    "a missing file": Bad(
        files=campaign(FILE, "nobody.csv"),
        rule="file/missing",
        place="campaigns/bad.yaml:5:12",
        says=("no file audiences/nobody.csv", "hint: paths are relative to the file that names them"),
    ),
    "a file whose name is too long for any": Bad(
        files=campaign("audiences/people.csv", f"{'a' * 300}.csv"),
        rule="file/missing",
        place="campaigns/bad.yaml:5:12",
        says=("no file aaa", "hint: "),
    ),
    "a source whose name is too long for any file": Bad(
        files=campaign("audiences/people.csv", "a" * 300),
        rule="source/unknown",
        place="campaigns/bad.yaml:5:12",
        says=("aaa is no segment", "hint: "),
    ),
    "a file whose name no file can have": Bad(
        files=campaign("audiences/people.csv", '"a\\0b.csv"'),
        rule="file/missing",
        place="campaigns/bad.yaml:5:12",
        says=("no file a", "hint: "),
    ),
    "a pattern that no name can fit": Bad(
        files=campaign("audiences/people.csv", '"a\\0*.csv"'),
        rule="file/missing",
        place="campaigns/bad.yaml:5:12",
        says=("no file matches a", "hint: "),
    ),
    "a text file whose name is too long for any": Bad(
        files=campaign("text: Hello {{ first_name }}", f"text_file: {'a' * 300}.txt"),
        rule="file/missing",
        place="campaigns/bad.yaml:6:1",
        says=("no file aaa", "hint: "),
    ),
    "seeds in a file whose name no file can have": Bad(
        files=campaign("open: true", 'open: true\nseeds: "a\\0b.yaml"'),
        rule="file/missing",
        place="campaigns/bad.yaml:5:1",
        says=("no file a", "hint: "),
    ),
    "an empty file": Bad(
        files=campaign(FILE, "void.csv", void=""),
        rule="file/empty",
        place="campaigns/bad.yaml:5:12",
        says=("campaigns/audiences/void.csv: the file is empty", "hint: "),
    ),
    "a file that is not UTF-8": Bad(
        files=campaign(
            FILE, "latin.csv", latin="phone_number,first_name\n0600000123,Ann\n0600000124,Zoë\n".encode("latin-1")
        ),
        rule="file/not-utf8",
        place="campaigns/audiences/latin.csv:3",
        says=("hint: save it as CSV UTF-8",),
    ),
    "a file outside the project": Bad(
        files=campaign("audiences/people.csv", "../../people.csv"),
        rule="file/outside",
        place="campaigns/bad.yaml:5:12",
        says=("../../people.csv lies outside the project", "hint: "),
    ),
    "more rejected rows than max_rejected": Bad(
        files=campaign(
            FILE, "dirty.csv", dirty=f"phone_number,first_name\n0612,Zoraida\n{TWENTY},Bertil\nann@example.com,Ann\n"
        ),
        rule="audience/max-rejected",
        place="campaigns/bad.yaml:5:12",
        says=(
            "3 of 23 rows cannot be used",
            "campaigns/audiences/dirty.csv:2: not a valid number in FR",
            "campaigns/audiences/dirty.csv:23: blank",
            "campaigns/audiences/dirty.csv:24: an e-mail address, not a phone number",
            "hint: ",
        ),
    ),
    "a where that is two statements": Bad(
        files=where("first_name = 'Ann'; DROP TABLE people"),
        rule="audience/where",
        place="campaigns/bad.yaml:7:10",
        says=("where is not one SQL expression", "hint: "),
    ),
    "a where that names no column": Bad(
        files=where("contry = 'FR'"),
        rule="audience/where",
        place="campaigns/bad.yaml:7:10",
        says=("where names contry, which is no column", "hint: there are: phone_number, first_name, email"),
    ),
    "a where with a subquery over a file": Bad(
        files=where("first_name IN (SELECT content FROM read_text('/etc/passwd'))"),
        rule="audience/where",
        place="campaigns/bad.yaml:7:10",
        says=("where is more than an expression over one row", "hint: "),
    ),
    "a where that calls a file reader": Bad(
        files=where("getenv('HOME') <> ''"),
        rule="audience/where",
        place="campaigns/bad.yaml:7:10",
        says=("where uses getenv, which is not among what a where may use", "hint: "),
    ),
    "a where that fails on a row": Bad(
        files=where("cast(first_name as integer) > 17"),
        rule="audience/where",
        place="campaigns/bad.yaml:7:10",
        says=("where fails on a row", "hint: "),
    ),
    "a where that is no condition": Bad(
        files=where("first_name"),
        rule="audience/where",
        place="campaigns/bad.yaml:7:10",
        says=("neither true nor false", "hint: "),
    ),
    "a template that reaches for Python internals": Bad(
        files=campaign(TEXT, "Hello {{ first_name.__class__.__mro__ }}"),
        rule="template/refused",
        place="campaigns/bad.yaml:6:26",
        says=("out of reach",),
    ),
    "a template that runs away": Bad(
        files=campaign(TEXT, "'{% for a in range(900) %}{% for b in range(900) %}x{% endfor %}{% endfor %}'"),
        rule="content/limit",
        place="campaigns/bad.yaml:6:",
        says=("loop turns", "for 3 people", "hint: let the template do less"),
    ),
    "a template that makes a great number": Bad(
        files=campaign(TEXT, "'{{ 9 ** 9 ** 9 }}'"),
        rule="content/limit",
        place="campaigns/bad.yaml:6:18",
        says=("a power beyond", "hint: let the template do less"),
    ),
    "a template that is none": Bad(
        files=campaign(TEXT, "Hello {{ first_name }"),
        rule="template/syntax",
        place="campaigns/bad.yaml:6:",
        says=(),
    ),
    "a literal {first_name}": Bad(
        files=campaign(TEXT, "'Hello {first_name}'"),
        rule="template/placeholder",
        place="campaigns/bad.yaml:6:14",
        says=("`{first_name}` is a placeholder of Octopush's own", "hint: use `{{ first_name }}`"),
    ),
    "a literal {param1}": Bad(
        files=campaign(TEXT, "'Hello {param1}'"),
        rule="template/placeholder",
        place="campaigns/bad.yaml:6:14",
        says=("`{param1}` is a placeholder of Octopush's own", "hint: "),
    ),
    "a value that is a placeholder": Bad(
        files=campaign(FILE, "odd.csv", odd="phone_number,first_name\n+33600000125,{param1}\n"),
        rule="content/placeholder",
        place="campaigns/bad.yaml:6:7",
        says=("for 1 person (first campaigns/audiences/odd.csv:2)", "hint: "),
    ),
    "two campaigns of one name": Bad(
        files=campaign("channel: sms", "name: good\nchannel: sms"),
        rule="campaign/duplicate-name",
        place="campaigns/good.yaml:1:1",
        says=("the name 'good' is taken by campaigns/bad.yaml", "hint: "),
    ),
    "two keys alike": Bad(
        files=campaign("sender: OctoShop", "sender: OctoShop\nsender: OctoStore"),
        rule="yaml/duplicate-key",
        place="campaigns/bad.yaml:4:1",
        says=("`sender` stands on line 3 too: keep one",),
    ),
    "what is no YAML": Bad(
        files={"campaigns/bad.yaml": "channel: sms\n  purpose: alert\n"},
        rule="yaml/syntax",
        place="campaigns/bad.yaml:2:10",
        says=("a colon inside a value, or a line indented too far",),
    ),
    "a sender of two characters": Bad(
        files=campaign("OctoShop", "Oc"),
        rule="schema/pattern",
        place="campaigns/bad.yaml:3:1",
        says=("`sender`: a sender is 3 to 11 letters", "hint: "),
    ),
    "nobody left": Bad(
        files=where("first_name = 'Nobody'"),
        rule="audience/empty",
        place="campaigns/bad.yaml:6:3",
        says=("nobody is left: 3 rows, 3 left out by where", "hint: "),
    ),
    "an e-mail campaign whose rows hold phone numbers": Bad(
        files={
            "campaigns/bad.yaml": (
                "channel: email\npurpose: alert\nopen: true\n"
                "audience: {from: audiences/people.csv, columns: {email: phone_number}}\n"
                "metadata: {email_from: shop@example.com, subject: News}\ntext: Hello\n"
            )
        },
        rule="audience/max-rejected",
        place="campaigns/bad.yaml:4:12",
        says=("3 of 3 rows cannot be used", "people.csv:2: a phone number, not an e-mail address", "hint: "),
    ),
    "an inline number that is none": Bad(
        files=campaign(
            "audience: {from: audiences/people.csv, region: FR}",
            "recipients: [{phone_number: '+33612000', first_name: Ann}]",
        ),
        rule="recipients/address",
        place="campaigns/bad.yaml:5:15",
        says=("phone_number: not a valid number in FR", "hint: "),
    ),
    "a suppression with an unreadable address": Bad(
        files={
            "octoplan.yaml": "octoplan: 1\nsuppressions: {all: [{from: stop.csv, region: FR}]}\n",
            "stop.csv": "phone_number\n0600000124\nBertil\n",
        },
        rule="audience/suppression",
        place="stop.csv:3",
        says=("it could be someone who must not be reached", "hint: "),
    ),
    "a missing suppression": Bad(
        files={"octoplan.yaml": "octoplan: 1\nsuppressions: {all: [stop.csv]}\n"},
        rule="file/missing",
        place="octoplan.yaml:2:22",
        says=("no file stop.csv", "hint: "),
    ),
    "an exclusion with an unreadable address": Bad(
        files=campaign(
            "region: FR", "region: FR, exclude: [audiences/rivals.csv]", rivals="phone_number\n0600000124\nBertil\n"
        ),
        rule="audience/suppression",
        place="campaigns/audiences/rivals.csv:3",
        says=("it could be someone who must not be reached", "hint: "),
    ),
    "a sandbox environment that is none": Bad(
        files={"octoplan.yaml": "octoplan: 1\nenvironments:\n  sandbox: {gateway: octopush}\n"},
        rule="project/sandbox",
        place="octoplan.yaml:3:13",
        says=("always sends to the embedded sandbox", "hint: "),
    ),
}


@pytest.fixture
def applied(project: MakeProject) -> Folder:
    """Make a project that is good, and has been sent."""
    files = {"campaigns/good.yaml": GOOD, "campaigns/audiences/people.csv": PEOPLE}
    folder: Folder = project(files, after=(("apply", "--auto-approve"),))
    assert len(folder.messages()) == 3
    return folder


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_an_author_gets_wrong_is_said_once_where_it_stands_and_nothing_is_sent(bad: Bad, applied: Folder) -> None:
    before = applied.footprint()
    applied.write(bad.files)
    for command in bad.commands:
        outcome = applied.call(*command)
        assert (outcome.code, outcome.out) == (3, ""), command
        assert f"{bad.place}" in outcome.err
        assert f"[{bad.rule}]" in outcome.err
        for words in bad.says:
            assert words in outcome.err
        assert outcome.err.splitlines()[-1].endswith("nothing was sent.")
        assert_discreet(outcome.err)
    assert_json_says_the_same(bad, applied)
    assert applied.footprint() == before
    assert not list((applied.path / ".octoplan" / "tmp").iterdir())


def assert_json_says_the_same(bad: Bad, applied: Folder) -> None:
    """Expect a program to get the problem as a document, and nothing else."""
    outcome = applied.call(*bad.commands[0], "--json")
    assert (outcome.code, outcome.err) == (3, "")
    problem = outcome.json["problems"][0]
    place = [problem["file"], problem["line"], problem["column"]]
    assert ":".join(str(part) for part in place if part).startswith(bad.place)
    assert problem["rule"] == bad.rule
    assert_discreet(outcome.out)


def assert_discreet(said: str) -> None:
    for personal in PERSONAL:
        assert personal not in said


def test_what_targets_leave_out_is_not_looked_at(applied: Folder) -> None:
    applied.write(BAD["a misspelt key"].files)
    assert applied.call("validate", "--target", "good").code == 0
    assert applied.call("validate", "--target", "bad").code == 3


def test_the_problems_of_all_files_are_said_at_once(applied: Folder) -> None:
    applied.write({f"campaigns/{number}.yaml": GOOD.replace("purpose: alert\n", "") for number in range(3)})
    outcome = applied.call("validate")
    assert outcome.err.count("[schema/required]") == 3
    assert outcome.err.splitlines()[-1] == "3 problems in 3 files; nothing was sent."


def test_a_past_send_at_is_fine_where_everybody_has_had_the_message(applied: Folder) -> None:
    applied.write({"campaigns/good.yaml": GOOD.replace("open: true", "open: true\nsend_at: 2026-10-01T10:00:00+01:00")})
    assert applied.call("plan").code == 0
