"""A file that anybody may have touched: each line is believed only as far as it fits, and told by its place."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoplan.errors import StateError
from octoplan.report.safe import words
from octoplan.state import exports, ndjson, receipts, sqlite
from octoplan.state.checking import check
from octoplan.state.interface import Store
from octoplan.state.moving import fill
from octoplan.state.sqlite import SqliteStore
from tests.state.conftest import META, campaign, everything, record
from tests.state.given import BEGIN, CAMPAIGN, HEADER, bring, changed, export, line, of, receipt, sent, write_lines

MARK = "Zacharie-Quentin"
WHOLE = [line(one) for one in (HEADER, BEGIN, CAMPAIGN, sent(1, (10, 11)), receipt(2, "refused", (20,), keep=True))]
LARGEST = "2,147,483,647"
ODD = "it holds a number that is none, or is nested too deep"
PLACED = re.compile(r"f\.ndjson(:\d+:\d+)?[: ].* \[import/[a-z]+\]")


def told(error: StateError) -> str:
    assert PLACED.fullmatch(error.what), error.what
    assert MARK not in error.what
    assert words(error.what) == error.what, "it is shown as it is"
    return error.what


def read(folder: Path, data: bytes) -> list[receipts.Entry]:
    path = folder / "f.ndjson"
    path.write_bytes(data)
    return list(receipts.read(path, path.name))


def lines(*edited: str) -> bytes:
    return "".join(f"{one}\n" for one in edited).encode()


def at(key: str, number: int) -> int:
    """The column where the value of a key begins."""
    return WHOLE[number].index(f'"{key}":') + len(key) + 4


def test_what_was_written_is_read_again() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder), lines(*WHOLE))
    assert [entry.what for entry in found] == [
        HEADER, BEGIN, CAMPAIGN, sent(1, (10, 11)), receipt(2, "refused", (20,), keep=True),
    ]  # fmt: skip
    assert [entry.line.number for entry in found] == [1, 2, 3, 4, 5]
    assert found[-1].line.end == len(lines(*WHOLE))


@pytest.mark.parametrize(
    ("number", "values", "column", "said"),
    [
        (0, {"octoplan": "plan"}, 1, "these are no receipts of octoplan [import/header]"),
        (0, {"version": 2}, at("version", 0), "its version is 2, this octoplan reads 1 [import/header]"),
        (0, {"lineage": "XYZ"}, at("lineage", 0), "lineage is not 16 hexadecimal digits [import/value]"),
        (0, {"key_check": ...}, 1, "it has no key_check [import/key]"),
        (1, {"serial": -1}, at("serial", 1), "serial is not a whole number from 0 to 2,000,000,000 [import/value]"),
        (1, {"serial": 1.5}, at("serial", 1), "serial is not a whole number from 0 to 2,000,000,000 [import/value]"),
        (1, {"kind": "walk"}, at("kind", 1), "receipts have no line of this kind [import/kind]"),
        (1, {"kind": ...}, 1, "receipts have no line of this kind [import/kind]"),
        (1, {"at": "2026-11-03"}, at("at", 1), "at is not a moment in ISO 8601 with its offset [import/value]"),
        (2, {"channel": "fax"}, at("channel", 2), "channel is not one of sms, voice_sms, rcs, email [import/value]"),
        (2, {"definition": []}, at("definition", 2), "definition is not an object that can be kept [import/value]"),
        (2, {"name": "b"}, at("campaign", 3), "no line before it tells of this campaign [import/reference]"),
        (3, {"edition": 2**31}, at("edition", 3), f"edition is not a whole number from 1 to {LARGEST} [import/value]"),
        (3, {"recipients": 0}, at("recipients", 3), "recipients is not a whole number from 1 to 500 [import/value]"),
        (3, {"recipients": True}, at("recipients", 3), "recipients is not a whole number from 1 to 500 [import/value]"),
        (3, {"recipients": 3}, at("people", 3), "there are more or fewer people than recipients [import/count]"),
        (3, {"people": ""}, at("people", 3), "there are more or fewer people than recipients [import/count]"),
        (3, {"people": "AAAA"}, at("people", 3), "people is not at most 500 person keys in base64 [import/value]"),
        (3, {"people": "é"}, at("people", 3), "people is not at most 500 person keys in base64 [import/value]"),
        (
            3,
            {"people": "AAAAAAAAAAAAAAAAAAAACwAAAAAAAAAAAAAAAAAAAAo="},
            at("people", 3),
            "people is not person keys in ascending order, each of them once [import/value]",
        ),
        (3, {"keep": True}, at("keep", 3), "only a refused frame keeps its people [import/value]"),
        (3, {"keep": 1}, at("keep", 3), "keep is not true or false [import/value]"),
        (3, {"status": 1}, at("status", 3), "status is not one of sent, refused, split, unknown, open [import/value]"),
        (3, {"cost": 0.09}, at("cost", 3), "cost is not a decimal number in quotes [import/value]"),
        (3, {"cost": "NaN"}, at("cost", 3), "cost is not a decimal number in quotes [import/value]"),
        (3, {"ticket": 7}, at("ticket", 3), "ticket is not a text of at most 1000 characters [import/value]"),
        (4, {"frame": f"{1:032x}"}, at("frame", 4), "an earlier receipt of this frame says otherwise [import/twice]"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_by_line_and_column(
    number: int, values: dict[str, Any], column: int, said: str, tmp_path: Path
) -> None:
    edited = [*WHOLE]
    edited[number] = changed(edited[number], **values)
    with pytest.raises(StateError) as caught:
        read(tmp_path, lines(*edited))
    place = 4 if "this campaign" in said else number + 1
    assert told(caught.value) == f"f.ndjson:{place}:{column}: {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "f.ndjson is empty: it holds no receipts [import/header]"),
        (b"\n", "f.ndjson:1:1: it is not JSON [import/json]"),
        (b"[]\n", "f.ndjson:1:1: it is no object [import/json]"),
        (b'{"a" 1\n', "f.ndjson:1:6: it is not JSON [import/json]"),
        (b'{"a":1}}\n', "f.ndjson:1:8: it is not JSON [import/json]"),
        (b'{"a":1,"a":2}\n', "f.ndjson:1:1: an object in it names a key twice [import/json]"),
        (b'{"a":NaN}\n', f"f.ndjson:1:1: {ODD} [import/json]"),
        (b'{"a":' + b"[" * 100_000 + b"\n", f"f.ndjson:1:1: {ODD} [import/json]"),
        (b'{"a":' + b"9" * 5000 + b"}\n", f"f.ndjson:1:1: {ODD} [import/json]"),
        (b'{"a":"\xff"}\n', "f.ndjson:1:7: it is not UTF-8 [import/json]"),
        (b"\xef\xbb\xbf{}\n", "f.ndjson:1:1: it is not JSON [import/json]"),
    ],
)  # fmt: skip
def test_what_is_no_line_of_json_is_told_by_line_and_column(text: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        read(tmp_path, text)
    assert told(caught.value) == said


def test_a_line_that_never_ends_is_refused_before_it_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson, "LONGEST", 1000)
    with pytest.raises(StateError) as caught:
        read(tmp_path, lines(*WHOLE, "x" * 1001))
    assert told(caught.value) == "f.ndjson:6:1: it is longer than 1,000 bytes [import/length]"


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    for cut in range(1, len(WHOLE[4]) + 1):
        assert len(read(tmp_path, lines(*WHOLE)[:-cut])) == 4


@contextmanager
def fresh() -> Iterator[tuple[Store, Path]]:
    """An empty state, and a folder beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        sqlite.create(path / "state.db", META)
        with closing(SqliteStore(path / "state.db", writable=True)) as store:
            yield store, path


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(["sent", "open", "refused", MARK, "run", "receipt", "autumn-sale", "2026-11-03T10:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def edits(draw: st.DrawFn, whole: list[str]) -> bytes:
    """Lines of a file, some of which have other values, are gone, stand twice or elsewhere, or are no lines at all."""
    edited = [*whole]
    for _ in range(draw(st.integers(1, 3))):
        number = draw(st.integers(0, len(edited) - 1))
        match draw(st.integers(0, 5)):
            case 0 if len(edited) > 1:
                del edited[number]
            case 1:
                edited.insert(draw(st.integers(0, len(edited))), edited[number])
            case 2:
                edited[number] = edited[number][: draw(st.integers(0, len(edited[number])))]
            case 3:
                other = draw(st.integers(0, len(edited) - 1))
                edited[number], edited[other] = edited[other], edited[number]
            case _:
                if edited[number].endswith("}"):
                    key = draw(st.sampled_from([*json.loads(edited[number]), MARK]))
                    edited[number] = changed(edited[number], **{key: draw(values)})
    return "".join(f"{one}\n" for one in edited).encode("utf-8", "surrogatepass")


HISTORY = [
    *WHOLE,
    *(line(one) for one in (receipt(3, "open", (30, 31)), receipt(4, "split", (40, 41)), sent(5, (40,), refusals=1))),
    *(line(one) for one in (receipt(3, "refused", (30, 31)), sent(6, (30, 31), refusals=1), BEGIN)),
]


@settings(deadline=None, max_examples=150)
@given(edits(HISTORY))
def test_whatever_a_file_of_receipts_became_a_state_stays_whole_or_as_it_was(data: bytes) -> None:
    with fresh() as (store, folder):
        record(store, campaign({1: (10, 11), 7: (30, 41)}))
        path = folder / "f.ndjson"
        path.write_bytes(data)
        before = everything(store)
        try:
            bring(store, path)
        except StateError as error:
            told(error)
            assert everything(store) == before
        assert check(of(store), 4).broken == ()


def _exported() -> list[str]:
    with fresh() as (store, folder):
        record(store, campaign({1: (10, 11), 7: (30, 41)}), campaign({8: (10,)}, name="winter"))
        return export(store, folder / "e.ndjson").read_text(encoding="utf-8").splitlines()


@settings(deadline=None, max_examples=150)
@given(edits(_exported()))
def test_whatever_an_export_became_a_state_is_made_whole_or_not_at_all(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "f.ndjson"
        path.write_bytes(data)
        try:
            exports.read_header(path, path.name)
            sqlite.create(folder / "new.db", META, lambda writer: fill(writer, exports.read(path, path.name)))
        except StateError as error:
            if "[planned/attempted]" not in error.what:
                told(error)
            assert not (folder / "new.db").exists()
            return
        with closing(SqliteStore(folder / "new.db", writable=True)) as store:
            assert check(of(store), 4).broken == ()
            export(store, folder / "again.ndjson")


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200) | st.lists(values.map(lambda one: json.dumps(one).encode()), max_size=4).map(b"\n".join))
def test_no_bytes_are_taken_for_receipts_or_an_export(data: bytes) -> None:
    readers: tuple[Callable[[Path, str], object], ...] = (
        lambda path, name: list(receipts.read(path, name)),
        exports.read_header,
        lambda path, name: list(exports.read(path, name)),
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "f.ndjson"
        path.write_bytes(data)
        for reader in readers:
            with pytest.raises(StateError) as caught:
                reader(path, path.name)
            told(caught.value)


def test_every_line_that_is_written_can_be_read() -> None:
    people = range(2**128 - 500, 2**128)
    longest = receipt(9, "sent", people, ticket="t" * 100, units=10**12, code=2**31 - 1)
    with tempfile.TemporaryDirectory() as folder:
        path = write_lines(Path(folder) / "f.ndjson", [*WHOLE, line(longest)])
        assert [entry.what for entry in receipts.read(path, path.name)][-1] == longest
