"""`octoplan` and `python -m octoplan`."""

import signal
import sys

_INTERRUPTED = 130


def main() -> None:
    """Load octoplan and run it; where Ctrl-C comes before it has begun, that is all it says."""
    try:
        from octoplan import cli  # noqa: PLC0415 - loading it takes long enough to be interrupted

        cli.main()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stderr.write("interrupted\n")
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
