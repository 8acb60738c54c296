"""White space in a cell: it is the same to SQL as to templates, and to whoever reads one person's row."""

import sys
from pathlib import Path

from octoplan.table import looking
from octoplan.table.connection import Table
from octoplan.table.quoting import WHITE_SPACE
from octoplan.table.zoning import Zoning


def test_all_that_python_calls_white_space_is_known() -> None:
    assert set(WHITE_SPACE) == {one for one in map(chr, range(sys.maxunicode + 1)) if one.isspace()}


def test_a_cell_of_nothing_but_white_space_is_blank(tmp_path: Path) -> None:
    with Table(tmp_path) as table:
        table.execute("CREATE TABLE people (v0 VARCHAR)")
        table.append("people", [[*WHITE_SPACE, WHITE_SPACE, "", None, "x", "\xa0x"]])
        (found,) = looking.columns(table, "people", 1)
        assert found.blank == len(WHITE_SPACE) + 3


def test_white_space_around_a_time_zone_says_nothing(tmp_path: Path) -> None:
    with Table(tmp_path) as table:
        table.execute("CREATE TABLE people (person UHUGEINT, v0 VARCHAR)")
        table.execute("CREATE TABLE messages_people (person UHUGEINT, country VARCHAR)")
        cells = [f"{one}Europe/Paris{one}" for one in WHITE_SPACE]
        table.append("people", [list(range(len(cells))), cells])
        table.append("messages_people", [list(range(len(cells))), ["FR"] * len(cells)])
        assert Zoning(table, "people", 0).places() == [("FR", "Europe/Paris")]
