"""Keys: real ones, made by us and by ssh-keygen, where they may lie and who may read them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from watchkeeper.server.acts.attest import keys
from watchkeeper.server.vocabulary.errors import InvalidArgument, Refused

from ...limits import HANG_S

ROOT = Path("/nowhere")
keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def nobody() -> bytes:
    raise AssertionError("the key is not encrypted: nobody is asked")


def run(*words: str | Path) -> str:
    done = subprocess.run(["ssh-keygen", *map(str, words)], capture_output=True, text=True, timeout=HANG_S, check=True)
    return done.stdout


@pytest.mark.parametrize("passphrase", [b"", b"correct horse"])
def test_a_key_that_was_made_signs_and_its_public_half_verifies(tmp_path: Path, passphrase: bytes) -> None:
    path = tmp_path / "keys/attest-key"
    public = keys.make(path, ROOT, passphrase)
    key = keys.signing_key(path, ROOT, lambda: passphrase or nobody())
    assert key.public == public == keys.public_key(path.with_name("attest-key.pub"))
    assert public.verifies(key.sign(b"text"), b"text")
    assert not public.verifies(key.sign(b"text"), b"another")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "correct" not in repr(key)


@keygen
@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_a_key_of_ssh_keygen_signs_and_has_its_fingerprint(tmp_path: Path, passphrase: str) -> None:
    path = tmp_path / "id_ed25519"
    run("-q", "-t", "ed25519", "-N", passphrase, "-C", "me@example.org", "-f", path)
    key = keys.signing_key(path, ROOT, lambda: passphrase.encode() or nobody())
    assert key.public == keys.public_key(tmp_path / "id_ed25519.pub")
    assert key.public.keyid in run("-l", "-f", path)
    assert key.public.verifies(key.sign(b"text"), b"text")


@keygen
def test_ssh_keygen_reads_what_we_make(tmp_path: Path) -> None:
    public = keys.make(tmp_path / "k", ROOT, b"correct horse")
    assert run("-y", "-P", "correct horse", "-f", tmp_path / "k").split()[:2] == keys.public_line(public).split()[:2]
    assert public.keyid in run("-l", "-f", tmp_path / "k.pub")


def test_a_key_in_pem_is_read_too(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    path, public = tmp_path / "k.pem", tmp_path / "k.pub.pem"
    path.write_bytes(
        private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.BestAvailableEncryption(b"pass"))
    )
    path.chmod(0o600)
    public.write_bytes(private.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo))
    assert keys.signing_key(path, ROOT, lambda: b"pass").public == keys.public_key(public)


def test_a_wrong_passphrase_is_refused(tmp_path: Path) -> None:
    keys.make(tmp_path / "k", ROOT, b"right")
    with pytest.raises(Refused, match="does not open"):
        keys.signing_key(tmp_path / "k", ROOT, lambda: b"wrong")


@keygen
def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    run("-q", "-t", "ecdsa", "-N", "", "-f", tmp_path / "k")
    with pytest.raises(Refused, match="no Ed25519 key"):
        keys.signing_key(tmp_path / "k", ROOT, nobody)
    with pytest.raises(InvalidArgument, match="no Ed25519 public key"):
        keys.public_key(tmp_path / "k.pub")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    keys.make(tmp_path / "k", ROOT, b"")
    (tmp_path / "k").chmod(0o640)
    with pytest.raises(Refused, match=r"read by others.*chmod 600"):
        keys.signing_key(tmp_path / "k", ROOT, nobody)


def test_a_key_in_a_workspace_is_refused_by_any_name(tmp_path: Path) -> None:
    work, other = tmp_path / "work", tmp_path / "other"
    (work / "keys").mkdir(parents=True)
    (other / ".watchkeeper").mkdir(parents=True)
    keys.make(work / "keys/k", ROOT, b"")
    (tmp_path / "link").symlink_to(work / "keys/k")
    for path in (work / "keys/k", tmp_path / "link", work / "../work/keys/k"):
        with pytest.raises(Refused, match="lies in a workspace"):
            keys.signing_key(path, work, nobody)
    for path, root in ((work / "new", work), (other / "below/new", ROOT)):
        with pytest.raises(Refused, match="lies in a workspace"):
            keys.make(path, root, b"")
        assert not path.exists()


@pytest.mark.parametrize("taken", ["k", "k.pub"])
def test_no_key_is_ever_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    with pytest.raises(Refused, match="exists"):
        keys.make(tmp_path / "k", ROOT, b"")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [(taken, "mine")]


def test_what_is_no_key_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no key")
    (tmp_path / "text").chmod(0o600)
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, why in (("text", "no private key"), ("pipe", "no plain file"), ("absent", "cannot be opened")):
        with pytest.raises(InvalidArgument, match=why):
            keys.signing_key(tmp_path / name, ROOT, nobody)
    with pytest.raises(InvalidArgument, match="no Ed25519 public key"):
        keys.public_key(tmp_path / "text")
    keys.make(tmp_path / "k", ROOT, b"")
    with pytest.raises(InvalidArgument, match="is a private key"):
        keys.public_key(tmp_path / "k")


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.asymmetric", None)
    with pytest.raises(Refused, match=r"pip install 'watchkeeper\[attest\]'"):
        keys.make(tmp_path / "k", ROOT, b"")
