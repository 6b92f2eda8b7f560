"""What the witness costs: its start, and its share of trainings that use one library each.

    python benchmarks/witness_cost.py [--times 3] [--python PYTHON]

Each script runs with and without it, in turn; CPU seconds of all its processes are compared, because wall time on a
machine that does other work says little. `own` is what the witness itself counted as recording. A script whose library
is not installed for that Python is passed over and named.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from common import Figure, fresh_folder, show
from watchkeeper.server.runtime.witness import witness_environment

START_BUDGET_S = 0.3
SHARE_BUDGET_PERCENT = 1.0
SCRIPTS = {
    "nothing": ("", ""),
    "imports": ("sklearn", "import sklearn.ensemble, sklearn.linear_model, scipy.optimize, pandas"),
    "bootstrap": (
        "sklearn",
        "import numpy as np\nfrom sklearn.ensemble import RandomForestRegressor\nr = np.random.default_rng(0)\n"
        "X = r.normal(size=(500, 8)); y = X.sum(1)\nfor b in range(150):\n    i = r.integers(0, 500, 500)\n"
        "    RandomForestRegressor(40, random_state=b).fit(X[i], y[i]).predict(X)\n",
    ),
    "torch": (
        "torch",
        "import torch\ntorch.set_num_threads(1)\nx = torch.randn(4000, 8); y = torch.sin(x[:, :1])\n"
        "net = torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))\n"
        "o = torch.optim.Adam(net.parameters())\n"
        "for step in range(30_000):\n    b = torch.randint(0, 4000, (64,)); o.zero_grad()\n"
        "    l = ((net(x[b]) - y[b]) ** 2).mean(); l.backward(); o.step()\n",
    ),
    "pymc": (
        "pymc",
        "import numpy as np, pymc as pm\nif __name__ == '__main__':\n    with pm.Model():\n"
        "        t = pm.Normal('t', 0, 1, shape=8); s = pm.HalfNormal('s', 1)\n"
        "        pm.Normal('y', t * s, 1, observed=np.arange(8.0))\n"
        "        pm.sample(3000, tune=1000, chains=4, cores=1, progressbar=False, random_seed=1, nuts_sampler='pymc',\n"
        "                  compute_convergence_checks=False)\n",
    ),
}


def cpu_s(command: list[str], folder: Path, env: dict[str, str]) -> float:
    """Run a command and return the CPU seconds of it and its children."""
    before = os.times()
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def own_s(folder: Path) -> float:
    """Return what the witness counted as its own in all processes, its start included."""
    ends = [path.read_text().splitlines()[-1] for path in (folder / "witness").iterdir()]
    facts = [json.loads(line)["facts"] for line in ends]
    return sum(float(one.get("own_s", 0.0)) + float(one.get("wrapping_s", 0.0)) for one in facts)


def measured(python: str, folder: Path, script: str, times: int) -> tuple[float, float, float]:
    """Return CPU seconds without and with the witness, the least of several, and what it counted as its own."""
    (folder / "witness").mkdir()
    path = folder / "script.py"
    path.write_text(script)
    plain = {"PATH": os.environ["PATH"], "HOME": str(Path.home()), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    witnessed = {**plain, "WATCHKEEPER_WORKSPACE": str(folder)}
    witnessed |= witness_environment(plain, folder=str(folder / "witness"), nonce="n")
    command, without, with_it, own = [python, str(path)], [], [], []
    for _ in range(times):
        without.append(cpu_s(command, folder, plain))
        for file in (folder / "witness").iterdir():
            file.unlink()
        with_it.append(cpu_s(command, folder, witnessed))
        own.append(own_s(folder))
    return min(without), min(with_it), min(own)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    figures: list[Figure] = []
    for name, (library, script) in SCRIPTS.items():
        probe = subprocess.run(
            [options.python, "-c", f"import {library}" if library else ""], capture_output=True, check=False
        )
        if probe.returncode:
            print(f"passed over: {name} ({library} is not installed)")
            continue
        with fresh_folder() as folder:
            plain, with_it, own = measured(options.python, folder, script, options.times)
        print(f"{name:<10} {plain:7.2f} s without, {with_it:7.2f} s with, {own:5.2f} s counted as its own")
        if name in ("nothing", "imports"):
            figures.append(Figure(f"start: {name}", with_it - plain, "s", START_BUDGET_S))
        else:
            figures.append(Figure(f"own share: {name}", 100 * own / with_it, "%", SHARE_BUDGET_PERCENT))
            figures.append(Figure(f"more CPU: {name}", 100 * (with_it - plain) / plain, "%"))
    return show(figures)


if __name__ == "__main__":
    sys.exit(main())
