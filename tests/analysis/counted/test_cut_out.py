"""A trace that is the later part of what walkers did, under names that were given later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import ChainPrint
from watchkeeper.server.analysis.counted.counts import counted
from watchkeeper.server.analysis.counted.cut_out import cut_out
from watchkeeper.server.analysis.counted.drawn import draws
from watchkeeper.server.analysis.evidence.words import Outcome
from watchkeeper.server.analysis.witness import fingerprint
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.witnessed import SAVED, Kind, fp, mcmc, sampling, seen

RAN = {
    "0": (
        4.9455,
        5.0003,
        4.9336,
        5.0162,
        4.9877,
        4.973,
        4.969,
        5.0118,
        4.8673,
        4.999,
        5.0101,
        4.8039,
        5.0102,
        4.9614,
        4.857,
        4.9855,
        4.9737,
        5.0272,
        4.9459,
        4.9385,
        4.7623,
        5.0477,
        4.9074,
        4.9679,
        4.9489,
        4.9967,
        4.9551,
        4.9358,
        4.9825,
        4.9464,
        4.9782,
        4.923,
    ),
    "1": (
        2.6084,
        2.5484,
        2.6164,
        2.5667,
        2.6016,
        2.763,
        2.5587,
        2.6514,
        2.5105,
        2.5582,
        2.6012,
        2.7249,
        2.5826,
        2.6163,
        2.739,
        2.5757,
        2.574,
        2.5078,
        2.7492,
        2.5655,
        2.6443,
        2.7283,
        2.7124,
        2.592,
        2.5466,
        2.7802,
        2.5173,
        2.5773,
        2.6238,
        2.7255,
        2.544,
        2.5214,
    ),
}
KEPT = {
    "A": (
        4.8867,
        4.8039,
        4.9626,
        4.9851,
        4.9614,
        5.0001,
        5.0121,
        4.9855,
        5.0118,
        4.7752,
        5.0272,
        4.9599,
        4.9996,
        4.9385,
        4.8366,
        4.9509,
        5.0477,
        4.9219,
        4.9916,
        4.9679,
        4.9891,
        4.9919,
        4.9967,
        4.8631,
        5.033,
        4.9358,
        4.9871,
        4.8768,
        4.9464,
        4.9801,
        4.9323,
        4.923,
    ),
    "tau": (
        2.6258,
        2.7249,
        2.5982,
        2.6168,
        2.6163,
        2.7577,
        2.5971,
        2.5757,
        2.5517,
        2.6689,
        2.5078,
        2.7558,
        2.5045,
        2.5655,
        2.5987,
        2.5554,
        2.7283,
        2.5512,
        2.607,
        2.592,
        2.5593,
        2.6768,
        2.7802,
        2.6642,
        2.5926,
        2.5773,
        2.6505,
        2.6657,
        2.7255,
        2.6891,
        2.6868,
        2.5214,
    ),
}
"""What was told of one of 32 walkers of emcee that took 3,000 steps, and of what was saved after the first 1,000."""


def ran(method: str = "ensemble") -> Kind:
    told = {name: [{**fp(name, at=at), "shape": [3000]}] for name, at in RAN.items()}
    call = "emcee.EnsembleSampler.run_mcmc"
    return sampling(method=method, call=call, chains=1, draws=3000, tune=None, variables=told, stats={}, observed={})


def saved(kept: dict[str, tuple[float, ...]], steps: int = 2000):
    prints = (ChainPrint(name=name, chain=0, size=steps, sha=name, bag=name, at=at) for name, at in kept.items())
    return replace(
        SAVED, chains=1, draws=steps, stats_draws=None, tuning_steps=None, variables=tuple(kept), prints=tuple(prints),
        statistic_prints=(), sampling_time_s=None, divergences=None,
    )  # fmt: skip


def test_walkers_without_their_first_steps_are_the_trace_under_names_of_its_own() -> None:
    evidence = mcmc(ran(), saved=saved(KEPT))
    assert evidence.seen is not None
    check = draws(evidence, evidence.seen)
    assert check is not None
    assert (check.outcome, check.code) == (Outcome.PASSED, "")
    assert "A, tau are" in check.evidence
    assert "after its first 1000 steps" in check.evidence
    assert counted(evidence)["tune"].value == 1000


@pytest.mark.parametrize(
    ("kept", "method"),
    [
        ({**KEPT, "tau": (*KEPT["tau"][:-1], 2.5)}, "ensemble"),
        ({"A": KEPT["A"], "tau": KEPT["A"]}, "ensemble"),
        ({**KEPT, "c": KEPT["tau"][::-1]}, "ensemble"),
        (RAN, "ensemble"),  # the values of other steps
        (KEPT, "mcmc"),
    ],
    ids=["another value", "one twice", "one more", "other steps", "another sampler"],
)
def test_what_is_not_that_part_of_every_walker_is_asked_about(kept: dict[str, tuple[float, ...]], method: str) -> None:
    evidence = mcmc(ran(method), saved=saved({f"new {name}": at for name, at in kept.items()}))
    assert evidence.seen is not None
    check = draws(evidence, evidence.seen)
    assert check is not None
    assert check.code == "trace_of_another_model"
    assert "tune" not in counted(evidence)


@pytest.mark.parametrize(
    ("steps", "step", "first", "found"),
    [(1000, 2, 1001, (1000, 2)), (1000, 2, 1000, (1000, 2)), (2500, 1, 500, (500, 1)), (200, 10, 1009, None)],
    ids=["every second", "the first of each two", "all", "only the last step is told of both"],
)
def test_a_thinned_part_is_found_where_two_steps_are_told_of_both(
    steps: int, step: int, first: int, found: tuple[int, int] | None
) -> None:
    walk = [[(7919 * place + 104729 * walker) % 100_003 / 8 for place in range(3000)] for walker in range(8)]
    told = [{**fp(f"{n}", at=tuple(one[at] for at in places(3000))), "shape": [3000]} for n, one in enumerate(walk)]
    one = seen(sampling(method="ensemble", chains=8, draws=3000, variables={"0": told})).samplings[0]
    assert fingerprint(told[0]).size == 3000
    prints = tuple(
        ChainPrint(
            name="a", chain=n, size=steps, sha="", bag="", at=tuple(each[first + step * at] for at in places(steps))
        )
        for n, each in enumerate(walk)
    )
    cut = cut_out(replace(SAVED, chains=8, draws=steps, prints=prints), [one])
    assert (cut and (cut.left_out, cut.step)) == found
