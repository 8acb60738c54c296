"""Contact files and people as rows: one DuckDB connection, and the only door to it.

`connection` owns it, `dialect` and `files` fill it, `where` guards the one expression that an author may write, `keys`
and `people` hold the named SQL over people. Importing this package does not import duckdb.
"""
