import math
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoplan.errors import Place, Problem, ProjectInvalid
from octoplan.reading import MAX_BYTES, read_text
from octoplan.source import Document, load

SHOWN = "campaigns/autumn.yaml"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("source")


def read(folder: Path, text: str | bytes, shown: str = SHOWN) -> Document:
    path = folder / "document.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path, shown)


def problems(folder: Path, text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(ProjectInvalid) as caught:
        read(folder, text)
    return caught.value.problems


def read_or_problems(folder: Path, text: str | bytes) -> Document | tuple[Problem, ...]:
    try:
        return read(folder, text)
    except ProjectInvalid as invalid:
        return invalid.problems


def at(line: int, column: int, file: str = SHOWN) -> Place:
    return Place(file=file, line=line, column=column)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-7", -7),
        ("450", 450),
        ("1.5", 1.5),
        (".5", 0.5),
        ("-0.25", -0.25),
        ("1e3", 1000.0),
        ("0.045", 0.045),
    ],
)
def test_true_null_and_decimal_numbers_are_what_they_say(folder: Path, word: str, value: Any) -> None:
    data = read(folder, f"a: {word}\n").data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


@pytest.mark.parametrize(
    "word",
    [
        *("yes", "no", "on", "off", "NO", "y", "n"),
        *("2026-12-01", "2026-12-01T10:00:00+01:00", "10:30", "1:30", "190:20:30"),
        *("0612345678", "+33600000123", "0x1F", "0o17", "017", "1_000", "0b1", "-0", "+1", "00"),
        *(".inf", "-.inf", ".nan", "1e999", "1.", "5.e", "1.2.3", "12e4567", "1234567890123456789", "=", "tRue"),
    ],
)
def test_everything_else_is_text(folder: Path, word: str) -> None:
    assert read(folder, f"a: {word}\n").data == {"a": word}


@pytest.mark.parametrize("quoted", ["'1'", '"true"', "'null'", "'~'", "''"])
def test_what_stands_in_quotes_is_text(folder: Path, quoted: str) -> None:
    assert read(folder, f"a: {quoted}\n").data == {"a": quoted[1:-1]}


def test_every_key_and_value_knows_its_place(folder: Path) -> None:
    document = read(folder, "# first\nmetadata:\n  type: sms_premium\naudience:\n  exclude: [a.csv,  b.csv]\n  from:\n")
    assert document.place(("metadata", "type")) == at(3, 3)
    assert document.value_place(("metadata", "type")) == at(3, 9)
    assert document.place(("audience", "exclude", 1)) == at(5, 21)
    assert document.value_place(("audience", "exclude", 1)) == at(5, 21)
    assert document.value_place(("audience", "from")) == document.place(("audience", "from")) == at(6, 3)


def test_the_place_of_what_is_not_there_is_its_nearest_ancestor(folder: Path) -> None:
    document = read(folder, "a: 1\naudience:\n  exclude: [a.csv]\n")
    assert document.place(("audience", "region")) == at(2, 1)
    assert document.place(("audience", "exclude", 7, "from")) == at(3, 3)
    assert document.value_place(("audience", "region")) == at(2, 1)
    assert document.place(()) == document.place(("nowhere",)) == document.value_place(()) == at(1, 1)


def test_a_place_inside_a_literal_block_is_exact(folder: Path) -> None:
    document = read(folder, "a:\n  text: |  # words\n\n    Hi\n      {{ x }}\n\n    bye\n")
    assert document.data["a"]["text"] == "\nHi\n  {{ x }}\n\nbye\n"
    assert document.place_in_text(("a", "text"), 2, 1) == at(4, 5)
    assert document.place_in_text(("a", "text"), 3, 3) == at(5, 7)
    assert document.place_in_text(("a", "text"), 5, 2) == at(7, 6)


def test_a_place_inside_a_text_of_one_line_counts_the_quote(folder: Path) -> None:
    document = read(folder, "p: abc\nq: 'abc'\nd: \"abc\"\nl: ['x', y]\n")
    assert document.place_in_text(("p",), 1, 2) == at(1, 5)
    assert document.place_in_text(("q",), 1, 2) == at(2, 6)
    assert document.place_in_text(("d",), 1, 1) == at(3, 5)
    assert document.place_in_text(("l", 1), 1, 1) == at(4, 10)
    assert document.place_in_text(("l", 1), 1, 0) == at(4, 10)


def test_a_place_inside_a_folded_text_is_the_value(folder: Path) -> None:
    document = read(folder, 'f: >\n a\n b\nm: "a\n  b"\nq: "a\\nb"\nn: 5\n')
    assert document.place_in_text(("f",), 1, 2) == at(1, 4)
    assert document.place_in_text(("m",), 1, 2) == at(4, 4)
    assert document.place_in_text(("q",), 2, 1) == at(6, 4)
    assert document.place_in_text(("gone",), 2, 1) == at(1, 1)


@given(
    lines=st.lists(st.text("ab {}é😀:#-'\"|", max_size=8), min_size=1, max_size=6),
    depth=st.integers(1, 5),
    row=st.integers(0, 5),
)
@settings(deadline=None)
def test_the_character_at_a_place_in_a_block_is_that_character(
    folder: Path, lines: list[str], depth: int, row: int
) -> None:
    lines = [f"x{line}" for line in lines]
    text = "k: |\n" + "".join(" " * depth + line + "\n" for line in lines)
    row %= len(lines)
    for column, character in enumerate(lines[row], 1):
        place = read(folder, text).place_in_text(("k",), row + 1, column)
        assert text.split("\n")[place.line - 1][place.column - 1] == character


def test_a_byte_order_mark_and_windows_line_ends_are_read(folder: Path) -> None:
    document = read(folder, b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n")
    assert document.data == {"a": 1, "b": "x\ny\n"}
    assert document.place(("a",)) == at(1, 1)
    assert document.place_in_text(("b",), 2, 1) == at(4, 3)


@pytest.mark.parametrize("text", ["", "\n\n", "# only words\n", "---\n", "---\n...\n", "~\n"])
def test_an_empty_file_is_said_to_be_empty(folder: Path, text: str) -> None:
    assert [each.rule for each in problems(folder, text)] == ["yaml/empty"]


@pytest.mark.parametrize("text", ["- a\n", "words\n", "5\n", "[]\n"])
def test_a_file_that_is_no_mapping_is_refused(folder: Path, text: str) -> None:
    assert [each.rule for each in problems(folder, text)] == ["yaml/root"]


def test_a_second_document_is_refused_where_it_begins(folder: Path) -> None:
    (problem,) = problems(folder, "a: 1\n---\nb: 2\n")
    assert (problem.rule, problem.place) == ("yaml/documents", at(2, 1))


def test_a_key_that_stands_twice_is_refused_and_names_the_first(folder: Path) -> None:
    (problem,) = problems(folder, "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert (problem.rule, problem.place) == ("yaml/duplicate-key", at(5, 3))
    assert "`c`" in problem.message
    assert "line 3" in problem.message


def test_a_key_that_could_be_an_address_is_not_quoted(folder: Path) -> None:
    for key in ("+33600000123", "zoe@example.com"):
        (problem,) = problems(folder, f"{key}: 1\n{key}: 2\n")
        assert key not in problem.message + problem.hint


@pytest.mark.parametrize("tag", ["!!str", "!foo", "!", "!!python/object/apply:os.system", "!!timestamp"])
def test_a_tag_is_refused(folder: Path, tag: str) -> None:
    (problem,) = problems(folder, f"a: 1\nb: {tag} x\n")
    assert (problem.rule, problem.place) == ("yaml/tag", at(2, 4))


def test_a_tag_on_a_mapping_or_a_key_is_refused(folder: Path) -> None:
    rules = [each.rule for each in problems(folder, "a: !!map {b: 1}\n!!str c: 1\nd: !!seq []\n")]
    assert rules == ["yaml/tag"] * 3


@pytest.mark.parametrize("key", ["1", "true", "~", "1.5", "? [a]\n", "? {a: 1}\n"])
def test_a_key_that_is_not_text_is_refused(folder: Path, key: str) -> None:
    assert [each.rule for each in problems(folder, f"{key}: x\n")] == ["yaml/key"]


def test_a_country_named_no_is_a_key(folder: Path) -> None:
    assert read(folder, "NO: 1\non: 2\n2026-12-01: 3\n").data == {"NO": 1, "on": 2, "2026-12-01": 3}


@pytest.mark.parametrize("after", ["", " hello", ": 10% off"])
def test_a_template_without_quotes_is_one_problem_that_says_to_quote_it(folder: Path, after: str) -> None:
    (problem,) = problems(folder, f"a: 1\ntext: {{{{ name }}}}{after}\n")
    assert (problem.rule, problem.place) == ("yaml/key", at(2, 7))
    assert (problem.message, problem.hint) == (
        "a value cannot begin with `{{`, which YAML reads itself",
        "put the value in quotes, or on lines of its own below `|`",
    )


def test_a_merge_key_is_refused(folder: Path) -> None:
    (problem,) = problems(folder, "a: &a {x: 1}\nb:\n  <<: *a\n")
    assert (problem.rule, problem.place) == ("yaml/merge-key", at(3, 3))


def test_all_problems_of_a_file_come_at_once(folder: Path) -> None:
    found = problems(folder, "a: !x 1\na: 2\n5: 3\nb: 'x\n")
    assert [each.rule for each in found] == ["yaml/tag", "yaml/duplicate-key", "yaml/key", "yaml/syntax"]


def test_an_alias_repeats_its_anchor_and_keeps_the_place_of_its_own_key(folder: Path) -> None:
    document = read(folder, "a: &x {b: 1}\nc: *x\nd: [*x]\n")
    assert document.data == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}]}
    assert document.place(("c",)) == at(2, 1)
    assert document.value_place(("c",)) == at(1, 4)
    assert document.place(("c", "b")) == at(1, 8)
    assert document.place(("d", 0)) == at(3, 5)


@pytest.mark.parametrize("text", ["a: *x\n", "a: &x [1, *x]\n", "a: &x {b: *x}\n", "*x : 1\n"])
def test_an_alias_without_an_anchor_before_it_is_refused(folder: Path, text: str) -> None:
    assert "yaml/alias" in {each.rule for each in problems(folder, text)}


def test_a_billion_laughs_are_refused_quickly(folder: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    before = time.perf_counter()
    (problem,) = problems(folder, "\n".join(lines))
    assert problem.rule == "yaml/alias"
    assert time.perf_counter() - before < 1


def test_aliases_that_nest_each_other_count_as_nesting(folder: Path) -> None:
    chain = "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 3000))
    (problem,) = problems(folder, "a0: &a0 x\n" + chain)
    assert problem.rule == "yaml/depth"


@pytest.mark.parametrize("text", ["[" * 500_000, "a: " + "{a: " * 200_000, "- " * 100_000, "? " * 50_000])
def test_deep_nesting_is_refused_quickly(folder: Path, text: str) -> None:
    before = time.perf_counter()
    assert {each.rule for each in problems(folder, text)} <= {"yaml/depth", "yaml/syntax"}
    assert time.perf_counter() - before < 2


def test_nesting_of_64_levels_is_read_and_of_65_is_not(folder: Path) -> None:
    assert read(folder, "a: " + "[" * 63 + "x" + "]" * 63 + "\n").data
    (problem,) = problems(folder, "a: " + "[" * 64 + "x" + "]" * 64 + "\n")
    assert problem.rule == "yaml/depth"


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("a: 'x\n b: 1\n", (1, 4), "quote"),
        ('a: "x\n---\n', (2, 1), ""),
        ("\ta: 1\n", (1, 1), "tab"),
        ("a: b\n\tc: d\n", (2, 1), "tab"),
        ("a:\n  - b\n\t- c\n", (3, 1), "tab"),
        ("a:\n- b\nc: d\n- e\n", (4, 1), "not indented"),
        ("- a\nb: c\n", (2, 1), "begin with `- `"),
        ("a: ]\n", (1, 4), "cannot begin"),
        ("a: b: c\n", (1, 5), "colon"),
        ("a: [1, 2\n", (1, 4), "closed"),
        ("a: {b: 1\n", (1, 4), "closed"),
        ("a: @x\n", (1, 4), "quotes"),
        ('a: "\\q"\n', (1, 5), "backslash"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "indented"),
        ("a: |x\n", (1, 5), "comment"),
        ("a: 'b' c\n", (1, 8), "quote"),
        ("%FOO\n---\na: 1\n", (1, 5), "not YAML"),
    ],
)
def test_a_syntax_error_has_its_place_and_our_words(folder: Path, text: str, place: tuple[int, int], word: str) -> None:
    (problem,) = problems(folder, text)
    assert (problem.rule, problem.place) == ("yaml/syntax", at(*place))
    assert word in problem.message


def test_no_word_of_the_file_is_in_a_syntax_error(folder: Path) -> None:
    for text in ("zoe@example.com: 'x", "a: *zoe@example.com\n", "a: @zoe@example.com\n", "- zoe@example.com\nb: 1\n"):
        assert all("zoe" not in each.message + each.hint for each in problems(folder, text))


def test_bytes_that_are_not_utf_8_are_refused_with_their_line(folder: Path) -> None:
    (problem,) = problems(folder, "a: 1\nb: é\n".encode("latin-1"))
    assert (problem.rule, problem.place) == ("file/not-utf-8", Place(file=SHOWN, line=2))
    (problem,) = problems(folder, "a: 1\n".encode("utf-16"))
    assert problem.rule == "file/not-utf-8"


def test_an_invisible_character_is_refused_with_its_place(folder: Path) -> None:
    (problem,) = problems(folder, "a: 1\nbc: x\x00y\n")
    assert (problem.rule, problem.place) == ("yaml/character", at(2, 6))
    assert "U+0000" in problem.message


def test_a_file_larger_than_4_mib_is_refused(folder: Path) -> None:
    (problem,) = problems(folder, b"a: 1\n#" + b"x" * MAX_BYTES)
    assert (problem.rule, problem.place) == ("file/too-large", Place(file=SHOWN))


def test_a_file_that_is_not_there_or_is_a_folder_is_missing(folder: Path) -> None:
    for path in (folder / "nowhere.yaml", folder):
        with pytest.raises(ProjectInvalid) as caught:
            load(path, SHOWN)
        assert [each.rule for each in caught.value.problems] == ["file/missing"]


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(ProjectInvalid) as caught:
        load(tmp_path / "a", SHOWN)
    assert caught.value.problems[0].rule in {"file/missing", "file/unreadable"}


def test_a_text_file_is_read_by_the_same_rules(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"\xef\xbb\xbfHi: {{ x }}\n")
    assert read_text(path, "words.txt") == "Hi: {{ x }}\n"
    for content, rule in (
        (b"\xe9", "file/not-utf-8"),
        (b"a\x00", "yaml/character"),
        (b"x" * 5_000_000, "file/too-large"),
    ):
        path.write_bytes(content)
        with pytest.raises(ProjectInvalid) as caught:
            read_text(path, "words.txt")
        assert [each.rule for each in caught.value.problems] == [rule]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    path.chmod(0)
    with pytest.raises(ProjectInvalid) as caught:
        load(path, SHOWN)
    assert caught.value.problems[0].rule == "file/unreadable"


def test_the_path_is_absolute_and_links_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("a: 1\n")
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    assert load(tmp_path / "link.yaml", "link.yaml").path == (tmp_path / "real.yaml").resolve()


def test_a_document_does_not_show_its_data(folder: Path) -> None:
    document = read(folder, "recipients: [{phone_number: '+33600000123'}]\n")
    assert "33600000123" not in repr(document) + repr(document.child(("recipients",)))


def test_a_child_keeps_its_places(folder: Path) -> None:
    child = read(folder, "defaults:\n  sms:\n    sender: OctoShop\n").child(("defaults", "sms"))
    assert child.data == {"sender": "OctoShop"}
    assert child.place(()) == at(2, 3)
    assert child.place(("sender",)) == at(3, 5)


def test_a_child_that_is_not_there_is_empty_and_merges_as_nothing(folder: Path) -> None:
    document = read(folder, "a: 1\n")
    child = document.child(("defaults", "sms"))
    assert child.data is None
    assert document.merged_over(child, child).data == {"a": 1}


def test_merging_keeps_what_stands_above_and_the_file_of_each_value(folder: Path) -> None:
    campaign = read(folder, "channel: sms\nmetadata: {type: sms_premium}\nlist: [1]\n")
    project = read(
        folder,
        "defaults:\n  sms: {metadata: {with_replies: true, type: sms_low_cost}}\n"
        "  all: {sender: OctoShop, list: [2, 3], metadata: {type: x}}\n",
        "octoplan.yaml",
    )
    merged = campaign.merged_over(project.child(("defaults", "sms")), project.child(("defaults", "all")))
    assert merged.data == {
        "channel": "sms",
        "metadata": {"type": "sms_premium", "with_replies": True},
        "list": [1],
        "sender": "OctoShop",
    }
    assert merged.shown == SHOWN
    assert merged.place(("metadata", "type")) == at(2, 12)
    assert merged.place(("metadata", "with_replies")) == at(2, 20, "octoplan.yaml")
    assert merged.place(("sender",)) == at(3, 9, "octoplan.yaml")
    assert merged.place(()) == at(1, 1)
    assert campaign.data["metadata"] == {"type": "sms_premium"}


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn"), exclude_characters="<"), max_size=12
)
NUMBER = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
DATA = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
TREE = st.recursive(
    st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MAPPING = st.dictionaries(st.sampled_from("abc"), TREE, max_size=3)


def as_yaml(data: Any) -> str:
    """Plain data in, the same as JSON, which is YAML, out; a fraction always shows its point."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{as_yaml(key)}: {as_yaml(value)}" for key, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(as_yaml, data)) + "]"
    if isinstance(data, str):
        return '"' + data.replace("\\", "\\\\").replace('"', '\\"') + '"'
    words = {None: "null", True: "true", False: "false"}
    return words[data] if data is None or isinstance(data, bool) else repr(data)


@given(data=st.dictionaries(TEXT, DATA, max_size=4))
@settings(deadline=None)
def test_plain_data_comes_back_as_it_was(folder: Path, data: dict[str, Any]) -> None:
    assert same(read(folder, as_yaml(data) + "\n").data, data)


def same(one: Any, other: Any) -> bool:
    if isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in other)
    if isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(other, float):
        return math.isclose(one, other) or one == other
    return type(one) is type(other) and one == other


def laid_over(upper: Any, lower: Any) -> Any:
    if not isinstance(upper, dict) or not isinstance(lower, dict):
        return upper
    merged = dict(lower)
    for key, value in upper.items():
        merged[key] = laid_over(value, lower[key]) if key in lower else value
    return merged


@given(upper=MAPPING, lower=MAPPING)
@settings(deadline=None)
def test_merging_is_what_it_says_and_places_follow_the_data(
    folder: Path, upper: dict[str, Any], lower: dict[str, Any]
) -> None:
    above, beneath = read(folder, as_yaml(upper) + "\n"), read(folder, as_yaml(lower) + "\n", "octoplan.yaml")
    merged = above.merged_over(beneath)
    assert merged.data == laid_over(upper, lower)
    for key in merged.data:
        assert merged.place((key,)).file == (SHOWN if key in upper else "octoplan.yaml")


PIECES = st.sampled_from(
    [
        *"\n\n\n:-[]{},&*!|>'\"%@`#?~<= \t\\é😀\x85\u2028\ufeff\x00",
        *("a", "b: ", "  ", "- ", "&x ", "*x", "!!str ", "---\n", "...\n", "|\n", ">2-\n", "<<: ", "1", "true"),
        *("\\x4", "key: value\n", "? ", "%YAML 1.1\n"),
    ]
)


@given(text=st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
@settings(deadline=None, max_examples=400)
def test_any_text_gives_a_document_or_problems(folder: Path, text: str) -> None:
    document = read_or_problems(folder, text.encode("utf-8", "surrogatepass"))
    if isinstance(document, Document):
        assert isinstance(document.data, dict)
        assert all(document.place((key,)).line >= 1 for key in document.data)
    else:
        assert document
        assert all(each.place.file == SHOWN and each.message for each in document)
