"""Dropout and modes: layers that drop too little, trainings in evaluation mode, predictions in training mode."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from watchkeeper.server.analysis.design.design import Design, read_design
from watchkeeper.server.analysis.evidence.suspicion import Suspicion
from watchkeeper.server.analysis.networks.modes import dropout_left_out, evaluated_in_training, trained_in_evaluation
from watchkeeper.server.analysis.witness import prediction

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, fp, seen, steps

SAID = "Trained with dropout 0.3 behind each layer."


def design(said: str) -> Design:
    return read_design(f"## Training\n\n{said}\n", "model_design_1.md")


def layers(*dropouts: float, **more: object) -> Kind:
    facts = {"library": "torch", "class": "Net", "matrices": 3, "there": ["Linear"], "dropouts": [*dropouts]}
    return {"kind": "layers", "facts": {**facts, **more}}


def codes(found: Iterable[Suspicion]) -> list[str]:
    return [one.code for one in found]


@pytest.mark.parametrize("line", [layers(), layers(0.0), layers(0.1)])
def test_a_network_that_drops_less_than_half_of_what_the_design_says_is_asked_about(line: Kind) -> None:
    assert codes(dropout_left_out(spoilt(design=design(SAID)), seen(steps(), line))) == ["dropout_left_out"]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (SAID, layers(0.3)),
        (SAID, layers(0.0, 0.2)),  # the head has less
        (SAID, layers(drops=True)),  # by a function
        (SAID, layers(there=["RecursiveScriptModule"])),
        (SAID, {"kind": "layers", "facts": {"class": "Net", "matrices": 3, "there": ["Linear"]}}),
        ("No dropout is used.", layers()),
        ("Dropout 0.", layers()),
        ("The dropout of pupils between 2010 and 2020 is predicted.", layers()),
    ],
)
def test_dropout_that_is_there_or_may_be_or_is_not_asked_for_is_not_asked_about(said: str, line: Kind) -> None:
    assert codes(dropout_left_out(spoilt(design=design(said)), seen(steps(), line))) == []


def losses(still: int) -> Kind:
    return {"kind": "losses", "facts": {"library": "torch", "count": 600, "in_evaluation": still}}


def test_a_training_in_evaluation_mode_is_asked_about_and_a_few_gradients_of_inputs_are_not() -> None:
    def asked(line: Kind, drops: Kind, said: str = SAID) -> list[str]:
        return codes(trained_in_evaluation(spoilt(design=design(said)), seen(steps(), line, drops)))

    assert asked(losses(600), layers(0.3)) == ["trained_in_evaluation_mode"]
    assert asked(losses(40), layers(0.3)) == []
    assert asked(losses(600), layers()) == []
    assert asked(losses(600), layers(there=["BatchNorm1d"])) == ["trained_in_evaluation_mode"]
    assert asked(losses(600), layers(0.3), "The statistics of the norm stay fixed.") == []


def test_a_prediction_in_training_mode_is_asked_about_unless_the_design_draws_passes() -> None:
    facts = {"library": "torch", "class": "Net", "rows": 40, "values": fp("out", size=40)}

    def asked(said: str, *, training: bool, of: str = "output") -> list[str]:
        found = seen(layers(0.3), {"kind": "forward", "facts": {**facts, "training": training, "of": of}})
        returned = [("predicted", prediction(found.witnessed.of("forward")[0]))]
        return codes(evaluated_in_training(spoilt(design=design(said)), found, returned))

    assert asked(SAID, training=True) == ["predicted_in_training_mode"]
    assert asked(SAID, training=False) == []
    assert asked(SAID, training=True, of="mean of calls") == []
    assert asked("Monte Carlo dropout, 50 passes.", training=True) == []
