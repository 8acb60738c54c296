"""A Campaign → its Audience, in three steps, so that all files of all campaigns are loaded before the table is locked.

    opened = steps.open_audience(campaign, project, table)     what columns there are; Problems
    loaded = steps.load(opened, variables)                     the columns that are needed, and the exclusions
    table.lock()                                               from here on nothing but rows can be reached
    audience = steps.select(loaded, suppressions, key)         each person once, and what was left out

Problems are carried along; a step after one does nothing. Inline recipients are validated by `inline.read_inline`
alone, without a table. Importing this package or `inline` imports neither duckdb nor phonenumbers nor email-validator.
"""
