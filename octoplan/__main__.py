"""`octoplan` and `python -m octoplan`."""

import os
import signal
import sys

_INTERRUPTED = 130
_SOON = 0.01
"""Seconds after which a Ctrl-C that was lost comes again: by then whatever has lost it is over."""


def main() -> None:
    """Load octoplan and run it; where Ctrl-C comes before it has begun, that is all it says."""
    sys.unraisablehook = _lost
    try:
        from octoplan import cli  # noqa: PLC0415 - loading it takes long enough to be interrupted

        cli.main()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.write(sys.stderr.fileno(), b"interrupted\n")  # its text layer may have been interrupted while it was set up
        sys.exit(_INTERRUPTED)


def _lost(found: "sys.UnraisableHookArgs") -> None:
    """What was raised where nothing can catch it, such as in a destructor: Python drops it, and prints a traceback.

    A Ctrl-C comes again; all else is only named, since its message may quote a row.
    """
    import threading  # noqa: PLC0415 - whatever is loaded before `main` can be interrupted with a traceback

    if issubclass(found.exc_type, KeyboardInterrupt):
        threading.Timer(_SOON, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.stderr.write(f"octoplan has a fault: {found.exc_type.__name__}\n")


if __name__ == "__main__":
    main()
