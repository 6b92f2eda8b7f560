"""An attestation as programs that others wrote read it: securesystemslib and in-toto-attestation."""

# pyright: basic
# Neither library has types that a strict check could go by.
from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.signer._key import SSlibKey


def agree(envelope: Path, public: Path) -> None:
    """Verify the envelope's signature and the statement's form; they raise where something is wrong."""
    whole = json.loads(envelope.read_bytes())
    theirs = SSlibKey.from_crypto(
        load_ssh_public_key(public.read_bytes()),  # pyright: ignore[reportArgumentType] # an Ed25519 key
        keyid=whole["signatures"][0]["keyid"],
    )
    found = Envelope.from_dict(whole)
    assert list(found.verify([theirs], 1)) == [theirs.keyid]
    parsed = json_format.Parse(found.payload, statement_pb2.Statement())  # pyright: ignore[reportAttributeAccessIssue] # generated
    Statement.copy_from_pb(parsed).validate()
