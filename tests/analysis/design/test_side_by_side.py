"""Members of an ensemble of networks: side by side they count, of one seed they are one network again."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.side_by_side import one_network_again, side_by_side

from ..evidence.witnessed import Kind, fp, seen

LEAVES = [384, 64, 128, 2]
NUMBERS = sum(LEAVES)


def optimiser() -> Kind:
    facts = {"id": 1, "library": "optax", "class": "optax.adam", "steps": 9000, "numbers": NUMBERS, "tensors": 4}
    return {"kind": "steps", "facts": facts}


def returned(members: int, *more: int) -> Kind:
    arrays = [[members * one, 128] for one in LEAVES] * 3  # the weights and two means of their gradients
    return {"kind": "compiled", "facts": {"id": 1, "calls": 150, "arrays": [*arrays, *([one, 128] for one in more)]}}


def test_networks_that_were_trained_by_one_mapped_call_are_all_seen() -> None:
    answer = side_by_side(6, seen(optimiser(), returned(6, 6)))
    assert answer is not None
    assert answer.seen.startswith("6 networks")


@pytest.mark.parametrize("line", [returned(1), returned(1, 6), returned(5)])
def test_one_network_with_the_means_of_its_optimiser_is_one(line: Kind) -> None:
    assert side_by_side(6, seen(optimiser(), line)) is None


def member(number: int, sha: str) -> Kind:
    facts = {"id": number, "library": "torch", "class": "Adam", "steps": 1600, "weights": fp(sha)}
    return {"kind": "steps", "where": "model_1.py:60", "facts": facts}


def test_members_of_one_seed_are_one_network_again() -> None:
    answer = one_network_again(5, seen(*(member(number, "same") for number in range(5))))
    assert answer is not None
    assert "5 networks" in answer.doubt
    assert "1 different" in answer.doubt


@pytest.mark.parametrize("shas", [list("abcde"), [*"aabcde"], ["a", "a", "a", "a", ""], [*"aaaa"]])
def test_members_that_differ_that_nobody_saw_or_that_are_too_few_are_not(shas: list[str]) -> None:
    assert one_network_again(5, seen(*(member(number, sha) for number, sha in enumerate(shas)))) is None
