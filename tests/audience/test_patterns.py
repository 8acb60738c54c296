"""Patterns in `from`: the files that `glob` finds, and no folder passed over that cannot be read."""

import errno
import glob
import os
from pathlib import Path

import pytest

from octoplan.audience.patterns import matching

FILES = (
    "a.csv",
    "[1].csv",
    ".hidden.csv",
    "shops/a.csv",
    "shops/b.tsv",
    "shops/north/a.csv",
    "shops/.git/a.csv",
    "audiences/north/deep/c.csv",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("shops")
    (tmp_path / "gone.csv").symlink_to("nowhere.csv")
    return tmp_path


@pytest.mark.parametrize(
    "pattern",
    [
        "*.csv",
        "?.csv",
        "[[]1].csv",
        "[!a]*",
        ".*",
        ".*.csv",
        "shops/*",
        "*/a.csv",
        "*/*/a.csv",
        "*/gone.csv",
        "shops/./*.csv",
        "./shops/../*.csv",
        "shops/.git/*",
        "**",
        "**/*.csv",
        "**/a.csv",
        "shops/**",
        "*/**/*.csv",
        "**/north/**/*.csv",
        "a**.csv",
        "nowhere/*.csv",
        "a.csv/*",
        "*/",
    ],
)
def test_a_pattern_matches_what_glob_finds(folder: Path, pattern: str) -> None:
    found = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 - it is the measure
    assert matching(folder, pattern) == sorted(name for name in found if not (folder / name).is_dir())
    absolute = glob.glob(f"{folder}/{pattern}", recursive=True)  # noqa: PTH207
    assert matching(Path(), f"{folder}/{pattern}") == sorted(name for name in absolute if not Path(name).is_dir())


def test_each_file_is_matched_once_however_often_a_pattern_leads_to_it(folder: Path) -> None:
    assert matching(folder, "**/**/b.tsv") == ["link/b.tsv", "shops/b.tsv"]


def test_a_link_in_a_circle_leads_to_nothing_new(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "a.csv").touch()
    assert matching(tmp_path, "**/*.csv") == ["a.csv"]
    assert matching(tmp_path, "circle/*.csv") == []


@pytest.mark.parametrize("pattern", ["\0*.csv", f"{'a' * 300}/*.csv", f"*/{'a' * 300}"])
def test_a_name_that_no_file_can_have_matches_nothing(folder: Path, pattern: str) -> None:
    assert matching(folder, pattern) == []


@pytest.mark.parametrize("pattern", ["shops/*.csv", "*/*.csv", "**/*.csv", "shops/north/*"])
def test_a_folder_that_cannot_be_read_is_an_error(folder: Path, pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir, shut = os.scandir, {folder / "shops", folder / "shops/north"}

    def guarded(path: Path) -> object:
        if path in shut:
            raise PermissionError(errno.EACCES, "no", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(PermissionError):
        matching(folder, pattern)
