"""Contact files as they come: every format, and the dirt that real ones have."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.audience.conftest import Contacts, Outcome

CSV = "first_name,phone_number\nAna,+33600000101\nZoé,+33600000102\n"
BOTH = ["+33600000101", "+33600000102"]


def read(contacts: Contacts, name: str, content: str | bytes, **audience: object) -> Outcome:
    contacts.file(name, content)
    contacts.campaign(audience={"from": name, "region": "FR", "max_rejected": "100 %", **audience})
    return contacts.select(["first_name"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV.encode()),
        ("a.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("a.csv", CSV.replace("\n", "\r\n").encode()),
        ("a.csv", CSV.replace("\n", "\r").encode()),
        ("a.csv", CSV.replace(",", ";").encode()),
        ("a.csv", CSV.replace(",", "\t").encode()),
        ("a.csv", CSV.replace(",", "|").encode()),
        ("a.tsv", CSV.replace(",", "\t").encode()),
        ("a.csv", CSV.replace("\n", "\n\n").encode()),
        ("a.csv", b"\n \r\n\n"[:1] + CSV.encode()),
        ("a.csv", b"\xef\xbb\xbf\r\n\r\n" + CSV.replace("\n", "\r\n").encode()),
        ("a.csv", CSV.rstrip().encode()),
        ("a.csv", CSV.replace("Ana", '"Ana"').encode()),
        ("a.csv", CSV.replace("Ana", "Ana").replace("first_name", '"first_name"').encode()),
        ("a.csv", CSV.replace("01\n", "01\r\n").encode()),
        ("A[1]*.CSV", CSV.encode()),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("a.tsv.gz", gzip.compress(CSV.replace(",", "\t").encode(), mtime=0)),
    ],
)
def test_a_csv_file_is_read_however_it_was_saved(contacts: Contacts, name: str, content: bytes) -> None:
    outcome = read(contacts, name, content)
    assert outcome.problems == ()
    assert outcome.people == [("+33600000101", "FR", "Ana"), ("+33600000102", "FR", "Zoé")]


ROWS = [
    {"first_name": "Ana", "phone_number": "+33600000101", "age": 7, "vip": True, "tags": ["a"], "score": 1.5},
    {"first_name": "Zoé", "phone_number": "0600000102", "age": None, "vip": False, "tags": [], "score": 2},
]


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize("name", ["a.ndjson", "a.jsonl", "a.json", "array.json"])
def test_json_keeps_its_types(contacts: Contacts, name: str, gz: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    text = json.dumps(ROWS, indent=1) if name == "array.json" else "\n".join(json.dumps(row) for row in ROWS) + "\n"
    name = f"{name}.gz" if gz else name
    contacts.file(name, gzip.compress(text.encode(), mtime=0) if gz else text)
    contacts.campaign(audience={"from": name, "region": "FR", "where": "vip or age is null"})
    outcome = contacts.select(["age", "vip", "tags", "score", "first_name"])
    assert outcome.problems == ()
    assert outcome.people == [
        ("+33600000101", "FR", 7, True, ["a"], 1.5, "Ana"),
        ("+33600000102", "FR", None, False, [], 2.0, "Zoé"),
    ]


def test_parquet_keeps_its_types(contacts: Contacts) -> None:
    path = contacts.root / "campaigns" / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 33600000101::BIGINT AS phone_number, 7 AS age, DATE '2020-02-01' AS since "
            f"UNION ALL SELECT 12, 8, NULL) TO '{path}' (FORMAT parquet)"
        )
    contacts.campaign(audience={"from": "a.parquet", "region": "FR", "max_rejected": "100 %"})
    outcome = contacts.select(["age", "since"])
    assert [(row[0], row[2], str(row[3])) for row in outcome.people] == [("+33600000101", 7, "2020-02-01")]
    assert [reject.place.line for reject in outcome.audience.rejects] == [2]


def test_a_moment_with_a_zone_is_one_of_utc_wherever_it_stands(contacts: Contacts) -> None:
    path = contacts.root / "campaigns" / "a.parquet"
    with duckdb.connect() as connection:
        at = "TIMESTAMPTZ '2026-12-01 10:00:00+02'"
        connection.execute(
            f"COPY (SELECT 33600000101 AS phone_number, {at} AS since, [{at}] AS visits, {{'at': {at}}} AS last) "
            f"TO '{path}' (FORMAT parquet)"
        )
    contacts.campaign(
        audience={"from": "a.parquet", "region": "FR", "where": "since = timestamp '2026-12-01 08:00:00'"}
    )
    utc = datetime(2026, 12, 1, 8)  # noqa: DTZ001 - a column of rows has one zone
    assert contacts.select(["since", "visits", "last"]).people == [("+33600000101", "FR", utc, [utc], {"at": utc})]


def test_a_number_of_32_bits_has_the_digits_that_it_is_written_with(contacts: Contacts) -> None:
    path = contacts.root / "campaigns" / "a.parquet"
    with duckdb.connect() as connection:
        at, price = "TIMESTAMPTZ '2026-12-01 10:00:00+02'", "12.99::FLOAT"
        row = f"{price} AS price, [{price}] AS prices, {{'FLOAT': {price}, 'at': {at}}} AS last, 3::FLOAT AS many"
        connection.execute(f"COPY (SELECT 33600000101 AS phone_number, {row}) TO '{path}' (FORMAT parquet)")
    contacts.campaign(audience={"from": "a.parquet", "region": "FR", "where": "price = 12.99"})
    utc = datetime(2026, 12, 1, 8)  # noqa: DTZ001 - a column of rows has one zone
    last = {"FLOAT": 12.99, "at": utc}
    people = contacts.select(["price", "prices", "last", "many"]).people
    assert people == [("+33600000101", "FR", 12.99, [12.99], last, 3.0)]


@pytest.mark.parametrize(
    ("kind", "addresses"),
    [
        ("DOUBLE", ["+393331234567"]),
        ("DECIMAL(20,2)", ["+393331234567"]),
        ("HUGEINT", ["+393331234567"]),
        ("FLOAT", []),
    ],
)
def test_a_number_in_a_column_of_numbers_is_read_as_its_digits(
    contacts: Contacts, kind: str, addresses: list[str]
) -> None:
    path = contacts.root / "campaigns" / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 3331234567::{kind} AS phone_number UNION ALL SELECT NULL) TO '{path}'")
    contacts.campaign(audience={"from": "a.parquet", "region": "IT", "max_rejected": "100 %"})
    outcome = contacts.select()
    assert outcome.addresses == addresses
    reasons = {"blank": 1} if addresses else {"a number with decimals": 1, "blank": 1}
    assert outcome.audience.counts.rejected == reasons


def test_json_that_mixes_kinds_is_text_and_a_date_stays_text(contacts: Contacts) -> None:
    rows = (
        '{"phone_number": 33600000101, "x": 1, "d": "2020-01-01", "o": {"a": 1}}\n'
        '{"phone_number": "+33600000102", "x": "y"}\n'
    )
    contacts.file("a.ndjson", rows)
    contacts.campaign(audience={"from": "a.ndjson", "region": "FR"})
    people = contacts.select(["x", "d", "o"]).people
    assert [row[0] for row in people] == BOTH
    assert people[0][2:] == ("1", "2020-01-01", {"a": 1})
    assert people[1][2:] == ("y", None, None)


@pytest.mark.parametrize("name", ["a.ndjson", "a.json"])
def test_whole_numbers_of_json_keep_all_their_digits(contacts: Contacts, name: str) -> None:
    values = [
        {
            "large": 2**64,
            "mixed": 2**53 + 1,
            "few": 2**60,
            "price": 0.1234567890123456,
            "in": [{"n": -(2**70)}, {"n": 1}],
        },
        {"large": 10**20, "mixed": 1.5, "few": 7, "price": 12, "in": []},
    ]
    rows = [{"phone_number": f"+3360000010{n}"} | row for n, row in enumerate(values)]
    contacts.file(name, json.dumps(rows) if name == "a.json" else "\n".join(map(json.dumps, rows)))
    contacts.campaign(audience={"from": name})
    people = contacts.select(["large", "mixed", "few", "price", "in"]).people
    assert [row[2:] for row in people] == [
        (str(2**64), str(2**53 + 1), 2**60, 0.1234567890123456, [{"n": str(-(2**70))}, {"n": "1"}]),
        (str(10**20), "1.5", 7, 12.0, []),
    ]


def test_keys_of_json_may_be_called_anything(contacts: Contacts) -> None:
    row = {
        "phone_number": "+33600000101",
        "a/b~c": 12345678901234567890,
        'it\'s "q"': -1,
        "x": {"A": 1, "a": 2},
        "X": [{}],
    }
    contacts.file("a.ndjson", json.dumps(row) + "\n" + json.dumps({"phone_number": "+33600000102", 'it\'s "q"': 2.5}))
    contacts.campaign(audience={"from": "a.ndjson", "where": '"a/b~c" > 5 and x is not null'})
    outcome = contacts.select(["a/b~c", 'it\'s "q"', "x", "X"])
    assert outcome.people == [("+33600000101", "FR", 12345678901234567890, -1.0, '{"A":1,"a":2}', ["{}"])]


def test_one_percent_of_broken_rows_in_many_is_all_accounted_for(contacts: Contacts) -> None:
    rows = (f"+336{n:08},x" if n % 100 else f"+336{n:08}" for n in range(200_000))
    outcome = read(contacts, "a.csv", "phone_number,first_name\n" + "\n".join(rows) + "\n")
    counts = outcome.audience.counts
    assert (counts.rows, counts.unreadable) == (200_000, 2000)
    assert [reject.place.line for reject in outcome.audience.rejects[:3]] == [2, 102, 202]


def test_a_file_of_nothing_but_broken_rows_is_counted_to_the_last(contacts: Contacts) -> None:
    outcome = read(contacts, "a.csv", "phone_number,first_name\n" + "+33600000101\n" * 50_000)
    assert outcome.audience.counts.unreadable == outcome.audience.counts.rows == 50_000
    assert outcome.rules == ["audience/empty"]


def test_json_rows_that_are_no_objects_are_unreadable_with_their_line(contacts: Contacts) -> None:
    row = '{"first_name": "A", "phone_number": "+33600000101"}'
    text = f'\n{row}\r\nnope\n[1]\n"x"\n{{"first_name": "B", "phone_number": "1"}}\n'
    outcome = read(contacts, "a.ndjson", text)
    assert [(one.place.line, one.reason) for one in outcome.audience.rejects] == [
        (3, "not a JSON object"),
        (4, "not a JSON object"),
        (5, "not a JSON object"),
        (6, "not a phone number"),
    ]
    array = '[{"first_name": "A", "phone_number": "+33600000101"},\n 7,\n\n{"first_name": "B", "phone_number": "1"}]'
    outcome = read(contacts, "a.json", array)
    assert [one.place.line for one in outcome.audience.rejects] == [2, 4]


def test_globs_and_lists_are_one_table_in_order_and_a_row_knows_its_file(contacts: Contacts) -> None:
    contacts.file("p/b.csv", "phone_number;first_name\n+33600000102;B\nx;\n")
    contacts.file("p/a.csv", "first_name,phone_number,more\nA,+33600000101,1\n")
    contacts.file(
        "c.ndjson", '{"phone_number": "+33600000103", "first_name": 5}\n{"phone_number": null, "first_name": 1}\n'
    )
    contacts.campaign(audience={"from": ["p/*.csv", "c.ndjson"], "max_rejected": "100 %"})
    outcome = contacts.select(["first_name"])
    assert outcome.people == [(f"+3360000010{n}", "FR", name) for n, name in ((1, "A"), (2, "B"), (3, "5"))]
    assert [str(one) for one in outcome.audience.rejects] == [
        "campaigns/c.ndjson:2: blank",
        "campaigns/p/b.csv:3: not a phone number",
    ]
    assert set(outcome.columns) == {"first_name", "phone_number", "more"}


def test_rows_of_another_width_or_with_broken_quotes_are_left_out_and_counted(contacts: Contacts) -> None:
    text = (
        'first_name,phone_number\nA,+33600000101\nB\n\nC,+33600000102,x\n"D"x,+33600000103\n"E\nE",+33600000104\nF,\n'
    )
    outcome = read(contacts, "a.csv", text)
    assert outcome.addresses == ["+33600000101", "+33600000104"]
    assert outcome.people[1][2] == "E\nE"
    assert [(one.place.line, one.reason) for one in outcome.audience.rejects] == [
        (3, "fewer fields than the first line"),
        (5, "more fields than the first line"),
        (6, "broken quotes"),
        (9, "blank"),
    ]


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_field_may_be_as_long_as_a_row(contacts: Contacts, quote: str, end: str) -> None:
    long = f"{quote}{'<td>one</td>' * 100_000}{quote}"
    rows = ["first_name,phone_number,x", f"A,+33600000101,{long}", "B,+33600000102,", "C,1"]
    outcome = read(contacts, "a.csv", end.join(rows) + "\n")  # of which the last line may end otherwise
    assert outcome.addresses == BOTH
    assert outcome.audience.counts.unreadable == 1


@pytest.mark.parametrize("name", ["CA 2023-2024", "sent 2026-12-01", "Umsatz 2019/2020/2021"])
def test_a_column_may_be_named_after_years(contacts: Contacts, name: str) -> None:
    text = CSV.replace("\n", ",1\n").replace("phone_number,1", f"phone_number,{name}")
    assert read(contacts, "a.csv", text).addresses == BOTH


def test_a_quote_that_is_never_closed_counts_every_line_it_swallows(contacts: Contacts) -> None:
    text = "first_name,phone_number\nA,+33600000101\n" + 'B,"+336\n' + "C,+33600000102\n" * 50
    outcome = read(contacts, "a.csv", text, max_rejected=0.5)
    assert outcome.audience.counts.unreadable == 51
    assert outcome.rules == ["audience/max-rejected"]


def test_lines_that_end_now_so_now_otherwise_are_read_by_the_other_reader_with_the_same_result(
    contacts: Contacts,
) -> None:
    text = 'first_name,phone_number\r\nA,+33600000101\nB\n"C\r\nC",+33600000102\r\nD,12\n\nE,\r\n'
    outcome = read(contacts, "a.csv", text)
    assert outcome.addresses == BOTH
    assert outcome.people[1][2] == "C\r\nC"
    assert [(one.place.line, one.reason) for one in outcome.audience.rejects] == [
        (3, "fewer fields than the first line"),
        (6, "not a valid number in FR"),
        (8, "blank"),
    ]


@pytest.mark.parametrize("sign", ["\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", "\u00a0", " "])
@pytest.mark.parametrize("before", ["{}", "{}\n", "\r\n{}\r\n\r\n"])
def test_what_stands_before_the_names_of_columns_costs_no_row(contacts: Contacts, before: str, sign: str) -> None:
    assert read(contacts, "a.csv", before.format(sign) + CSV).addresses == BOTH


@pytest.mark.parametrize(
    "text",
    [
        # Where lines end in several ways, quotes are broken to one reader and not to the other.
        'phone_number,first_name\n+33600000101,A\n+33600000102,"C\nC"\r\n',
        'phone_number,first_name\n+33600000101\r+33600000101,A\n+33600000102,"C"\n',
        # One reader overlooks as many empty fields at the end of a row as there are.
        'first_name,phone_number\nA,+33600000101,,\n"B",+33600000102,,,\n',
        "first_name,phone_number\nA,+33600000101,,\r\nB,+33600000102,,\n",
    ],
)
def test_a_sound_row_is_a_row_whatever_else_is_in_the_file(contacts: Contacts, text: str) -> None:
    outcome = read(contacts, "a.csv", text)
    assert outcome.addresses == BOTH
    assert [one.reason for one in outcome.audience.rejects if one.reason == "broken quotes"] == []


def test_a_file_of_one_column_may_have_blank_lines(contacts: Contacts) -> None:
    contacts.file("a.csv", 'phone_number\n\n+33600000101\n\n""\n12\n')
    contacts.campaign(audience={"from": "a.csv", "max_rejected": "100 %"})
    outcome = contacts.select()
    assert outcome.addresses == ["+33600000101"]
    assert [str(one) for one in outcome.audience.rejects] == [
        "campaigns/a.csv:6: a number without country code, and no region given"
    ]


@pytest.mark.parametrize(
    ("name", "content", "rule", "line"),
    [
        ("a.csv", b"", "file/empty", 0),
        ("a.csv", b"\xef\xbb\xbf\n\n", "file/empty", 0),
        ("a.ndjson", b"\n", "file/empty", 0),
        ("a.csv", b"phone_number\n+33600000101\nZo\xe9\n", "file/not-utf8", 3),
        ("a.csv", b"phone_number\n+33600000101\nZo\xc3", "file/not-utf8", 3),
        ("a.csv", b"phone_number\r+33600000101\rZo\x8e\r", "file/not-utf8", 3),
        ("a.csv", b"phone_number\r\n+33600000101\r\nZo\x8e\r\n", "file/not-utf8", 3),
        ("a.csv", b"phone_number,x\r" + b"+33600000101,\r" * 20_000 + b"\x00,\r", "file/not-text", 20_002),
        ("a.csv", b"phone_number,Tel 06 00 00 01 01\n1,2\n", "file/header", 1),
        ("a.csv", "phone_number\n+33600000101\n".encode("utf-16"), "file/not-utf8", 0),
        ("a.csv", b"phone_number,x\n+33600000101,\x00\n", "file/not-text", 0),
        ("a.csv", b"phone_number," + b"x" * 300_000 + b"\n+33600000101,\x00\n", "file/header", 1),
        ("a.csv", b"phone_number,phone_number\n1,2\n", "file/header", 1),
        ("a.csv", b"\nphone_number,,x\n1,2,3\n", "file/header", 2),
        ("a.csv", b"+33600000101,Ana\n+33600000102,Zoe\n", "file/header", 1),
        ("a.csv", b"ana@example.com,Ana\n", "file/header", 1),
        ("a.csv.gz", b"no gzip", "file/unreadable", 0),
        ("a.csv.gz", gzip.compress(b"phone_number\n+33600000101\n" * 99, mtime=0)[:-12], "file/unreadable", 0),
        ("a.json", b'[{"phone_number": "+33600000101"},', "file/unreadable", 0),
        ("a.parquet", b"PAR1", "file/unreadable", 0),
        ("a.xlsx", b"PK", "file/format", 0),
        ("a", b"PK", "file/format", 0),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_a_problem(
    contacts: Contacts, name: str, content: bytes, rule: str, line: int
) -> None:
    outcome = read(contacts, name, content)
    assert outcome.rules == [rule]
    assert outcome.problems[0].place.file == (f"campaigns/{name}" if line else "campaigns/sale.yaml")
    if line:
        assert outcome.problems[0].place.line == line
    assert "0600" not in outcome.said
    assert "example.com" not in outcome.said


def test_a_file_that_is_missing_or_outside_the_project_is_a_problem(contacts: Contacts, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text(CSV)
    (contacts.root / "campaigns" / "link.csv").symlink_to(tmp_path / "out.csv")
    for written, rule in (
        ("no.csv", "file/missing"),
        ("*.tsv", "file/missing"),
        ("../../out.csv", "file/outside"),
        ("../../*.csv", "file/outside"),
        ("link.csv", "file/outside"),
        ("l*.csv", "file/outside"),
        (str(tmp_path / "out.csv"), "file/outside"),
    ):
        contacts.campaign(audience={"from": written})
        outcome = contacts.select()
        assert outcome.rules == [rule], written
        assert str(outcome.problems[0].place).startswith("campaigns/sale.yaml:")


def test_a_column_that_a_file_lacks_is_a_problem_that_says_which_there_are(contacts: Contacts) -> None:
    outcome = read(contacts, "a.csv", "first_name,mobile\nA,1\n", columns={"phone_number": "mobil"})
    assert outcome.rules == ["audience/column"]
    assert "did you mean mobile?" in outcome.problems[0].hint
    outcome = read(contacts, "a.csv", "first_name,mobile\nA,1\n")
    assert outcome.rules == ["audience/address"]
    assert "first_name, mobile" in outcome.problems[0].hint
    contacts.file("b.csv", "mobile\n1\n")
    contacts.campaign(audience={"from": ["a.csv", "b.csv"], "columns": {"phone_number": "mobile"}})
    outcome = contacts.select(["first_name"])
    assert outcome.rules == ["audience/column"]
    assert "b.csv" in outcome.problems[0].message


FIELD = st.text(st.sampled_from("ab \",;\n\r'é"), max_size=6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(FIELD, st.booleans(), st.sampled_from(["", "\n", "\n\n"])), min_size=1, max_size=12))
def test_a_rejected_row_is_found_on_its_very_line(
    new_contacts: Callable[[], Contacts], rows: list[tuple[str, bool, str]]
) -> None:
    """Whatever is quoted before it: line ends in fields, blank lines, quotes."""
    lines = ["first_name,phone_number\n"]
    bad: list[int] = []
    good: list[str] = []
    for number, (field, valid, blank) in enumerate(rows):
        lines.append(blank)
        at = 1 + "".join(lines).replace("\r\n", "\n").replace("\r", "\n").count("\n")
        quoted = '"' + field.replace('"', '""') + '"'
        address = f"+336000001{number:02}"
        lines.append(f"{quoted},{address if valid else 'x'}\n")
        if valid:
            good.append(address)
        else:
            bad.append(at)
    outcome = read(new_contacts(), "a.csv", "".join(lines))
    assert outcome.addresses == good
    assert [one.place.line for one in outcome.audience.rejects] == bad[:10]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.lists(
        st.sampled_from(
            [
                "+336000001{n}",
                "+336000001{n},x",
                "x,+336000001{n}",
                '"x',
                '"x"y,1',
                "",
                "a,b,c",
                "  ",
                '"q\n",+336000001{n}',
            ]
        ),
        max_size=12,
    ),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_no_dirt_makes_a_crash_and_every_line_is_accounted_for(
    new_contacts: Callable[[], Contacts], body: list[str], end: str
) -> None:
    lines = [line.replace("{n}", f"{number:02}") for number, line in enumerate(body)]
    outcome = read(new_contacts(), "a.csv", "first_name,phone_number" + end + end.join(lines) + end)
    counts = outcome.audience.counts
    assert counts.rows == counts.unreadable + sum(counts.rejected.values()) + counts.duplicates + counts.people
    good = [line for line in lines if line.startswith("x,+33")]
    if '"' not in "".join(lines):
        assert outcome.addresses == [line[2:] for line in good]
    assert "+336" not in outcome.said
