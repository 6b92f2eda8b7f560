"""What is on record of every start, ours or adopted: what it is made from, where it leaves what, how it is watched."""

from __future__ import annotations

import secrets

from ...storage.record.records import RunStarted
from ...vocabulary.runs import Phase
from ..desk import Desk
from ..launch import Proof
from .provenance import Origin


def watched(desk: Desk, model: str, phase: Phase, origin: Origin, proof: Proof) -> RunStarted:
    """Return the event of a run that is watched, with a nonce that nobody knows before it is recorded.

    The caller adds which attempt it is and what only its kind of start has: a command, or a process that runs already.
    """
    keeper, files = desk.policy.keeper, desk.workspace
    return RunStarted(
        phase=phase,
        script=origin.script,
        sources=origin.sources,
        code_sha256=origin.code_sha256,
        script_sha256=origin.sources[0][1],
        args=origin.args,
        policy_sha256=origin.policy_sha256,
        python_sha256=origin.python_sha256,
        sample_s=keeper.sample_s,
        grace_s=keeper.grace_s,
        log=files.log(model, phase),
        results=files.results(model, phase),
        by=desk.who,
        nonce=secrets.token_hex(16),
        seal_paths=proof.seal_paths,
        seal_max_bytes=proof.seal_max_bytes,
        gpu=proof.gpu,
    )
