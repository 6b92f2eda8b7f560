"""A new network at the head of each epoch: asked about; members, folds, stages and restarts are not."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from watchkeeper.server.analysis.counted.counts import Count
from watchkeeper.server.analysis.networks.new_each_epoch import new_each_epoch

from ..evidence.facts import HONEST
from ..evidence.witnessed import Kind, fp, seen, steps

AGAIN = random.Random(1)


def network(number: int, made: int, at: Sequence[float] = ()) -> Kind:
    values = tuple(at) or tuple(AGAIN.gauss(0.0, 0.2) for _ in range(32))
    line = steps(id=number, steps=made, last_at=100.0 + number, begun=fp(f"begin {number}", at=values))
    return {**line, "where": "model_1.py:43"}


def gone_on(count: int, made: int) -> list[Kind]:
    at, lines = [AGAIN.gauss(0.0, 0.2) for _ in range(32)], list[Kind]()
    for number in range(count):
        lines.append(network(number, made, at))
        at = [one + AGAIN.gauss(0.0, 0.05) for one in at]
    return lines


def asked(lines: Sequence[Kind], epochs: float, source: str = "log") -> list[str]:
    found = seen(*lines)
    return [one.code for one in new_each_epoch(HONEST, {"epochs": Count(epochs, source)}, found.steps)]


def test_a_network_that_is_made_anew_at_each_epoch_is_asked_about() -> None:
    assert asked([network(number, 94) for number in range(200)], 200) == ["new_network_each_epoch"]


@pytest.mark.parametrize(
    ("lines", "epochs", "source"),
    [
        ([network(number, 3000) for number in range(30)], 30, "log"),
        ([network(number, 40) for number in range(50)], 40, "log"),
        ([network(number, 40) for number in range(5)], 200, "log"),
        (gone_on(200, 94), 200, "log"),
        ([network(number, 94) for number in range(200)] + [network(200, 2000)], 200, "log"),
        ([network(number, 94) for number in range(200)], 200, "witnessed"),
    ],
    ids=["members", "whole batches", "folds", "a new optimiser each epoch", "one beside searches", "counted"],
)
def test_networks_that_make_all_their_epochs_and_what_goes_on_are_not(
    lines: list[Kind], epochs: float, source: str
) -> None:
    assert asked(lines, epochs, source) == []
