"""Rows that were trained on against epochs times rows; early stops, other epochs and other batches ask nothing."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.passes_made import fewer_passes_than_epochs

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, seen


def loader(rows: int, **changes: object) -> Kind:
    facts = {"trains": True, "dataset": 3000, "batch_size": 64, "batches": max(1, rows // 64), "rows": rows, **changes}
    return {"kind": "batches", "facts": facts}


def losses(count: int) -> Kind:
    return {"kind": "losses", "facts": {"library": "torch", "count": count}}


def by_hand(calls: int, rows: int, *, whole: bool = True) -> Kind:
    facts = {"library": "torch", "class": "Net", "calls": calls, "rows": rows, "distinct": 1800, "whole": whole}
    return {"kind": "trained_rows", "facts": facts}


def asks(*lines: Kind, said: str = "- **Epochs**: 200") -> bool:
    design = read_design(f"## Computational Requirements\n\n{said}\n", "model_design_1.md")
    evidence = spoilt(design=design, seen=seen(*lines))
    return any(one.code == "epochs_of_few_rows" for one in fewer_passes_than_epochs(evidence, seen(*lines)))


def test_epochs_of_one_batch_each_are_asked_about() -> None:
    assert asks(loader(12800), losses(200))
    assert asks(by_hand(260, 8320), losses(200))


@pytest.mark.parametrize(
    "lines",
    [
        [loader(200 * 2944), losses(9200)],
        [loader(200 * 1500), losses(4700)],  # every second row
        [loader(12800), losses(9200)],  # the loader validates, the loop is by hand
        [loader(12800, dataset=None), losses(200)],
        [loader(9200, batches=9200), losses(9200)],  # graphs: a batch has another length
        [by_hand(260, 8320), losses(11000)],
        [by_hand(260, 8320, whole=False), losses(200)],
    ],
)
def test_whole_passes_and_what_nobody_knows_are_not(lines: list[Kind]) -> None:
    assert not asks(*lines)


@pytest.mark.parametrize(
    "said",
    [
        "- **Epochs**: 200, early stopping with patience 10",
        "- **Epochs**: 200 (an epoch is 64 windows drawn at random)",
        "- **Epochs**: 200\n- **Steps per epoch**: 1 batches per epoch",
        "- **Epochs**: 4",
    ],
)
def test_a_design_that_stops_early_or_says_what_its_epochs_are_is_not(said: str) -> None:
    assert not asks(loader(12800), losses(200), said=said)
