"""A Campaign → its Audience, in three steps, so that all files of all campaigns are loaded before the table is locked.

    opened = open_audience(campaign, project, table)     what columns there are; Problems
    loaded = load(opened, variables)                     the columns that are needed, and the exclusions
    table.lock()                                         from here on nothing but rows can be reached
    audience = select(loaded, suppressions, key)         each person once, and what was left out

Problems are carried along; a step after one does nothing. Inline recipients are validated by `read_inline` alone,
without a table. Importing this package imports neither duckdb nor phonenumbers nor email-validator.
"""

from octoplan.audience.exclusions import Suppressions, open_suppressions
from octoplan.audience.inline import Inline, Person, read_inline
from octoplan.audience.steps import Loaded, Opened, load, normalise, open_audience, select
from octoplan.audience.values import Audience, Counts, Reject

__all__ = [
    "Audience",
    "Counts",
    "Inline",
    "Loaded",
    "Opened",
    "Person",
    "Reject",
    "Suppressions",
    "load",
    "normalise",
    "open_audience",
    "open_suppressions",
    "read_inline",
    "select",
]
