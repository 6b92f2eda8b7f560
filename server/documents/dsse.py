"""DSSE envelopes: a payload with signatures over it (https://github.com/secure-systems-lab/dsse, v1). Pure.

An envelope is read strictly, so that nothing in it may be altered unseen: each member once, none beside those of the
specification, base64 in its one canonical form.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

LARGEST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, and the hint which key it is by; nothing protects the hint."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, what it is, and who signed it."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed: the pre-authentication encoding of the specification."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def encode(envelope: Envelope) -> bytes:
    """Return an envelope as one line of JSON."""
    signatures = [{"keyid": one.keyid, "sig": _base64(one.sig)} for one in envelope.signatures]
    whole = {
        "payload": _base64(envelope.payload),
        "payloadType": envelope.payload_type,
        "signatures": signatures,
    }
    return json.dumps(whole, separators=(",", ":")).encode() + b"\n"


def decode(data: bytes) -> Envelope:
    """Return the envelope that a file holds.

    :raises ValueError: saying what is wrong with it.
    """
    whole = _members(parsed(data), {"payload", "payloadType", "signatures"}, "the envelope")
    kind, listed = whole["payloadType"], whole["signatures"]
    if not isinstance(kind, str) or not isinstance(listed, list):
        raise ValueError("payloadType is no text, or signatures is no list")
    every = tuple(_signature(one) for one in cast("Sequence[object]", listed))
    if not every:
        raise ValueError("the envelope holds no signature")
    return Envelope(kind, _bytes(whole["payload"], "payload"), every)


def parsed(data: bytes) -> object:
    """Return JSON in which no object has two members of one name.

    :raises ValueError: if it is none.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("its objects lie in one another too deep") from None


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has two members of one name")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _signature(one: object) -> Signature:
    members = _members(one, {"keyid", "sig"} if isinstance(one, dict) and "keyid" in one else {"sig"}, "a signature")
    keyid = members.get("keyid", "")
    if not isinstance(keyid, str):
        raise ValueError("keyid is no text")
    return Signature(keyid, _bytes(members["sig"], "sig"))


def _members(value: object, names: set[str], what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no JSON object")
    found = cast("dict[str, object]", value)
    if set(found) != names:
        raise ValueError(f"{what} has other members than {', '.join(sorted(names))}")
    return found


def _bytes(value: object, what: str) -> bytes:
    if not isinstance(value, str):
        raise ValueError(f"{what} is no text")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{what} is no base64") from None
    if _base64(data) != value:
        raise ValueError(f"{what} is no canonical base64")
    return data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
