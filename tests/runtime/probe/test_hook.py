"""The import hook tells what PyMC and nutpie do for a script that was left as it is, and can never break it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from .helpers import run, told

with_pymc = pytest.mark.skipif(importlib.util.find_spec("pymc") is None, reason="needs the extra bayes")

FUNNEL = """
import json, os, sys
import pymc as pm

def sampled(cores, how):
    calls = []
    extra = {"callback": lambda trace, draw: calls.append(draw.chain)} if how == "callback" else {}
    if how == "probe":
        import watchkeeper_probe
        extra = {"callback": watchkeeper_probe.pymc_callback}
    if how == "error":
        extra = {"callback": lambda trace, draw: 1 / 0}
    with pm.Model():
        v = pm.Normal("v", 0, 3)
        pm.Normal("x", 0, pm.math.exp(v / 2))
        idata = pm.sample(draws=150, tune=100, chains=2, cores=cores, random_seed=11, target_accept=0.7,
                          discard_tuned_samples=False, progressbar=False, compute_convergence_checks=False,
                          nuts_sampler="pymc", **extra)
    return {
        "mean": float(idata.posterior["x"].mean()),
        "divergences": int(idata.sample_stats["diverging"].sum()),
        "gradients": int(idata.sample_stats["n_steps"].sum() + idata.warmup_sample_stats["n_steps"].sum()),
        "calls": len(calls),
    }

for word in sys.argv[1:]:
    cores, _, how = word.partition("-")
    print(json.dumps(sampled(int(cores), how)), flush=True)
    if os.path.exists("metrics.jsonl"):
        os.replace("metrics.jsonl", f"{word}.jsonl")
"""
"""Neal's funnel: it diverges, whatever the seed. Each argument is a sampling: its cores, and whose callback it has.

What was told of each lies in a file of its own: one process samples several times, as importing PyMC takes longest.
"""


@pytest.fixture(scope="module")
def unhooked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, float]]]:
    """A folder in which the script ran without the hook, and what it printed: without us, and with one line of ours."""
    folder = tmp_path_factory.mktemp("plain")
    return folder, [json.loads(line) for line in run(folder, FUNNEL, "1-none", "2-probe").stdout.splitlines()]


@pytest.fixture(scope="module")
def plain(unhooked: tuple[Path, list[dict[str, float]]]) -> dict[str, float]:
    """What the script prints without us."""
    assert not (unhooked[0] / "1-none.jsonl").exists()
    return unhooked[1][0]


@with_pymc
def test_one_line_in_the_script_tells_the_same_without_the_hook(
    unhooked: tuple[Path, list[dict[str, float]]], plain: dict[str, float]
) -> None:
    folder, (_, printed) = unhooked
    assert printed == plain
    data = told(folder, "2-probe.jsonl")
    assert (data.draws_done, data.draws_total, data.divergences) == (500, 500, printed["divergences"])
    assert (data.calls, dict(data.hooked)) == ((), {})


@with_pymc
def test_an_unmodified_script_tells_its_draws_and_its_true_arguments(tmp_path: Path, plain: dict[str, float]) -> None:
    """Draws are counted once also when the script has the line and the hook is on."""
    done = run(tmp_path, FUNNEL, "1-callback", "2-callback", "1-probe", pymc=True)
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert printed == [{**plain, "calls": 500}, {**plain, "calls": 500}, plain]
    assert list(told(tmp_path, "1-callback.jsonl").hooked) == ["pymc"]
    for word in ("1-callback", "2-callback", "1-probe"):
        data = told(tmp_path, f"{word}.jsonl")
        assert (data.draws_done, data.draws_total) == (500, 500)
        assert data.divergences == plain["divergences"] > 0
        assert data.gradients == plain["gradients"]
        assert [call.call for call in data.calls] == ["pymc.sample"]
        given = {"draws": 150, "tune": 100, "chains": 2, "cores": int(word[0]), "random_seed": 11}
        expected = given | {"target_accept": 0.7, "init": "auto", "step": "NUTS", "max_treedepth": 10}
        expected |= {"callback": "<function>", "model": None}
        assert {name: data.calls[0].arguments[name] for name in expected} == expected


RAISES = """
def broken(*args, **kwargs):
    raise RuntimeError("broken on purpose")
"""
BREAKS_LATER = f"""{RAISES}
def tell(kind, **values):
    kind == "hook" or broken()

begin_draws = pymc_callback = nutpie_callback = broken
"""


@with_pymc
def test_a_hook_that_breaks_once_pymc_is_wrapped_leaves_the_run_as_it_was(
    tmp_path: Path, plain: dict[str, float]
) -> None:
    (tmp_path / "watchkeeper_probe.py").write_text(BREAKS_LATER, encoding="utf-8")
    done = run(tmp_path, FUNNEL, "1-callback", pymc=True)
    assert (done.returncode, json.loads(done.stdout)) == (0, {**plain, "calls": 500})
    assert "broken on purpose" not in done.stderr


LOOKS = """
import importlib.util
spec = importlib.util.find_spec("pymc")
import pymc, pymc.sampling.mcmc
assert pymc.sample is pymc.sampling.sample is pymc.sampling.mcmc.sample
assert "exec_module" not in vars(pymc.__loader__), "the loader is as it was"
import inspect, pickle
assert list(inspect.signature(pymc.sample).parameters)[:2] == ["draws", "tune"]
assert pickle.loads(pickle.dumps(pymc.sample)) is pymc.sample
print(pymc.sample.__wrapped__.__name__)
"""


@with_pymc
def test_looking_whether_pymc_is_there_does_not_disturb_its_import_and_an_error_of_the_users_callback_ends_the_run(
    tmp_path: Path,
) -> None:
    """The run ends as it would without us, and what was drawn until then is told."""
    done = run(tmp_path, LOOKS + FUNNEL, "1-error", pymc=True)
    assert (done.returncode, done.stdout) == (1, "sample\n")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert told(tmp_path).draws_done == 1


NUTPIE = """
from dataclasses import dataclass

@dataclass
class ChainProgress:
    finished_draws: int
    total_draws: int
    divergences: int
    tuning: bool
    started: bool
    total_num_steps: int
    step_size: float

def sample(compiled_model, *, draws=None, tune=None, chains=6, seed=None, progress_callback=None, **kwargs):
    for done in (0, 3, tune + draws):
        state = (done, tune + draws, done // 2, done < tune, done > 0, done * 7, 0.5)
        progress_callback and progress_callback([ChainProgress(*state) for _ in range(chains)])
    return "trace"
"""
"""A nutpie that behaves as the documentation of 0.16.11 says."""


@pytest.fixture
def nutpie(tmp_path: Path) -> Path:
    package = tmp_path / "nutpie"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from nutpie.sample import sample\n__version__ = '0.16.11'\n", encoding="utf-8"
    )
    (package / "sample.py").write_text(NUTPIE, encoding="utf-8")
    return tmp_path


def test_nutpie_tells_its_chains_and_its_arguments(nutpie: Path) -> None:
    script = """
import nutpie
seen = []
for draws in (8, 20):
    assert nutpie.sample("model", draws=draws, tune=4, chains=2, seed=1, progress_callback=seen.append) == "trace"
print(len(seen))
"""
    done = run(nutpie, script, pymc=True)
    assert (done.stdout, done.stderr) == ("6\n", "")
    data = told(nutpie)
    assert dict(data.hooked) == {"nutpie": "0.16.11"}
    assert [(call.call, call.arguments["draws"], call.arguments["chains"]) for call in data.calls] == [
        ("nutpie.sample", 8, 2),
        ("nutpie.sample", 20, 2),
    ]
    assert (data.draws_done, data.draws_total, data.divergences, data.gradients) == (48, 48, 24, 336)


BROKEN = {
    "cannot be imported": "raise RuntimeError('broken on purpose')",
    "raises in every call": f"{RAISES}\ntell = begin_draws = pymc_callback = nutpie_callback = broken\n",
    "breaks once the library is wrapped": BREAKS_LATER,
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_hook_that_breaks_at_any_moment_leaves_the_run_as_it_was(nutpie: Path, broken: str) -> None:
    (nutpie / "watchkeeper_probe.py").write_text(broken, encoding="utf-8")
    script = """
import nutpie
seen = []
print(nutpie.sample("model", draws=8, tune=4, chains=2, seed=1, progress_callback=seen.append), len(seen))
"""
    done = run(nutpie, script, pymc=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "trace 3\n", "")


def test_a_nutpie_without_progress_callback_tells_its_arguments_and_its_result(nutpie: Path) -> None:
    old = NUTPIE.replace("progress_callback=None, ", "").replace("progress_callback and progress_callback", "repr")
    result = """
    from types import SimpleNamespace as N
    import numpy
    stats = {"diverging": N(values=numpy.eye(chains, draws) > 0), "n_steps": N(values=numpy.full((chains, draws), 7))}
    return N(sample_stats=stats)
"""
    (nutpie / "nutpie" / "sample.py").write_text(old.replace('    return "trace"\n', result), encoding="utf-8")
    assert run(nutpie, "import nutpie; nutpie.sample(0, draws=9, tune=3, chains=2)", pymc=True).stderr == ""
    data = told(nutpie)
    assert data.calls[0].arguments["tune"] == 3
    assert (data.draws_done, data.draws_total, data.divergences, data.gradients) == (18, 18, 2, 126)


def test_a_pymc_that_looks_different_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pymc.py").write_text("def sample(): return 'sampled'\n", encoding="utf-8")
    done = run(tmp_path, "import pymc; print(pymc.sample(), hasattr(pymc.sample, '__wrapped__'))", pymc=True)
    assert (done.stdout, done.stderr) == ("sampled False\n", "")


def test_an_import_that_fails_fails_as_before(tmp_path: Path) -> None:
    (tmp_path / "pymc.py").write_text("raise ImportError('no BLAS')\n", encoding="utf-8")
    script = "for _ in range(2):\n    try:\n        import pymc\n    except ImportError as e:\n        print(e)\n"
    assert run(tmp_path, script, pymc=True).stdout == "no BLAS\nno BLAS\n"


@pytest.mark.parametrize("hooked", [False, True])
def test_the_users_own_sitecustomize_is_run_too(tmp_path: Path, *, hooked: bool) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "sitecustomize.py").write_text("import sys; sys.mine = __name__, __file__\n", encoding="utf-8")
    script = "import sys, sitecustomize as s; print(sys.mine == (s.__name__, s.__file__), s.__name__)"
    done = run(tmp_path, script, pymc=hooked, env={"PYTHONPATH": str(mine)})
    assert (done.stdout, done.stderr) == ("True sitecustomize\n", "")


@pytest.mark.parametrize("hooked", [False, True])
def test_an_error_in_the_users_own_sitecustomize_is_still_theirs(tmp_path: Path, *, hooked: bool) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "sitecustomize.py").write_text("1 / 0\n", encoding="utf-8")
    done = run(tmp_path, "print('trained')", pymc=hooked, env={"PYTHONPATH": str(mine)})
    assert done.stdout == "trained\n"
    assert done.stderr.startswith("Error in sitecustomize; set PYTHONVERBOSE for traceback:\nZeroDivisionError")
