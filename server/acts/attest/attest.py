"""Attest: sign a statement on a run, record that it was made, and lay it down for whoever it is handed to."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...analysis.evidence.words import Word
from ...documents import dsse
from ...documents.attestation import PAYLOAD_TYPE, Facts, Output, statement
from ...storage.record.written import AttestationMade
from ...vocabulary.errors import Refused, StorageFailed
from ...vocabulary.runs import RunState
from ...vocabulary.sanitize import one_line
from ..desk import Desk
from ..verify import verify
from ..watch.look import look_at
from . import crate, facts
from .keys import SigningKey

_SAYS_NOTHING = frozenset({Word.IN_PROGRESS, Word.NO_DATA})
ZIP = ".zip"


@dataclass(frozen=True, slots=True)
class Attested:
    """A signed statement that was recorded and laid down. `paths` are the envelope's and the crate's."""

    id: str
    verdict: str
    word: str
    met: bool
    keyid: str
    outputs: tuple[str, ...]
    recorded_here: bool | None
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Signed:
    facts: Facts
    outputs: list[Output]
    envelope: bytes
    keyid: str


def envelope_name(run: str) -> str:
    """Return the name under which a run's envelope is laid down."""
    return f"{run}.intoto.json"


def attest(
    desk: Desk, run: str, key: SigningKey, *, out: Path | None, crate_at: Path | None, force: bool = False
) -> Attested:
    """Compute the verdict once more, sign a statement of it, record that, and write what was asked for.

    Drafts lie on disk before it is recorded and get their names afterwards: killed in between, there is a record of a
    statement that nobody has, and making it again is safe.

    :param out: where the envelope goes; None for none of its own.
    :param crate_at: folder or .zip of the crate; None for none.
    :param force: put them in place of what lies there; a folder never.
    :raises NotFound: if there is no such run.
    :raises Refused: if it goes on, never started, has no verdict yet or left nothing; or a place is taken.
    """
    _require_free(out, crate_at, force=force)
    _require_verdict(desk, run)
    signed = _sign(desk, run, key)
    wanted = [one for one in (out, crate_at) if one is not None]
    with _drafts(wanted) as drafts:
        for target, draft in zip(wanted, drafts, strict=True):
            _write(desk, signed, draft, as_crate=target is crate_at)
        kept = _record(desk, run, signed)
        for target, draft in zip(wanted, drafts, strict=True):
            _put(draft, target)
    verdict, here = signed.facts.verdict, signed.facts.run["recordedHere"]
    names = tuple(one.name for one in signed.outputs)
    paths = tuple(str(one) for one in wanted)
    return Attested(kept, verdict["id"], verdict["word"], verdict["met"], signed.keyid, names, here, paths)


def _put(draft: Path, target: Path) -> None:
    try:
        os.replace(draft, target)
    except OSError as error:
        what = f"{one_line(str(target), 300)} could not be put in its place: {error.strerror}."
        raise StorageFailed(what, "Name another place and attest again.") from error


def _require_free(out: Path | None, crate_at: Path | None, *, force: bool) -> None:
    if out is not None and out == crate_at:
        raise Refused("The envelope and the crate cannot have one name.", "The crate holds an envelope of its own.")
    for one in (out, crate_at):
        if one is None:
            continue
        is_folder = one.is_dir() and not one.is_symlink()
        if is_folder and (one is out or any(one.iterdir())):
            raise Refused(f"{one_line(str(one), 300)} is a folder that is in use.", "Name another place.")
        is_file = one is out or one.suffix == ZIP
        if not is_folder and os.path.lexists(one) and not (force and is_file):
            do_next = "Name another place, or give --force." if is_file else "Name another place."
            raise Refused(f"{one_line(str(one), 300)} exists.", do_next)


def _require_verdict(desk: Desk, run: str) -> None:
    status = look_at(desk, run).status
    if not status.state.final:
        what = f"{run} is {status.state}: nothing about it is final, so there is nothing to sign."
        raise Refused(what, f"Call poll_training(run={run!r}) until it has ended, then verify_compute(run={run!r}).")
    if status.state is RunState.NEVER_STARTED:
        raise Refused(f"{run} never started: it left nothing that a statement could be about.", "Start it again.")
    if all(Word(one.word) in _SAYS_NOTHING for one in desk.ledger.verdicts(run=run)):
        what = f"There is no verdict on {run} yet, and a statement tells of one."
        raise Refused(what, f"Call verify_compute(run={run!r}) first.")


def _sign(desk: Desk, run: str, key: SigningKey) -> _Signed:
    found = verify.verify(desk, run)
    kept, recorded = desk.ledger.verdict(found.id), desk.ledger.run(run)
    outputs = facts.outputs(desk, found.evidence)
    if kept is None or recorded is None or not outputs:
        what = f"{run} left no file that a statement could be about."
        raise Refused(what, "Train again; its verdict says what was missing.")
    gathered = facts.gather(desk, recorded, found, kept)
    payload = statement(outputs, gathered)
    signature = dsse.Signature(key.public.keyid, key.sign(dsse.pae(PAYLOAD_TYPE, payload)))
    envelope = dsse.encode(dsse.Envelope(PAYLOAD_TYPE, payload, (signature,)))
    return _Signed(gathered, outputs, envelope, key.public.keyid)


@contextmanager
def _drafts(targets: list[Path]) -> Generator[list[Path]]:
    """Give a place beside each target, removed afterwards if it is still there."""
    folders: list[Path] = []
    try:
        for one in targets:
            folders.append(_beside(one))  # noqa: PERF401 (what was made before one fails is removed)
        yield [folder / one.name for folder, one in zip(folders, targets, strict=True)]
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def _beside(target: Path) -> Path:
    if not target.name:
        raise Refused(f"{one_line(str(target), 300)} is no place for a file.", "Name the file itself.")
    try:
        return Path(tempfile.mkdtemp(prefix=".attest-", dir=target.parent))
    except OSError as error:
        what = f"Nothing can be written beside {one_line(str(target), 300)}: {error.strerror}."
        raise Refused(what, "Name a place in a folder that is there and that you may write to.") from None


def _write(desk: Desk, signed: _Signed, draft: Path, *, as_crate: bool) -> None:
    """Write a draft, durably."""
    envelope = (envelope_name(signed.facts.run["id"]), signed.envelope)
    try:
        if not as_crate:
            draft.write_bytes(signed.envelope)
        elif draft.suffix == ZIP:
            unpacked = draft.with_suffix("")
            unpacked.mkdir()
            crate.build(desk, unpacked, signed.facts, signed.outputs, envelope)
            crate.zipped(unpacked, draft)
        else:
            draft.mkdir()
            crate.build(desk, draft, signed.facts, signed.outputs, envelope)
        _sync(draft)
    except OSError as error:
        what = f"The statement could not be written: {error.strerror}."
        raise StorageFailed(what, "Nothing was recorded. Make room and repeat.") from error


def _sync(draft: Path) -> None:
    for path in (draft, *(draft.rglob("*") if draft.is_dir() else ())):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _record(desk: Desk, run: str, signed: _Signed) -> str:
    verdict, ledger = signed.facts.verdict, signed.facts.ledger
    made = AttestationMade(
        verdict=verdict["id"],
        sha256=hashlib.sha256(signed.envelope).hexdigest(),
        keyid=signed.keyid,
        by=desk.who,
        position=ledger["position"],
        head=ledger["head"],
    )
    with desk.ledger.transaction() as transaction:
        subject = f"{run}-a{len(transaction.attestations(run=run)) + 1}"
        transaction.append(made, subject, run=run, model=signed.facts.run["model"])
    return subject
