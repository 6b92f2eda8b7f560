"""Who comes in: the token, the cookie that is given for it, the field of a form, the file that keeps the token."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.interfaces.commands import cli
from watchkeeper.server.interfaces.network import tokens
from watchkeeper.server.interfaces.web.door import Door, token_of, usual_token
from watchkeeper.server.vocabulary.errors import InvalidArgument, Refused
from watchkeeper.server.vocabulary.runs import Role

DOOR = Door("t" * 43, 8764)


def test_a_cookie_outlives_the_server_and_is_good_for_its_token_alone() -> None:
    cookie = DOOR.session()
    assert Door("t" * 43, 8764).knows(cookie)
    assert not Door("u" * 43, 8764).knows(cookie)
    assert DOOR.session() != cookie


@given(st.text(max_size=120) | st.from_regex(r"[A-Za-z0-9_-]{22}\.[0-9a-f]{64}", fullmatch=True))
def test_what_was_not_given_out_is_no_cookie_no_token_and_no_field(text: str) -> None:
    cookie = DOOR.session()
    assert not DOOR.knows(text)
    assert not DOOR.opens(text)
    assert not DOOR.fits(cookie, text)


def test_the_field_of_one_session_does_not_fit_another() -> None:
    mine, theirs = DOOR.session(), DOOR.session()
    assert DOOR.fits(mine, DOOR.field(mine))
    assert not DOOR.fits(mine, DOOR.field(theirs))


def test_two_servers_on_one_machine_do_not_take_each_other_s_cookie_away() -> None:
    assert Door("t" * 43, 8764).cookie != Door("t" * 43, 8765).cookie


def test_an_account_keeps_one_private_token_for_each_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    one, two = tmp_path / "one", tmp_path / "two"
    first = usual_token(one)
    assert usual_token(one) == first
    assert usual_token(two) != first
    kept = list((tmp_path / "state").rglob("*.toml"))
    assert len(kept) == 2
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}


def test_a_home_within_the_workspace_keeps_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert usual_token(tmp_path) != usual_token(tmp_path)
    assert not list(tmp_path.rglob("*.toml"))


def test_a_token_that_others_may_read_opens_nothing(tmp_path: Path) -> None:
    path, workspace = tmp_path / "page.tokens", tmp_path / "workspace"
    tokens.make(path, workspace, (Role.PERSON,))
    assert len(token_of(path, workspace)) == 43
    path.chmod(0o644)
    with pytest.raises(Refused, match="readable by you alone"):
        token_of(path, workspace)


def test_the_tokens_of_agents_do_not_open_the_page_and_the_person_s_opens_no_tool(tmp_path: Path) -> None:
    path, both, workspace = tmp_path / "agents", tmp_path / "both", tmp_path / "workspace"
    tokens.make(path, workspace)
    with pytest.raises(InvalidArgument, match="no token for a person"):
        token_of(path, workspace)
    with pytest.raises(InvalidArgument, match="watchkeeper ui --make-tokens"):
        token_of(tmp_path / "nothing", workspace)
    tokens.make(both, workspace, tuple(Role))
    assert Role.PERSON not in tokens.read(both, workspace, "").of_agents().roles
    assert Role.DIRECTOR in tokens.read(both, workspace, "").of_agents().roles


def test_a_server_for_agents_with_no_token_but_a_person_s_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, path = tmp_path / "workspace", tmp_path / "page.tokens"
    workspace.mkdir()
    tokens.make(path, workspace, (Role.PERSON,))
    assert cli.main(["--workspace", str(workspace), "serve", "--http", "127.0.0.1:0", "--tokens", str(path)]) == 1
    told = capsys.readouterr().err
    assert "has no token of an agent: nobody could be served" in told
    assert "watchkeeper serve --make-tokens FILE" in told
