"""Check an attestation offline, without the workspace: what is proved, what is not, what could not be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from ...documents import attestation, dsse
from ...documents.attestation import FOLDER, PAYLOAD_TYPE, Output, Statement
from ...storage.files.rooted import closing
from ...storage.files.workspace import Workspace
from ...vocabulary.errors import InvalidArgument, PathRefused
from ...vocabulary.sanitize import clean, one_line
from ..watch import artefact_files
from . import keys
from .signers import Signer

READ_S = 600.0
"""How long one folder's files may take to be read."""


class State(StrEnum):
    """What became of one question. Only PROVED is proved."""

    PROVED = "proved"
    REFUTED = "refuted"
    NOT_CHECKED = "not checked"


class Require(StrEnum):
    """What the verdict has to be: a met one of a full run, a met one of any phase, or any at all."""

    FULL = "full"
    MET = "met"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of a check and what became of it.

    :ivar asked: whether the check as a whole depends on it.
    """

    what: str
    state: State
    detail: str
    asked: bool = True


def holds(answers: Sequence[Answer]) -> bool:
    """Whether everything that was asked was proved."""
    return all(one.state is State.PROVED for one in answers if one.asked)


def check(
    path: Path, signers: Sequence[Signer], *, files: Path | None, require: Require, statement_only: bool = False
) -> list[Answer]:
    """Return what an attestation proves.

    :param path: the envelope, or the unpacked folder of a crate.
    :param signers: who is trusted; without any, no signature proves anything.
    :param files: where the outputs lie; None for beside the envelope.
    :param require: what the verdict has to be.
    :param statement_only: the outputs are not asked for.
    :raises InvalidArgument: there is no such file.
    :raises Refused: the extra `attest` is not installed.
    """
    keys.require_library()
    path = _envelope(path)
    try:
        envelope = dsse.decode(keys.small_file(path, dsse.LARGEST_BYTES))
    except ValueError as error:
        return [Answer("envelope", State.REFUTED, f"no DSSE envelope: {_said(str(error))}")]
    if envelope.payload_type != PAYLOAD_TYPE:
        what = f"its payload is {_said(envelope.payload_type)}, not {PAYLOAD_TYPE}"
        return [Answer("envelope", State.REFUTED, what)]
    try:
        statement = attestation.read(envelope.payload)
    except ValueError as error:
        return [Answer("statement", State.REFUTED, f"no statement of ours: {_said(str(error))}")]
    form = Answer("form", State.PROVED, f"in-toto Statement v1 of {attestation.PREDICATE_TYPE} in a DSSE envelope")
    signature = _signature(envelope, signers, _unix(statement.text("attestedAt")))
    said = [_verdict(statement, require), *_told(statement)]
    if statement_only:
        said.append(Answer("outputs", State.NOT_CHECKED, "not asked for (--statement-only)", asked=False))
    else:
        said += _files(statement, files if files is not None else path.parent)
    return [form, signature, *(said if signature.state is State.PROVED else map(_unsigned, said))]


def _unsigned(one: Answer) -> Answer:
    """Return an answer as it stands while nobody vouches for the statement: what it says is then proved by nothing."""
    if one.state is not State.PROVED:
        return one
    return replace(one, state=State.NOT_CHECKED, detail=f"{one.detail}; no trusted signature stands behind that")


def _envelope(path: Path) -> Path:
    """Return the envelope that a path names: itself, or the one in the folder of a crate."""
    if not path.is_dir():
        if path.suffix == ".zip":
            raise InvalidArgument(f"{_said(str(path))} is packed.", "Unpack it, and name the folder.")
        return path
    found = sorted(path.glob("*.intoto.json"))
    if len(found) != 1:
        what = f"{_said(str(path))} holds {len(found)} files *.intoto.json."
        raise InvalidArgument(what, "Name the one that shall be checked.")
    return found[0]


def _signature(envelope: dsse.Envelope, signers: Sequence[Signer], at: float | None) -> Answer:
    if not signers:
        hints = ", ".join(_said(one.keyid) for one in envelope.signatures[:3])
        what = f"no key was named to check it with (--key, --trust); it says that it is by {hints or 'nobody'}"
        return Answer("signature", State.NOT_CHECKED, what)
    message = dsse.pae(envelope.payload_type, envelope.payload)
    late = ""
    for one in envelope.signatures:
        for signer in signers:
            if (one.keyid and one.keyid != signer.key.keyid) or not signer.key.verifies(one.sig, message):
                continue
            if signer.covers(at):
                return Answer("signature", State.PROVED, f"by {signer.key.keyid} ({_said(signer.name) or 'no name'})")
            late = f"{signer.key.keyid} is not trusted for the time that the statement names"
    return Answer("signature", State.REFUTED, late or "it is by none of the keys that are trusted, over these bytes")


def _verdict(statement: Statement, require: Require) -> Answer:
    run, phase, word = (_said(statement.text(*one)) for one in (("run", "id"), ("run", "phase"), ("verdict", "word")))
    override = statement.text("verdict", "override", "reason")
    what = f"{word} ({_said(statement.text('verdict', 'code'))}) on the {phase} run {run}"
    if override:
        what += f"; the director went on all the same: {_said(override)}"
    met = statement.member("verdict", "met") is True
    if require is Require.ANY:
        return Answer("verdict", State.PROVED, f"{what}; any is accepted (--require any)")
    if not met:
        return Answer("verdict", State.REFUTED, f"{what}: the requirement is not met")
    if require is Require.FULL and phase != "full":
        return Answer("verdict", State.REFUTED, f"{what}: a quick run never satisfies the full phase (--require met)")
    return Answer("verdict", State.PROVED, what)


def _told(statement: Statement) -> Iterator[Answer]:
    """Yield what a reader should know besides, which nothing here can prove."""
    position = _said(str(statement.member("ledger", "position")))
    head = _said(statement.text("ledger", "head"))[:64]
    where = "the ledger is not here: only who holds it can show that its chain has this head"
    yield Answer("ledger", State.NOT_CHECKED, f"event {position}, head {head}; {where}", asked=False)
    if statement.member("run", "recordedHere") is False:
        what = "it was attested in another folder than that of its start: the workspace was copied or moved"
        yield Answer("workspace", State.NOT_CHECKED, what, asked=False)
    if statement.member("witnessed", "was") is not True:
        yield Answer("witness", State.NOT_CHECKED, "nothing was witnessed of this run", asked=False)


def _files(statement: Statement, folder: Path) -> Iterator[Answer]:
    try:
        place = Workspace(folder)
    except PathRefused as refusal:
        raise InvalidArgument(refusal.what, refusal.do_next) from None
    try:
        for one in statement.subjects:
            yield _file(place, one)
    finally:
        place.close()


def _file(place: Workspace, one: Output) -> Answer:
    name = f"output {_said(one.name)}"
    try:
        if not place.is_taken(one.name):
            return Answer(name, State.NOT_CHECKED, f"is not in {_said(str(place.root))}; name the folder with --files")
        found = _folder(place, one.name) if one.algorithm == FOLDER else place.sha256(one.name)
    except PathRefused as refusal:
        return Answer(name, State.REFUTED, _said(refusal.what))
    if found is None:
        return Answer(name, State.NOT_CHECKED, "is a folder that could not be read whole")
    if found != one.digest:
        return Answer(name, State.REFUTED, f"differs: sha256 {found[:16]}…, signed was {one.digest[:16]}…")
    return Answer(name, State.PROVED, f"sha256 {found[:16]}… as signed")


def _folder(place: Workspace, name: str) -> str | None:
    with closing(place.open_folder_beneath(name)) as folder:
        return artefact_files.folder_sha256(folder, READ_S)


def _unix(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _said(text: str) -> str:
    return one_line(clean(text, 400), 400)
