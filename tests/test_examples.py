"""The examples' audience files come from their generator, and from nowhere else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

AUDIENCES = Path(__file__).parents[1] / "campaigns" / "audiences"
COMMITTED = sorted(path for path in AUDIENCES.iterdir() if path.suffix in {".csv", ".tsv", ".ndjson"})


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audiences")
    script = shutil.copy(AUDIENCES / "generate.py", folder)
    subprocess.run([sys.executable, "-I", script], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("committed", COMMITTED, ids=lambda path: path.name)
def test_the_generator_writes_the_committed_file_byte_for_byte(committed: Path, generated: Path) -> None:
    assert (generated / committed.name).read_bytes() == committed.read_bytes()


def test_the_generator_writes_the_committed_files_and_no_others(generated: Path) -> None:
    assert sorted(path.name for path in generated.iterdir() if path.suffix != ".py") == [
        path.name for path in COMMITTED
    ]


def test_the_audience_files_stay_small_enough_to_clone_without_noticing() -> None:
    assert sum(path.stat().st_size for path in COMMITTED) < 1_000_000
