"""The test build: `OCTOPLAN_FAILPOINT=name[:nth] python -m tests.failpoints ARGUMENTS` is octoplan that dies there."""

import os
import sys

from octoplan.cli import main
from tests.failpoints.points import VARIABLE, Gone, arm

try:
    arm(os.environ[VARIABLE])
except (Gone, KeyError) as error:
    sys.exit(f"no failpoint is armed: {error}")
main()
