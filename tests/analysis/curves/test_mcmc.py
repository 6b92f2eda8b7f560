"""Judging posteriors: numbers at their limits, tables of samplers, real chains of a small sampler."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.curves.mcmc import FULL_LEVELS, QUICK_LEVELS, McmcLevels, McmcSummary, judge_mcmc
from watchkeeper.server.analysis.curves.mcmc_tables import bfmi, read_mcmc
from watchkeeper.server.vocabulary.runs import ErrorType, Finding, Level

GOOD = McmcSummary(
    max_rhat=1.004,
    min_ess_bulk=1900,
    min_ess_tail=1500,
    divergences=0,
    draws=4000,
    chains=4,
    bfmi_min=0.9,
    tree_depth_share=0.0,
)


def verdicts(summary: McmcSummary, levels: McmcLevels = FULL_LEVELS) -> list[tuple[str, Level, bool]]:
    return [(flag.flag, flag.level, flag.emergency) for flag in judge_mcmc(summary, levels)]


def test_a_good_posterior_and_an_unknown_one_have_no_flags():
    assert judge_mcmc(GOOD) == []
    assert judge_mcmc(McmcSummary()) == []


@pytest.mark.parametrize("levels", [FULL_LEVELS, QUICK_LEVELS])
@pytest.mark.parametrize(
    ("rhat", "expected"),
    [
        (1.01, []),
        (1.02, [("rhat", Level.FLAG, False)]),
        (1.1, [("rhat", Level.FLAG, False)]),
        (1.11, [("rhat", Level.FAILURE, False)]),
        (1.3, [("rhat", Level.FAILURE, False)]),
        (1.31, [("rhat", Level.FAILURE, True)]),
    ],
)
def test_r_hat_is_judged_alike_in_both_phases(levels: McmcLevels, rhat: float, expected: list[tuple[str, Level, bool]]):
    assert verdicts(McmcSummary(max_rhat=rhat), levels) == expected


@pytest.mark.parametrize(
    ("divergences", "expected"),
    [
        (0, []),
        (1, [("divergences", Level.FLAG, False)]),
        (40, [("divergences", Level.FLAG, False)]),
        (41, [("divergences", Level.FAILURE, False)]),
        (400, [("divergences", Level.FAILURE, False)]),
        (401, [("divergences", Level.FAILURE, True)]),
    ],
)
def test_divergences_are_judged_by_their_share(divergences: int, expected: list[tuple[str, Level, bool]]):
    assert verdicts(McmcSummary(divergences=divergences, draws=4000)) == expected


def test_divergences_of_an_unknown_number_of_draws_are_a_flag():
    assert verdicts(McmcSummary(divergences=9)) == [("divergences", Level.FLAG, False)]


def test_a_small_tail_is_found_although_the_bulk_is_fine():
    (found,) = judge_mcmc(McmcSummary(min_ess_bulk=2000, min_ess_tail=120))
    assert (found.flag, found.value, found.threshold) == ("ess", 120, 400)
    assert "tail" in found.message


def test_a_quick_run_is_not_judged_by_ess_and_number_of_chains():
    few = McmcSummary(min_ess_bulk=50, min_ess_tail=40, chains=2)
    assert verdicts(few) == [("ess", Level.FLAG, False), ("chains", Level.FLAG, False)]
    assert verdicts(few, QUICK_LEVELS) == []


def test_chains_that_do_not_mix_are_one_finding_and_not_low_ess_too():
    assert verdicts(McmcSummary(max_rhat=1.6, min_ess_bulk=7, min_ess_tail=11)) == [("rhat", Level.FAILURE, True)]


def test_energy_and_tree_depth_have_their_own_flags():
    assert verdicts(McmcSummary(bfmi_min=0.29, tree_depth_share=0.06)) == [
        ("bfmi", Level.FLAG, False),
        ("tree_depth", Level.FLAG, False),
    ]
    assert verdicts(McmcSummary(bfmi_min=0.3, tree_depth_share=0.05)) == []


def test_a_flag_becomes_a_finding_that_carries_the_emergency():
    (flag,) = judge_mcmc(McmcSummary(max_rhat=1.5))
    assert flag.to_finding() == Finding(
        kind="mcmc",
        level=Level.FAILURE,
        type=ErrorType.CONVERGENCE,
        message="rhat: the largest R-hat is 1.5 (limit 1.1).",
        fingerprint="mcmc:rhat",
        emergency=True,
        advice=flag.advice,
    )
    assert flag.to_json() == {
        "flag": "rhat",
        "epoch": None,
        "value": 1.5,
        "threshold": 1.1,
        "advice": flag.advice,
    }


def test_the_summary_table_of_arviz_is_read():
    data = (
        b",mean,sd,hdi_3%,hdi_97%,mcse_mean,mcse_sd,ess_bulk,ess_tail,r_hat\n"
        b"mu,4.4,3.3,-1.8,10.6,0.09,0.06,1300.0,1500.0,1.0\n"
        b'"theta[Choate, A]",6.2,5.6,-3.3,17.9,0.12,0.11,2100.0,350.0,1.03\n'
        b"corr,1.0,0.0,1.0,1.0,0.0,0.0,4000.0,4000.0,nan\n"
    )
    assert read_mcmc(data) == McmcSummary(max_rhat=1.03, min_ess_bulk=1300, min_ess_tail=350)


def test_the_draws_of_stan_are_read():
    rows = "".join(f"-7,0.9,0.3,{3 if row % 5 else 10},7,{int(row == 2)},{row % 7}.5,1\n" for row in range(50))
    head = "lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__,mu\n"
    found = read_mcmc(("# model = eight\n#     max_depth = 10 (Default)\n" + head + rows).encode())
    assert found is not None
    assert (found.divergences, found.draws, found.chains, found.tree_depth_share) == (1, 50, None, 0.2)
    assert found.bfmi_min == bfmi([row % 7 + 0.5 for row in range(50)])


def test_draws_of_tuning_do_not_count_and_the_worst_chain_does():
    lines = ["chain,draw,tune,diverging,energy,tree_depth,reached_max_treedepth"]
    lines += [f"{chain},{draw},1,1,5,10,1" for chain in (0, 1) for draw in range(20)]
    lines += [f"{chain},{draw},0,0,{draw % 3},3,{chain * (draw % 2)}" for chain in (0, 1) for draw in range(20)]
    found = read_mcmc("\n".join(lines).encode() + b"\n")
    assert found is not None
    assert (found.divergences, found.draws, found.chains, found.tree_depth_share) == (0, 40, 2, 0.5)


def test_words_for_truth_in_a_table_of_draws_are_numbers_too():
    head = "chain,draw,diverging,energy\n"
    rows = "".join(f"0,{row},{row == 3},1.{row}\n" for row in range(20))
    found = read_mcmc((head + rows).encode())
    assert found is not None
    assert (found.divergences, found.draws) == (1, 20)


@pytest.mark.parametrize("data", [b"", b"epoch,train_loss\n0,1\n", b"[1]", b"depth,width\n1,2\n", b"chain,draw\n0,1\n"])
def test_other_tables_are_not_taken_for_a_samplers(data: bytes):
    assert read_mcmc(data) is None


def test_energies_that_hardly_move_from_draw_to_draw_have_a_low_bfmi():
    source = random.Random(1)
    walk, level = list[float](), 0.0
    for _ in range(2000):
        level += source.gauss(0, 0.1)
        walk.append(level)
    free = [source.gauss(0, 1) for _ in range(2000)]
    assert (bfmi(walk) or 1) < 0.3 < (bfmi(free) or 0)
    assert bfmi([1.0] * 50) is None
    assert bfmi([1.0, 2.0]) is None


@given(
    st.builds(
        McmcSummary,
        max_rhat=st.none() | st.floats(0.9, 100),
        min_ess_bulk=st.none() | st.floats(0, 1e6),
        min_ess_tail=st.none() | st.floats(0, 1e6),
        divergences=st.none() | st.integers(0, 10_000),
        draws=st.none() | st.integers(0, 10_000),
        chains=st.none() | st.integers(1, 8),
        bfmi_min=st.none() | st.floats(0, 3),
        tree_depth_share=st.none() | st.floats(0, 1),
    )
)
def test_the_quick_phase_never_says_more_than_the_full_one(summary: McmcSummary):
    quick, full = judge_mcmc(summary, QUICK_LEVELS), judge_mcmc(summary, FULL_LEVELS)
    assert all(flag in full for flag in quick)
    assert all(flag.value is not None and math.isfinite(flag.value) for flag in full)
