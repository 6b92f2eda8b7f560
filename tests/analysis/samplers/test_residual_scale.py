"""Predictions whose errors are much larger or smaller than the sampled scale are asked about, the model's own not."""

from __future__ import annotations

import random
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.residual_scale import against_scale
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.witnessed import Kind, column, fit, fp, results, sampling, seen

OWN = random.Random(2)
SITES = [OWN.gauss(0, 0.7) for _ in range(8)]
MEAN = [3 + OWN.gauss(0, 1) for _ in range(200)]
WHOLE = [mean + SITES[row % 8] for row, mean in enumerate(MEAN)]
Y = [one + OWN.gauss(0, 0.8) for one in WHOLE]
DRAWN = [y + OWN.gauss(0, 0.3) for y in Y]
PLAIN = "Each plot is predicted by the posterior mean."


def model(outcomes: list[float] = Y, **more: Any) -> Kind:
    data = fp("y", at=tuple(outcomes[row] for row in places(len(outcomes))), size=len(outcomes))
    free: dict[str, Any] = {"mu": {"shape": [8], "prior": ""}, "sigma": {"shape": [], "prior": ""}}
    told: dict[str, Any] = {"observed": {"y": {"data": data, "prior": "y ~ Normal(f(mu), sigma)"}}, "free": free}
    variables = {"sigma": [fp(f"s{chain}", size=1000, mean=0.8, sd=0.04) for chain in range(4)]}
    return sampling(**{"variables": variables, **told, **more})


def asked(predicted: list[float], *lines: Kind, design: str = PLAIN, name: str = "predicted") -> list[str]:
    table = results(column("actual", *Y), column(name, *predicted)).inside
    assert isinstance(table, TableFacts)
    return [one.code for one in against_scale(read_design(design, "d.md"), seen(*lines), table)]


def numpyro() -> Kind:
    data = fp("y", at=tuple(Y[row] for row in places(len(Y))), size=len(Y))
    return model(
        library="numpyro", observed={"args[0]": {"data": data}}, likelihoods={"y": {"prior": "Normal(f(), f())"}}
    )


@pytest.mark.parametrize("line", [model(), numpyro()], ids=["PyMC", "NumPyro"])
def test_predictions_without_a_part_of_the_model_or_drawn_to_the_outcomes_are_asked_about(line: Kind) -> None:
    assert asked(MEAN, line) == ["predictions_off_the_model"]
    assert asked(DRAWN, line) == ["nearer_than_its_scale"]
    assert asked(WHOLE, line) == []


def test_other_predictions_than_the_whole_models_of_its_own_rows_are_not() -> None:
    many: dict[str, Any] = {"theta": {"shape": [200], "prior": ""}, "sigma": {"shape": [], "prior": ""}}
    assert asked(DRAWN, model(free=many)) == []  # a value for each row
    assert asked(MEAN, model(), design="Predictions for a new site, at the population mean.") == []
    assert asked(MEAN, model(Y[:150])) == []  # of other rows than those that were observed
    assert asked(MEAN, model(), fit(1, "Ridge")) == []
    assert asked(MEAN, model(), name="baseline_prediction") == []
    assert asked(MEAN, sampling()) == []
    assert asked([one - 10 for one in MEAN], model()) == []  # another scale
