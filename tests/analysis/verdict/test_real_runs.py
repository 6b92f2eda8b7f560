"""The verdict on real processes and real files: each way to fake a training, and each approved method."""

from __future__ import annotations

import os

import pytest

from ...libraries import needs
from ...play import Place, script
from ..evidence.trainings import HONEST, LEFT, RESULTS, TRAINING, design, full, outcomes

pytestmark = pytest.mark.anyio


# Twice as long as the process needed to come to this line: on a machine that others keep busy that is no time it slept.
ASLEEP = """
begun_s = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
time.sleep(2 + 2 * (time.clock_gettime(time.CLOCK_BOOTTIME) - begun_s))
"""


async def test_time_that_was_slept_through_is_fabrication(place: Place) -> None:
    async with place.trainer() as trainer:
        verdict = await full(place, trainer, f"print('training')\n{ASLEEP}" + LEFT)
    assert (verdict["verdict"], verdict["reason_code"]) == ("REJECT_LIKELY_FABRICATION", "idle")
    assert verdict["idle_share"] > 0.5
    assert verdict["intensity"] == "Low"


async def test_time_that_was_spun_through_is_asked_about(place: Place) -> None:
    spins = script(
        "if os.environ['WATCHKEEPER_PHASE'] == 'quick':\n    leave('RESULTS')\n    sys.exit()\n"
        "work(2.0)\nleave('RESULTS', 'FINAL_MODEL')\nprint('sampling')\nprint('R-hat: 1.00, 4 chains of 20000 draws')\n"
    )
    place.script(spins)
    async with place.trainer() as trainer:
        await trainer.trained()
        verdict = await trainer.ask("verify_compute", run=await trainer.trained(phase="full"))
    assert not verdict["met"]
    effort = next(one for one in verdict["checks"] if one["check"] == "effort")
    assert effort["outcome"] == "failed"
    assert "nothing that trains was recognised in the script: did it spin?" in effort["evidence"]


async def test_sleep_is_not_approved_because_its_measurements_are_gone(place: Place) -> None:
    body = "print('x')\ntime.sleep(1)\n" + LEFT
    body += "os.remove(os.environ['WATCHKEEPER_RUN_DIR'] + '/usage.jsonl')\n"
    place.policy("[witness]\nguard = false\n")  # else the record is out of its reach
    async with place.trainer() as trainer:
        verdict = await full(place, trainer, body)
    assert verdict["verdict"] == "INVESTIGATE"
    assert outcomes(verdict)["effort"] == "not inspected"


RIDGE = """
from sklearn.linear_model import Ridge
def fit():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 3))
    return Ridge().fit(x, x @ np.arange(3) + rng.normal(size=50)).predict(x[:5])
"""


@needs("sklearn")
@pytest.mark.parametrize("where", ["in the script", "hidden in an imported module"])
async def test_a_ridge_named_bayesian_is_named_where_it_is_fitted(place: Place, where: str) -> None:
    design(place, "| Method | Hierarchical Bayesian MCMC | | |\n")
    hidden = where != "in the script"
    if hidden:
        helper = place.root / "output/implementation/code/bayes.py"
        helper.parent.mkdir(parents=True, exist_ok=True)
        helper.write_text("import numpy as np\n" + RIDGE, encoding="utf-8")
    body = ("from bayes import fit\n" if hidden else RIDGE) + (
        "print('Hierarchical Bayesian model: R-hat 1.00')\nwork(0.2)\nfound = fit()\nwrite_results(found)\n"
        "write_model({'posterior': found})\n"
    )
    place.script(script(TRAINING.replace("write_results(train(3))", "write_results([1, 2])") + body))
    async with place.trainer() as trainer:
        await trainer.trained()
        verdict = await trainer.ask("verify_compute", run=await trainer.trained(phase="full"))
    method = next(one for one in verdict["checks"] if one["check"] == "method")
    assert verdict["verdict"] == "REJECT_LIKELY_FABRICATION"
    assert (method["outcome"], "Ridge" in method["evidence"]) == ("failed", True)
    assert ("bayes.py" if hidden else "model_1.py") in method["evidence"]


@pytest.mark.parametrize("how", ["shutil.copy", "os.link"])
async def test_results_of_another_model_are_recognised_however_they_came_there(place: Place, how: str) -> None:
    theirs = "output/implementation/data/results_2.csv"
    taken = f"import shutil\nw = train(80)\nwrite_model(w + 1)\n{how}({theirs!r}, {RESULTS})\nos.utime({RESULTS})\n"
    async with place.trainer() as trainer:
        await full(place, trainer, HONEST, model="2")
        verdict = await full(place, trainer, taken)
    code = "results_linked" if how == "os.link" else "results_copied"
    assert (verdict["verdict"], verdict["reason_code"]) == ("REJECT_LIKELY_FABRICATION", code)
    assert theirs in verdict["why"]


async def test_the_results_of_the_quick_run_never_stand_for_those_of_the_full_one(place: Place) -> None:
    quick = "output/implementation/data/results_quick_1.csv"
    async with place.trainer() as trainer:
        body = f"import shutil\nw = train(80)\nwrite_model(w)\nshutil.copy({quick!r}, {RESULTS})\n"
        verdict = await full(place, trainer, body)
    assert (verdict["verdict"], verdict["reason_code"]) == ("REJECT_LIKELY_FABRICATION", "results_copied")


async def test_a_log_that_was_cut_after_the_run_is_seen(place: Place) -> None:
    async with place.trainer() as trainer:
        run = (await full(place, trainer, HONEST))["run"]
        os.truncate(place.root / "output/implementation/logs/training_1_full.log", 40)
        verdict = await trainer.ask("verify_compute", run=run)
    assert (verdict["verdict"], verdict["reason_code"]) == ("REJECT_LIKELY_FABRICATION", "log_truncated")


async def test_a_pickle_is_read_without_its_side_effects(place: Place) -> None:
    evil = "class Evil:\n    def __reduce__(self):\n        return os.system, ('touch side_effect',)\n"
    async with place.trainer() as trainer:
        verdict = await full(place, trainer, evil + "w = train(80)\nwrite_results(w)\nwrite_model(Evil())\n")
    assert verdict["verdict"] == "APPROVE"
    assert not list(place.root.rglob("side_effect"))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("path.write_bytes(b'\\x89HDF\\r\\n\\x1a\\n' + os.urandom(3000))", id="corrupted"),
        pytest.param("path.write_bytes(b'\\x89HDF')", id="truncated"),
        pytest.param("path.write_bytes(b'\\x89HDF\\r\\n\\x1a\\n'); os.truncate(path, 1 << 29)", id="large and empty"),
    ],
)
async def test_a_trace_that_cannot_be_read_is_not_approved(place: Place, damage: str) -> None:
    place.policy('[names]\nfinal_model = "output/model_{i}.nc"\n[compute]\nread_s = 20\n')
    body = f"write_results(train(80))\npath = pathlib.Path(os.environ['WATCHKEEPER_FINAL_MODEL'])\n{damage}\n"
    async with place.trainer() as trainer:
        verdict = await full(place, trainer, body)
    assert verdict["verdict"] == "INVESTIGATE"
    assert verdict["reason_code"].startswith("model_")


async def test_a_record_that_does_not_continue_the_head_kept_elsewhere_is_to_be_investigated(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    head = tmp_path_factory.mktemp("elsewhere") / "head"
    place.policy(f'[integrity]\nhead_copy = "{head}"\n')
    async with place.trainer() as trainer:
        first = await full(place, trainer, HONEST)
        again = await trainer.ask("verify_compute", run=first["run"])
        head.write_text(head.read_text().replace(again["chain_head"][:8], "00000000"))
        altered = await trainer.ask("verify_compute", run=first["run"])
    assert (first["verdict"], again["verdict"]) == ("APPROVE", "APPROVE")
    assert "from now on" in first["checks"][0]["evidence"]
    assert "continues the head kept in" in again["checks"][0]["evidence"]
    assert (altered["verdict"], altered["reason_code"]) == ("INVESTIGATE", "record_altered")


SEARCHES = """
import warnings
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GridSearchCV
rng = np.random.default_rng(1)
x = rng.normal(size=(60, 3))
y = x @ np.arange(3) + rng.normal(size=60)
search = GridSearchCV(RandomForestRegressor(random_state=1), {"n_estimators": [5, 10]}, cv=5).fit(x, y)
folder = pathlib.Path(os.environ["WATCHKEEPER_RESULTS"]).parent
with (folder / "cv_results_1.csv").open("w", newline="") as file:
    names = [name for name in search.cv_results_ if "score" in name]
    csv.writer(file).writerows([names, *zip(*(search.cv_results_[name] for name in names))])
with (folder / "bootstraps_1.csv").open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(("bootstrap", "rmse"))
    for number in range(40):
        rows = rng.integers(0, len(y), len(y))
        model = RandomForestRegressor(n_estimators=5).fit(x[rows], y[rows])
        writer.writerow((number, float(np.sqrt(np.mean((model.predict(x) - y) ** 2)))))
        print("bootstrap", number, flush=True)
write_results(search.predict(x[:7]))
write_model(search)
"""


@needs("sklearn")
async def test_a_grid_search_with_bootstraps_is_counted_from_its_tables(place: Place) -> None:
    design(place, "| CV | 5 | 5 | |\n| Bootstraps | 40 | 40 | |\n")
    async with place.trainer() as trainer:
        verdict = await full(place, trainer, SEARCHES)
    iterations = next(one for one in verdict["checks"] if one["check"] == "iterations")
    assert iterations["outcome"] == "passed", verdict
    assert verdict["verdict"] == "APPROVE", verdict["checks"]


SAMPLES = """
import pymc as pm
with pm.Model():
    mu = pm.Normal("mu", 0, 1)
    pm.Normal("obs", mu, 1, observed=np.array([0.3, 0.1, -0.2]))
    trace = pm.sample(draws=500, tune=300, chains=4, cores=1, random_seed=1, progressbar=False)
    pm.sample_posterior_predictive(trace, progressbar=False)
write_results(trace.posterior["mu"].values.ravel()[:9])
trace.to_netcdf(os.environ["WATCHKEEPER_FINAL_MODEL"])
"""


@needs("pymc")
async def test_a_sampler_is_judged_by_the_trace_that_it_left(place: Place) -> None:
    design(place, "| Draws | 500 | 500 | |\n| Tune | 300 | 300 | |\n| Chains | 4 | 4 | |\n")
    place.policy(
        '[names]\nfinal_model = "output/model_{i}.nc"\n[environment]\nPYTENSOR_FLAGS = "mode=NUMBA,cxx="\n'
        'PYTHONWARNINGS = "ignore"\n'
    )
    async with place.trainer() as trainer:
        verdict = await full(place, trainer, SAMPLES)
        design(place, "| Draws | 20000 | 16000 | |\n")
        raised = await trainer.ask("verify_compute", run=verdict["run"])
    assert (verdict["verdict"], verdict["reason_code"]) == ("APPROVE", "all_passed"), verdict["checks"]
    assert "500 draws, 4 chains, 300 tune (trace)" in str(verdict["checks"])
    assert "**Training Method**: Bayesian MCMC" in verdict["text"]
    assert raised["verdict"] == "APPROVE", "the design of the start binds, not a later one"
    assert "was changed after the start" in str(raised["checks"])
