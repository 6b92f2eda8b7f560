"""`watchkeeper attest`: what is typed, what is asked for, what is printed, and the exit status that CI goes by."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from watchkeeper.server.acts.attest import keys
from watchkeeper.server.interfaces.commands.cli import main

from ...acts.attest.test_check import PUBLIC, RESULTS, results, signed
from ...documents.test_attestation import facts
from ...limits import HANG_S
from ...play import GOOD, Place
from ...warm import COLD
from .helpers import asked, started

KEY = "/nowhere/k"


@pytest.fixture
def handed_on(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/results.csv").write_bytes(RESULTS)
    (tmp_path / "proof.json").write_bytes(signed([results()], facts()))
    (tmp_path / "k.pub").write_text(keys.public_line(PUBLIC))
    (tmp_path / "allowed").write_text(f"me@example.org {keys.public_line(PUBLIC)}")
    return tmp_path


def test_a_new_user_makes_a_key_signs_and_somebody_else_checks(
    place: Place, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    away = tmp_path_factory.mktemp("away")
    begun = started(place, GOOD)
    asked(place, "poll", begun, "--until", "end", "--wait", "300")
    asked(place, "verify", begun)
    assert main(["attest", "--make-key", str(away / "k"), "--no-passphrase"]) == 0
    fingerprint = re.findall(r"SHA256:\S+", capsys.readouterr().out)[0]
    done = asked(place, "attest", begun, "--key", str(away / "k"), "--out", str(away / "proof.json"))
    assert (done["verdict"], done["key"], done["wrote"]) == ("APPROVE", fingerprint, [str(away / "proof.json")])
    check = ["attest", "--verify", str(away / "proof.json"), "--key", str(away / "k.pub"), "--files", str(place.root)]
    assert main(check) == 1
    assert "NOT PROVED: verdict." in capsys.readouterr().out
    assert main([*check, "--require", "met"]) == 0
    assert "Everything that was asked is proved." in capsys.readouterr().out


def test_what_is_proved_is_printed_and_ends_with_0(handed_on: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for key in (["--key", str(handed_on / "k.pub")], ["--trust", str(handed_on / "allowed")]):
        assert main(["attest", "--verify", str(handed_on / "proof.json"), *key]) == 0
        printed = capsys.readouterr().out
        assert re.search(r"^output data/results.csv +proved ", printed, re.MULTILINE)
        assert "made the record\nup before signing" in printed, "what it does not prove is said every time"


def test_what_is_not_proved_ends_with_1(handed_on: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attest", "--verify", str(handed_on / "proof.json"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["proved"] is False
    assert {one["what"]: one["state"] for one in told["answers"]}["signature"] == "not checked"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "one of three things"),
        (["1-full-1", "--verify", "x"], "one of three things"),
        (["1-full-1"], "--key FILE"),
        (["1-full-1", "--key", KEY, "--trust", "x"], "--trust has no meaning for signing a run"),
        (["--verify", "x", "--out", "y"], "--out has no meaning for --verify"),
        (["--make-key", "x", "--statement-only"], "--statement-only has no meaning for --make-key"),
        (["--verify", "/nowhere/x", "--key", KEY], "/nowhere/k cannot be opened"),
        (["--make-key", "x", "--passphrase-fd", "99"], "descriptor 99"),
    ],
)
def test_what_was_typed_wrongly_is_named_and_ends_with_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["attest", *words]) == 2
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_passphrase_comes_from_a_descriptor_and_never_from_the_command_line(tmp_path: Path) -> None:
    for expected, key in ((0, "k"), (0, "empty")):
        reader, writer = os.pipe()
        os.write(writer, b"correct horse\nmore" if key == "k" else b"\n")
        os.close(writer)
        assert main(["attest", "--make-key", str(tmp_path / key), "--passphrase-fd", str(reader)]) == expected
        os.close(reader)
    root = tmp_path / "workspace"
    assert keys.signing_key(tmp_path / "k", root, lambda: b"correct horse").public
    assert keys.signing_key(tmp_path / "empty", root, lambda: b"never asked").public


def test_without_a_terminal_it_says_how_to_give_a_passphrase(tmp_path: Path) -> None:
    words = [*COLD, "attest", "--make-key", str(tmp_path / "k")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=HANG_S, check=False, start_new_session=True)
    assert done.returncode == 2
    assert "--passphrase-fd N" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_key_in_the_workspace_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "watchkeeper.toml").touch()
    words = ["--workspace", str(tmp_path), "attest", "--make-key", str(tmp_path / "k"), "--no-passphrase"]
    assert main(words) == 1
    assert "lies in a workspace" in capsys.readouterr().err
    assert not (tmp_path / "k").exists()
