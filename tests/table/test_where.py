"""`where`: one expression over one row, and nothing else whatever it is made to look like."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from octoplan.table.connection import Table
from octoplan.table.where import Condition, Refused, parse, unknown_column

COLUMNS = ("country", "age", "tags", "since", "my column")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with Table(tmp_path_factory.mktemp("table")) as opened:
        opened.execute("CREATE TABLE secrets AS SELECT 'FR' AS country")
        yield opened


def check(table: Table, written: str) -> Condition:
    def resolve(name: str) -> str:
        if name not in COLUMNS:
            raise unknown_column(name, COLUMNS)
        return name

    return parse(table, written, resolve)


@pytest.mark.parametrize(
    "written",
    [
        "country = 'FR' and age = '7'",
        "country in ('FR', 'BE') or not (age is null)",
        "lower(trim(country)) like 'f%' and age not in ('1')",
        "country ilike 'F_' or country similar to '[A-Z]+' or country glob 'F*'",
        "country || '%' like 'FR!%' escape '!'",
        "try_cast(age as integer) between 6 and 8",
        "age::int >= 7 and cast(age as decimal(10, 2)) < 8 and (age::double + 1) * 2 / 3 - 4 % 3 > -10",
        "case when country = 'FR' then true else false end",
        "coalesce(nullif(country, ''), 'FR') = 'FR' and country is not null",
        "regexp_matches(country, '^F') and starts_with(country, 'F') and contains(country, 'R')",
        "country || age = 'FR7' and concat(country, age) = 'FR7'",
        "since::date >= date '2020-01-01' and year(since::date) = 2020",
        "date_diff('day', since::date, date '2030-01-01') > 3",
        "extract(year from since::date) = 2020 and since::date > date '2020-02-01' - interval 30 day",
        "strptime(since, '%Y-%m-%d') > timestamp '2019-01-01 00:00:00'",
        "list_contains(tags, 'a') and tags[1] = 'a' and len(tags) = 1",
        "\"my column\" is distinct from 'x'",
        "true",
        "country = 'FR' /* a comment inside */ and\n-- and one of a line\n age = '7'",
        "((country = 'FR'))",
        "replace(replace(replace(replace(country, 'ä', 'ae'), 'ö', 'oe'), 'R', 'RR'), 'F', 'FF') = 'FFRR'",
        "replace(replace(replace(replace(replace(age, '1', 'b'), '2', 'ii'), '3', 'iii'), '4', 'ii'), '7', 'v') = 'v'",
        "replace(age, country, '') = '7' and replace(age, '7', country) = 'FR'",
        "country = 'it''s' or country || '\\' = E'FR\\\\'",
    ],
)
def test_an_expression_over_a_row_is_taken_and_true(table: Table, written: str) -> None:
    condition = check(table, written)
    values = {"country": "'FR'", "age": "'7'", "tags": "['a']", "since": "'2020-02-03'", "my column": "NULL"}
    row = ", ".join(f"{values[name]} AS w{number}" for number, name in enumerate(condition.columns)) or "1"
    assert table.value(f"SELECT ({condition.sql}) FROM (SELECT {row})") is True


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "1=1; DROP TABLE secrets",
        "1=1); DROP TABLE secrets; SELECT (1=1",
        "1=1) or (1=1",
        "1=1) -- ",
        "1=1 --",
        "1=1 -- and country = 'FR'",
        "1=1 /*",
        "*/ 1=1 /*",
        "1=1 #",
        "1=1 as x",
        "country = 'FR' x",
        "1, 2",
        "*",
        "columns('a')",
        "country from secrets",
        "country = 'FR' order by 1",
        "country = 'FR' limit 1",
        "country = 'FR' group by 1",
        "country = 'FR' having true",
        "country = 'FR' qualify true",
        "country = 'FR' where true",
        "country = 'FR' union select true",
        "distinct country",
        "distinct on (country) country",
        "(select true)",
        "exists (select 1)",
        "country in (select country from secrets)",
        "country = any(select country from secrets)",
        "country = any(['FR'])",
        "(from secrets)",
        "(values (true))",
        "with x as (select 1) select true",
        "read_csv('/etc/passwd') is null",
        "read_text('/etc/passwd') is null",
        "getenv('HOME') = 'x'",
        "current_setting('threads') = '1'",
        "getvariable('x') is null",
        "random() < 0.5",
        "uuid() = 'x'",
        "now() > '2020-01-01'",
        "current_date > date '2020-01-01'",
        "current_timestamp is null",
        "today() > date '2020-01-01'",
        "age(timestamp '2020-01-01') is null",
        "current_user = 'x'",
        "version() = 'x'",
        "pg_sleep(10) is null",
        "nextval('s') = 1",
        "repeat('x', 1000000000) = 'x'",
        "lpad('x', 1000000000, 'x') = 'x'",
        "range(1000000000) is null",
        "error('x')",
        "replace(country, 'F', '" + "F" * 201 + "') = 'x'",
        "length(replace(replace(country, 'F', '" + "F" * 20 + "'), 'F', '" + "R" * 20 + "')) > 0",
        "length(replace(upper(replace(country, 'F', '" + "f" * 20 + "')), 'R', '" + "R" * 20 + "')) > 0",
        "length(replace(concat(" + "country, " * 60 + "country), 'F', 'FF')) > 0",
        "length(replace('" + "F" * 2000 + "', 'F', 'FFF')) > 0",
        "replace(replace(country, 'F', age), 'R', 'RR') = 'x'",
        "replace(replace(country, 'F', country), 'R', country) = 'x'",
        "length(" + "replace(" * 300 + "country" + ", 'F', 'FF')" * 300 + ") > 0",
        "count(*) > 1",
        "sum(age::int) > 1",
        "max(country) = 'FR'",
        "row_number() over () > 1",
        "lower(country) over () = 'x'",
        "count(*) filter (where true) > 1",
        "list_filter(tags, x -> true) is null",
        "lambda x: x",
        "[x for x in tags] is null",
        "unnest(tags) = 'a'",
        "country = ?",
        "country = $1",
        "country = $name",
        "#1 = 'FR'",
        "secrets.country = 'FR'",
        "main.lower(country) = 'fr'",
        "system.main.lower(country) = 'fr'",
        "country::json = 'x'",
        "country::secrets = 'x'",
        "age::int[] is null",
        "since::timestamptz is null",
        "country collate nocase = 'fr'",
        "try(country) = 'x'",
        "{'a': 1} is null",
        "pragma version",
        "attach 'x.db'",
        "copy secrets to 'x'",
        "default",
        "rowid = 1",
        "\u2028country = 'FR'",
        "\uff49\uff4e(country)",
        "cοuntry = 'FR'",  # noqa: RUF001 - a Greek omicron on purpose
        "x" * 10_001,
        "not " * 2000 + "true",
        "(" * 2000 + "true" + ")" * 2000,
        "true" + " and true" * 1000 + " or" * 2,
        "1 + " * 2400 + "1 = 1",
    ],
)
def test_anything_else_is_refused_without_being_run(table: Table, written: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        check(table, written)
    assert "secrets" not in caught.value.message + caught.value.hint
    assert table.value("SELECT count(*) FROM secrets") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_column_is_met_with_the_one_that_was_meant(table: Table) -> None:
    with pytest.raises(Refused) as caught:
        check(table, "contry = 'FR'")
    assert "contry" in caught.value.message
    assert "did you mean country?" in caught.value.hint


def test_text_in_double_quotes_is_not_repeated_since_it_may_be_a_value(table: Table) -> None:
    with pytest.raises(Refused) as caught:
        check(table, 'country = "ana@example.com"')
    assert "ana" not in caught.value.message + caught.value.hint
    assert "single quotes" in caught.value.hint


def test_a_condition_does_not_show_itself(table: Table) -> None:
    assert "FR" not in repr(check(table, "country = 'FR'"))
