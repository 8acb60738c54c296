"""Ctrl-C while octoplan still loads: nothing has begun, and it says so without a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import OCTOPLAN, PATIENCE

# Python runs this before anything else: the signal comes exactly when the module named is looked for.
HOOK = """
import os, signal, sys

class Doomed:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        [None for _ in range(10)]  # Python looks for signals here: what it raises, nothing can catch

class Ambush:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["AMBUSH"]:
            sys.meta_path.remove(self)
            if os.environ["WHERE"] == "destructor":
                Doomed()
            else:
                os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Ambush())
"""

# The same, exactly when stderr, the second of the streams, is told how to write what its terminal lacks.
IN_A_STREAM = """
import encodings.utf_8, os, signal

made = []

def interrupted(self, errors="strict"):
    made.append(self)
    if len(made) == 2:
        os.kill(os.getpid(), signal.SIGINT)

encodings.utf_8.IncrementalEncoder.__init__ = interrupted
"""


def started(
    command: list[str], module: str, tmp_path: Path, where: str = "", hook: str = HOOK
) -> subprocess.CompletedProcess[str]:
    (tmp_path / "sitecustomize.py").write_text(hook, encoding="utf-8")
    environ = os.environ | {
        "PYTHONPATH": str(tmp_path),
        "AMBUSH": module,
        "WHERE": where,
        "PYTHONIOENCODING": "utf-8:strict",
    }
    return subprocess.run(
        [*command, "validate"], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.parametrize("command", [[str(OCTOPLAN)], [sys.executable, "-m", "octoplan"]], ids=["octoplan", "python"])
@pytest.mark.parametrize("module", ["octoplan.cli", "click", "octoplan.errors", "octoplan.cli.validate", "jsonschema"])
def test_ctrl_c_while_it_loads_ends_with_130_and_no_traceback(command: list[str], module: str, tmp_path: Path) -> None:
    if module == "jsonschema":
        (tmp_path / "campaigns").mkdir()
        (tmp_path / "campaigns" / "autumn.yaml").write_text("channel: sms\n", encoding="utf-8")
    ended = started(command, module, tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (130, "", "interrupted")


@pytest.mark.parametrize("module", ["octoplan.cli", "click"])
def test_ctrl_c_that_nothing_can_catch_comes_again(module: str, tmp_path: Path) -> None:
    ended = started([str(OCTOPLAN)], module, tmp_path, "destructor")
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (130, "", "interrupted")


def test_ctrl_c_while_a_stream_is_set_up_is_told_all_the_same(tmp_path: Path) -> None:
    ended = started([str(OCTOPLAN)], "", tmp_path, hook=IN_A_STREAM)
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (130, "", "interrupted")


def test_a_signal_that_is_ignored_stays_ignored_while_it_loads(tmp_path: Path) -> None:
    ended = started(["sh", "-c", 'trap "" INT; exec "$@"', "sh", str(OCTOPLAN)], "click", tmp_path)
    assert ended.returncode != 130
    assert "interrupted" not in ended.stderr
