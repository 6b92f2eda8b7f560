"""A run as a Process Run Crate: the JSON-LD of RO-Crate 1.1 that describes what lies in the folder beside it. Pure.

https://w3id.org/ro/wfrun/process/0.5 and https://www.researchobject.org/ro-crate/specification/1.1. Nothing in it is
signed: what proves something is the envelope that lies in the crate.
"""

from __future__ import annotations

import json
import mimetypes
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

METADATA = "ro-crate-metadata.json"
ENVELOPE_TYPE = "application/vnd.in-toto+dsse"
_CRATE = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_TERMS = "https://w3id.org/ro/terms/workflow-run/context"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file or a folder of the crate, or a file that is only named.

    :ivar path: in the crate; of a file that is only named, in the workspace.
    :ivar role: script, module, design, features, named, read (inputs), output, envelope.
    :ivar here: whether it lies in the crate.
    :ivar sha256: empty where it is not that of one file.
    """

    path: str
    role: str
    here: bool
    sha256: str = ""
    size_bytes: int | None = None
    folder: bool = False
    media_type: str = ""
    """Empty: told by the name."""

    @property
    def id(self) -> str:
        """Its @id: a relative URI path, or a local name."""
        quoted = urllib.parse.quote(self.path)
        if not self.here:
            return f"#{self.role}-{self.sha256[:16] or 'unknown'}-{quoted}"
        return f"{quoted}/" if self.folder else quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What is told of the run. Times are ISO 8601, empty where unknown; `error` is empty where it succeeded."""

    run: str
    model: str
    phase: str
    command: str
    started_at: str
    ended_at: str
    published_at: str
    error: str
    verdict: str
    watchkeeper: str


def metadata(ran: Ran, parts: Sequence[Part]) -> bytes:
    """Return ro-crate-metadata.json."""
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": _CRATE},
        },
        _root(ran, parts),
        {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        _action(ran, parts),
        *_tools(ran),
        *(_entity(one) for one in parts),
    ]
    whole = {"@context": [f"{_CRATE}/context", _TERMS], "@graph": graph}
    return json.dumps(whole, indent=2, allow_nan=False).encode() + b"\n"


def _root(ran: Ran, parts: Sequence[Part]) -> dict[str, Any]:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Training run {ran.run}",
        "description": f"What the {ran.phase} run {ran.run} of model {ran.model} was made from and what it left, with "
        f"a signed statement on it. Verdict: {ran.verdict}.",
        "datePublished": ran.published_at,
        "license": {"@id": "#license"},
        "conformsTo": {"@id": _PROFILE},
        "hasPart": _ids(one for one in parts if one.here),
        "mentions": {"@id": f"#{ran.run}"},
    }


def _action(ran: Ran, parts: Sequence[Part]) -> dict[str, Any]:
    script = next((one.id for one in parts if one.role == "script"), "#watchkeeper")
    status = "FailedActionStatus" if ran.error else "CompletedActionStatus"
    found = {
        "@id": f"#{ran.run}",
        "@type": "CreateAction",
        "name": f"{ran.phase.capitalize()} training of model {ran.model}: {ran.run}",
        "description": ran.command,
        "instrument": {"@id": script},
        "object": _ids(one for one in parts if one.role not in ("script", "output", "envelope")),
        "result": _ids(one for one in parts if one.role == "output"),
        "actionStatus": f"http://schema.org/{status}",
        "startTime": ran.started_at,
        "endTime": ran.ended_at,
        "error": ran.error,
    }
    return {name: value for name, value in found.items() if value}


def _tools(ran: Ran) -> list[dict[str, Any]]:
    name, version = "watchkeeper", ran.watchkeeper
    return [
        {"@id": "#watchkeeper", "@type": "SoftwareApplication", "name": name, "softwareVersion": version},
        {
            "@id": "#license",
            "@type": "CreativeWork",
            "name": "Not stated",
            "description": "Ask whoever handed this on.",
        },
    ]


def _entity(one: Part) -> dict[str, Any]:
    kinds: object = ["File", "SoftwareSourceCode", "SoftwareApplication"] if one.role == "script" else "File"
    if one.folder:
        kinds = "Dataset"
    elif not one.here:
        kinds = "SoftwareApplication" if one.role == "script" else "CreativeWork"
    found = {
        "@id": one.id,
        "@type": kinds,
        "name": one.path,
        "description": _DESCRIPTIONS[one.role],
        "sha256": one.sha256,
        "contentSize": str(one.size_bytes) if one.size_bytes is not None else "",
        "encodingFormat": "" if one.folder else one.media_type or _media_type(one.path),
        "version": one.sha256[:16] if one.role == "script" else "",
        "creator": {"@id": "#watchkeeper"} if one.role == "envelope" else "",
    }
    return {name: value for name, value in found.items() if value}


_DESCRIPTIONS = {
    "script": "the training script as it ran",
    "module": "a module of the script as it ran",
    "design": "the design document as it stood at the start",
    "features": "the features, by the digest at the start",
    "named": "a file that the sources name, by its digest at the start",
    "read": "a file that the run was seen to read, by its digest of that moment",
    "output": "what the run left",
    "envelope": "the signed statement, in-toto in a DSSE envelope; `watchkeeper attest --verify` checks it",
}


def _media_type(path: str) -> str:
    return mimetypes.guess_type(path, strict=False)[0] or "application/octet-stream"


def _ids(parts: Iterable[Part]) -> object:
    """Return references; a single one stands alone, as compacted JSON-LD has it."""
    every = [{"@id": one.id} for one in parts]
    return every[0] if len(every) == 1 else every
