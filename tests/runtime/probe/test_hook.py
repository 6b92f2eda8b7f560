"""The import hook tells what PyMC and nutpie do for a script that was left as it is, and can never break it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from .helpers import FILE, run, told

with_pymc = pytest.mark.skipif(importlib.util.find_spec("pymc") is None, reason="needs the extra bayes")

FUNNEL = """
import json, sys
import pymc as pm

calls = []
with pm.Model():
    v = pm.Normal("v", 0, 3)
    pm.Normal("x", 0, pm.math.exp(v / 2))
    cores = int(sys.argv[1])
    extra = {"callback": lambda trace, draw: calls.append(draw.chain)} if "callback" in sys.argv else {}
    if "probe" in sys.argv:
        import watchkeeper_probe
        extra = {"callback": watchkeeper_probe.pymc_callback}
    idata = pm.sample(draws=150, tune=100, chains=2, cores=cores, random_seed=11, target_accept=0.7,
                      discard_tuned_samples=False, progressbar=False, compute_convergence_checks=False,
                      nuts_sampler="pymc", **extra)
print(json.dumps({
    "mean": float(idata.posterior["x"].mean()),
    "divergences": int(idata.sample_stats["diverging"].sum()),
    "gradients": int(idata.sample_stats["n_steps"].sum() + idata.warmup_sample_stats["n_steps"].sum()),
    "calls": len(calls),
}))
"""
"""Neal's funnel: it diverges, whatever the seed."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """What the script prints without us."""
    folder = tmp_path_factory.mktemp("plain")
    done = run(folder, FUNNEL, "1")
    assert not (folder / FILE).exists()
    return json.loads(done.stdout)


@with_pymc
@pytest.mark.parametrize("cores", [1, 2])
def test_an_unmodified_script_tells_its_draws_and_its_true_arguments(
    tmp_path: Path, plain: dict[str, float], cores: int
) -> None:
    done = run(tmp_path, FUNNEL, str(cores), "callback", pymc=True)
    printed = json.loads(done.stdout)
    assert printed == {**plain, "calls": 500}
    data = told(tmp_path)
    assert list(data.hooked) == ["pymc"]
    assert (data.draws_done, data.draws_total) == (500, 500)
    assert data.divergences == printed["divergences"] > 0
    assert data.gradients == printed["gradients"]
    assert [call.call for call in data.calls] == ["pymc.sample"]
    given = {"draws": 150, "tune": 100, "chains": 2, "cores": cores, "random_seed": 11, "target_accept": 0.7}
    expected = given | {"init": "auto", "step": "NUTS", "max_treedepth": 10, "callback": "<function>", "model": None}
    assert {name: data.calls[0].arguments[name] for name in expected} == expected


@with_pymc
def test_one_line_in_the_script_tells_the_same_without_the_hook(tmp_path: Path, plain: dict[str, float]) -> None:
    printed = json.loads(run(tmp_path, FUNNEL, "2", "probe").stdout)
    assert printed == plain
    data = told(tmp_path)
    assert (data.draws_done, data.draws_total, data.divergences) == (500, 500, printed["divergences"])
    assert (data.calls, dict(data.hooked)) == ((), {})


@with_pymc
def test_draws_are_counted_once_when_the_script_has_the_line_and_the_hook_is_on(tmp_path: Path) -> None:
    printed = json.loads(run(tmp_path, FUNNEL, "1", "probe", pymc=True).stdout)
    data = told(tmp_path)
    assert (data.draws_done, data.divergences) == (500, printed["divergences"])


BROKEN = {
    "cannot be imported": "raise RuntimeError('broken on purpose')",
    "raises in every call": """
def broken(*args, **kwargs):
    raise RuntimeError("broken on purpose")

tell = begin_draws = pymc_callback = nutpie_callback = broken
""",
    "breaks once PyMC is wrapped": "def tell(kind, **values):\n    assert kind == 'hook'\n",
}


@with_pymc
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_hook_that_breaks_leaves_the_run_as_it_was(tmp_path: Path, plain: dict[str, float], broken: str) -> None:
    (tmp_path / "watchkeeper_probe.py").write_text(broken, encoding="utf-8")
    done = run(tmp_path, FUNNEL, "1", "callback", pymc=True)
    assert (done.returncode, json.loads(done.stdout)) == (0, {**plain, "calls": 500})
    assert "broken on purpose" not in done.stderr


@with_pymc
def test_an_error_of_the_users_callback_ends_the_run_as_it_would_without_us(tmp_path: Path) -> None:
    script = FUNNEL.replace("calls.append(draw.chain)", "1 / 0")
    done = run(tmp_path, script, "1", "callback", pymc=True)
    assert done.returncode == 1
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert told(tmp_path).draws_done == 1


@with_pymc
def test_looking_whether_pymc_is_there_does_not_disturb_its_import(tmp_path: Path) -> None:
    script = """
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
    done = run(tmp_path, script, pymc=True)
    assert (done.returncode, done.stdout) == (0, "sample\n")


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
