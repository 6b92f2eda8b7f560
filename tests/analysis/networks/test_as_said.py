"""How a network was trained against what its design says: loss, optimiser, rate, decay; honest ones are not asked."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.as_said import as_said

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, seen, steps


def losses(*made_of: str, **more: object) -> Kind:
    return {"kind": "losses", "facts": {"library": "torch", "id": 1, "count": 900, "made_of": [*made_of], **more}}


SQUARE, CROSS = losses("MseLoss"), losses("NllLoss")
BY_HAND = losses("Mean", "Pow2", "Sub")


def codes(said: str, *lines: Kind) -> Sequence[str]:
    found = seen(*lines)
    evidence = spoilt(design=read_design(f"## Training\n\n{said}\n", "model_design_1.md"), seen=found)
    return [one.code for one in as_said(evidence, found, found.steps)]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("The loss is the Poisson negative log-likelihood.", SQUARE),
        ("Trained by minimising the pinball\nloss at 0.1 and 0.9.", BY_HAND),
        ("| Loss | Huber, delta 1 |", SQUARE),
        ("- **Loss**: focal loss with gamma 2", losses("BinaryCrossEntropyWithLogits")),
        ("A heteroscedastic Gaussian loss.", losses("Div", "MseLoss")),
        ("Trained with the mean absolute error.", losses("HuberLoss")),
    ],
)
def test_a_loss_of_another_kind_than_the_design_names_is_asked_about(said: str, line: Kind) -> None:
    assert codes(said, steps(), line) == ["loss_of_another_kind"]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("The loss is the mean squared error.", BY_HAND),
        ("We report MAE and RMSE on the test; loss and MAE are logged.", SQUARE),
        ("The loss is the Poisson negative log-likelihood.", losses("Mean", "Sub")),  # exp(f) - y f
        ("The loss is the pinball loss at the median.", losses("Mean", "Abs", "Sub")),
        ("Pinball loss.", losses("Mean", "Maximum", "…")),
        ("Focal loss.", losses("Mean", "Mul", "…")),
        ("Asymmetric squared loss.", losses("Mean", "Mul", "Pow2", "Sub", weighted=True)),
        ("The loss is cross-entropy, not focal loss.", CROSS),
        ("The loss is the Huber loss.", {"kind": "losses", "facts": {"library": "torch", "count": 900}}),
        ("Poisson counts are trained on their square roots.", SQUARE),
        ("Quantile loss.", losses("CompiledFunction")),
        ("Trained with Gaussian noise on the inputs.", SQUARE),
        ("Trained with MSE loss + AdamW and a cosine schedule.", SQUARE),
        ("The loss is the sum of squared errors.", SQUARE),
        ("The loss of an epoch is weighted by the rows of its batches.", CROSS),
        ("| Class weights | none |", CROSS),
        ("| Label smoothing | 0.0 |", CROSS),
    ],
)
def test_the_loss_that_is_named_or_that_nobody_knows_is_not_asked_about(said: str, line: Kind) -> None:
    assert codes(said, steps(), line) == []


def test_weights_smoothing_and_terms_that_the_loss_lacks_are_asked_about() -> None:
    said = "Cross-entropy with class weights by inverse class frequency."
    assert codes(said, steps(), CROSS) == ["loss_not_weighted"]
    assert codes(said, steps(), losses("NllLoss", weighted=True)) == []
    drawn: Kind = {"kind": "batches", "facts": {"sampler": "WeightedRandomSampler", "trains": True, "dataset": 90}}
    assert codes(said, steps(), CROSS, drawn) == []
    assert codes("Cross-entropy with label smoothing 0.1.", steps(), CROSS) == ["labels_not_smoothed"]
    assert codes("Cross-entropy with label smoothing 0.1.", steps(), losses("Add")) == []
    assert codes("The loss is the squared error plus a penalty on roughness.", steps(), SQUARE) == ["term_left_out"]
    assert codes("The loss is the squared error plus a penalty on roughness.", steps(), losses("Add")) == []
    assert codes("Cross-entropy without class weights.", steps(), CROSS) == []


def adam(**changes: object) -> Kind:
    facts = {"class": "Adam", "steps": 900, "lr_seen": [0.002], "params": {"lr": [0.002], "weight_decay": 0}}
    return steps(**{**facts, **changes})


def test_another_optimiser_a_rate_that_never_changed_and_a_decay_of_nothing_are_asked_about() -> None:
    assert codes("Optimiser: SGD with momentum 0.9.", adam()) == ["other_optimiser"]
    assert codes("Adam; the learning rate follows a cosine.", adam()) == ["rate_never_changed"]
    assert codes("Adam with a weight decay of 1e-4.", adam()) == ["weight_decay_left_out"]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Optimiser: Adam.", adam(**{"class": "AdamW"})),
        ("Optimiser: AdamW.", adam(**{"class": "Mine", "base": "AdamW"})),
        ("Optimiser: SGD.", adam(**{"class": "optax.chain", "library": "optax"})),
        ("The learning rate follows a cosine.", adam(lr_seen=[0.002, 0.001])),
        ("The learning rate is reduced when the validation loss is on a plateau.", adam()),
        ("A constant learning rate, no warm-up.", adam()),
        ("The learning rate of the head decays.", adam(params={"lr": [0.002, 0.0001]})),
        ("Adam with a weight decay of 1e-4.", adam(params={"weight_decay": 0.0, "decays": [0.0, 1e-4]})),
        ("Adam with a weight decay of 0.", adam()),
        ("AdamW, learning rate 2e-3, weight decay 1e-2.", adam(**{"class": "AdamW", "params": {"weight_decay": 0.01}})),
        ("Adam, learning rate 2e-3, exponential moving average of the weights, cyclic encoding of hours.", adam()),
        ("Optimiser: AdamW.", adam(**{"class": "LossScaleOptimizer", "library": "keras"})),
        ("| Learning rate | 2e-3 | Warm-up | 0 |", adam()),
        ("The cosine similarity of neighbours is a feature.", adam()),
    ],
)
def test_what_was_done_as_the_design_says_is_not_asked_about(said: str, line: Kind) -> None:
    assert codes(said, line) == []


def test_a_loss_of_keras_is_known_by_its_name() -> None:
    def named(name: str, **more: object) -> Kind:
        return {"kind": "losses", "facts": {"library": "keras", "count": 60, "name": name, **more}}

    assert codes("Loss: Poisson.", steps(library="keras"), named("mean_squared_error")) == ["loss_of_another_kind"]
    assert codes("Loss: Poisson.", steps(library="keras"), named("poisson")) == []
    assert codes("Squared loss plus a penalty.", steps(library="keras"), named("mse", terms=1)) == []


def test_a_loss_that_jax_derived_is_known_by_what_its_code_calls() -> None:
    def derived(*calls: str, **more: object) -> Kind:
        return steps(**{"library": "jax", "class": "jax.grad", "calls": [*calls], **more})

    said = "Loss: pinball loss; do not replace it by the squared error."
    assert codes(said, derived("jnp", "mean", "net", "square")) == ["loss_of_another_kind"]
    assert codes(said, derived("jnp", "mean", "maximum", "net")) == []
    assert codes(said, derived("jnp", "mean", "square", open=True)) == []
    assert codes("Loss: squared error.", derived("jnp", "mean")) == []
    assert codes("Loss: pinball loss.", steps(library="jax")) == []
