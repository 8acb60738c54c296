"""The benchmarks measure what they say; tested with other commands, so that no test depends on octoplan's speed."""

import json
import subprocess
import sys
import sysconfig
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks import by_hand, material, measure, million, rails, server, table
from benchmarks.__main__ import main
from benchmarks.measure import Command, CommandFailed, Pair, Sample, Stopwatch, alternate
from benchmarks.suite import Bench, Programs
from benchmarks.table import Row
from octoplan.sandbox.queries import MESSAGES
from octoplan.sandbox.records import Query
from octoplan.sandbox.storage import Storage

MIB = table.MEBIBYTE


def python(folder: Path, code: str) -> Command:
    return Command(argv=(sys.executable, "-I", "-S", "-c", code), folder=folder)


def ticking(*readings: float) -> Stopwatch:
    return Stopwatch(clock=iter(readings).__next__)


def pair(ours: float, theirs: float) -> Pair:
    return Pair(ours=Sample(seconds=ours, peak_bytes=0), theirs=Sample(seconds=theirs, peak_bytes=0))


def test_a_sample_is_the_wall_time_of_the_whole_process(tmp_path: Path) -> None:
    assert ticking(10.0, 12.5).run(python(tmp_path, "pass")).seconds == 2.5


def test_a_sample_holds_the_peak_of_the_process_even_if_it_was_given_back(tmp_path: Path) -> None:
    small = ticking(0, 1).run(python(tmp_path, "pass"))
    large = ticking(0, 1).run(python(tmp_path, "blob = b'x' * (150 << 20); del blob"))
    assert large.peak_bytes >= 150 * MIB
    assert large.peak_bytes - small.peak_bytes < 200 * MIB


def test_a_command_runs_in_its_folder_with_the_given_variables_and_no_others(tmp_path: Path) -> None:
    code = "import os, pathlib; pathlib.Path('seen').write_text(os.environ['SEEN'] + os.environ.get('PATH', ''))"
    Stopwatch(clock=iter((0.0, 1.0)).__next__, variables={"SEEN": "yes"}).run(python(tmp_path, code))
    assert (tmp_path / "seen").read_text() == "yes"


def test_what_a_command_needs_is_put_right_before_the_clock_starts(tmp_path: Path) -> None:
    order: list[str] = []

    def clock() -> float:
        order.append("clock")
        return 0.0

    Stopwatch(clock=clock).run(
        Command(argv=(sys.executable, "-c", ""), folder=tmp_path, prepare=lambda: order.append("prepare"))
    )
    assert order == ["prepare", "clock", "clock"]


def test_a_command_that_fails_has_no_time_and_its_complaint_is_passed_on(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"(?s)ended with 7.*the disk is full"):
        ticking(0, 1).run(python(tmp_path, "import sys; sys.stderr.write('the disk is full'); sys.exit(7)"))


def test_a_command_that_is_killed_has_no_time_either(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="ended with -9"):
        ticking(0, 1).run(python(tmp_path, "import os; os.kill(os.getpid(), 9)"))


def test_the_two_take_turns_and_the_first_round_is_thrown_away() -> None:
    order: list[str] = []

    def run(command: Command) -> Sample:
        order.append(command.argv[0])
        return Sample(seconds=float(len(order)), peak_bytes=0)

    ours, theirs = (Command(argv=(name,), folder=Path()) for name in ("a", "b"))
    pairs = alternate(ours, theirs, rounds=5, run=run)
    assert order == ["a", "b"] * 6
    assert [pair.ours.seconds for pair in pairs] == [3, 5, 7, 9, 11]


def test_fewer_than_five_rounds_are_refused() -> None:
    command = Command(argv=("a",), folder=Path())
    with pytest.raises(ValueError, match="4 rounds are too few"):
        alternate(command, command, rounds=4, run=lambda _: Sample(seconds=1, peak_bytes=0))


def test_a_ratio_is_taken_within_each_pair_so_that_a_slow_minute_does_not_count() -> None:
    row = table.ratios("steady", [pair(1, 2), pair(10, 20), pair(100, 200)], 0.5)
    assert row.values == (0.5, 0.5, 0.5)
    assert row.is_ok


@pytest.mark.parametrize(
    ("values", "bound", "unit", "is_ok"),
    [
        ((0.1, 0.5, 9.0), 0.5, "x", True),  # a ratio is judged by its median
        ((0.1, 0.51, 0.6), 0.5, "x", False),
        ((100.0, 400.0, 90.0), 400, "MiB", True),
        ((100.0, 401.0, 90.0), 400, "MiB", False),  # memory by its peak
    ],
)
def test_a_row_is_over_only_beyond_its_bound(values: tuple[float, ...], bound: float, unit: str, is_ok: bool) -> None:  # noqa: FBT001 - a column of the table above
    row = Row(name="a", values=values, bound=bound, unit="x" if unit == "x" else "MiB")
    assert row.is_ok is is_ok


def test_the_table_shows_name_median_min_max_bound_and_verdict() -> None:
    rows = [
        Row(name="short", values=(0.2, 0.1, 0.9), bound=0.5),
        Row(name="a longer name", values=(401.2,), bound=400, unit="MiB"),
    ]
    assert table.show(rows).splitlines() == [
        "what            median      min      max    bound",
        "short           0.20 x   0.10 x   0.90 x   0.50 x  ok",
        "a longer name  401 MiB  401 MiB  401 MiB  400 MiB  over",
    ]


def test_every_person_of_the_large_project_has_a_number_of_their_own(tmp_path: Path) -> None:
    project = material.audience_project(tmp_path, people=material.PEOPLE, texts=material.TEXTS)
    rows = material.contacts_of(project).read_text(encoding="utf-8").splitlines()[1:]
    assert len({row.split(",")[0] for row in rows}) == material.PEOPLE
    assert all(len(row.split(",")[0]) == len("+33600000000") for row in rows)
    assert len({row.split(",")[3] for row in rows}) == material.TEXTS


def test_the_script_to_compare_with_writes_one_request_body_per_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = material.audience_project(tmp_path, people=30, texts=3)
    by_hand.main(str(material.contacts_of(project)), str(material.template_of(project)))
    bodies = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len({body["recipients"][0]["phone_number"] for body in bodies}) == 30
    assert len({body["text"] for body in bodies}) == 3
    assert "Sainte-Anne 2" in bodies[2]["text"]


def test_every_plan_is_cold_and_every_pair_is_measured_in_one_run(tmp_path: Path) -> None:
    ran: list[tuple[str, bool]] = []

    def run(command: Command) -> Sample:
        command.prepare()
        left = command.folder / ".octoplan"
        ran.append((" ".join(Path(word).name for word in command.argv), left.exists()))
        left.mkdir(exist_ok=True)
        return Sample(seconds=1.0, peak_bytes=MIB)

    programs = Programs(octoplan=Path("octoplan"), mailmerge=Path("mailmerge"), python=Path("python"))
    rows = list(Bench(programs=programs, folder=tmp_path, rounds=5, run=run).rows())
    assert [(row.bound, row.unit) for row in rows] == [(0.5, "x"), (1.5, "x"), (3, "x"), (0.3, "x"), (400, "MiB")]
    assert [name for name, _ in ran[::12]] == [
        "octoplan --help",
        "octoplan validate",
        "octoplan validate",
        "octoplan plan --simulate none",
    ]
    assert not any(warm for name, warm in ran if name.startswith("octoplan"))
    assert {name for name, _ in ran[1:36:2]} == {"mailmerge --help"}
    assert {name for name, _ in ran[37::2]} == {"python by_hand.py contacts.csv text.txt"}


def programs_that(folder: Path, *, octoplan: str, mailmerge: str = "exit 0", by_hand: str = ":") -> Path:
    """Shell bodies → the interpreter of a folder in which the two programs do that."""
    for name, body in (
        ("octoplan", octoplan),
        ("mailmerge", mailmerge),
        ("python", f'{by_hand}; exec "{sys.executable}" "$@"'),
    ):
        program = folder / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o700)
    return folder / "python"


@pytest.fixture
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "PEOPLE", 100)
    monkeypatch.setattr(material, "FEW_PEOPLE", 100)


PATH = {"PATH": "/usr/bin:/bin"}


FRESH = """
import sys
from pathlib import Path
from typing import Any
from benchmarks import material
from benchmarks.__main__ import main
material.PEOPLE = material.FEW_PEOPLE = 100
asked = ["--check", "--rounds", "5", "--only", "commands"]
sys.exit(main(asked, python=Path(sys.argv[1]), variables={"PATH": "/usr/bin:/bin"}))
"""


def test_bounds_that_are_kept_end_in_0(tmp_path: Path) -> None:
    # In a process of its own: what a child peaks at is never less than what the process it was forked from has.
    interpreter = programs_that(tmp_path, octoplan="exit 0", mailmerge="sleep 0.3", by_hand="sleep 0.3")
    measured = (sys.executable, "-c", FRESH, str(interpreter))
    done = subprocess.run(measured, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines)) == (0, 6), done.stdout + done.stderr
    assert all(line.endswith("  ok") for line in lines[1:])


@pytest.mark.usefixtures("few_people")
@pytest.mark.parametrize(("options", "code"), [(["--check"], 1), ([], 0)])
def test_a_broken_bound_is_an_error_only_where_it_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int
) -> None:
    interpreter = programs_that(tmp_path, octoplan="sleep 0.05")
    assert main([*options, "--rounds", "5", "--only", "commands"], python=interpreter, variables=PATH) == code
    assert capsys.readouterr().out.splitlines()[1].endswith("  over")


@pytest.mark.parametrize("rounds", ["4", "-5", "many", "", "5.5"])
def test_a_number_of_rounds_that_cannot_be_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rounds: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([f"--rounds={rounds}"], python=tmp_path / "python", variables={})
    assert ended.value.code == 2
    assert "at least 5" in capsys.readouterr().err


def test_a_sandbox_is_measured_by_requests_that_it_really_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SINGLE_SENDS", 3)
    monkeypatch.setattr(server, "FULL_FRAMES", 2)
    monkeypatch.setattr(server, "_WARM_MESSAGES", 500)
    monkeypatch.setattr(server, "_ALL_MESSAGES", 1000)
    octoplan = Path(sysconfig.get_path("scripts")) / "octoplan"
    measured = list(server.rows(octoplan, tmp_path, rounds=2, clock=time.perf_counter))
    assert [(row.bound, len(row.values)) for row in measured] == [(1, 2), (1, 2), (1.1, 1)]
    with Storage.at(tmp_path / "sandbox" / ".octoplan" / "inbox.db") as storage:
        assert storage.count(MESSAGES, Query(), datetime.now(UTC)) == 2 * (3 + 2 * 500)
        assert {entry.forgiven for entry in storage.list_requests(Query())} == {()}


def test_a_sandbox_that_does_not_start_or_take_ends_the_benchmarks(tmp_path: Path) -> None:
    (tmp_path / "octoplan").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    (tmp_path / "octoplan").chmod(0o700)
    with pytest.raises(CommandFailed, match="does not start"):
        list(server.rows(tmp_path / "octoplan", tmp_path, rounds=1, clock=time.perf_counter))


def test_plans_of_a_million_are_measured_by_what_they_really_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(material, "MILLION", 900)
    monkeypatch.setattr(material, "TEXTS", 3)
    monkeypatch.setattr(material, "CAMPAIGNS", 3)
    monkeypatch.setattr(material, "MERGED", 20)
    monkeypatch.setattr(million, "MINIMUM_ROUNDS", 1)
    monkeypatch.setattr(measure, "MINIMUM_ROUNDS", 1)
    monkeypatch.setattr(million, "LARGER", {1_000: 1.3})
    programs = Programs.beside(Path(sysconfig.get_path("scripts")) / "python")
    stopwatch = Stopwatch(clock=time.perf_counter, variables=PATH)
    rows = list(million.rows(Bench(programs=programs, folder=tmp_path, rounds=5, run=stopwatch.run)))
    assert [row.bound for row in rows] == [0.12, 0.12, 0.5, 450, 0.4, 4_500, 1, 1.3, 1.1, 2_000, 65, 1]
    assert [row.values for row in rows if row.unit == "requests"] == [(3.0,)], (
        "two shapes, one of which takes two frames"
    )
    sizes = [value for row in rows if row.unit == "kB" for value in row.values]
    assert all(size > 3 for size in sizes), "both hold three campaigns"
    with Storage.at(tmp_path / "sent" / ".octoplan" / "inbox.db") as storage:
        assert len(storage.list_messages(Query())) == 900
    assert not (tmp_path / "same" / ".octoplan" / "inbox.db").exists(), "a cold plan has sent nothing"


def test_guard_rails_are_measured_by_a_plan_that_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "MILLION", 1_000)
    monkeypatch.setattr(material, "TEXTS", 3)
    monkeypatch.setattr(rails, "MINIMUM_ROUNDS", 1)
    monkeypatch.setattr(measure, "MINIMUM_ROUNDS", 1)
    programs = Programs.beside(Path(sysconfig.get_path("scripts")) / "python")
    stopwatch = Stopwatch(clock=time.perf_counter, variables=PATH)
    rows = list(rails.rows(Bench(programs=programs, folder=tmp_path, rounds=5, run=stopwatch.run)))
    assert [row.bound for row in rows] == [1.5, 450]
    with_rails, without = (_step(programs, tmp_path / name) for name in ("railed", "bare"))
    assert without["recipients"] == 1_000
    assert with_rails["people"]["suppressed"] == 100
    assert 20 < with_rails["capped"] <= 45, (
        "fifty are in both earlier campaigns; five are suppressed, some are held out"
    )
    assert 650 < with_rails["recipients"] < 880, "a tenth is held out"
    ruled = {one["rule"]: one["people"] for one in with_rails["windows"]}
    assert all(one["enforced"] for one in with_rails["windows"])
    assert sum(ruled.values()) == with_rails["recipients"]
    assert ruled["fr-strict"] > 500
    assert ruled["us"] + ruled["us florida"] > 30, "a tenth lives in America"
    assert not without["windows"]


def _step(programs: Programs, folder: Path) -> dict[str, Any]:
    told = subprocess.run(
        (programs.octoplan, "plan", "--simulate", "none", "--json"), cwd=folder, check=True, capture_output=True
    )
    found: dict[str, Any]
    (found,) = [one for one in json.loads(told.stdout)["steps"] if one["campaign"] == "from-file"]
    return found


def test_a_missing_program_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], python=tmp_path / "python", variables={}) == 1
    assert "no octoplan in" in capsys.readouterr().err


def test_a_program_that_fails_ends_the_benchmarks_with_its_complaint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interpreter = programs_that(tmp_path, octoplan="echo cannot start >&2; exit 3")
    assert main(["--check"], python=interpreter, variables=PATH) == 1
    assert "ended with 3:\ncannot start" in capsys.readouterr().err


def test_variables_that_would_steer_octoplan_are_kept_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interpreter = programs_that(tmp_path, octoplan='echo "env: $OCTOPLAN_ENV$OCTOPUSH_API_KEY." >&2; exit 3')
    main([], python=interpreter, variables={"OCTOPLAN_ENV": "production", "OCTOPUSH_API_KEY": "secret"})
    assert "env: ." in capsys.readouterr().err
