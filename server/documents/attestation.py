"""The statement of an attestation: what was run, what it left, what the verdict says (docs/attestation.md). Pure.

An in-toto Statement v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) whose predicate is
ours. The type of the predicate carries its version; within a version members are only ever added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from .dsse import parsed

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:watchkeeper:training-run:v1"
SHA256, FOLDER = "sha256", "watchkeeperFolder"
"""Names of digests: of a file's bytes; of a folder, over name, size and sha256 of each plain file beneath it."""
SOURCES = ("witnessed", "sealed", "recomputed", "read", "told")
"""The words by which a check says from where it knows (docs/proof.md)."""
_SOURCE = re.compile(rf"\((({'|'.join(SOURCES)})((, | and )({'|'.join(SOURCES)}))*)\)")
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Output:
    """Something that a run left. `algorithm` is SHA256 or FOLDER, `digest` hexadecimal."""

    name: str
    digest: str
    algorithm: str = SHA256


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a predicate is made of; each is a JSON object as docs/attestation.md shows it."""

    attested_at: str
    watchkeeper: Mapping[str, Any]
    run: Mapping[str, Any]
    command: Mapping[str, Any]
    inputs: Sequence[Mapping[str, Any]]
    witnessed: Mapping[str, Any]
    seal: Mapping[str, Any]
    verdict: Mapping[str, Any]
    ledger: Mapping[str, Any]
    policy: Mapping[str, Any]
    design: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement as it was read from an envelope, checked in form."""

    subjects: tuple[Output, ...]
    predicate: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def member(self, *path: str) -> object:
        """Return a member of the predicate; None where there is none."""
        value: object = self.predicate
        for name in path:
            value = cast("Mapping[str, object]", value).get(name) if isinstance(value, dict) else None
        return value

    def text(self, *path: str) -> str:
        """Return a text of the predicate; empty where there is none."""
        value = self.member(*path)
        return value if isinstance(value, str) else ""


def digest(algorithm: str, value: str) -> dict[str, str]:
    """Return a DigestSet of one digest."""
    return {algorithm: value}


def sources_of(evidence: str) -> list[str]:
    """Return the words by which a check's evidence says from where it knows; empty where it says none.

    They stand behind what was found, which may quote a script or a log: the last ones count.
    """
    every = [found.group(1) for found in _SOURCE.finditer(evidence)]
    return re.split(", | and ", every[-1]) if every else []


def statement(outputs: Sequence[Output], facts: Facts) -> bytes:
    """Return the statement as the bytes that are signed.

    :raises ValueError: without an output: a statement is about something.
    """
    if not outputs:
        raise ValueError("a statement needs something that it is about")
    whole = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": one.name, "digest": digest(one.algorithm, one.digest)} for one in outputs],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "attestedAt": facts.attested_at,
            "watchkeeper": facts.watchkeeper,
            "run": facts.run,
            "command": facts.command,
            "inputs": list(facts.inputs),
            "witnessed": facts.witnessed,
            "seal": facts.seal,
            "verdict": facts.verdict,
            "ledger": facts.ledger,
            "policy": facts.policy,
            "design": facts.design,
        },
    }
    return json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()


def read(payload: bytes) -> Statement:
    """Return a statement of ours.

    :raises ValueError: saying what is wrong with its form.
    """
    whole = _object(parsed(payload), "the statement")
    if whole.get("_type") != STATEMENT_TYPE:
        raise ValueError(f"its _type is not {STATEMENT_TYPE}")
    if whole.get("predicateType") != PREDICATE_TYPE:
        raise ValueError(f"its predicateType is not {PREDICATE_TYPE}, which this watchkeeper knows")
    listed = whole.get("subject")
    subjects = [_subject(one) for one in cast("list[object]", listed)] if isinstance(listed, list) else []
    if not subjects:
        raise ValueError("it has no subject")
    if len({one.name for one in subjects}) != len(subjects):
        raise ValueError("two of its subjects have one name")
    found = _object(whole.get("predicate"), "its predicate")
    for name in ("run", "verdict", "ledger"):
        _object(found.get(name), f"predicate.{name}")
    return Statement(subjects=tuple(subjects), predicate=found)


def _subject(value: object) -> Output:
    one = _object(value, "a subject")
    name, digests = one.get("name"), _object(one.get("digest"), "the digest of a subject")
    if not isinstance(name, str) or not name:
        raise ValueError("a subject has no name")
    for algorithm in (SHA256, FOLDER):
        found = digests.get(algorithm)
        if isinstance(found, str) and _HEX.fullmatch(found):
            return Output(name, found, algorithm)
    raise ValueError(f"the subject {name[:80]} has no digest that this watchkeeper knows")


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no JSON object")
    return cast("dict[str, object]", value)
