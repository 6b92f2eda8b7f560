"""Honest work of every kind is not called a lie, however it goes about it."""

from __future__ import annotations

import json
import os
import signal

import pytest

from ....libraries import needs
from ....play import POLICY, Facts, Place, script
from ....runtime.keeper.helpers import until
from .scripts import BEGINNING, DESCENT, EXAMPLES, design, evidence, in_short, judged, outcomes, sampler_policy
from .scripts import python_with_torch as torch_python

pytestmark = pytest.mark.anyio

APPROVED = ("APPROVE", "all_passed", True)
SAMPLER_ROWS = "| Draws | 600 | 600 | |\n| Tune | 500 | 500 | |\n| Chains | 4 | 4 | |\n"


def approved_method(name: str) -> str:
    """Return one of the example scripts, where only tests shrink it: fewer steps, the same method."""
    return (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")


@needs("pymc")
async def test_eight_schools_is_approved_without_centring_and_incomplete_with_it(place: Place) -> None:
    """The centred form cannot reach small values of tau: its chains diverge, whatever the script prints."""
    sampler_policy(place)
    text = approved_method("bayesian_mcmc").replace("else 2000", "else 600").replace("else 1000", "else 500")
    centred = text.replace('eta = pm.Normal("eta", 0, 1, shape=8)', 'theta = pm.Normal("theta", mu, tau, shape=8)')
    centred = centred.replace('theta = pm.Deterministic("theta", mu + tau * eta)', "pass")
    centred = centred.replace("target_accept=0.95", "target_accept=0.8").replace('("tau", 5)', '("tau", 25)')
    assert centred.count('theta = pm.Normal("theta"') == 1
    place.script(text, "noncentred").script(centred, "centred")
    verdicts: dict[str, Facts] = {}
    async with place.trainer() as trainer:
        for model in ("noncentred", "centred"):
            design(place, SAMPLER_ROWS, model)
            run = await trainer.trained(model, phase="full")
            verdicts[model] = await trainer.ask("verify_compute", run=run)
    honest, unfit = verdicts["noncentred"], verdicts["centred"]
    assert in_short(honest) == APPROVED, honest["checks"]
    assert evidence(honest, "iterations").startswith("600 draws, 4 chains, 500 tune (trace)")
    assert in_short(unfit) == ("REJECT_INCOMPLETE_TRAINING", "not_converged", False), unfit["checks"]
    assert "(convergence)" in unfit["why"]
    assert "**Current Method**: Bayesian MCMC: pymc 4 chains of 600 draws" in unfit["text"]


async def test_a_network_trained_by_torch_is_approved(place: Place) -> None:
    place.policy(f'[python]\ninterpreter = "{torch_python()}"\n')
    design(place, "| Epochs | 800 | 600 | |\n")
    place.script(approved_method("neural_network").replace("else 5000", "else 800").replace("% 50", "% 10"))
    async with place.trainer() as trainer:
        await trainer.trained()
        verdict = await trainer.ask("verify_compute", run=await trainer.trained(phase="full"))
    assert outcomes(verdict)["iterations"] == "passed", verdict["checks"]
    assert "**Training Method**: Deep Learning" in verdict["text"]
    assert in_short(verdict) == APPROVED, verdict["checks"]


@needs("sklearn")
async def test_a_grid_search_with_bootstraps_is_approved_as_the_example_does_it(place: Place) -> None:
    design(place, "| CV | 5 | 5 | |\n| Bootstraps | 60 | 60 | |\n")
    place.script(approved_method("ensemble").replace("50 if QUICK else 1000", "5 if QUICK else 60"))
    async with place.trainer() as trainer:
        await trainer.trained()
        verdict = await trainer.ask("verify_compute", run=await trainer.trained(phase="full"))
    assert in_short(verdict) == APPROVED, verdict["checks"]
    assert "60 bootstraps" in evidence(verdict, "iterations")
    assert "**Training Method**: Ensemble" in verdict["text"]


IN_WORKERS = """
import multiprocessing
def chain(seed):
    w, rate = 5.0 + seed, 0.05
    for epoch in range(1, 81):
        gradient = 2 * w + 0.1
        w -= rate * gradient
        work(0.01)
        if seed == 0:
            print(f"epoch {epoch} loss {1 + (w + 0.05) ** 2:.6f}", flush=True)
    return w
with multiprocessing.get_context("fork").Pool(2) as pool:
    found = pool.map(chain, range(2))
leave_numbers([*found, sum(found)])
"""


async def test_work_in_worker_processes_counts_as_work(place: Place) -> None:
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, IN_WORKERS)
    assert outcomes(verdict)["effort"] == "passed", verdict["checks"]
    assert verdict["idle_share"] < 0.5
    assert verdict["cpu_s"] > 0.3
    assert not verdict["verdict"].startswith("REJECT")


RESUMES = """
checkpoint = pathlib.Path(os.environ["WATCHKEEPER_CHECKPOINT_DIR"]) / "w.csv"
w, rate, begin = 5.0, 0.05, 1
if os.environ["WATCHKEEPER_RESUME"] == "checkpoint":
    done, w = (float(one) for one in checkpoint.read_text().split(","))
    begin = int(done) + 1
for epoch in range(begin, 81):
    gradient = 2 * w + 0.1
    w -= rate * gradient
    work(0.02)
    checkpoint.write_text(f"{epoch},{w}")
    print(f"epoch {epoch} loss {1 + (w + 0.05) ** 2:.6f}", flush=True)
    if epoch == 40 and os.environ["WATCHKEEPER_RESUME"] != "checkpoint":
        os.kill(os.getpid(), 9)
leave_numbers([w, w + 1, w + 2])
"""


async def test_a_run_that_went_on_from_the_checkpoint_of_a_killed_one_is_judged_with_its_epochs(place: Place) -> None:
    design(place)
    place.script(script(BEGINNING + RESUMES))
    async with place.trainer() as trainer, place.director() as director:
        await trainer.trained()
        killed = await trainer.trained(phase="full")
        report = await trainer.ask("report_error", run=killed, what_happened="killed by signal 9")
        await director.ask(
            "answer_report", report=report["report"], action="RESUME", instructions="go on from epoch 40"
        )
        resumed = await trainer.trained(phase="full", follows=killed)
        await trainer.ask(
            "write_diary_entry", model="1", run=resumed, report=report["report"],
            struggle="killed", investigation=["read the exit record"], fix="resumed", why="the checkpoint was whole",
        )  # fmt: skip
        verdict = await trainer.ask("verify_compute", run=resumed)
    assert not verdict["verdict"].startswith("REJECT"), verdict["checks"]
    assert killed in evidence(verdict, "time")
    assert "80 epochs" in evidence(verdict, "iterations")


async def test_a_column_that_is_constant_by_design_is_named_in_the_policy(place: Place) -> None:
    constant = DESCENT + "write_table(os.environ['WATCHKEEPER_RESULTS'], [('city', 'host'), (1, 7), (2, 7), (3, 7)])\n"
    async with place.trainer() as trainer:
        doubted = await judged(place, trainer, constant)
    assert in_short(doubted) == ("INVESTIGATE", "results_constant", False)
    assert "the same number in every row of host" in doubted["why"]


async def test_a_column_that_the_policy_lets_be_constant_is_fine(place: Place) -> None:
    place.policy('[compute]\nmay_be_constant = ["host"]\n')
    constant = DESCENT + "write_table(os.environ['WATCHKEEPER_RESULTS'], [('city', 'host'), (1, 7), (2, 7), (3, 7)])\n"
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, constant)
    assert in_short(verdict) == APPROVED, verdict["checks"]


QUIET = DESCENT.replace(
    '    print(f"epoch {epoch} loss {1 + (w + 0.05) ** 2:.6f}", flush=True)\n',
    "    losses.append((epoch, 1 + (w + 0.05) ** 2))\n",
)
SILENT = f"""
losses = []
{QUIET}
write_table("output/implementation/logs/training_history_1.csv", [("epoch", "train_loss"), *losses])
"""


async def test_a_run_that_prints_nothing_and_writes_its_history_at_the_end_is_asked_and_not_called_spinning(
    place: Place,
) -> None:
    """A loop by hand that tells nothing while it goes on looks like one that was invented afterwards."""
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, SILENT)
    assert in_short(verdict) == ("INVESTIGATE", "epochs_after_the_fact", False), verdict["checks"]
    assert "80 epochs (history)" in evidence(verdict, "iterations")


async def test_results_in_json_are_read_where_the_policy_names_them_so(place: Place) -> None:
    place.policy('[names]\nresults_quick = "output/quick_{i}.json"\nresults_full = "output/full_{i}.json"\n')
    as_json = (
        "import json\npathlib.Path(os.environ['WATCHKEEPER_RESULTS']).write_text(json.dumps({'rmse': VALUE, 'w': w}))\n"
    )
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, DESCENT + as_json.replace("VALUE", "w * w"))
    assert in_short(verdict) == APPROVED, verdict["checks"]
    assert "output/full_1.json" in evidence(verdict, "artefact results")


async def test_a_short_run_with_all_its_iterations_is_to_be_investigated_not_rejected(place: Place) -> None:
    """A fast machine is no fault; that it was one, a person must say."""
    assert "min_hours = 0.00004" in POLICY
    place.policy(instead_of="min_hours = 0.00004", by="min_hours = 0.2")
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, DESCENT)
    assert in_short(verdict) == ("INVESTIGATE", "short_but_complete", False), verdict["checks"]
    assert "all iterations were counted and the work was measured" in verdict["why"]
    assert verdict["required_actions"] == ["A person must say whether a fast machine or sampler explains it."]


async def test_a_keeper_that_was_held_for_a_while_is_no_fault_of_the_training(place: Place) -> None:
    """Without samples the work in between shows in the CPU time that is there afterwards."""
    design(place)
    place.script(script(BEGINNING + DESCENT.replace("work(0.0025)", "work(0.03)")))
    async with place.trainer() as trainer:
        await trainer.trained()
        run = (await trainer.ask("start_training", model="1", phase="full"))["run"]
        record = place.root / ".watchkeeper/runs" / run / "usage.jsonl"
        until(lambda: record.exists() and record.read_bytes().count(b"\n") > 3, "the keeper takes samples")
        (keeper,) = keepers(place, run)
        os.kill(keeper, signal.SIGSTOP)
        try:
            place.says("output/implementation/logs/training_1_full.log", "epoch 60 ")
        finally:
            os.kill(keeper, signal.SIGCONT)
        await trainer.watch(run)
        verdict = await trainer.ask("verify_compute", run=run)
    assert in_short(verdict) == APPROVED, verdict["checks"]


def keepers(place: Place, run: str) -> list[int]:
    """Return the pids of the keepers of a run, from the record that they left."""
    start = json.loads((place.root / ".watchkeeper/runs" / run / "start.json").read_text())
    return [int(start["keeper"]["pid"])]
