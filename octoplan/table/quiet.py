"""What libraries that reach out would say by themselves → nothing: it may quote an address, a secret or a row."""

import logging


def hush() -> None:
    """Where nobody listens to the log, let nobody hear it: Python would write warnings and errors to stderr."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())
