"""Whose signatures are trusted: lines of the form of OpenSSH's allowed_signers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.acts.attest.keys import PublicKey, public_line
from watchkeeper.server.acts.attest.signers import Signer, read_allowed, trusted
from watchkeeper.server.vocabulary.errors import InvalidArgument

KEY = PublicKey(bytes(range(32)))
LINE = public_line(KEY).strip()
MIDNIGHT = 1_764_374_400.0
"""2025-11-29 00:00 UTC."""


@pytest.mark.parametrize(
    ("line", "signer"),
    [
        (f"me@example.org {LINE}", Signer(KEY, "me@example.org")),
        (f'"me@example.org,*@lab.org" {LINE}', Signer(KEY, "me@example.org,*@lab.org")),
        (LINE, Signer(KEY, "")),
        (f'me namespaces="git,watchkeeper-attest" {LINE}', Signer(KEY, "me")),
        (f'me namespaces="watchkeeper-*" {LINE}', Signer(KEY, "me")),
        (f'me namespaces="*,!git" {LINE}', Signer(KEY, "me")),
        (f'me valid-after="20251129Z" {LINE}', Signer(KEY, "me", valid_after=MIDNIGHT)),
        (
            f'me valid-before="202511290000Z",valid-after="20251129000000Z" {LINE}',
            Signer(KEY, "me", MIDNIGHT, MIDNIGHT),
        ),
    ],
)
def test_a_line_that_may_sign_here_is_trusted(line: str, signer: Signer) -> None:
    assert list(read_allowed(f"# who\n\n{line}\n")) == [signer]


@pytest.mark.parametrize(
    "line",
    [
        f'me namespaces="git" {LINE}',
        f'me namespaces="*,!watchkeeper-attest" {LINE}',
        f'me namespaces="!watchkeeper-*,watchkeeper-attest" {LINE}',
        f'me namespaces="!git" {LINE}',
        f'me valid-before="20251129Z",valid-before="20991129Z" {LINE}',
        f'me namespaces="git",Namespaces="watchkeeper-attest" {LINE}',
        f"me cert-authority {LINE}",
        f'me valid-before="tomorrow" {LINE}',
        f'me valid-before="" {LINE}',
        f'me no-such-option="1" {LINE}',
        f"me valid-after=20251129 {LINE}",
        f"# me {LINE}",
        "me ssh-rsa AAAAB3NzaC1yc2E=",
        "me ssh-ed25519 AAAA",
        "me ssh-ed25519",
        "me",
    ],
)
def test_of_any_other_line_nothing_is_trusted(line: str) -> None:
    assert list(read_allowed(line)) == []


@given(st.text())
def test_whatever_a_file_holds_it_is_read(text: str) -> None:
    assert [one.key for one in read_allowed(f"{text}\nme {LINE}")][-1:] == [KEY]


def test_bounds_of_time_are_kept() -> None:
    signer = Signer(KEY, "me", valid_after=10.0, valid_before=20.0)
    assert [signer.covers(at) for at in (9.0, 10.0, 20.0, 21.0, None)] == [False, True, True, False, False]


def test_both_ways_to_name_a_key_add_up(tmp_path: Path) -> None:
    (tmp_path / "k.pub").write_text(LINE)
    (tmp_path / "allowed").write_text(f"me {LINE}\nyou {LINE}\n")
    assert [one.name for one in trusted(tmp_path / "k.pub", tmp_path / "allowed")][1:] == ["me", "you"]
    assert trusted(None, None) == ()
    (tmp_path / "allowed").write_text("nobody\n")
    with pytest.raises(InvalidArgument, match="names no Ed25519 key"):
        trusted(None, tmp_path / "allowed")
    (tmp_path / "allowed").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidArgument, match="is no text"):
        trusted(None, tmp_path / "allowed")
