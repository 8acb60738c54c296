"""Lint on the command line: every format shows it, only a STOP mention that Octopush would miss is an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.conftest import Folder, MakeProject

HEAD = "channel: sms\npurpose: {purpose}\nopen: true\naudience: {{from: people.csv}}\n"
WARNED = HEAD.format(purpose="alert") + "text: Hello  {{ first_name }}, TODO\n"
SALE = HEAD.format(purpose="wholesale") + "text: Sale, {{ first_name }}!TEXT\n"
SENT = "and is sent as it stands"
FRENCH = "+336000003{:02}"
BELGIAN = "+324700003{:02}"


def people(number: int, *, belgians: int = 0, column: str = "") -> str:
    rows = [FRENCH.format(one) for one in range(number)] + [BELGIAN.format(one) for one in range(belgians)]
    return "phone_number,first_name,extra\n" + "".join(f"{row},Zuleika{at},{column}\n" for at, row in enumerate(rows))


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    made: Folder = project({"campaigns/one.yaml": WARNED, "campaigns/people.csv": people(3)})
    return made


def test_warnings_are_said_and_change_no_exit_code(folder: Folder) -> None:
    outcome = folder.call("validate")
    assert (outcome.code, outcome.out) == (0, "Valid: 1 campaigns, 3 people.\n")
    assert outcome.err.splitlines()[::2] == [
        "campaigns/one.yaml:5:12: warning: 2 spaces between two words [lint/double-space]",
        f"campaigns/one.yaml:5:32: warning: `TODO` looks like a placeholder, {SENT} [lint/placeholder-left]",
        "",
    ]
    assert outcome.err.splitlines()[-1] == "2 warnings in 1 file."
    assert folder.call("apply", "--auto-approve").code == 0
    assert len(folder.messages()) == 3


def test_strict_takes_warnings_for_errors(folder: Folder) -> None:
    outcome = folder.call("validate", "--strict")
    assert (outcome.code, outcome.out) == (3, "")
    assert ":5:12: error: 2 spaces" in outcome.err
    assert outcome.err.splitlines()[-1] == "2 problems in 1 file; nothing was sent."
    folder.write({"campaigns/one.yaml": WARNED.replace("  {{", " {{").replace(", TODO", "")})
    assert folder.call("validate", "--strict").code == 0


@pytest.mark.parametrize(("strict", "level"), [((), "warning"), (("--strict",), "error")])
def test_every_form_for_ci_tells_warnings_from_errors(strict: tuple[str, ...], level: str, folder: Folder) -> None:
    def form(name: str) -> str:
        outcome = folder.call("validate", *strict, "--format", name)
        assert outcome.code == (3 if strict else 0)
        return outcome.out

    assert form("github").startswith(f"::{level} file=campaigns/one.yaml,line=5,col=12,title=lint/double-space::")
    assert {row["severity"] for row in json.loads(form("gitlab"))} == {"blocker" if strict else "minor"}
    (run,) = json.loads(form("sarif"))["runs"]
    assert {result["level"] for result in run["results"]} == {level}
    assert [rule["help"]["text"].split()[-1] for rule in run["tool"]["driver"]["rules"]] == [
        "docs/lint/double-space.md.",
        "docs/lint/placeholder-left.md.",
    ]
    suites = ET.fromstring(form("junit"))  # noqa: S314 - our own
    assert suites.attrib["failures"] == ("1" if strict else "0")
    said = suites.find(".//failure") if strict else suites.find(".//system-out")
    assert said is not None
    assert len((said.text or "").splitlines()) == 2
    document = json.loads(form("json"))
    assert {row["severity"] for row in document["problems" if strict else "warnings"]} == {level}


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_every_format_of_a_plan_shows_and_counts_them(form: str, folder: Folder) -> None:
    outcome = folder.call("plan", "--format", form)
    assert outcome.code == 0
    assert "2 warnings of lint" in outcome.out
    assert "[lint/double-space]" in outcome.out or form == "json"
    if form == "json":
        assert outcome.json["summary"]["findings"] == 2
        (step,) = outcome.json["steps"]
        assert [(one["rule"], one["line"], one["column"]) for one in step["findings"]] == [
            ("lint/double-space", 5, 12),
            ("lint/placeholder-left", 5, 32),
        ]


def test_what_is_not_sent_any_more_is_not_looked_at_by_plan(folder: Folder) -> None:
    assert folder.call("apply", "--auto-approve").code == 0
    assert "lint" not in folder.call("plan").out
    folder.write({"campaigns/one.yaml": WARNED.replace("open: true", "not_after: 2020-01-01T10:00:00Z")})
    assert folder.call("validate").err == ""


@pytest.mark.parametrize(
    ("files", "left"),
    [
        ({"campaigns/one.yaml": f"{WARNED}lint: {{off: [double-space]}}\n"}, 1),
        ({"octoplan.yaml": "octoplan: 1\nlint: {off: [double-space]}\n"}, 1),
        ({"octoplan.yaml": "octoplan: 1\ndefaults: {all: {lint: {off: [placeholder-left]}}}\n"}, 1),
        ({"octoplan.yaml": "octoplan: 1\ndefaults: {sms: {lint: {off: [placeholder-left]}}}\n"}, 1),
        (
            {
                "octoplan.yaml": "octoplan: 1\nlint: {off: [double-space]}\n",
                "campaigns/one.yaml": f"{WARNED}lint: {{off: [placeholder-left]}}\n",
            },
            0,
        ),
    ],
)
def test_rules_are_switched_off_by_campaign_project_and_default(
    files: dict[str, str], left: int, folder: Folder
) -> None:
    folder.write(files)
    assert len(folder.call("validate", "--json").json["warnings"]) == left
    assert folder.call("plan", "--json").json["summary"]["findings"] == left


@pytest.mark.parametrize("whole", [True, False], ids=["project", "campaign"])
@pytest.mark.parametrize("typed", ["all_caps", "lint/all-caps", "allcaps"])
def test_a_rule_that_does_not_exist_is_a_problem_with_a_suggestion(typed: str, whole: bool, folder: Folder) -> None:  # noqa: FBT001 - a case
    off = f"lint: {{off: [{typed}]}}\n"
    folder.write({"octoplan.yaml": f"octoplan: 1\n{off}"} if whole else {"campaigns/one.yaml": WARNED + off})
    outcome = folder.call("validate")
    assert outcome.code == 3
    assert f"{'octoplan.yaml:2' if whole else 'campaigns/one.yaml:6'}:14: error: " in outcome.err
    assert "there is no such rule of lint" in outcome.err
    assert "did you mean all-caps?" in outcome.err


def test_what_is_switched_off_changes_no_plan_file(folder: Folder) -> None:
    out = str(folder.path / "reviewed.plan")
    assert folder.call("plan", "--out", out).code == 0
    folder.write({"campaigns/one.yaml": f"{WARNED}lint: {{off: [double-space]}}\n"})
    assert folder.call("apply", out, "--auto-approve").code == 0


def sale(folder: Folder, text: str = "", **options: object) -> Folder:
    column = str(options.pop("column", ""))
    french, belgians = int(str(options.pop("french", 3))), int(str(options.pop("belgians", 0)))
    written = SALE.replace("TEXT", text) + "".join(f"{key}: {value}\n" for key, value in options.items())
    people_csv = people(french, belgians=belgians, column=column)
    return folder.write({"campaigns/one.yaml": written, "campaigns/people.csv": people_csv})


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_a_mention_that_octopush_would_miss_is_said(command: str, folder: Folder) -> None:
    sale(folder, belgians=2)
    outcome = folder.call(command)
    assert outcome.code == 0
    said = "no STOP mention in the text for 3 people with a French number: Octopush refuses it with code 121"
    assert f"{said} [lint/stop-missing]" in outcome.out + outcome.err
    assert folder.call("validate", "--strict").code == 3
    assert folder.messages() == ()


def test_that_is_what_octopush_does(folder: Folder) -> None:
    sale(folder)
    assert folder.call("validate").code == 0
    assert folder.call("apply", "--auto-approve").code == 8
    assert folder.messages() == ()
    assert {entry.code for entry in folder.requests()} == {121}


def test_a_mention_in_another_spelling_is_told_where_it_stands(folder: Folder) -> None:
    sale(folder, " Stop 30101")
    outcome = folder.call("validate")
    assert outcome.code == 0
    (line,) = [line for line in outcome.err.splitlines() if "lint/" in line]
    assert line.startswith("campaigns/one.yaml:5:31: warning: ")
    assert line.endswith("[lint/stop-misspelled]")


@pytest.mark.parametrize("text", ["", " Stop 30101"])
def test_without_anybody_in_france_it_is_a_warning(text: str, folder: Folder) -> None:
    sale(folder, text, french=0, belgians=2)
    for command in ("validate", "plan"):
        outcome = folder.call(command)
        assert outcome.code == 0
        assert f"lint/stop-{'misspelled' if text else 'missing'}" in outcome.out + outcome.err
    assert folder.call("apply", "--auto-approve").code == 0
    assert len(folder.messages()) == 2


def test_only_people_who_get_no_mention_count(folder: Folder) -> None:
    sale(folder, "{% if first_name != 'Zuleika0' %} STOP au 30101{% endif %}")
    assert "for 1 person with a French number" in folder.call("validate").err
    assert "for 1 person with a French number" in folder.call("plan").out
    sale(folder, "{% if first_name == 'Zuleika0' %} STOP au XXXXX{% else %} STOP au 30101{% endif %}")
    assert folder.call("validate", "--strict").code == 0
    assert folder.call("apply", "--auto-approve").code == 0


def test_a_mention_may_come_from_a_var_or_a_column(folder: Folder) -> None:
    sale(folder, " {{ extra }}", column="STOP au 30101")
    assert folder.call("validate", "--strict").code == 0
    sale(folder, " {{ end }}", vars="{end: STOP au 30101}")
    assert folder.call("validate", "--strict").code == 0
    assert folder.call("apply", "--auto-approve").code == 0
    assert len(folder.messages()) == 3


def test_people_given_inline_are_asked_too(folder: Folder) -> None:
    recipients = (
        '[{phone_number: "+33600000301", first_name: Ann}, {phone_number: "+32470000301", first_name: Zuleika}]'
    )
    one = SALE.replace("audience: {from: people.csv}", f"recipients: {recipients}")
    folder.write({"campaigns/one.yaml": one.replace("TEXT", "")})
    assert "for 1 person with a French number" in folder.call("validate").err
    conditional = "{% if first_name == 'Ann' %} STOP au 30101{% endif %}"
    folder.write({"campaigns/one.yaml": one.replace("TEXT", conditional)})
    assert folder.call("validate", "--strict").code == 0


@pytest.mark.parametrize("personalization", ["client", "server"])
def test_texts_that_are_composed_are_asked_too(personalization: str, folder: Folder) -> None:
    many = 20_500
    rows = "".join(f"+3360{number:07},Zuleika {number},\n" for number in range(many))
    sale(folder, "{% if first_name != 'Zuleika 7' %} STOP au 30101{% endif %}", personalization=personalization)
    folder.write({"campaigns/people.csv": f"phone_number,first_name,extra\n{rows}"})
    assert "for 1 person with a French number" in folder.call("validate").err
    assert "for 1 person with a French number" in folder.call("plan", "--simulate", "none").out


def test_a_mention_that_takes_another_part_is_counted_in_people(folder: Folder) -> None:
    sale(folder, f" {'a' * 130} STOP au 30101")  # "Sale, Zuleika0!" and so on: 15 characters
    outcome = folder.call("plan")
    assert outcome.code == 0
    assert "lint" not in outcome.out
    folder.write(
        {"campaigns/people.csv": people(3).replace("Zuleika0", "Zuleika the first").replace("Zuleika1", "Z" * 99)}
    )
    outcome = folder.call("plan")
    where = f"campaigns/one.yaml:5:{32 + 130}"
    assert f"{where}: the STOP mention takes another part for 1 of 3 people [lint/stop-costs-a-part]" in outcome.out
    assert folder.call("validate", "--strict").code == 0, "that is a question about messages"


@pytest.mark.parametrize("edition", [1, 2])
def test_a_text_that_differs_only_in_what_nobody_sees_is_told(edition: int, folder: Folder) -> None:
    plain = HEAD.format(purpose="alert") + "text: Hello {{ first_name }} of ours\n"
    folder.write({"campaigns/one.yaml": plain})
    assert folder.call("apply", "--auto-approve").code == 0
    changed = plain.replace("of ours", "of  ours") + f"edition: {edition}\n"
    folder.write({"campaigns/one.yaml": changed, "campaigns/people.csv": people(4)})
    said = "campaigns/one.yaml:5:33: this differs from what was sent only in characters that nobody sees"
    assert said in folder.call("plan").out
    assert said not in folder.call("validate").err
    folder.write({"campaigns/one.yaml": f"{changed}lint: {{off: [invisible-difference]}}\n"})
    assert "nobody sees" not in folder.call("plan").out
    folder.write({"campaigns/one.yaml": changed.replace("of  ours", "of yours")})
    assert "nobody sees" not in folder.call("plan").out


def test_no_finding_shows_a_row_or_an_address(folder: Folder) -> None:
    text = " see http://example.com/{{ first_name }}?a=+33600000399 and http://ann@example.com [name] Stop 30101"
    sale(folder, text, belgians=1)
    outcomes = [folder.call("validate", "--format", form) for form in ("json", "github", "gitlab", "sarif", "junit")]
    outcomes.append(folder.call("validate"))
    # the words themselves are shown, as their author wrote them
    shown = text.replace("+33600000399", "1").replace("ann@", "")
    folder.write({"campaigns/one.yaml": SALE.replace("TEXT", f"{shown} STOP au 30101")})
    outcomes += [folder.call("plan", "--format", form) for form in ("text", "json", "markdown", "html")]
    for outcome in outcomes:
        assert "lint/" in outcome.out + outcome.err
        for secret in ("Zuleika", "600000399", "3600000", "ann@"):
            assert secret not in outcome.out + outcome.err


def test_a_problem_and_a_warning_are_told_together(folder: Folder) -> None:
    folder.write({"campaigns/one.yaml": WARNED.replace("{{ first_name }}", "{{ first_name }}{{ extra }}")})
    outcome = folder.call("validate")
    assert outcome.code == 3
    assert outcome.err.splitlines()[-1] == "1 problem and 2 warnings in 1 file; nothing was sent."
