"""The project's folder and what is written in octoplan.yaml."""

from pathlib import Path

import pytest

from octoplan.errors import OctoplanError
from octoplan.project import own_folder


def test_what_git_must_not_see_ignores_itself(tmp_path: Path) -> None:
    assert own_folder(tmp_path) == own_folder(tmp_path) == tmp_path / ".octoplan"
    assert (tmp_path / ".octoplan" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert (tmp_path / ".octoplan").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / ".octoplan").write_text("a file", encoding="utf-8")
    with pytest.raises(OctoplanError, match=r"the folder \.octoplan cannot be used"):
        own_folder(tmp_path)
