"""The project's folder and what is written in octoplan.yaml."""

from pathlib import Path

import pytest

from octoplan import campaign, project
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


def test_a_path_in_a_default_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "octoplan.yaml").write_text(
        "octoplan: 1\ndefaults: {sms: {audience: {from: all.csv, exclude: [never.csv]}, text_file: hello.txt}}\n"
    )
    (tmp_path / "hello.txt").write_text("Hello\n")
    for name, more in ("one", ""), ("two", "audience: {from: own.csv}\n"):
        (tmp_path / "campaigns" / f"{name}.yaml").write_text(f"channel: sms\npurpose: alert\nopen: true\n{more}")
    one, two = campaign.load(project.load(tmp_path))
    assert one.audience is not None
    assert two.audience is not None
    assert (one.audience.base, one.audience.exclude[0].base, one.text_files[("text",)]) == (
        tmp_path,
        tmp_path,
        "hello.txt",
    )
    assert (two.audience.base, two.audience.exclude[0].base) == (tmp_path / "campaigns", tmp_path)
