"""Two recordings of one script: what both reached is compared, and what it amounts to is one of four words."""

from __future__ import annotations

from typing import Any

import pytest
from watchkeeper.server.analysis.witness import Witnessed, gathered, read_process
from watchkeeper.server.analysis.witness.replayed import DIFFERENT, EQUAL, NEAR, NOTHING, compare

from ..evidence.witnessed import fp, sampling, seen

Kind = dict[str, Any]
LOSSES: dict[str, Any] = {"kind": "losses", "where": "m.py:9", "facts": {"library": "torch", "id": 1, "first": 2.0}}


def recorded(*lines: Kind, main: Kind | None = None) -> Witnessed:
    return (seen(*lines) if main is None else seen(*lines, main=main)).witnessed


def fit(sha: str, where: str = "m.py:4", **more: Any) -> Kind:
    facts = {"id": 1, "class": "Ridge", "params": {"alpha": 1.0}, "x": fp(sha), "y": fp("y"), "wall_s": 2.0, **more}
    return {"kind": "fit", "where": where, "facts": facts}


def losses(*at: tuple[int, float]) -> Kind:
    return {**LOSSES, "facts": {**LOSSES["facts"], "at": [list(one) for one in at]}}


def drawing(sha: str, draws: int = 32, **more: Any) -> Kind:
    facts = {"call": "pymc.sample", "class": f"chain 0 to draw {draws}", "drawn": fp(sha, **more)}
    return {"kind": "drawing", "where": "m.py:7", "facts": facts}


def read(sha: str) -> Kind:
    return {"kind": "read", "where": "m.py:2", "facts": {"path": "data/x.csv", "sha256": sha}}


WROTE = {"kind": "write", "where": "m.py:1", "facts": {"path": "data/x.csv", "by": "open"}}
CASES = {
    "the same to the end": ((fit("a"), fit("b")), (fit("a"), fit("b")), EQUAL, "6 figures of 2 fit"),
    "as far as the second got": ((fit("a"), fit("b")), (fit("a"),), EQUAL, "3 figures of 1 fit"),
    "other seconds are no difference": ((fit("a", wall_s=9.0),), (fit("a"),), EQUAL, "digit by digit"),
    "an address in memory is no difference": (
        (fit("a", params={"kernel": "<RBF at 0x7f01>"}),), (fit("a", params={"kernel": "<RBF at 0x7f99>"}),), EQUAL, "",
    ),
    "other data": ((fit("a"),), (fit("b", x=fp("b", at=(9.0, 2.0, 4.0))),), DIFFERENT, "x of fit Ridge 1 at m.py:4"),
    "another parameter": ((fit("a"),), (fit("a", params={"alpha": 2.0}),), DIFFERENT, '{"alpha": 2.0}'),
    "nearly the same": ((fit("a"),), (fit("b", x=fp("b", at=(1.0000001, 2.0, 4.0))),), NEAR, "1 of them"),
    "something that did not happen before": (
        (fit("a"),), (fit("a"), fit("a", where="m.py:8")), DIFFERENT, "happened only when it was played again",
    ),
    "draws with another seed": (
        (sampling(),), (sampling(variables={"mu": [fp("z", at=(7.0, 8.0, 9.0))]}),), DIFFERENT, "mu, chain 0",
    ),
    "the first draws of a sampling that goes on": (
        (drawing("a"), drawing("b", 256)), (drawing("a"),), EQUAL, "1 figures of 1 beginnings of chains",
    ),
    "first draws with another seed": (
        (drawing("a"),), (drawing("b", at=(9.0, 2.0, 4.0)),), DIFFERENT, "drawing chain 0 to draw 32 at m.py:7",
    ),
    "losses where both told one": ((losses((1, 2.0), (4, 1.0)),), (losses((1, 2.0), (2, 1.5)),), EQUAL, "2 figures"),
    "losses that differ": ((losses((1, 2.0)),), (losses((1, 2.5)),), DIFFERENT, "loss 1"),
    "the data file was changed": ((read("a"), fit("a")), (read("b"), fit("b")), NOTHING, "data/x.csv at m.py:2"),
    "what it wrote itself is no input": ((WROTE, read("a"), fit("a")), (WROTE, read("b"), fit("a")), EQUAL, ""),
    "nothing that computes": ((read("a"),), (read("a"),), NOTHING, "nothing that computes"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_two_recordings_are_compared_as_far_as_both_got(
    case: tuple[tuple[Kind, ...], tuple[Kind, ...], str, str],
) -> None:
    first, again, outcome, words = case
    found = compare(recorded(*first), recorded(*again))
    assert found.outcome == outcome, found.what
    assert words in found.what


def test_it_does_not_matter_which_worker_did_what() -> None:
    worker = {"kind": "begin", "facts": {"format": 1, "role": "joblib"}}
    first, again = (recorded(fit("a"), fit("b"), main=worker), recorded(fit("b"), fit("a"), main=worker))
    assert compare(first, again).outcome == EQUAL


def test_nothing_is_compared_where_nothing_was_witnessed() -> None:
    assert compare(gathered([]), gathered([read_process("1-1-a.jsonl", b"", "n")])).outcome == NOTHING
