"""A network that is called recurrent or convolutional and has nothing of that is asked about."""

from __future__ import annotations

from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.named_layers import named_layers

from ..evidence.witnessed import Kind, seen, steps

LSTM, CNN = "Recurrent neural network (LSTM-like, PyTorch)", "1-D convolutional network"


def network(**changes: Any) -> Kind:
    facts = {"library": "torch", "class": "LoadLSTM", "layers": {"Cell": [2, 1], "Linear": [9, 1]}, "there": ["Linear"]}
    return {"kind": "layers", "facts": {**facts, "matrices": 9, "own_matrices": 0, "cut": False, **changes}}


def asked(method: str, *lines: Kind) -> list[str]:
    design = read_design(f"## Computational Requirements\n- **Method**: {method}\n", "d.md")
    return [one.code for one in named_layers(design, seen(steps(), *lines))]


@pytest.mark.parametrize(
    ("method", "code"), [(LSTM, "no_recurrence"), (CNN, "no_convolution"), ("GRU", "no_recurrence")]
)
def test_a_network_that_calls_each_layer_once_is_no_recurrent_and_no_convolutional_one(method: str, code: str) -> None:
    assert asked(method, network()) == [code]


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        (LSTM, [network(there=["LSTM", "Linear"])]),
        (LSTM, [network(layers={"Cell": [1, 48], "Linear": [5, 48]})]),
        (LSTM, [network(own_matrices=8)]),
        (LSTM, [network(cut=True)]),
        (LSTM, [network(), network(there=["GRUCell"])]),
        (LSTM, [network(there=["RecursiveScriptModule"])]),
        (LSTM, []),
        ("MLP (an LSTM is the benchmark)", [network()]),
        ("Network with embeddings instead of an LSTM", [network()]),
        (CNN, [network(there=["Conv1d", "Linear"])]),
        ("Neural network, PyTorch", [network()]),
        ("Tabular ResNet, PyTorch", [network()]),
        ("Echo state network (a recurrent reservoir)", [network()]),
    ],
    ids=["a library's", "a cell by hand", "own matrices", "not all counted", "one of two", "compiled", "nothing told",
         "a benchmark", "denied", "a convolution", "no such word", "residual blocks", "a reservoir"],
)  # fmt: skip
def test_what_has_it_in_another_form_is_not_asked_about(method: str, lines: list[Kind]) -> None:
    assert asked(method, *lines) == []
