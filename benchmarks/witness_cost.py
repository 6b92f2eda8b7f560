"""What the witness costs: its start, and its share of trainings that use one library each.

    python benchmarks/witness_cost.py [--pairs 3] [--most-s 150] [--python PYTHON] [--only NAME ...] [--long] [--steps]

Each script runs with and without it in turn, the order changing from pair to pair, and the median of the pairs counts.
CPU seconds of all its processes are compared, because wall time on a machine that does other work says little. `own` is
what the witness itself counted as recording. No pair begins after a script's part of `--most-s`, one of each is always
made; a script whose library is not installed for that Python is passed over and named. The examples run in their quick
phase. `--long` measures a run of a minute and thirty processes of a second each, one pair, instead of the others.
`--steps` measures one step of a tiny network by itself: CPU time of 20 times 200 steps, the least of them, which other
work on the machine stretches least.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from common import Figure, fresh_folder, load, show
from watchkeeper.server.runtime.witness import witness_environment

START_BUDGET_S = 0.3
SHARE_BUDGET_PERCENT = 1.0
STEP_BUDGET_US = 20.0
FREE_S = 0.25
"""What recording may take of each process, however short (docs/witness.md); the share is of what is beyond."""
HANG_S = 600.0
PROBE = str(Path(__file__).resolve().parent.parent / "server" / "runtime" / "probe" / "path")
EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "approved_methods"
_FORESTS = """import numpy as np
from sklearn.ensemble import RandomForestRegressor
r = np.random.default_rng(0)
X = r.normal(size=(500, 8)); y = X.sum(1)
def forests(count):
    for b in range(count):
        i = r.integers(0, 500, 500)
        RandomForestRegressor(40, random_state=b).fit(X[i], y[i]).predict(X)
"""
_NETWORK = """import torch
torch.set_num_threads(1); x = torch.randn(4000, 8); y = torch.sin(x[:, :1])
net = torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
o = torch.optim.Adam(net.parameters())
def steps(count):
    for step in range(count):
        b = torch.randint(0, 4000, (64,)); o.zero_grad()
        l = ((net(x[b]) - y[b]) ** 2).mean(); l.backward(); o.step()
"""
_STEPS = f"""import time
{_NETWORK}
def took():
    began = time.process_time(); steps(200); return time.process_time() - began
steps(1000); print(min(took() for _ in range(20)) / 200 * 1e6)
"""
_MANY = f"""import subprocess, sys
if len(sys.argv) > 1:
    exec({_FORESTS!r})
    forests(10)
else:
    for number in range(30):
        subprocess.run([sys.executable, __file__, "one"], check=True)
"""
LONG = {"a minute": ("sklearn", f"{_FORESTS}forests(600)\n"), "thirty of a second": ("sklearn", _MANY)}
SCRIPTS = {
    "nothing": ("", ""),
    "imports": ("sklearn", "import sklearn.ensemble, sklearn.linear_model, scipy.optimize, pandas"),
    "bootstrap": ("sklearn", f"{_FORESTS}forests(60)\n"),
    "torch": ("torch", f"{_NETWORK}steps(10_000)\n"),
    "pymc": (
        "pymc",
        "import numpy as np, pymc as pm\nif __name__ == '__main__':\n    with pm.Model():\n"
        "        t = pm.Normal('t', 0, 1, shape=8); s = pm.HalfNormal('s', 1)\n"
        "        pm.Normal('y', t * s, 1, observed=np.arange(8.0))\n"
        "        pm.sample(2000, tune=1000, chains=2, cores=1, progressbar=False, random_seed=1, nuts_sampler='pymc',\n"
        "                  compute_convergence_checks=False)\n",
    ),
    "example ensemble": ("sklearn", "ensemble.py"),
    "example network": ("torch", "neural_network.py"),
    "example mcmc": ("pymc", "bayesian_mcmc.py"),
}
"""By name: the library that it needs, and the script, or the name of an example."""


def example(name: str) -> str:
    """Return what runs an example as it stands, its results beside it."""
    begin = f"import runpy, sys\nsys.path.insert(0, {PROBE!r})\n"
    return f"{begin}runpy.run_path({str(EXAMPLES / name)!r}, run_name='__main__')\n"


def step_us(python: str, pairs: int) -> Figure:
    """Return by how many microseconds a step of a tiny network is longer: the median of the pairs."""
    plain, more = list[float](), list[float]()
    with fresh_folder() as folder:
        (folder / "witness").mkdir()
        (folder / "script.py").write_text(_STEPS)
        for number in range(pairs):
            taken = dict[bool, float]()
            for with_it in (number % 2 == 0, number % 2 == 1):
                env = environments(folder)[with_it]
                command = [python, str(folder / "script.py")]
                taken[with_it] = float(subprocess.check_output(command, cwd=folder, env=env, timeout=HANG_S))
            plain.append(taken[False])
            more.append(taken[True] - taken[False])
    spread = f"of {statistics.median(plain):.0f} us; {min(more):.0f} to {max(more):.0f}"
    return Figure("more a step: torch", statistics.median(more), "us", STEP_BUDGET_US, spread)


def cpu_s(command: list[str], folder: Path, env: dict[str, str]) -> float:
    """Run a command and return the CPU seconds of it and its children."""
    before = os.times()
    done = subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True, timeout=HANG_S)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def own_s(folder: Path) -> float:
    """Return what the witness counted as its own in all processes, its start included."""
    ends = [path.read_text().splitlines()[-1] for path in (folder / "witness").iterdir()]
    facts = [json.loads(line)["facts"] for line in ends]
    return sum(float(one.get("own_s", 0.0)) + float(one.get("wrapping_s", 0.0)) for one in facts)


def environments(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a training gets without and with the witness."""
    plain = {"PATH": os.environ["PATH"], "HOME": str(Path.home()), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    witnessed = {**plain, "WATCHKEEPER_WORKSPACE": str(folder)}
    return plain, witnessed | witness_environment(plain, folder=str(folder / "witness"), nonce="n")


def measured(python: str, folder: Path, script: str, pairs: int, most_s: float) -> tuple[float, float, float, int]:
    """Return medians over pairs of runs: CPU seconds without, how many more with it, its own; and how many pairs."""
    (folder / "witness").mkdir()
    path, ends = folder / "script.py", time.monotonic() + most_s
    path.write_text(script)
    plain, witnessed = environments(folder)
    command = [python, str(path)]
    without, more, own = list[float](), list[float](), list[float]()
    cpu_s(command, folder, plain)  # what is compiled or cached once is neither's
    while len(without) < pairs and (not without or time.monotonic() < ends):
        taken = dict[bool, float]()
        for with_it in (True, False) if len(without) % 2 else (False, True):
            for file in (folder / "witness").iterdir():
                file.unlink()
            taken[with_it] = cpu_s(command, folder, witnessed if with_it else plain)
            own += [own_s(folder)] if with_it else []
        without.append(taken[False])
        more.append(taken[True] - taken[False])
    return statistics.median(without), statistics.median(more), statistics.median(own), len(without)


def main() -> int:
    """Measure every script and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--most-s", type=float, default=150.0)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only the scripts whose names begin so")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--steps", action="store_true")
    options = parser.parse_args()
    figures: list[Figure] = []
    if options.steps:
        figure = step_us(options.python, options.pairs)
        print(load())
        return show([figure])
    asked_for = tuple(options.only or ("",))
    scripts = {name: one for name, one in (LONG if options.long else SCRIPTS).items() if name.startswith(asked_for)}
    for name, (library, script) in scripts.items():
        asked = [options.python, "-c", f"import {library}" if library else ""]
        if subprocess.run(asked, capture_output=True, check=False).returncode:
            print(f"passed over: {name} ({library} is not installed)")
            continue
        with fresh_folder() as folder:
            plain, more, own, pairs = measured(
                options.python,
                folder,
                example(script) if script.endswith(".py") else script,
                1 if options.long else options.pairs,
                options.most_s / len(scripts),
            )
        print(
            f"{name:<18} {plain:6.2f} s without, {more:+6.2f} s with it, {own:5.2f} s counted as its own, {pairs} pairs"
        )
        if name in ("nothing", "imports"):
            figures.append(Figure(f"start: {name}", more, "s", START_BUDGET_S))
        else:
            of_all = 100 * own / (plain + more)
            beyond = of_all if options.long else 100 * max(0.0, own - FREE_S) / (plain + more)
            note = f"all of it {own:.2f} s, {of_all:.1f} %"
            figures.append(Figure(f"own share: {name}", beyond, "%", SHARE_BUDGET_PERCENT, note))
            figures.append(Figure(f"more CPU: {name}", 100 * more / plain, "%"))
    print(load())
    return show(figures)


if __name__ == "__main__":
    sys.exit(main())
