"""What the policy asks of a run binds its verdict."""

from __future__ import annotations

import pytest
from watchkeeper.server.acts.watch.verdict_rules import rules_of
from watchkeeper.server.storage.policy.policy import load_policy
from watchkeeper.server.vocabulary.runs import Phase


@pytest.mark.parametrize(
    ("text", "cores"), [("", 0.1), ("[compute]\nmin_cores = 0.3\n", 0.3), ('profile = "research"\n', 0.0)]
)
def test_the_least_cores_are_those_of_the_policy(text: str, cores: float) -> None:
    assert rules_of(load_policy(text), Phase.FULL).effort.min_cores == cores
