"""A command is about a folder: the one that is named, else the current one, but no folder of somebody's project."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.commands import cli
from watchkeeper.server.interfaces.commands.project_folder import of_record, project_above, workspace
from watchkeeper.server.vocabulary.errors import Refused


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "watchkeeper.toml").touch()
    folder = tmp_path / "data" / "raw"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("WATCHKEEPER_WORKSPACE", raising=False)
    return folder


def test_no_second_record_begins_inside_a_project(inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing, named = argparse.Namespace(workspace=None), argparse.Namespace(workspace=".")
    with pytest.raises(Refused, match=r"belongs to the project .*--workspace \.\./\.\. ….*watchkeeper init"):
        of_record(nothing)
    assert workspace(nothing).root == of_record(named).root == inside
    assert of_record(nothing, str(inside.parent)).root == inside.parent
    monkeypatch.setenv("WATCHKEEPER_WORKSPACE", str(inside))
    assert of_record(nothing).root == inside


@pytest.mark.parametrize("name", ["ui", "top", "watch", "notify"])
def test_what_shows_a_record_to_a_person_begins_none_there_either(
    inside: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([name]) == 1
    assert f"belongs to the project {inside.parents[1]}" in capsys.readouterr().err
    assert not list(inside.iterdir())


@pytest.mark.parametrize("name", ["watchkeeper.toml", ".watchkeeper"])
def test_a_project_inside_another_is_one_of_its_own(inside: Path, name: str) -> None:
    assert project_above(inside) == inside.parents[1]
    (inside / name).mkdir()
    assert project_above(inside) is None
    assert of_record(argparse.Namespace(workspace=None)).root == inside
