"""One SQL expression over a row's columns → a Condition that can do nothing but look at that row.

DuckDB's own parser makes a tree of it, the tree is allow-listed node by node, and what runs is written anew from the
tree: comments, hidden characters and anything after the expression cannot survive. No subquery, no table, no aggregate,
no window, no function that is not named here: none of these reads settings, time, chance, files or the environment.
"""

import difflib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from octoplan.table import allowed
from octoplan.table.connection import Table, TableError
from octoplan.table.growth import MOST, growth, is_replace

MAX_LENGTH = 10_000
SECONDS = 30.0

_HIDDEN = ("schema", "catalog", "filter", "distinct", "export_state")


class Refused(Exception):  # noqa: N818 - it says what is the case
    """An expression that is not taken: `message` and `hint` in our words."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A checked expression over columns w0, w1, ...; `columns[i]` is what the files call wi. May hold personal data.

    `prefix`: what stands before the numbers, so that several can be asked of one row.
    """

    sql: str
    columns: tuple[str, ...]
    prefix: str = "w"

    def __repr__(self) -> str:
        return f"<Condition over {len(self.columns)} columns>"


def parse(table: Table, written: str, resolve: Callable[[str], str], prefix: str = "w") -> Condition:
    """An expression, and what finds a column by name → a Condition; Refused otherwise.

    `resolve`: a name as written → the file's column; raises Refused for an unknown one.
    """
    expression = _expression(table, written)
    columns: list[str] = []
    for node in _nodes(expression):
        check(node)
        if node["class"] == "COLUMN_REF":
            column = resolve(_column_name(node))
            if column not in columns:
                columns.append(column)
            node["column_names"] = [f"{prefix}{columns.index(column)}"]
    return Condition(sql=_written_anew(table, expression), columns=tuple(columns), prefix=prefix)


def unknown_column(name: str, columns: tuple[str, ...]) -> Refused:
    """A name that no column has → the refusal, with the columns there are and the nearest one."""
    near = difflib.get_close_matches(name, columns, 1)
    meant = f"did you mean {near[0]}? " if near else ""
    return Refused(
        f"where names {name}, which is no column" if name.isidentifier() else "where names something that is no column",
        f"{meant}there are: {', '.join(columns)}; text stands in single quotes",
    )


def _expression(table: Table, written: str) -> dict[str, Any]:
    if len(written) > MAX_LENGTH:
        raise Refused(f"where is longer than {MAX_LENGTH} characters", "a column in the file can say who is meant")
    # With a parenthesis around it, nothing may be left over; without one, none may be closed that it did not open.
    node = _select(table, f"SELECT {written}")
    _select(table, f"SELECT ({written}) AS x")
    expressions = node.pop("select_list")
    plain: dict[str, Any] = {
        "type": "SELECT_NODE",
        "modifiers": [],
        "where_clause": None,
        "group_expressions": [],
        "group_sets": [],
        "having": None,
        "sample": None,
        "qualify": None,
    }
    alone = (
        len(expressions) == 1
        and node["from_table"]["type"] == "EMPTY"
        and not node["cte_map"]["map"]
        and all(node[key] == value for key, value in plain.items() if key in node)
        and not expressions[0].get("alias")
    )
    if not alone:
        raise _not_one()
    return dict(expressions[0])


def _select(table: Table, sql: str) -> dict[str, Any]:
    try:
        tree = json.loads(table.value("SELECT json_serialize_sql(?)", [sql]))
    except (TableError, RecursionError):
        raise _not_one() from None
    if tree["error"] or len(tree["statements"]) != 1 or "select_list" not in tree["statements"][0]["node"]:
        raise _not_one()
    return dict(tree["statements"][0]["node"])


def _not_one() -> Refused:
    return Refused(
        "where is not one SQL expression",
        "such as: country = 'FR' and opted_in = 'yes'; text stands in single quotes, odd names in double",
    )


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """A tree → every node of the expression in it, wherever it hides."""
    stack = [tree]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            if "class" in here:
                yield here
            stack.extend(reversed(here.values()))
        elif isinstance(here, list):
            stack.extend(reversed(here))


def check(node: Mapping[str, Any], what: str = "where", functions: Collection[str] = allowed.FUNCTIONS) -> None:
    """A node of an expression, of `what` an author wrote → Refused where it may not stand there."""
    kind = node["class"]
    if kind == "FUNCTION":
        _check_function(node, what, functions)
    elif kind == "OPERATOR":
        if node["type"] not in allowed.OPERATORS:
            raise Refused(f"{what} uses an operator that it may not use")
    elif kind == "TYPE":
        if node["type_name"].upper() not in allowed.TYPES or node.get("schema") or node.get("catalog"):
            raise Refused(
                f"{what} casts to a type that is not plain", f"plain are: {', '.join(sorted(allowed.TYPES)).lower()}"
            )
    elif kind not in allowed.CLASSES:
        raise Refused(
            f"{what} is more than {'an expression over one row' if what == 'where' else 'looking at rows'}",
            "no subquery, aggregate, window, lambda, parameter or *; docs/audiences.md shows what there is"
            if what == "where"
            else "no window, lambda or parameter; docs/audiences.md shows what there is",
        )


def _check_function(node: Mapping[str, Any], what: str, functions: Collection[str]) -> None:
    name = str(node["function_name"])
    if name not in functions:
        used = (
            f"{name}, which is not among what a {what} may use" if name.isidentifier() else "an operator it may not use"
        )
        hint = "docs/audiences.md lists the functions; none reads files, settings, time or chance"
        raise Refused(f"{what} uses {used}", hint)
    hidden = any(node.get(key) for key in _HIDDEN if what == "where" or key != "distinct")
    if hidden or node.get("order_bys", {}).get("orders"):
        raise Refused(f"{what} calls a function in a way that is not plain", "write it as lower(name)")
    if is_replace(node) and growth(node) > MOST:
        raise Refused(
            f"{what} makes a text more than {MOST} times as long by replace",
            "replace by something shorter, or prepare a column in the file",
        )


def _column_name(node: dict[str, Any]) -> str:
    names = node["column_names"]
    if len(names) != 1:
        raise Refused("where names a column with a dot", "a name with a dot in it stands in double quotes")
    return str(names[0])


def _written_anew(table: Table, expression: dict[str, Any]) -> str:
    """A checked tree → its SQL, through DuckDB's own writer."""
    tree = json.loads(table.value("SELECT json_serialize_sql('SELECT 1')"))
    tree["statements"][0]["node"]["select_list"] = [expression]
    try:
        sql = str(table.value("SELECT json_deserialize_sql(?::JSON)", [json.dumps(tree)]))
    except (TableError, RecursionError):
        raise _not_one() from None
    return sql.removeprefix("SELECT ")
