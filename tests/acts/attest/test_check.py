"""The check of an attestation: what proves, and that nothing in it can be altered unseen."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.acts.attest.check import Answer, Require, State, check, holds
from watchkeeper.server.acts.attest.keys import PublicKey
from watchkeeper.server.acts.attest.signers import Signer
from watchkeeper.server.acts.watch.artefact_files import folder_sha256
from watchkeeper.server.documents import dsse
from watchkeeper.server.documents.attestation import PAYLOAD_TYPE, Facts, Output, statement
from watchkeeper.server.vocabulary.errors import InvalidArgument

from ...documents.test_attestation import facts
from ...limits import examples

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PublicKey(PRIVATE.public_key().public_bytes_raw())
ME = (Signer(PUBLIC, "me"),)
RESULTS = b"draw,mu\n1,4.4\n"


def signed(outputs: list[Output], about: Facts, *, keyid: str = PUBLIC.keyid, kind: str = PAYLOAD_TYPE) -> bytes:
    payload = statement(outputs, about)
    signature = dsse.Signature(keyid, PRIVATE.sign(dsse.pae(kind, payload)))
    return dsse.encode(dsse.Envelope(kind, payload, (signature,)))


def results(name: str = "data/results.csv") -> Output:
    return Output(name, hashlib.sha256(RESULTS).hexdigest())


@pytest.fixture
def handed_on(tmp_path: Path) -> Path:
    """A statement with its one output beside it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/results.csv").write_bytes(RESULTS)
    path = tmp_path / "1-full-1.intoto.json"
    path.write_bytes(signed([results()], facts()))
    return path


def checked(
    path: Path, *, signers: Sequence[Signer] = ME, require: Require = Require.FULL, statement_only: bool = False
) -> list[Answer]:
    return check(path, signers, files=None, require=require, statement_only=statement_only)


def states(answers: list[Answer]) -> dict[str, str]:
    return {one.what: one.state.value for one in answers if one.asked}


def test_what_was_signed_and_lies_beside_it_is_proved(handed_on: Path) -> None:
    answers = checked(handed_on)
    assert holds(answers)
    assert set(states(answers).values()) == {"proved"}
    assert list(states(answers)) == ["form", "signature", "verdict", "output data/results.csv"]


def test_a_folder_with_one_statement_in_it_is_checked_as_that(handed_on: Path) -> None:
    assert checked(handed_on.parent) == checked(handed_on)


def test_without_a_key_nothing_is_proved_but_the_form(handed_on: Path) -> None:
    answers = checked(handed_on, signers=())
    assert not holds(answers)
    assert states(answers).pop("form") == "proved"
    assert {one.state for one in answers if one.what != "form"} == {State.NOT_CHECKED}


def test_another_key_refutes_it_and_leaves_nothing_proved(handed_on: Path) -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32).public_key().public_bytes_raw()
    answers = checked(handed_on, signers=(Signer(PublicKey(other), "other"),))
    assert states(answers)["signature"] == "refuted"
    assert states(answers)["verdict"] == "not checked"


@pytest.mark.parametrize(
    ("about", "require", "proved"),
    [
        (facts(), Require.FULL, True),
        (facts(phase="quick"), Require.FULL, False),
        (facts(phase="quick"), Require.MET, True),
        (facts("REJECT_LIKELY_FABRICATION", met=False), Require.FULL, False),
        (facts("REJECT_LIKELY_FABRICATION", met=False), Require.MET, False),
        (facts("REJECT_LIKELY_FABRICATION", met=False), Require.ANY, True),
    ],
)
def test_the_verdict_has_to_be_what_is_asked_for(handed_on: Path, about: Facts, require: Require, proved: bool) -> None:
    handed_on.write_bytes(signed([results()], about))
    answers = checked(handed_on, require=require)
    assert holds(answers) is proved
    assert states(answers)["signature"] == "proved"


def test_an_output_that_changed_is_refuted_and_one_that_is_not_there_was_not_checked(handed_on: Path) -> None:
    output = handed_on.parent / "data/results.csv"
    output.write_bytes(RESULTS + b"2,4.5\n")
    assert states(checked(handed_on))["output data/results.csv"] == "refuted"
    output.unlink()
    answers = checked(handed_on)
    assert states(answers)["output data/results.csv"] == "not checked"
    assert not holds(answers)
    assert holds(checked(handed_on, statement_only=True))


@pytest.mark.parametrize("name", ["/etc/hostname", "../outside.csv", "link.csv", "data"])
def test_an_output_outside_of_its_folder_is_never_read(handed_on: Path, name: str) -> None:
    outside = handed_on.parent.parent / "outside.csv"
    outside.write_bytes(RESULTS)
    (handed_on.parent / "link.csv").symlink_to(outside)
    handed_on.write_bytes(signed([results(name)], facts()))
    assert states(checked(handed_on))[f"output {name}"] == "refuted"


def test_a_folder_of_outputs_is_compared_file_by_file(handed_on: Path) -> None:
    store = handed_on.parent / "trace.zarr"
    (store / "mu").mkdir(parents=True)
    (store / "mu/0").write_bytes(b"draws")
    folder = os.open(store, os.O_RDONLY)
    digest = folder_sha256(folder, 60.0)
    os.close(folder)
    assert digest is not None
    handed_on.write_bytes(signed([Output("trace.zarr", digest, "watchkeeperFolder")], facts()))
    assert holds(checked(handed_on))
    (store / "mu/0").write_bytes(b"other")
    assert states(checked(handed_on))["output trace.zarr"] == "refuted"


@settings(max_examples=examples(300))
@given(data=st.data())
def test_any_byte_that_is_changed_is_noticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp() / "tampered"
    folder.mkdir(exist_ok=True)
    whole = bytearray(signed([results()], facts()))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    path = folder / "x.intoto.json"
    path.write_bytes(whole)
    answers = checked(path, statement_only=True)
    try:
        same = json.loads(whole) == json.loads(signed([results()], facts()))
    except ValueError:
        same = False
    assert holds(answers) is same


def test_every_member_of_the_statement_is_under_the_signature(handed_on: Path) -> None:
    envelope = dsse.decode(handed_on.read_bytes())
    whole = json.loads(envelope.payload)
    for name in whole["predicate"]:
        changed = {**whole, "predicate": {**whole["predicate"], name: {"changed": True}}}
        payload = json.dumps(changed, separators=(",", ":")).encode()
        handed_on.write_bytes(dsse.encode(dsse.Envelope(PAYLOAD_TYPE, payload, envelope.signatures)))
        assert not holds(checked(handed_on)), name


def test_a_hint_that_names_another_key_is_not_believed(handed_on: Path) -> None:
    handed_on.write_bytes(signed([results()], facts(), keyid="SHA256:other"))
    assert states(checked(handed_on))["signature"] == "refuted"


def test_a_signature_over_another_type_of_payload_says_nothing(handed_on: Path) -> None:
    handed_on.write_bytes(signed([results()], facts(), kind="text/plain"))
    assert states(checked(handed_on)) == {"envelope": "refuted"}


@pytest.mark.parametrize(
    ("bounds", "at", "proved"),
    [
        ({"valid_after": 0.0}, "2026-11-29T12:00:00Z", True),
        ({"valid_before": 1.0}, "2026-11-29T12:00:00Z", False),
        ({"valid_before": 1.0}, "no time", False),
        ({}, "no time", True),
    ],
)
def test_a_key_is_trusted_within_its_time_only(
    handed_on: Path, bounds: dict[str, float], at: str, proved: bool
) -> None:
    handed_on.write_bytes(signed([results()], facts(at=at)))
    assert holds(checked(handed_on, signers=(Signer(PUBLIC, "me", **bounds),))) is proved


def test_a_copied_workspace_and_an_override_are_told(handed_on: Path) -> None:
    about = facts("INVESTIGATE", met=False)
    run = {**about.run, "recordedHere": False}
    verdict = {**about.verdict, "override": {"reason": "one divergence", "report": "1-r1"}}
    handed_on.write_bytes(signed([results()], replace(about, run=run, verdict=verdict, witnessed={"was": False})))
    answers = checked(handed_on)
    assert not holds(answers), "an override is no met verdict"
    said = {one.what: one.detail for one in answers}
    assert "copied or moved" in said["workspace"]
    assert "one divergence" in said["verdict"]
    assert "nothing was witnessed" in said["witness"]


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00" * 100, b'{"payload": "e30=", "payloadType": "a"}'])
def test_what_is_no_envelope_is_refuted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.intoto.json"
    path.write_bytes(content)
    assert states(checked(path)) == {"envelope": "refuted"}


def test_a_packed_crate_and_a_missing_file_are_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="Unpack it"):
        checked(tmp_path / "crate.zip")
    with pytest.raises(InvalidArgument, match="cannot be opened"):
        checked(tmp_path / "nowhere.json")
    with pytest.raises(InvalidArgument, match="holds 0 files"):
        checked(tmp_path)
