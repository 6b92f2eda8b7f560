"""Samplers: whatever a script calls them, with the figures that the library will see."""

# A program reads best on one line, however long.
# ruff: noqa: E501

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.scripts import SamplerCall

from .programs import program

PM = "import pymc as pm\n"


def figures(one: SamplerCall) -> tuple[object, ...]:
    return (one.library, one.draws, one.tune, one.chains, one.cores, one.target_accept)


FULL = ("pymc", 2000, 1000, 4, None, 0.8)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (PM + "pm.sample()", ("pymc", 1000, 1000, None, None, 0.8)),
        (PM + "pm.sample(2000, tune=500)", ("pymc", 2000, 500, None, None, 0.8)),
        (PM + "pm.sample(cores=2)", ("pymc", 1000, 1000, 2, 2, 0.8)),
        (PM + "pm.sample(cores=6)", ("pymc", 1000, 1000, 6, 6, 0.8)),
        (PM + "pm.sample(draws=2000, chains=4, cores=4, target_accept=0.95)", ("pymc", 2000, 1000, 4, 4, 0.95)),
        ("import pymc\npymc.sample(2000, chains=4)", FULL),
        ("from pymc import sample as s\ns(2000, chains=4)", FULL),
        ("from pymc import *\nsample(2000, chains=4)", FULL),
        (PM + "sampler = pm.sample\nsampler(2000, chains=4)", FULL),
        (PM + "getattr(pm, 'sam' + 'ple')(2000, chains=4)", FULL),
        ("import importlib\nimportlib.import_module('pymc').sample(2000, chains=4)", FULL),
        (PM + "from functools import partial\npartial(pm.sample, chains=4)(2000)", FULL),
        (PM + "options = dict(chains=4)\noptions['draws'] = 2000\npm.sample(**options)", FULL),
        (PM + "options = {'draws': 1, **{'draws': 2000}, 'chains': 4}\npm.sample(**options)", FULL),
        (PM + "N = 2 * 10 ** 3\npm.sample(N, chains=int(4.0))", FULL),
        (PM + "draws, chains = 2000, 4\npm.sample(draws, chains=chains)", FULL),
        (PM + "def run(draws=2000, *, chains=4):\n    return pm.sample(draws, chains=chains)\nrun()", FULL),
        (PM + "def run(draws=10):\n    pm.sample(draws, chains=4)\nrun(draws=2000)", FULL),
        (PM + "run = lambda n: pm.sample(n, chains=4)\nrun(2000)", FULL),
        (PM + "def run(**kw):\n    pm.sample(**kw)\nrun(draws=2000, chains=4)", FULL),
        (PM + "class Config:\n    DRAWS = 2000\npm.sample(Config.DRAWS, chains=4)", FULL),
        (
            PM + "from dataclasses import dataclass\n@dataclass\nclass C:\n    draws: int = 2000\n    chains: int = 4\n"
            "c = C()\npm.sample(c.draws, chains=c.chains)",
            FULL,
        ),
        (
            PM
            + "class M:\n    def __init__(self, n): self.n = n\n    def go(self): pm.sample(self.n, chains=4)\nM(2000).go()",
            FULL,
        ),
        (PM + "N = 10\nN = 2000\npm.sample(N, chains=4)", FULL),
        (PM + "N = 2000\ndef go():\n    pm.sample(N, chains=4)\ngo()\nN = 5", FULL),
        (
            PM + "N = 2000\ndef go():\n    global N\n    N = 10\ngo()\npm.sample(N, chains=4)",
            ("pymc", 10, 1000, 4, None, 0.8),
        ),
        (PM + "N = 2000\nglobals()['N'] = 10\npm.sample(N, chains=4)", ("pymc", 10, 1000, 4, None, 0.8)),
        (PM + "with pm.Model() as m:\n    pm.sample(2000 if True else 5, chains=4)", FULL),
        (PM + "if __name__ == '__main__':\n    pm.sample(2000, chains=4)", FULL),
        (PM + "import sys\nif len(sys.argv) > 1:\n    pm.sample(5)\nelse:\n    pm.sample(2000, chains=4)", FULL),
        (PM + "for f in ['a', 'b']:\n    pm.sample(2000, chains=4)", FULL),
        (PM + "import asyncio\nasync def main():\n    pm.sample(2000, chains=4)\nasyncio.run(main())", FULL),
        (PM + "import threading\ndef go():\n    pm.sample(2000, chains=4)\nthreading.Thread(target=go).start()", FULL),
        (
            PM + "import pymc.sampling.jax as j\nj.sample_numpyro_nuts(2000, chains=4)",
            ("numpyro", 2000, 1000, 4, None, 0.8),
        ),
        (PM + "pm.sample(2000, chains=4, nuts_sampler='nutpie')", ("nutpie", 2000, 1000, 4, None, 0.8)),
        (PM + "pm.sample(2000, chains=4, nuts={'target_accept': 0.9})", ("pymc", 2000, 1000, 4, None, 0.9)),
        (
            "import nutpie\nnutpie.sample(nutpie.compile_pymc_model(m), draws=2000, tune=1000, chains=4)",
            ("nutpie", 2000, 1000, 4, None, 0.8),
        ),
        ("import nutpie\nnutpie.sample(m)", ("nutpie", 1000, 400, 6, None, 0.8)),
        (
            "from numpyro.infer import MCMC, NUTS\nmcmc = MCMC(NUTS(f, target_accept_prob=0.9), num_warmup=1000, num_samples=2000)\nmcmc.run(k)",
            ("numpyro", 2000, 1000, 1, None, 0.9),
        ),
        (
            "from cmdstanpy import CmdStanModel\nm = CmdStanModel(stan_file='m.stan')\nfit = m.sample(data, iter_sampling=2000)",
            ("cmdstanpy", 2000, 1000, 4, None, 0.8),
        ),
        ("import stan\nstan.build(code).sample(num_samples=2000)", ("pystan", 2000, 1000, 4, None, 0.8)),
        ("import pystan\npystan.StanModel(model_code=c).sampling(d, iter=4000)", ("pystan", 2000, 2000, 4, None, None)),
        (
            "import emcee\ns = emcee.EnsembleSampler(32, 3, f)\ns.run_mcmc(p0, 5000)",
            ("emcee", 5000, None, 32, None, None),
        ),
        ("import bambi as bmb\nbmb.Model('y ~ x', d).fit(draws=2000, chains=4)", ("bambi", 2000, 1000, 4, None, 0.8)),
    ],
)
def test_a_sampler_is_read_with_what_the_library_will_get(script: str, expected: tuple[object, ...]) -> None:
    (one,) = program(script).samplers
    assert figures(one) == expected


def test_figures_made_from_the_draws_that_emcees_sampler_holds_are_seen_to_be_written() -> None:
    script = "import emcee, pandas as pd\ns = emcee.EnsembleSampler(32, 3, f)\ns.run_mcmc(p0, 5000)\n"
    (one,) = program(f"{script}pd.DataFrame(s.get_chain(flat=True).mean(0)).to_csv('r.csv')").samplers
    assert (one.used_for_results, one.in_a_table) == (True, True)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((), 2000),
        (("--draws", "10"), 10),
        (("--draws=10",), 10),
        (("--dr", "10"), 10),
        (("-n", "1e1"), None),
        (("-n", "7"), 7),
    ],
)
def test_the_command_line_overrides_the_defaults_of_argparse(args: tuple[str, ...], expected: int | None) -> None:
    script = PM + (
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('-n', '--draws', type=int, default=2000)\nparser.add_argument('--fast', action='store_true')\n"
        "args = parser.parse_args()\npm.sample(draws=args.draws, chains=4)"
    )
    (one,) = program(script, args=args).samplers
    assert one.draws == expected


@pytest.mark.parametrize(
    ("script", "args", "expected"),
    [
        (
            "import click\n@click.command()\n@click.option('--draws', default=2000)\ndef main(draws):\n    pm.sample(draws)\nmain()",
            (),
            2000,
        ),
        (
            "import click\n@click.command()\n@click.option('--draws', default=2000, type=int)\ndef main(draws):\n    pm.sample(draws)\nmain()",
            ("--draws", "5"),
            5,
        ),
        ("import typer\ndef main(draws: int = 2000):\n    pm.sample(draws)\ntyper.run(main)", ("--draws", "5"), 5),
        (
            "import typer\napp = typer.Typer()\n@app.command()\ndef main(draws: int = typer.Option(2000)):\n    pm.sample(draws)\napp()",
            (),
            2000,
        ),
        ("import fire\ndef main(draws=2000):\n    pm.sample(draws)\nfire.Fire(main)", ("--draws=5",), 5),
        ("import sys\npm.sample(int(sys.argv[1]))", ("5",), 5),
        ("import sys\nn = int(sys.argv[1]) if len(sys.argv) > 1 else 2000\npm.sample(n)", (), 2000),
    ],
)
def test_other_ways_to_read_the_command_line_are_understood(script: str, args: tuple[str, ...], expected: int) -> None:
    (one,) = program(PM + script, args=args).samplers
    assert one.draws == expected


def test_the_environment_is_taken_where_it_is_known_and_named_where_it_is_not() -> None:
    script = PM + "import os\npm.sample(int(os.environ.get('DRAWS', '2000')), chains=4)"
    known = program(script, env={"DRAWS": "10"})
    assert (known.samplers[0].draws, known.unresolved) == (10, ())
    assert program(script, env={}).samplers[0].draws == 2000
    unknown = program(script)
    assert unknown.samplers[0].draws == 2000
    assert [one.what for one in unknown.unresolved] == [
        "draws of pymc: 2000 is the default of the environment variable DRAWS"
    ]


@pytest.mark.parametrize(
    "choice",
    [
        "QUICK = os.environ['WATCHKEEPER_PHASE'] == 'quick'\nN = 100 if QUICK else 2000",
        "QUICK = os.getenv('WATCHKEEPER_PHASE', 'quick') == 'quick'\nN = 2000\nif QUICK:\n    N = 100",
        "N = {'quick': 100, 'full': 2000}[os.environ['WATCHKEEPER_PHASE']]",
        "match os.environ['WATCHKEEPER_PHASE']:\n    case 'quick':\n        N = 100\n    case _:\n        N = 2000",
    ],
)
def test_the_phase_chooses_its_branch(choice: str) -> None:
    script = f"{PM}import os\n{choice}\npm.sample(N, chains=4)"
    assert program(script, phase="full").samplers[0].draws == 2000
    assert program(script, phase="quick").samplers[0].draws == 100
    undecided = program(script, phase=None)
    assert undecided.samplers[0].draws is None
    assert [one.what for one in undecided.unresolved] == ["draws of pymc: 100 or 2000"]


@pytest.mark.parametrize(
    ("script", "what"),
    [
        (
            "import json\nc = json.load(open('config.json'))\npm.sample(c['draws'], chains=4)",
            "draws of pymc: read from config.json",
        ),
        (
            "import yaml\nfrom pathlib import Path\nc = yaml.safe_load(Path('c.yml').read_text())\npm.sample(**c)",
            "read from c.yml",
        ),
        ("n = eval('20')\npm.sample(n, chains=4)", "eval runs code"),
        ("exec('pm.sample(5)')", "exec runs code"),
        ("import random\npm.sample(random.randint(1, 5), chains=4)", "draws of pymc: "),
        ("getattr(pm, input())(5)", "a name that is made at run time"),
        ("def fake(*a, **k): ...\npm.sample = fake\npm.sample(2000, chains=4)", "replaces pymc.sample"),
        ("setattr(pm, 'sample', lambda *a, **k: None)", "replaces pymc.sample"),
        ("import sys\nsys.modules['pymc'] = object()", "puts something in the place of the module pymc"),
        ("from unittest import mock\nmock.patch('pymc.sample', None)", "replaces something with a mock"),
        ("import subprocess\nsubprocess.run(['python', 'other.py'])", "starts another program"),
        ("for n in (10, 2000):\n    pm.sample(n, chains=4)", "draws of pymc: 10 or 2000"),
        ("n = 2000\nwhile going():\n    pm.sample(n, chains=4)\n    n = 10", "draws of pymc: "),
        ("if unknown():\n    n = 10\nelse:\n    n = 2000\npm.sample(n, chains=4)", "draws of pymc: 10 or 2000"),
        ("def never():\n    pm.sample(20000, chains=4)", "nothing is seen to call"),
        ("import sys\nsys.exit()\npm.sample(20000)", ""),
        ("pm.sample(chains=4, **unknown)", "draws of pymc: unknown, which is bound nowhere"),
        ("pm.sample(2000)", "it depends on the machine's cores"),
    ],
)
def test_what_reading_cannot_settle_is_named_with_its_line(script: str, what: str) -> None:
    found = program(PM + script)
    if not what:
        assert (found.samplers, found.unresolved) == ((), ())
    else:
        assert any(what in one.what and one.file == "code/model.py" and one.line > 1 for one in found.unresolved)


def test_a_sampler_that_was_replaced_is_no_sampler() -> None:
    assert program(PM + "def fake(*a, **k): ...\npm.sample = fake\npm.sample(2000, chains=4)").samplers == ()


def test_a_file_of_the_workspace_can_take_the_place_of_a_library() -> None:
    found = program("import pymc\npymc.sample(20000)", {"code/pymc.py": "def sample(draws): ..."})
    assert found.samplers == ()
    assert found.unresolved == (("code/model.py", 1, "code/pymc.py takes the place of the library pymc"),)


def test_chains_that_depend_on_the_machine_are_known_where_its_cores_are() -> None:
    assert [program(PM + "pm.sample()", cpus=cpus).samplers[0].chains for cpus in (1, 2, 4, 64)] == [2, 2, 4, 4]


def test_draws_that_go_nowhere_are_told_from_those_that_are_written() -> None:
    written = program(PM + "t = pm.sample(2000, chains=4)\nt.to_netcdf('t.nc')")
    summary = program(PM + "import arviz as az\nt = pm.sample(2000, chains=4)\naz.summary(t).to_csv('r.csv')")
    nowhere = program(PM + "t = pm.sample(2000, chains=4)\nprint(t)")
    assert [one.samplers[0].used_for_results for one in (written, summary, nowhere)] == [True, True, False]
    assert [one.samplers[0].in_a_table for one in (written, summary, nowhere)] == [False, True, False]


def test_a_quantity_that_is_computed_from_the_draws_is_theirs_and_one_beside_them_is_not() -> None:
    head = PM + "import numpy as np, pandas as pd\nt = pm.sample(2000, chains=4)\nt.to_netcdf('t.nc')\nrows = []\n"
    theirs = (
        "for h in (5, 9):\n    s = np.exp(-h / t.posterior['k'].values)\n    rows.append({'h': h, 's': s.mean()})\n"
    )
    beside = "for h in (5, 9):\n    rows.append({'h': h, 's': np.random.default_rng(h).normal()})\n"
    found = [program(head + way + "pd.DataFrame(rows).to_csv('r.csv')") for way in (theirs, beside)]
    assert [one.samplers[0].in_a_table for one in found] == [True, False]
