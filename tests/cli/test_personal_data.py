"""Whatever octoplan is asked, and however it ends: nobody of the audience is in what it says or leaves behind.

Not looked at, since people belong there: contact files, campaign files, and the sandbox's inbox.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Folder, Gateway, MakeProject, Outcome

COUNT = 60
NAMES = tuple(f"Xanthippe{number:02}" for number in range(COUNT))
TOWNS = ("Ploudalmezeau", "Zwevegemstad")
# The shortest piece by which each would be known: in E.164, with spaces, without a country code.
NUMBERS = tuple(f"7{number:02}64" for number in range(COUNT))
ROWS = "".join(
    f"06 00 07 {n // 10}{n % 10} 64;{NAMES[n]};{NAMES[n]}@mail{n}.example.org;{TOWNS[n % 2]}\n" for n in range(COUNT)
)
SECRETS = (
    *NAMES,
    *(name.lower() for name in NAMES),
    *TOWNS,
    *(f"6000{number}" for number in NUMBERS),
    *(f"07 {number[1:3]} 64" for number in NUMBERS),
    *(f"@mail{number}.example.org" for number in range(COUNT)),
    "Wilhelmine",
    "600079999",
)
FILES = {
    "octoplan.yaml": (
        "octoplan: 1\nsuppressions: {all: [{from: audiences/stop.csv, region: FR}]}\n"
        "environments: {sandbox: {gateway: sandbox, frame_size: 5}}\n"
    ),
    "audiences/stop.csv": "phone_number;name\n+33600079999;Wilhelmine\n",
    "campaigns/audiences/people.csv": f"phone_number;first_name;email;town\n{ROWS}",
    "campaigns/sms.yaml": (
        "channel: sms\npurpose: alert\nopen: true\n"
        "audience: {from: audiences/people.csv, region: FR, where: town = 'Ploudalmezeau'}\n"
        "text: Hello {{ first_name }} of {{ town }}\n"
    ),
    "campaigns/email.yaml": (
        "channel: email\npurpose: alert\nopen: true\naudience: {from: audiences/people.csv}\n"
        "text: Hello {{ first_name }}\n"
        "metadata: {email_from: shop@example.com, subject: 'For {{ first_name }}', name_from: '{{ town }}'}\n"
    ),
    "campaigns/inline.yaml": (
        "channel: sms\npurpose: alert\nopen: true\ntext: Hello {{ name }}\n"
        "recipients: [{phone_number: '+33600079999', name: Wilhelmine}, {phone_number: '+33600076164', name: Jo}]\n"
    ),
}
PERSONAL = FILES["campaigns/sms.yaml"] + "personalization: server\n"
EXEMPT = ("audiences", "campaigns")


def assert_nobody_in(said: str | bytes, where: object) -> None:
    content = said if isinstance(said, bytes) else said.encode()
    found = [secret for secret in SECRETS if secret.encode() in content]
    assert not found, (where, found)


def assert_discreet(folder: Folder, *outcomes: Outcome) -> None:
    """Search all bytes that a call left behind or said."""
    for outcome in outcomes:
        assert_nobody_in(outcome.out, "stdout")
        assert_nobody_in(outcome.err, "stderr")
        assert "Traceback" not in outcome.err
    for path in folder.path.rglob("*"):
        if path.is_file() and not is_exempt(path):
            assert_nobody_in(path.read_bytes(), path)


def is_exempt(path: Path) -> bool:
    return path.parent.name in EXEMPT or path.name.startswith("inbox.db")


@pytest.fixture
def folder(project: MakeProject) -> Folder:
    return project(FILES)


@pytest.fixture
def remote(folder: Folder, gateway: Gateway) -> Folder:
    """Make the project send to the gateway, one request at a time, with its state ready."""
    local = f'{{gateway: {{url: "{gateway.url}"}}, require_plan: false, max_in_flight: 1, frame_size: 5}}'
    folder.write({"octoplan.yaml": f"octoplan: 1\nenvironments:\n  local: {local}\n"})
    assert folder.call("state", "init", "--env", "local").code == 0
    return folder


def test_what_is_searched_for_would_be_found(folder: Folder) -> None:
    folder.call("apply", "--auto-approve")
    inbox = b"".join(path.read_bytes() for path in (folder.path / ".octoplan").glob("inbox.db*"))
    for secret in (NAMES[0], NAMES[1], f"6000{NUMBERS[0]}", f"{NAMES[3]}@mail3.example.org"):
        assert secret.encode() in inbox


def test_a_campaign_on_its_way_leaves_nobody_behind(folder: Folder) -> None:
    said = [folder.call("validate", "-v"), folder.call("validate", "--json")]
    forms = ("text", "json", "markdown", "html")
    said += [folder.call("plan", "--format", form, "-v", "--simulate", "all") for form in forms]
    said.append(folder.call("apply", "--auto-approve", "-v"))
    assert [outcome.code for outcome in said] == [0] * len(said)
    assert len(folder.messages()) == COUNT // 2 + COUNT + 1
    said += [folder.call("status"), folder.call("status", "--json"), folder.call("plan", "--json")]
    said += [folder.call("state", "list"), folder.call("state", "list", "--json")]
    said += [folder.call("state", "show", "sms"), folder.call("state", "show", "email", "--json")]
    assert [outcome.code for outcome in said] == [0] * len(said)
    assert_discreet(folder, *said)


def test_events_as_json_name_nobody(folder: Folder) -> None:
    outcome = folder.call("apply", "--auto-approve", "--json", "-v")
    assert outcome.code == 0
    assert_discreet(folder, outcome)


def test_a_rendering_in_a_pipe_is_masked(folder: Folder) -> None:
    said = [
        folder.call("render", name, "--limit", "70", *flags) for name in ("sms", "email") for flags in ((), ("--json",))
    ]
    said.append(folder.call("render", "email", "--to", f"{NAMES[0]}@mail0.example.org"))
    assert [outcome.code for outcome in said] == [0] * len(said)
    assert_discreet(folder, *said)


def test_a_plan_file_names_nobody(folder: Folder) -> None:
    out = folder.path / "reviewed.plan"
    planned = folder.call("plan", "--out", str(out))
    assert planned.code == 0
    assert out.stat().st_size > 0
    applied = folder.call("apply", str(out), "--auto-approve")
    assert applied.code == 0
    assert len(folder.messages()) == COUNT // 2 + COUNT + 1
    assert_discreet(folder, planned, applied)


FAULTS = {
    "blank values": FILES["campaigns/sms.yaml"].replace(
        "{{ first_name }}", "{{ first_name | replace(first_name, '') | int }}"
    ),
    "a value that is no number": FILES["campaigns/sms.yaml"].replace("{{ town }}", "{{ town + 1 }}"),
    "a division": FILES["campaigns/sms.yaml"].replace("{{ town }}", "{{ first_name / town }}"),
    "an attribute": FILES["campaigns/sms.yaml"].replace("{{ town }}", "{{ town.no.such }}"),
    "a where that fails": FILES["campaigns/sms.yaml"].replace("town = 'Ploudalmezeau'", "town::integer = 1"),
    "a where that names a person": FILES["campaigns/sms.yaml"].replace(
        "= 'Ploudalmezeau'", "= 'Ploudalmezeau' nonsense"
    ),
    "a wrong address column": FILES["campaigns/sms.yaml"].replace("region: FR", "columns: {phone_number: first_name}"),
    "an e-mail campaign of numbers": FILES["campaigns/email.yaml"].replace(
        "people.csv", "people.csv, columns: {email: town}"
    ),
    "too long": FILES["campaigns/sms.yaml"].replace("Hello", f"{'x' * 1210}"),
}


@pytest.mark.parametrize("campaign", FAULTS.values(), ids=FAULTS)
def test_what_fails_on_a_row_does_not_quote_it(campaign: str, folder: Folder) -> None:
    folder.write({"campaigns/sms.yaml": campaign})
    commands = (("validate", "-v"), ("plan", "--json", "-v"), ("apply", "--auto-approve", "-v"))
    said = [folder.call(*command) for command in commands]
    assert_discreet(folder, *said)


DIRTY = {
    "an unclosed quote": b'phone_number;first_name\n0600071064;"Wilhelmine\n0600071064;Wilhelmine\n',
    "a row too long": b"phone_number;first_name\n0600071064;Wilhelmine;600079999;Wilhelmine\n",
    "not UTF-8": b"phone_number;first_name\n0600071064;Wilhelmine\xff\n",
    "a null byte": b"phone_number;first_name\n0600071064;Wilhelmine\x00\n",
    "one column": b"+33600079999\n600079999\nWilhelmine\n",
    "a header of people": b"0600071064;Wilhelmine\n+33600079999;Wilhelmine\n",
}


@pytest.mark.parametrize("content", DIRTY.values(), ids=DIRTY)
def test_a_broken_contact_file_is_not_quoted(content: bytes, folder: Folder) -> None:
    folder.write({"campaigns/audiences/people.csv": content, "campaigns/email.yaml": None})
    said = [folder.call(command, "--json" if command == "plan" else "-v") for command in ("validate", "plan")]
    assert all(outcome.code == 3 for outcome in said)
    assert_discreet(folder, *said)


def test_a_killed_apply_leaves_nobody_in_any_file(remote: Folder, gateway: Gateway) -> None:
    gateway.pause = 0.5
    gateway.kill_at(2, remote.start("apply", "--auto-approve", "--env", "local", "-v"))
    assert_discreet(remote)
    gateway.pause = 0
    again = remote.call("apply", "--auto-approve", "--env", "local", "-v", at=datetime.now(UTC))
    assert again.code == 0
    assert_discreet(remote, again)
    sent = [(message.channel, message.address) for message in gateway.sandbox.messages()]
    assert len(sent) == len(set(sent)) == COUNT // 2 + COUNT + 2
    assert not list((remote.path / ".octoplan" / "tmp").iterdir())


def test_a_plan_killed_while_it_holds_everybody_leaves_nobody_in_any_file(remote: Folder, gateway: Gateway) -> None:
    gateway.pause = 1
    text = (remote.path / "octoplan.yaml").read_text().replace("frame_size", "simulate_to: audience, frame_size")
    remote.write({"octoplan.yaml": text})
    gateway.kill_at(1, remote.start("plan", "--env", "local"))
    assert_discreet(remote)


def test_an_answer_that_names_people_is_not_repeated(remote: Folder, gateway: Gateway) -> None:
    body = f'{{"code": 4711, "message": "{NAMES[0]} at +336000{NUMBERS[0]}", "sms_ticket": "{NAMES[1]}"}}'.encode()
    gateway.script = [(400, body), (400, body)]
    outcome = remote.call("apply", "--auto-approve", "--env", "local", "-v", hurried=True)
    assert outcome.code == 9
    said = [outcome, remote.call("status", "--env", "local"), remote.call("status", "--env", "local", "--json")]
    assert_discreet(remote, *said)


def test_a_real_process_says_and_leaves_nothing(folder: Folder) -> None:
    said = [folder.run("plan", "-v"), folder.run("apply", "--auto-approve", "-v"), folder.run("plan", "--json")]
    assert [outcome.code for outcome in said] == [0, 0, 0]
    assert_discreet(folder, *said)


def test_callbacks_leave_keys_and_counts_and_nobody(folder: Folder) -> None:
    """Also those that cannot be used, and those that are about nobody whom the state knows."""
    assert folder.call("apply", "--auto-approve").code == 0
    tickets = {message.address: message.ticket for message in folder.messages()}
    number, mail = f"+336000{NUMBERS[0]}", f"{NAMES[3]}@mail3.example.org"
    told = [
        {
            "number": number,
            "message_id": tickets[number],
            "status": "DELIVERED",
            "delivery_date": "2026-11-03",
        },
        {"number": number, "message_id": tickets[number], "text": f"STOP {NAMES[0]}", "stop_date": ""},
        {"number": number, "message_id": tickets[number], "text": f"I am {NAMES[0]}", "reception_date": NAMES[0]},
        {"message_id": tickets[mail], "deliveries": [{"email": mail, "status": NAMES[3].upper(), "delivery_date": ""}]},
        {"number": f"+336000{NUMBERS[9]}", "stop_date": "", "message_id": "of another account"},
        {"number": f"07 {NUMBERS[5][1:3]} 64", "stop_date": NAMES[5]},
        {"number": NAMES[6], "stop_date": ""},
        {NAMES[7]: f"+336000{NUMBERS[7]}"},
    ]
    lines = "\n".join([*(json.dumps(one) for one in told), f"{NAMES[8]}=%", f'{{"{NAMES[8]}'])
    said = [folder.run("ingest", "-v", typed=lines), folder.run("ingest", "--json", typed=lines)]
    assert [outcome.code for outcome in said] == [3, 3]
    assert said[0].last == "Ingested: 2 deliveries, 2 STOPs, 1 reply; 5 new; 5 cannot be used."
    said += [folder.call("status"), folder.call("status", "--json"), folder.call("state", "export")]
    said += [folder.run("why", "sms", *flags, typed=number) for flags in ((), ("--json",))]
    again = FILES["campaigns/sms.yaml"].replace("alert", "wholesale").replace("Hello", "STOP au 30101, hello")
    folder.write({"campaigns/sms.yaml": f"{again}edition: 2\n"})
    said += [folder.call("plan", "-v"), folder.call("apply", "--auto-approve", "--json", "-v")]
    assert [outcome.code for outcome in said[2:]] == [0] * len(said[2:])
    assert_discreet(folder, *said)


# Parameters that the gateway is to fill in


@pytest.fixture
def personal(remote: Folder) -> Folder:
    return remote.write({"campaigns/sms.yaml": PERSONAL, "campaigns/email.yaml": None, "campaigns/inline.yaml": None})


def test_what_the_gateway_is_to_fill_in_is_told_to_it_and_to_nobody_else(personal: Folder, gateway: Gateway) -> None:
    out = personal.path / "reviewed.plan"
    said = [personal.call("plan", "--env", "local", "--format", form) for form in ("text", "json", "markdown", "html")]
    said.append(personal.call("plan", "--env", "local", "-v", "--out", str(out)))
    said.append(personal.call("render", "sms", "--env", "local", "--limit", "40"))
    said.append(personal.call("apply", str(out), "--env", "local", "--auto-approve", "-v", "--json"))
    said += [personal.call("status", "--env", "local"), personal.call("state", "export", "--env", "local")]
    assert [outcome.code for outcome in said] == [0] * len(said)
    told = b"".join(gateway.bodies)
    assert b"{param1}" in told
    assert all(f'"{name}"'.encode() in told for name in NAMES[::2]), "which is where they would be found"
    assert_discreet(personal, *said)


def test_an_unanswered_request_keeps_its_parameters_under_seal_for_its_replay(
    personal: Folder, gateway: Gateway
) -> None:
    gateway.script[:] = [None] * 200
    cut = personal.call("apply", "--env", "local", "--auto-approve", "-v", hurried=True)
    assert cut.code == 9
    assert any(f'"{name}"'.encode() in gateway.bodies[0] for name in NAMES)
    assert_discreet(personal, cut, personal.call("status", "--env", "local"))
    sealed = gateway.bodies[0]
    gateway.script[:] = []
    again = personal.call("apply", "--env", "local", "--auto-approve", "-v", at=NOW + timedelta(hours=1))
    assert again.code == 0
    assert sealed in gateway.bodies[-20:]
    assert_discreet(personal, again)


def test_a_killed_apply_leaves_no_parameter_in_any_file(personal: Folder, gateway: Gateway) -> None:
    gateway.pause = 0.5
    gateway.kill_at(2, personal.start("apply", "--auto-approve", "--env", "local", "-v"))
    assert any(f'"{name}"'.encode() in gateway.bodies[0] for name in NAMES), "parameters were in flight"
    assert_discreet(personal)


@pytest.mark.parametrize("fault", ["a value that is no number", "a division", "an attribute", "too long"])
def test_a_fault_in_what_is_composed_quotes_nobody(fault: str, folder: Folder) -> None:
    folder.write({"campaigns/sms.yaml": FAULTS[fault] + "personalization: server\n"})
    said = [folder.call(*command) for command in (("plan", "--json", "-v"), ("apply", "--auto-approve", "-v"))]
    assert all(outcome.code == 3 for outcome in said)
    assert_discreet(folder, *said)
