"""Attestations of real runs: signed, recorded, handed on, and checked by others' programs."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.acts.attest import keys
from watchkeeper.server.acts.attest.attest import Attested, attest
from watchkeeper.server.acts.attest.check import Require, check, holds
from watchkeeper.server.acts.attest.signers import trusted
from watchkeeper.server.documents import dsse
from watchkeeper.server.storage.record import Ledger, schema
from watchkeeper.server.vocabulary.errors import LedgerUnreadable, NotFound, Refused, StorageFailed

from ...analysis.evidence.trainings import HONEST, full
from ...play import FAILS, GOOD, WAITS, Place
from . import others

pytestmark = pytest.mark.anyio


@pytest.fixture
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "k"
    keys.make(path, None, b"")
    return path


@pytest.fixture
def outbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outbox")


def nobody() -> bytes:
    raise AssertionError("the key is not encrypted")


def sign(
    place: Place, key: Path, run: str, *, out: Path | None = None, crate_at: Path | None = None, force: bool = False
) -> Attested:
    desk = place.desk("observer")
    try:
        private = keys.signing_key(key, place.root, nobody)
        return attest(desk, run, private, out=out, crate_at=crate_at, force=force)
    finally:
        desk.ledger.close()


def proved(path: Path, key: Path, files: Path | None = None, require: Require = Require.FULL) -> bool:
    return holds(check(path, trusted(key.with_name("k.pub"), None), files=files, require=require))


def predicate(path: Path) -> dict[str, Any]:
    return json.loads(dsse.decode(path.read_bytes()).payload)["predicate"]


async def test_a_full_run_is_attested_handed_on_and_checked_by_others(place: Place, key: Path, outbox: Path) -> None:
    async with place.trainer() as trainer:
        verdict = await full(place, trainer, HONEST)
    assert verdict["verdict"] == "APPROVE", verdict["checks"]
    before = place.desk().ledger
    with closing(sqlite3.connect(before.path)) as file:
        version, head = schema.version(file), before.head()
    before.close()
    envelope, crate, packed = outbox / "proof.json", outbox / "crate", outbox / "crate.zip"

    made = sign(place, key, "1-full-1", out=envelope, crate_at=crate)

    # Recorded, with the ledger's place as the statement has it; the chain holds.
    ledger = Ledger(place.root / ".watchkeeper/ledger.sqlite3")
    (kept,) = ledger.attestations(run="1-full-1")
    assert (kept.id, made.id, kept.verdict) == ("1-full-1-a1", "1-full-1-a1", verdict["verdict_id"])
    assert (kept.sha256, kept.keyid) == (hashlib.sha256(envelope.read_bytes()).hexdigest(), made.keyid)
    assert (kept.position, kept.head) == head
    assert (ledger.broken(), ledger.head()[0]) == ([], head[0] + 1)
    ledger.close()
    _an_older_program_says_that_the_ledger_is_newer(place, version)

    # What it says.
    said = predicate(envelope)
    assert (said["run"]["id"], said["run"]["exitStatus"], said["run"]["recordedHere"]) == ("1-full-1", 0, True)
    assert (said["verdict"]["word"], said["verdict"]["met"]) == ("APPROVE", True)
    assert (said["ledger"]["position"], said["ledger"]["head"], said["ledger"]["chain"]) == (*head, "intact")
    roles = {one["role"]: one["name"] for one in said["inputs"]}
    assert roles["script"] == "output/implementation/code/model_1.py"
    assert roles["design"] == said["design"]["name"]
    assert said["witnessed"]["was"]
    assert {one["name"] for one in said["seal"]["files"]} >= set(made.outputs)
    assert {one["name"]: one["sources"] for one in said["verdict"]["checks"]}["seal"] == ["sealed"]
    assert str(place.root) not in json.dumps(said)

    # Checked by us without the workspace, and by programs that others wrote.
    assert proved(envelope, key, place.root)
    others.agree(envelope, key.with_name("k.pub"))
    assert proved(crate, key), "a crate brings its outputs along"
    sign(place, key, "1-full-1", crate_at=packed)
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist()[0] == "ro-crate-metadata.json"
        archive.extractall(outbox / "unpacked")
    assert proved(outbox / "unpacked", key)
    _is_a_crate(crate)
    _a_copy_says_that_it_is_one(place, key, outbox)
    _what_changed_after_the_run_is_said(place, key, outbox)
    _no_draft_is_left(outbox)


def _an_older_program_says_that_the_ledger_is_newer(place: Place, version: int) -> None:
    path = place.root / ".watchkeeper/ledger.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        assert (version, schema.version(connection)) == (1, 2), "until the first attestation it was theirs too"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "STEPS", schema.STEPS[:1])
        with pytest.raises(LedgerUnreadable, match="has version 2, this watchkeeper knows 1"):
            Ledger(path)


def _no_draft_is_left(outbox: Path) -> None:
    assert not list(outbox.glob(".attest-*"))


def _is_a_crate(crate: Path) -> None:
    graph = json.loads((crate / "ro-crate-metadata.json").read_bytes())["@graph"]
    by_id = {one["@id"]: one for one in graph}
    assert len(by_id) == len(graph)
    assert by_id["./"]["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    parts = [one["@id"] for one in by_id["./"]["hasPart"]]
    there = {str(one.relative_to(crate)) for one in crate.rglob("*") if one.is_file()} - {"ro-crate-metadata.json"}
    assert set(parts) == there
    for name in parts:
        assert by_id[name]["sha256"] == hashlib.sha256((crate / name).read_bytes()).hexdigest()
    action = by_id["#1-full-1"]
    assert by_id[action["instrument"]["@id"]]["name"].endswith("model_1.py")
    assert action["actionStatus"] == "http://schema.org/CompletedActionStatus"
    assert {one["@id"] for one in action["result"]} <= set(parts)
    assert action["object"]["@id"] in by_id or all(one["@id"] in by_id for one in action["object"])


def _a_copy_says_that_it_is_one(place: Place, key: Path, outbox: Path) -> None:
    copy = Place.__new__(Place)
    copy.root = outbox / "copy"
    shutil.copytree(place.root, copy.root)
    made = sign(copy, key, "1-full-1", out=outbox / "copy.json")
    assert made.recorded_here is False
    assert predicate(outbox / "copy.json")["run"]["recordedHere"] is False
    assert proved(outbox / "copy.json", key, copy.root), "what it says is true all the same"


def _what_changed_after_the_run_is_said(place: Place, key: Path, outbox: Path) -> None:
    results = place.root / "output/implementation/data/results_1.csv"
    results.write_text(results.read_text().replace("1,", "1,9", 1))
    made = sign(place, key, "1-full-1", out=outbox / "after.json")
    assert (made.word, made.met) == ("REJECT_TIMESTAMP_MISMATCH", False)
    assert not proved(outbox / "after.json", key, place.root)
    assert proved(outbox / "after.json", key, place.root, Require.ANY)
    assert not proved(outbox / "proof.json", key, place.root), "the earlier statement is not of these results"


async def test_what_is_not_final_has_no_verdict_or_no_place_is_refused(place: Place, key: Path, outbox: Path) -> None:
    place.script(WAITS)
    out = outbox / "proof.json"
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        with pytest.raises(Refused, match=r"nothing about it is final.*poll_training"):
            sign(place, key, run, out=out)
        place.go()
        await trainer.watch(run)
        with pytest.raises(Refused, match=r"no verdict on 1-quick-1 yet.*verify_compute"):
            sign(place, key, run, out=out)
        await trainer.ask("verify_compute", run=run)
    with pytest.raises(NotFound):
        sign(place, key, "9-full-1", out=out)
    out.write_text("mine")
    with pytest.raises(Refused, match="exists"):
        sign(place, key, run, out=out)
    with pytest.raises(Refused, match="in use"):
        sign(place, key, run, crate_at=outbox)
    with pytest.raises(Refused, match="one name"):
        sign(place, key, run, out=outbox / "a", crate_at=outbox / "a")
    with pytest.raises(Refused, match="Nothing can be written"):
        sign(place, key, run, out=outbox / "nowhere/proof.json")
    ledger = place.desk().ledger
    assert ledger.attestations() == [], "what was refused is not on record"
    ledger.close()
    sign(place, key, run, out=out, force=True)
    assert not proved(out, key, place.root), "a quick run's verdict never satisfies the full phase"
    assert proved(out, key, place.root, Require.MET)


async def test_a_run_that_failed_is_attested_as_that_and_one_that_left_nothing_is_about_its_log(
    place: Place, key: Path, outbox: Path
) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        await trainer.ask("verify_compute", run=run)
    made = sign(place, key, run, out=outbox / "proof.json", crate_at=outbox / "crate")
    assert (made.met, made.outputs) == (False, ("output/implementation/logs/training_quick_1.log",))
    graph = json.loads((outbox / "crate/ro-crate-metadata.json").read_bytes())["@graph"]
    action = next(one for one in graph if one["@id"] == "#1-quick-1")
    assert action["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert action["error"] == "failed, exit status 1"


async def test_nothing_is_recorded_where_the_statement_could_not_be_written(
    place: Place, key: Path, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        await trainer.ask("verify_compute", run=run)

    def full_disk(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full_disk)
        with pytest.raises(StorageFailed, match=r"No space left.*Nothing was recorded"):
            sign(place, key, run, out=outbox / "proof.json")
    ledger = place.desk().ledger
    assert ledger.attestations() == []
    ledger.close()
    _no_draft_is_left(outbox)
