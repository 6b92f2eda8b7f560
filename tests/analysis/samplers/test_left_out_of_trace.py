"""Variables that do not converge and draws that diverged are missed in a trace that was saved without them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.samplers.left_out_of_trace import left_out_of_trace
from watchkeeper.server.analysis.verdict.iterations import trace as trace_check

from ..evidence.facts import with_trace
from ..evidence.witnessed import SAVED, Kind, fp, sampling, seen

MU = [fp(f"mu{chain}") for chain in range(4)]
TRACE = replace(SAVED, variables=("mu",))


def chains(*means: float, shape: tuple[int, ...] = (2000,)) -> list[Kind]:
    return [{**fp(f"x{mean}", mean=mean, sd=1.0), "shape": [*shape]} for mean in means]


def asked(trace: Any = TRACE, **changes: Any) -> list[str]:
    free: Kind = {name: {"shape": [], "prior": ""} for name in ("mu", "left")}
    return [one.code for one in left_out_of_trace(seen(sampling(free=free, **changes)), trace)]


@pytest.mark.parametrize(
    ("left", "code"),
    [
        (chains(0.0, 3.0, -2.0, 1.0), ["unconverged_left_out"]),
        (chains(0.0, 0.02, -0.01, 0.03), []),
        (chains(4.0), []),
        (chains(0.0, 3.0, -2.0, 1.0, shape=(2000, 3)), []),
        (chains(0.0, 3.0, shape=(50,)), []),
    ],
    ids=["chains apart", "chains that agree", "one chain", "a vector", "few draws"],
)
def test_a_variable_that_did_not_converge_is_missed(left: list[Kind], code: list[str]) -> None:
    assert asked(variables={"mu": MU, "left": left}) == code


def test_a_variable_that_is_in_the_trace_is_judged_there() -> None:
    there = replace(TRACE, variables=("mu", "left"))
    assert asked(there, variables={"mu": MU, "left": chains(0.0, 9.0, 1.0)}) == []


@pytest.mark.parametrize(
    ("left", "code"), [(chains(0.0, 3.0, -2.0, 1.0), ["chains_disagree"]), (chains(0.0, 0.02, -0.01, 0.03), [])]
)
def test_where_no_draws_were_saved_the_chains_are_judged_as_they_were_returned(
    left: list[Kind], code: list[str]
) -> None:
    assert asked(None, variables={"mu": MU, "left": left}) == code


def test_of_two_samplings_of_one_model_the_later_one_counts() -> None:
    free: Kind = {"left": {"shape": [], "prior": ""}}
    first, then = (sampling(free=free, variables={"left": one}) for one in (chains(0.0, 9.0), chains(0.0, 0.01)))
    assert [*left_out_of_trace(seen(first, then), None)] == []


@pytest.mark.parametrize(
    ("draws", "divergences", "told", "code"),
    [
        (1913, 87, 0, ["divergent_draws_left_out"]),
        (1913, 0, 0, []),
        (1913, 87, 44, []),
        (1000, 87, 0, []),
        (1913, 87, None, []),
        (2000, 87, 0, []),
    ],
    ids=["cut", "none diverged", "some are told", "every second one", "no statistics", "all of them"],
)
def test_draws_that_diverged_are_missed(draws: int, divergences: int, told: int | None, code: list[str]) -> None:
    trace = replace(TRACE, draws=draws, divergences=told)
    assert asked(trace, variables={"mu": MU}, divergences=divergences) == code


@pytest.mark.parametrize(("returned", "asked_about"), [(2500, False), (4000, True)])
def test_draws_that_a_sampler_thins_by_itself_are_those_that_the_script_asks_for(
    returned: int, *, asked_about: bool
) -> None:
    evidence = with_trace(draws=2500, stats_draws=2500)
    mu = [fp(f"mu{chain}", size=returned) for chain in range(4)]
    found = trace_check(replace(evidence, seen=seen(sampling(variables={"mu": mu}))))
    assert (found is not None and found.code == "trace_differs_from_script") == asked_about
