"""Parts of a network that no optimiser moved: asked about, unless the design has such parts or they are copies."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from watchkeeper.server.analysis.design.design import Design, read_design
from watchkeeper.server.analysis.design.networks_said import speaks_of_fixed
from watchkeeper.server.analysis.networks.left_untrained import left_untrained

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, seen, steps

ENCODER = [("encoder.0.weight", 640), ("encoder.0.bias", 64)]
HEAD = [("head.0.weight", 256), ("head.0.bias", 4)]
SAID = read_design("## Model\n\nEncoder and head are trained together.\n", "model_design_1.md")


def module(*parameters: tuple[str, int], name: str = "Net") -> Kind:
    told = [list(one) for one in parameters]
    facts = {"library": "torch", "class": name, "numbers": sum(size for _, size in parameters), "parameters": told}
    return {"kind": "module", "facts": facts}


def moved(*sizes: int, **changes: object) -> Kind:
    return steps(
        moved_sizes=[[size, sizes.count(size)] for size in dict.fromkeys(sizes)], tensors=len(sizes), **changes
    )


def asked(*lines: Kind, design: Design = SAID) -> Sequence[str]:
    found = seen(*lines)
    return [one.what for one in left_untrained(spoilt(design=design, seen=found), found, found.steps)]


def test_an_encoder_that_no_optimiser_moved_is_named_with_its_share() -> None:
    (what,) = asked(moved(256, 4), module(*ENCODER, *HEAD))
    assert "704 of the 964 numbers of Net" in what
    assert "encoder.0 (704)" in what


@pytest.mark.parametrize(
    "lines",
    [
        [moved(640, 64, 256, 4), module(*ENCODER, *HEAD)],
        [moved(640, 64), moved(256, 4, id=3), module(*ENCODER, *HEAD)],  # one optimiser each
        [moved(640, 64, 256, 4), module(*((f"target.{name}", size) for name, size in ENCODER))],  # a copy
        [moved(640, 64, 256, 4), module(*ENCODER, *HEAD, ("unused.bias", 40))],  # a small head that nobody asks
        [moved(256, 4), module(*HEAD, ("pos_embed", 900), ("scaler.mean", 200))],
        [moved(5 * 640, 5 * 64, 5 * 256, 5 * 4), module(*ENCODER, *HEAD)],  # five members were trained as one
        [moved(256, 4, library="keras"), module(*ENCODER, *HEAD)],
        [steps(), module(*ENCODER, *HEAD)],  # an older recorder did not tell which tensors moved
        [module(*ENCODER, *HEAD)],
    ],
)
def test_what_was_trained_copied_small_fixed_by_its_nature_or_not_told_is_not_asked(lines: list[Kind]) -> None:
    assert asked(*lines) == []


def test_a_design_that_has_fixed_parts_is_not_asked() -> None:
    frozen = read_design("The encoder is frozen, the head is trained.\n", "model_design_1.md")
    assert asked(moved(256, 4), module(*ENCODER, *HEAD), design=frozen) == []


@pytest.mark.parametrize(
    ("said", "fixed"),
    [
        ("The body stays frozen.", True),
        ("A pretrained encoder; only the head is updated.", True),
        ("The embeddings are kept fixed.", True),
        ("A network on random Fourier features.", True),
        ("In the second stage the head is trained.", True),
        ("The projection is not trained.", True),
        ("All layers are trained; nothing is frozen or pretrained.", False),
        ("Trained end to end from scratch, no part is kept fixed.", False),
        ("The network is not trained on the test rows.", False),
        ("Backbone and head are trained for 60 epochs.", False),
    ],
)
def test_designs_that_speak_of_fixed_parts_are_told_from_those_that_deny_them(said: str, fixed: bool) -> None:
    assert speaks_of_fixed(said) == fixed


LAYERS = [["dense/kernel", 640], ["dense/bias", 64], ["head/kernel", 64], ["normalization/mean", 300]]


def keras(begun: str, after: str, **changes: object) -> Kind:
    """Return a fit of a model of Keras; a letter a weight, another one where it was moved."""
    both = ("begun", begun), ("weights", after)
    weights: Kind = {name: {"shape": [1068], "sha": said, "parts": [*said]} for name, said in both}
    return steps(library="keras", parameters=LAYERS, numbers=1068, **weights, **changes)


def test_a_layer_of_keras_that_no_fit_moved_is_asked_about() -> None:
    (what,) = asked(keras("abcd", "abxd"))
    assert "704 of the 1068 numbers" in what
    assert "dense (704)" in what
    assert asked(keras("abcd", "abxd"), keras("abxd", "yzud", id=3)) == []  # in the second fit
    assert asked(keras("abcd", "xyzd")) == []
    frozen = read_design("Two stages: the body is frozen in the first.\n", "model_design_1.md")
    assert asked(keras("abcd", "abxd"), design=frozen) == []
