"""A training that begins with weights from a file: who trained them has to be said, or the run wrote them itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import Design, read_design
from watchkeeper.server.analysis.design.weights_said import speaks_of_weights
from watchkeeper.server.analysis.evidence.evidence import Attempt
from watchkeeper.server.analysis.networks.begun_with import begun_with
from watchkeeper.server.analysis.networks.members import untrained_members

from ..evidence.facts import BEGUN, HONEST, MODEL
from ..evidence.witnessed import Kind, seen, steps

DESIGNED = replace(HONEST, design=Design("model_design_1.md"))
WROTE: Kind = {"kind": "write", "facts": {"path": "init.pt", "by": "open"}, "at": BEGUN + 1}


def read(numbers: int = 880, at: float = BEGUN + 5, **changes: Any) -> Kind:
    return steps(from_files=[{"path": "init.pt", "numbers": numbers, "at": at}], **changes)


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ([read()], True),
        ([read(numbers=300)], False),  # an embedding, a part of the body
        ([WROTE, read()], False),
        ([{**WROTE, "at": BEGUN + 9}, read()], True),  # the same name, written only afterwards
        ([steps()], False),
    ],
)
def test_weights_of_a_file_that_the_run_did_not_write_are_asked_about(lines: list[Kind], asked: bool) -> None:
    found = seen(*lines)
    told = [one.code for one in begun_with(DESIGNED, found, found.steps)]
    assert told == (["started_from_weights"] if asked else [])


def test_a_design_that_speaks_of_them_a_run_without_one_and_one_that_goes_on_are_not_asked() -> None:
    found = seen(read())
    earlier = Attempt(run="1-full-1", state="failed", wall_s=1.0, counts=True, continued=True)
    for honest in (
        replace(DESIGNED, design=Design("model_design_1.md", speaks_of_weights=True)),
        replace(DESIGNED, design=Design()),
        replace(DESIGNED, attempts=(earlier,)),
    ):
        assert not [*begun_with(honest, found, found.steps)]


def of_members(text: str, saved: int, *held: int, row: str = "Members", names: Sequence[str] = ()) -> list[str]:
    """Return what is asked of a network file of so many numbers, where optimisers held so many each."""
    save: Kind = {"kind": "save", "facts": {"path": MODEL.path, "numbers": saved, "weights": {"names": [*names]}}}
    found = seen(*(steps(id=number, numbers=each) for number, each in enumerate(held)), save)
    design = read_design(f"{text}\n\n## Computational Requirements\n\n- **{row}**: 5\n", "model_design_1.md")
    evidence = replace(HONEST, artefacts=(MODEL,), design=design)
    return [one.code for one in untrained_members(evidence, found, found.steps)]


def test_what_an_optimiser_remembers_is_no_member() -> None:
    names = ["model.0.weight", "optimizer.state.0.exp_avg", "optimizer.state.0.exp_avg_sq"]
    assert of_members("Five models.", 4500, 900, names=names) == []
    assert of_members("Five models.", 4500, 900, names=["0.weight", "1.weight"]) == ["members_not_trained"]


def test_members_that_no_optimiser_held_are_asked_about() -> None:
    assert of_members("Five networks, each trained.", 4500, 900) == ["members_not_trained"]
    assert of_members("Five networks, each trained.", 4500, 900, 900, 900, 900, 900) == []
    assert of_members("Five networks, each trained.", 4500, 4500) == [], "one optimiser over all of them"
    assert of_members("Five networks, each trained.", 900, 900) == [], "one is saved, each was trained on its turn"
    assert of_members("A snapshot ensemble of one training", 4500, 900) == []
    assert of_members("A head for each of five tasks on a frozen backbone", 4500, 900) == []
    assert of_members("Five models are held against each other.", 4500, 900, row="Models compared") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The encoder is fine-tuned on tickets.", True),
        ("ResNet-18 with ImageNet weights", True),
        ("Warm start from the model of last year", True),
        ("Starts with the weights of model 3", True),
        ("We load the published network and train its head.", True),
        ("Resumes from the last checkpoint", True),
        ("An embedding layer of GloVe vectors, which is trained on", True),
        ("The encoder is bert-base-uncased.", True),
        ("Initialised with last month's model", True),
        ("Training starts from the previous production model.", True),
        ("Each is seeded with the weights of run 3", True),
        ("Five networks, each from its own seed (initial weights and order of batches)", False),
        ("Kernels in a Hilbert space, after Robert", False),
        ("The features of the previous day feed the network.", False),
        ("Random initialisation (no pre-trained weights), trained from scratch", False),
        ("The full run starts anew from random weights with all rows.", False),
        ("The checkpoint with the best validation loss is kept; best weights are restored.", False),
        ("A network with weight decay 0.01 for 50 epochs", False),
    ],
)
def test_whether_a_design_speaks_of_weights_from_before(text: str, said: bool) -> None:
    assert speaks_of_weights(text) == said
