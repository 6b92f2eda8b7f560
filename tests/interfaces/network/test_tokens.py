"""The file of tokens: made private, read only if it still is, never quoted."""

from __future__ import annotations

import os
import tomllib
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.interfaces.network import tokens
from watchkeeper.server.interfaces.network.tokens import Tokens
from watchkeeper.server.vocabulary.errors import InvalidArgument, Refused, WatchkeeperError
from watchkeeper.server.vocabulary.runs import Role

GOOD = "t" * 40
OTHER = "d" * 40
MADE = "Make one by hand."


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    return found


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_new_file_has_a_token_of_its_own_for_each_role_and_nobody_else_may_read_it(
    tmp_path: Path, workspace: Path
) -> None:
    path = tmp_path / "tokens"
    tokens.make(path, workspace)
    assert path.stat().st_mode & 0o777 == 0o600
    table = tomllib.loads(path.read_text("utf-8"))
    assert set(table) == {role.value for role in Role if role.agent}
    assert len(set(table.values())) == len(table)
    known = tokens.read(path, workspace, MADE)
    assert {role: known.role(f"Bearer {table[role]}".encode()) for role in table} == {role: role for role in table}


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path, workspace: Path) -> None:
    path = written(tmp_path / "tokens", "mine")
    with pytest.raises(Refused, match="exists"):
        tokens.make(path, workspace)
    assert path.read_text("utf-8") == "mine"


@pytest.mark.parametrize("act", [tokens.make, partial(tokens.read, made=MADE)])
def test_tokens_in_the_workspace_are_refused_also_through_a_link(tmp_path: Path, workspace: Path, act: object) -> None:
    assert callable(act)
    (tmp_path / "link").symlink_to(workspace)
    for path in (workspace / "tokens", tmp_path / "link" / "tokens"):
        with pytest.raises(Refused, match="lies in the workspace"):
            act(path, workspace)
    assert os.listdir(workspace) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_read_or_write_is_refused(tmp_path: Path, workspace: Path, mode: int) -> None:
    path = written(tmp_path / "tokens", f'trainer = "{GOOD}"', mode)
    with pytest.raises(Refused, match="0600"):
        tokens.read(path, workspace, MADE)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no role"),
        ("trainer = ", "no TOML"),
        ("\0", "no TOML"),
        (f'captain = "{GOOD}"', "names captain"),
        ('trainer = "short"', "token of trainer"),
        (f'trainer = "{GOOD} {GOOD}"', "token of trainer"),
        ("trainer = 7", "token of trainer"),
        (f'trainer = "{GOOD}"\ndirector = "{GOOD}"', "two roles the same"),
        (f"# {'x' * tokens.LARGEST_FILE_BYTES}", "too large"),
    ],
)
def test_what_is_no_file_of_tokens_is_refused_and_no_token_is_quoted(
    tmp_path: Path, workspace: Path, text: str, complaint: str
) -> None:
    with pytest.raises(InvalidArgument, match=complaint) as refused:
        tokens.read(written(tmp_path / "tokens", text), workspace, MADE)
    assert GOOD not in str(refused.value)
    assert refused.value.do_next


def test_a_folder_a_pipe_and_nothing_are_no_file_of_tokens(tmp_path: Path, workspace: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nothing"):
        with pytest.raises(WatchkeeperError, match=MADE):
            tokens.read(path, workspace, MADE)


@pytest.mark.parametrize(
    ("header", "role"),
    [
        (f"Bearer {GOOD}", Role.TRAINER),
        (f"bearer  {GOOD} ", Role.TRAINER),
        (f"Bearer {OTHER}", Role.DIRECTOR),
        (f"Bearer {GOOD[:-1]}", None),
        (f"Bearer {GOOD}x", None),
        (f"Bearer {GOOD},{OTHER}", None),
        (f"Basic {GOOD}", None),
        (GOOD, None),
        ("Bearer ", None),
        ("", None),
    ],
)
def test_only_the_whole_token_of_a_role_names_it(header: str, role: Role | None) -> None:
    assert Tokens({Role.TRAINER: GOOD, Role.DIRECTOR: OTHER}).role(header.encode()) is role


@given(st.binary(max_size=200))
def test_no_other_bytes_name_a_role(header: bytes) -> None:
    assert Tokens({Role.TRAINER: GOOD}).role(header) is None
