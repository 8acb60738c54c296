"""`octoplan ingest`: callbacks from a file or standard input are kept once, and bad ones are told by line."""

import io
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoplan.ingest.pieces import cut
from tests.conftest import Folder, MakeProject
from tests.ingest.conftest import PEOPLE, delivery, reply, stop, ticket_of


@pytest.fixture
def lines(sent: Folder) -> list[str]:
    ann, bob = (ticket_of(sent, PEOPLE[n]) for n in (0, 5))
    told = [
        delivery(PEOPLE[0], ann),
        delivery(PEOPLE[5], bob, "NOT_DELIVERED"),
        stop(PEOPLE[1], ticket_of(sent, PEOPLE[1])),
        reply(PEOPLE[0], ann),
    ]
    return [json.dumps(one) for one in told]


def test_status_says_how_people_took_it_also_of_a_state_that_moved(sent: Folder, lines: list[str]) -> None:
    assert status(sent) == {"delivered": 0, "failed": 0, "opted_out": 0, "replies": 0}
    assert "Heard since" not in sent.call("status").out
    sent.write({"callbacks.ndjson": "\n".join(lines)})
    assert sent.call("ingest", str(sent.path / "callbacks.ndjson")).code == 0
    heard = {"delivered": 1, "failed": 1, "opted_out": 1, "replies": 1}
    assert status(sent) == heard
    assert "sale  edition 1: 1 delivered, 1 failed, 1 opted out, 1 replies" in sent.call("status").out
    sent.write({"state.ndjson": sent.call("state", "export").out})
    for path in (sent.path / ".octoplan").glob("sandbox.db*"):
        if path.suffix != ".key":
            path.unlink()
    assert sent.call("state", "import", str(sent.path / "state.ndjson"), "--yes").code == 0
    assert status(sent) == heard


def status(folder: Folder) -> dict[str, object]:
    (found,) = folder.call("status", "--json").json["campaigns"]
    return {name: found[name] for name in ("delivered", "failed", "opted_out", "replies")}


def test_a_file_of_callbacks_is_counted_once(sent: Folder, lines: list[str]) -> None:
    sent.write({"callbacks.ndjson": "\n".join(lines) + "\n"})
    file = str(sent.path / "callbacks.ndjson")
    done = sent.call("ingest", file)
    assert (done.code, done.last) == (0, "Ingested: 2 deliveries, 1 STOP, 1 reply; 4 new.")
    assert sent.call("ingest", file).last == "Ingested: 2 deliveries, 1 STOP, 1 reply; 0 new."
    assert sent.call("ingest", file, "--json").json["new"] == 0


@pytest.mark.parametrize("form", ["array", "array over several lines", "forms", "standard input", "dash"])
def test_it_may_be_written_in_several_ways(sent: Folder, lines: list[str], form: str) -> None:
    objects = [json.loads(line) for line in lines]
    text = {
        "array": json.dumps(objects),
        "array over several lines": json.dumps(objects, indent=2),
        "forms": "\n".join(urlencode(one) for one in objects),
    }.get(form, "\n".join(lines))
    sent.write({"callbacks": text})
    if form in ("standard input", "dash"):
        done = sent.run("ingest", *(["-"] if form == "dash" else []), typed=text)
    else:
        done = sent.run("ingest", "callbacks")
    assert (done.code, done.last, done.err) == (0, "Ingested: 2 deliveries, 1 STOP, 1 reply; 4 new.", "")


def test_bad_lines_are_told_and_the_good_ones_kept(sent: Folder, lines: list[str]) -> None:
    bad = ['{"number": "+33600000599"', '{"stop_date": "", "number": "0612345678"}', "x" * 1_200_000, '{"a": 1}']
    sent.write({"callbacks.ndjson": "\n".join([bad[0], lines[0], "", *bad[1:], *lines[1:]])})
    done = sent.run("ingest", "callbacks.ndjson")
    assert (done.code, done.last) == (3, "Ingested: 2 deliveries, 1 STOP, 1 reply; 4 new; 4 cannot be used.")
    for place, rule in ((1, "json"), (4, "address"), (5, "length"), (6, "kind")):
        assert any(f"callbacks.ndjson:{place}" in line and f"[ingest/{rule}]" in line for line in done.err.splitlines())
    assert "0612345678" not in done.err + done.out
    assert "33600000599" not in done.err + done.out


def test_of_many_bad_lines_the_first_are_told(sent: Folder) -> None:
    sent.write({"callbacks.ndjson": "{}\n" * 500})
    done = sent.run("ingest", "callbacks.ndjson")
    assert (done.code, done.last) == (3, "Ingested: 0 deliveries, 0 STOPs, 0 replies; 0 new; 500 cannot be used.")
    assert done.err.count("[ingest/kind]") == 20


def test_a_file_that_is_not_there_is_a_usage_error(sent: Folder) -> None:
    assert sent.call("ingest", "nowhere.ndjson").code == 64
    assert sent.call("ingest", typed="").code == 64


def test_a_missing_state_is_never_made(project: MakeProject) -> None:
    folder = project({"octoplan.yaml": "octoplan: 1\nenvironments: {live: {gateway: octopush}}\n", "c": "{}"})
    done = folder.run("ingest", "--env", "live", "c")
    assert done.code == 1
    assert "is missing" in done.err


def test_an_environment_in_a_variable_is_not_enough(sent: Folder) -> None:
    sent.write({"octoplan.yaml": "octoplan: 1\nenvironments: {live: {gateway: octopush}}\n", "c": "{}"})
    assert sent.run("ingest", "c", env={"OCTOPLAN_ENV": "live"}).code == 64


ARRAY_A_LINE = "".join(f"{json.dumps([stop(one)])}\n" for one in PEOPLE)
TWO_ARRAYS = f"{json.dumps([stop(one) for one in PEOPLE[:3]], indent=1)}\n{json.dumps([*map(stop, PEOPLE[3:])])}"
ARRAY_THEN_LINES = f"{json.dumps([stop(PEOPLE[0])])} \n" + "".join(f"{json.dumps(stop(one))}\n" for one in PEOPLE[1:])
LINES_THEN_ARRAY = f"{json.dumps(stop(PEOPLE[0]))}\n{json.dumps([*map(stop, PEOPLE[1:])], indent=2)}\n"
LINES_THEN_FORMS = f"{json.dumps([*map(stop, PEOPLE[1:])])}\n{urlencode(stop(PEOPLE[0]))}"
FIELDS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=3,
    ),
    max_size=3,
)
SIX = "Ingested: 0 deliveries, 6 STOPs, 0 replies; 6 new"


@pytest.mark.parametrize("text", [ARRAY_A_LINE, TWO_ARRAYS, ARRAY_THEN_LINES, LINES_THEN_ARRAY, LINES_THEN_FORMS])
def test_whatever_stands_beside_an_array_is_kept_too(sent: Folder, text: str) -> None:
    sent.write({"callbacks": text})
    done = sent.call("ingest", str(sent.path / "callbacks"))
    assert (done.code, done.last, done.err) == (0, f"{SIX}.", "")


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("bad", [None, "+33600000599", 599, {"stop_date": "", "number": "0612345678"}])
def test_a_bad_member_of_an_array_takes_no_other_along(sent: Folder, indent: int | None, bad: object) -> None:
    members = [stop(one) for one in PEOPLE]
    sent.write({"callbacks": json.dumps([*members[:3], bad, *members[3:]], indent=indent)})
    done = sent.run("ingest", "callbacks")
    assert (done.code, done.last) == (3, f"{SIX}; 1 cannot be used.")
    assert "33600000599" not in done.err


def test_a_member_that_is_no_json_takes_only_its_own_lines_along(sent: Folder) -> None:
    text = json.dumps([stop(one) for one in PEOPLE], indent=1).replace(f'"number": "{PEOPLE[3]}"', '"number"')
    sent.write({"callbacks": text})
    done = sent.run("ingest", "callbacks")
    assert (done.code, done.last) == (3, "Ingested: 0 deliveries, 5 STOPs, 0 replies; 5 new; 1 cannot be used.")
    assert "callbacks:20: error: it begins as JSON, and is none" in done.err


@pytest.mark.parametrize("cut", [1, 2, 3, 30])
def test_an_array_that_was_cut_off_is_told(sent: Folder, cut: int) -> None:
    sent.write({"callbacks": json.dumps([stop(one) for one in PEOPLE])[:-cut]})
    done = sent.run("ingest", "callbacks")
    kept = 6 if cut == 1 else 5
    assert (done.code, done.last) == (
        3,
        f"Ingested: 0 deliveries, {kept} STOPs, 0 replies; {kept} new; 1 cannot be used.",
    )


@pytest.mark.parametrize("text", ["", "\n \n", "[]", "[\n]\n[ ]"])
def test_a_file_without_callbacks_is_fine(sent: Folder, text: str) -> None:
    sent.write({"callbacks": text})
    done = sent.run("ingest", "callbacks")
    assert (done.code, done.last) == (0, "Ingested: 0 deliveries, 0 STOPs, 0 replies; 0 new.")


def test_of_a_long_array_no_more_is_held_than_a_callback() -> None:
    class Stream(io.BytesIO):
        """What is read of it, as it is read."""

        most = 0

        def read(self, size: int | None = -1) -> bytes:
            self.most = max(self.most, size or 0)
            return super().read(size)

    members = [{**stop(f"+3360000{one:04}"), "text": "é" * 40} for one in range(10_000)]
    stream = Stream(json.dumps(members, ensure_ascii=False).encode())
    assert [json.loads(piece)[0] for _, piece in cut(stream) if isinstance(piece, bytes)] == members
    assert stream.most < 200_000


@given(st.lists(st.lists(FIELDS, max_size=4)), st.sampled_from([None, 0, 2]), st.integers(1, 50))
def test_arrays_are_cut_into_what_stands_in_them_wherever_a_read_ends(
    arrays: list[list[dict[str, object]]], indent: int | None, size: int
) -> None:
    class Stream(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            return super().read(size)

    text = "".join(json.dumps(one, indent=indent, ensure_ascii=False) for one in arrays)
    pieces = [piece for _, piece in cut(Stream(text.encode()))]
    assert all(isinstance(one, bytes) for one in pieces)
    found = [json.loads(one) for one in pieces if isinstance(one, bytes)]
    assert found == [[one] for array in arrays for one in array]
