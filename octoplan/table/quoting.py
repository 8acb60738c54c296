"""Names and texts → SQL; for what cannot be bound, such as identifiers, file names and patterns."""


def quoted(name: str) -> str:
    """Any name → an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Any text → an SQL string literal; for what cannot be bound, such as file names and patterns."""
    return "'" + text.replace("'", "''") + "'"
