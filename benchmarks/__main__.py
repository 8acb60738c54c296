"""The command line: `python -m benchmarks [--check] [--rounds N] [--only PART]` → the table on stdout.

Exit codes: 0 measured; 1 a program is missing or fails, or, with `--check`, a bound is broken; 2 usage.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import million, rails, sending, server
from benchmarks.measure import MINIMUM_ROUNDS, CommandFailed, Stopwatch
from benchmarks.suite import Bench, Programs
from benchmarks.table import Row, show

PARTS = ("commands", "sandbox", "sending", "million", "rails")


def main(arguments: Sequence[str], *, python: Path, variables: Mapping[str, str]) -> int:
    """Arguments, this interpreter and the environment variables → exit code."""
    options = _parser().parse_args(arguments)
    try:
        rows = _measure(Programs.beside(python), options, variables)
    except (CommandFailed, FileNotFoundError) as failure:
        print(f"benchmarks: {failure}", file=sys.stderr)
        return 1
    print(show(rows))
    return int(options.check and not all(row.is_ok for row in rows))


def _measure(programs: Programs, options: argparse.Namespace, variables: Mapping[str, str]) -> list[Row]:
    """Every row, the name of each said on stderr when it is there: the whole takes about twenty minutes."""
    # Bytecode is kept, as where octoplan is installed: the round that is thrown away compiles what was changed.
    left_out = ("OCTOPLAN_", "OCTOPUSH_", "PYTHONDONTWRITEBYTECODE")
    own = {name: value for name, value in variables.items() if not name.startswith(left_out)}
    stopwatch = Stopwatch(clock=time.perf_counter, variables=own)
    rows = []
    with tempfile.TemporaryDirectory(prefix="octoplan-benchmarks-") as folder:
        bench = Bench(programs=programs, folder=Path(folder), rounds=options.rounds, run=stopwatch.run)
        served = server.rows(programs.octoplan, Path(folder), rounds=options.rounds, clock=time.perf_counter)
        flown = sending.measure(Path(folder), rounds=options.rounds, clock=time.perf_counter, run=stopwatch.run)
        parts = {
            "commands": bench.rows(),
            "sandbox": served,
            "sending": flown,
            "million": million.rows(bench),
            "rails": rails.rows(bench),
        }
        for row in itertools.chain(*(parts[name] for name in ([options.only] if options.only else PARTS))):
            print(f"measured: {row.name.strip()}", file=sys.stderr)
            rows.append(row)
    return rows


def _rounds(written: str) -> int:
    if not written.isdecimal() or int(written) < MINIMUM_ROUNDS:
        raise argparse.ArgumentTypeError(f"a whole number of at least {MINIMUM_ROUNDS} is needed")
    return int(written)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 if a bound is broken")
    parser.add_argument("--rounds", type=_rounds, default=9, help="pairs per measurement (default 9, at least 5)")
    parser.add_argument("--only", choices=PARTS, help="measure one part")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], python=Path(sys.executable), variables=os.environ))
