"""The one SELECT of a segment over named sources → a Query that can do nothing but look at their rows.

As with `where`, DuckDB's own parser makes a tree, the tree is allow-listed node by node, and what runs is written
anew from it. No table function, no table but the named ones, no window, no limit: what comes out depends on the rows
alone, and its order on what stands in them.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from octoplan.table import allowed, where
from octoplan.table.casting import held_type, rows_sql
from octoplan.table.connection import Table, TableError
from octoplan.table.quoting import quoted
from octoplan.table.where import SECONDS, Refused

_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE"})
_TABLES = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY"})
_JOINS = frozenset({"REGULAR", "NATURAL", "CROSS"})
_MODIFIERS = frozenset({"ORDER_MODIFIER", "DISTINCT_MODIFIER"})
_CTE = "with "  # no table of ours begins so: what a WITH does not name is found nowhere
_PLAIN = "docs/audiences.md shows what a query can do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A checked SELECT. `tree`: as the parser gives it; `sources`: the names it reads, each with the columns needed."""

    tree: Mapping[str, Any]
    sources: Mapping[str, tuple[str, ...]]

    def __repr__(self) -> str:
        return f"<Query over {', '.join(self.sources)}>"


def parse(table: Table, written: str, columns_of: Callable[[str], tuple[str, ...] | None]) -> Query:
    """A SELECT, and what knows the columns of a source → a Query; Refused otherwise."""
    tree = _tree(table, written)
    top = tree["statements"][0]["node"]
    ctes = {str(entry["key"]) for node in _dicts(top) for entry in _ctes(node)}
    names: dict[str, None] = {}
    for node in _dicts(top):
        _check(node, top)
        if node.get("type") == "BASE_TABLE" and node["table_name"] not in ctes:
            names[str(node["table_name"])] = None
    sources: dict[str, tuple[str, ...]] = {}
    for name in names:
        columns = columns_of(name)
        if columns is None:
            raise Refused(f"query reads {name}, which is no source" if name.isidentifier() else "query reads no source")
        sources[name] = _needed(top, columns)
    if not sources:
        raise Refused("query reads no source", "select ... from one of the environment's sources, by its name")
    return Query(tree=MappingProxyType(tree), sources=MappingProxyType(sources))


def _tree(table: Table, written: str) -> dict[str, Any]:
    if len(written) > where.MAX_LENGTH:
        raise Refused(f"query is longer than {where.MAX_LENGTH} characters")
    try:
        tree = json.loads(table.value("SELECT json_serialize_sql(?)", [written]))
    except (TableError, RecursionError):
        raise _not_one() from None
    if tree["error"] or len(tree["statements"]) != 1:
        raise _not_one()
    return dict(tree)


def _not_one() -> Refused:
    return Refused("query is not one SELECT", "such as: select c.* from customers c where c.country = 'FR'")


def _dicts(tree: Any) -> Iterator[dict[str, Any]]:
    stack = [tree]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            yield here
            stack.extend(here.values())
        elif isinstance(here, list):
            stack.extend(here)


def _ctes(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = node.get("cte_map")
    return list(held["map"]) if isinstance(held, dict) else []


def _check(node: Mapping[str, Any], top: Mapping[str, Any]) -> None:
    """A node → Refused where it is more than looking at rows."""
    kind = str(node.get("type", ""))
    if "class" in node:
        if node["class"] in ("STAR", "SUBQUERY"):
            return
        where.check(node, "query", allowed.FUNCTIONS | allowed.AGGREGATES)
    elif kind.endswith("_NODE"):
        _check_select(node, kind, top)
    elif "alias" in node and "query_location" in node:
        _check_table(node, kind)


def _check_select(node: Mapping[str, Any], kind: str, top: Mapping[str, Any]) -> None:
    if kind not in _NODES or node.get("sample") or node.get("qualify"):
        raise Refused("query is more than SELECT, UNION, INTERSECT and EXCEPT", _PLAIN)
    for modifier in node.get("modifiers", ()):
        if modifier["type"] not in _MODIFIERS or modifier.get("distinct_on_targets"):
            raise Refused(
                "query takes some of the rows only",
                "limit and sample stand beside query: they take the same people twice",
            )
        if modifier["type"] == "ORDER_MODIFIER" and node is not top:
            raise Refused("query has an ORDER BY inside", "only the last one counts")


def _check_table(node: Mapping[str, Any], kind: str) -> None:
    if kind not in _TABLES or node.get("sample") or node.get("at_clause"):
        raise Refused("query reads something else than a source", "no function, file or list of values; only sources")
    if kind == "JOIN" and node["ref_type"] not in _JOINS:
        raise Refused("query has a JOIN that it may not have", _PLAIN)
    if kind == "BASE_TABLE" and (node["schema_name"] or node["catalog_name"]):
        raise Refused("query names a source with a dot", "a source has one name")


def _needed(top: Mapping[str, Any], columns: Sequence[str]) -> tuple[str, ...]:
    """The tree and the columns of a source → those that it names, all where a star stands; at least one."""
    found: set[str] = set()
    for node in _dicts(top):
        if node.get("class") == "STAR" or node.get("ref_type") == "NATURAL":
            return tuple(columns)
        found.update(str(name).casefold() for name in node.get("column_names", ()))
        found.update(str(name).casefold() for name in node.get("using_columns", ()))
    return tuple(name for name in columns if name.casefold() in found) or tuple(columns[:1])


def describe(table: Table, query: Query, types: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """A Query and the types of its sources' columns → its own columns and their types; Refused: it does not fit."""
    shapes = {source: table.name("shape") for source in query.sources}
    try:
        for source, needed in query.sources.items():
            listed = ", ".join(f"{quoted(name)} {types[source][name]}" for name in needed)
            table.execute(f"CREATE TABLE {shapes[source]} ({listed})")
        rows = table.rows(f"DESCRIBE {_sql(table, query, shapes, 0)}")
    except TableError as error:
        if error.kind != "expression":
            raise
        known = "; ".join(f"{source}: {', '.join(types[source])}" for source in query.sources)
        raise Refused("query does not fit its sources: a name or a type in it", f"there are: {known}") from None
    finally:
        for shape in shapes.values():
            table.execute(f"DROP TABLE IF EXISTS {shape}")
    names = [str(row[0]) for row in rows]
    if len({name.casefold() for name in names}) < len(names):
        raise Refused("query gives two columns the same name", "name them: select a.name as first_name, ...")
    return MappingProxyType({str(row[0]): held_type(str(row[1])) for row in rows})


def run(table: Table, query: Query, loaded: Mapping[str, str], names: Sequence[str]) -> tuple[str, int]:
    """A Query, the tables of its sources, and its columns that are needed → a table with f0, f1, ... and its rows.

    TableError where it fails on a row, or takes too long. Rows are in the query's own order, then in that of their
    values.
    """
    made, rows = table.name("asked"), table.name("rows")
    types = _types(table, query, loaded)
    with table.limit(SECONDS):
        table.execute(f"CREATE TABLE {made} AS {_sql(table, query, loaded, len(types))}")
    wanted = rows_sql(made, types, names, whole=table.keeps_rows)
    count = table.execute(f"CREATE TABLE {rows} AS {wanted} ORDER BY rowid")
    table.execute(f"DROP TABLE {made}")
    return rows, count


def _types(table: Table, query: Query, loaded: Mapping[str, str]) -> dict[str, str]:
    """A Query and the tables of its sources → its own columns and their types."""
    return {str(row[0]): str(row[1]) for row in table.rows(f"DESCRIBE {_sql(table, query, loaded, 0)}")}


def _sql(table: Table, query: Query, names: Mapping[str, str], width: int) -> str:
    """A Query and what its sources are called in the table → its SQL, ordered by its first `width` columns, too."""
    tree = json.loads(json.dumps(dict(query.tree)))
    top = tree["statements"][0]["node"]
    for node in _dicts(top):
        for entry in _ctes(node):
            entry["key"] = _CTE + entry["key"]
        if node.get("type") == "BASE_TABLE":
            written = node["table_name"]
            node["alias"] = node["alias"] or written
            node["table_name"] = names.get(written, _CTE + written)
            if "qualified_name" in node:
                node["qualified_name"] = {"path": [node["table_name"]]}
    if width:
        _order(table, top, width)
    try:
        return str(table.value("SELECT json_deserialize_sql(?::JSON)", [json.dumps(tree)]))
    except (TableError, RecursionError):
        raise _not_one() from None


def _order(table: Table, top: dict[str, Any], width: int) -> None:
    """The outermost SELECT of `width` columns → ordered by all of them, after what its author wrote."""
    numbers = ", ".join(str(number + 1) for number in range(width))
    plain = json.loads(table.value("SELECT json_serialize_sql(?)", [f"SELECT 1 ORDER BY {numbers}"]))
    (wanted,) = plain["statements"][0]["node"]["modifiers"]
    written = [one for one in top["modifiers"] if one["type"] == "ORDER_MODIFIER"]
    if written:
        written[0]["orders"] += wanted["orders"]
    else:
        top["modifiers"] = [*top["modifiers"], wanted]
