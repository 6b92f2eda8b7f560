"""The same program in another style: its figures for the full phase are still read, so nothing is asked; cut, they are.

Each style is what one part of the reader is there for (docs/decisions/0033-what-reading-is-still-needed-for.md).
"""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.scripts import changes

from .programs import program, said

SAMPLES = """
import pymc as pm
DRAWS = 2000
TUNE = 1000
with pm.Model():
    mu = pm.Normal("mu", 0, 1)
    trace = pm.sample(draws=DRAWS, tune=TUNE, chains=4)
trace.to_netcdf("t.nc")
"""
CONSTANTS = "DRAWS = 2000\nTUNE = 1000"
TRAINS = """
import torch
net = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2000):
    loss = net(x).pow(2).mean()
    loss.backward()
    opt.step()
torch.save(net.state_dict(), "m.pt")
"""
OF_A_CLASS = """
import torch
class Trainer:
    def __init__(self, epochs=2000):
        self.net = torch.nn.Linear(3, 1)
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.epochs = epochs
    def fit(self):
        for epoch in range(self.epochs):
            loss = self.net(x).pow(2).mean()
            loss.backward()
            self.opt.step()
        torch.save(self.net.state_dict(), "m.pt")
Trainer().fit()
"""


def _from(setting: str, owner: str) -> str:
    return SAMPLES.replace(CONSTANTS, setting).replace("=DRAWS", f"={owner}draws").replace("=TUNE", f"={owner}tune")


STYLES = {
    "a data class": (
        SAMPLES,
        _from(
            "from dataclasses import dataclass\n@dataclass\nclass Config:\n    draws: int = 2000\n"
            "    tune: int = 1000\nconfig = Config()",
            "config.",
        ),
    ),
    "arguments with the same defaults": (
        SAMPLES,
        _from(
            "import argparse\nparser = argparse.ArgumentParser()\n"
            "parser.add_argument('--draws', type=int, default=2000)\n"
            "parser.add_argument('--tune', type=int, default=1000)\nargs = parser.parse_args()",
            "args.",
        ),
    ),
    "a star import": (SAMPLES, SAMPLES.replace("import pymc as pm", "from pymc import *").replace("pm.", "")),
    "arithmetic": (SAMPLES, SAMPLES.replace("TUNE = 1000", "TUNE = DRAWS // 2")),
    "a training in a class": (TRAINS, OF_A_CLASS),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_program_in_another_style_asks_nothing(style: str) -> None:
    before, after = STYLES[style]
    assert said(changes(program(before), program(after))) == []


@pytest.mark.parametrize("style", STYLES)
def test_its_figures_of_the_full_phase_are_read_in_that_style_too(style: str) -> None:
    _, after = STYLES[style]
    found = said(changes(program(after), program(after.replace("2000", "200"))))
    assert {(one[2], one[3]) for one in found} >= {("2000", "200")}


PHASED = """
import os
import torch
PHASE = os.environ["WATCHKEEPER_PHASE"]
EPOCHS = 20 if PHASE == "quick" else 400
net = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(EPOCHS):
    loss = net(x).pow(2).mean()
    loss.backward()
    opt.step()
torch.save(net.state_dict(), "m.pt")
"""


CHOSEN = 'EPOCHS = 20 if PHASE == "quick" else 400'
SIZED = PHASED.replace(CHOSEN, f"{CHOSEN}\nx = rows(EPOCHS)").replace("range(EPOCHS)", "range(30)")
"""A figure that no fact is read of: only its choice shows that it changed."""


def _phased(form: str) -> str:
    return PHASED.replace(CHOSEN, form)


@pytest.mark.parametrize(
    "form",
    [
        'EPOCHS = 400 if PHASE == "full" else 20',
        'EPOCHS = 400 if PHASE != "quick" else 20',
        'if PHASE == "quick":\n    EPOCHS = 20\nelse:\n    EPOCHS = 400',
        'if PHASE == "full":\n    EPOCHS = 400\nelse:\n    EPOCHS = 20',
        'EPOCHS = {"quick": 20, "full": 400}[PHASE]',
        'FULL = PHASE == "full"\nEPOCHS = 400 if FULL else 20',
        'QUICK = PHASE == "quick"\nEPOCHS = 20 if QUICK else 400',
    ],
)
def test_the_figures_of_the_phases_may_be_chosen_in_another_way(form: str) -> None:
    assert said(changes(program(PHASED), program(_phased(form)))) == []


@pytest.mark.parametrize(
    "form",
    [
        'EPOCHS = 400 if PHASE == "quick" else 20',
        'EPOCHS = 400 if PHASE == "full_x" else 20',
        'if PHASE == "full":\n    EPOCHS = 20\nelse:\n    EPOCHS = 400',
        'EPOCHS = {"quick": 400, "full": 20}[PHASE]',
        'FULL = PHASE == "quick"\nEPOCHS = 400 if FULL else 20',
        'QUICK = PHASE != "quick"\nEPOCHS = 20 if QUICK else 400',
        'FULL = PHASE == "full"\nFULL = False\nEPOCHS = 400 if FULL else 20',
    ],
)
def test_a_choice_that_gives_the_full_phase_the_quick_figures_asks(form: str) -> None:
    assert said(changes(program(PHASED), program(_phased(form))))


@pytest.mark.parametrize(
    "form",
    [
        'EPOCHS = 400 if (PHASE := "quick") == "full" else 20',
        'EPOCHS = 400 if PHASE + "_" == "full" else 20',
        'EPOCHS = 400 if (PHASE and "quick") == "full" else 20',
        'EPOCHS = 400 if PHASE[:2] == "full" else 20',
        'EPOCHS = 400 if PHASE.upper() == "full" else 20',
        'EPOCHS = 400 if os.environ["WATCHKEEPER_DATA_FRACTION"] == "full" else 20',
        'FULL = os.environ["WATCHKEEPER_DATA_FRACTION"] == "full"\nEPOCHS = 400 if FULL else 20',
        'EPOCHS = {"quick": 20, "full": 400}[(PHASE := "quick")]',
        'FULL = QUICK = PHASE == "full"\nEPOCHS = 20 if QUICK else 400',
    ],
)
def test_what_is_not_the_phase_itself_is_no_question_about_it(form: str) -> None:
    assert said(changes(program(SIZED), program(SIZED.replace(CHOSEN, form))))


READS = SIZED.replace("net = ", 'FILE = "big.csv" if PHASE == "full" else "small.csv"\nx = load(FILE)\nnet = ')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"big.csv" if PHASE == "full" else "small.csv"', '"small.csv" if PHASE == "full" else "big.csv"'),
        ('"big.csv" if PHASE == "full"', '"big.csv" if PHASE != "full"'),
        ('EPOCHS = 20 if PHASE == "quick" else 400', 'EPOCHS = 400 if PHASE == "quick" else 20'),
    ],
)
def test_files_and_figures_of_the_phases_that_change_places_ask(old: str, new: str) -> None:
    assert said(changes(program(READS), program(READS.replace(old, new))))


def test_a_new_name_does_not_hide_that_figures_changed_places() -> None:
    renamed = SIZED.replace("EPOCHS", "ROUNDS")
    assert said(changes(program(SIZED), program(renamed))) == []
    swapped = renamed.replace('20 if PHASE == "quick" else 400', '400 if PHASE == "quick" else 20')
    assert said(changes(program(SIZED), program(swapped)))


def test_scalars_for_a_board_and_log_likelihoods_that_are_kept_ask_nothing() -> None:
    noted = TRAINS.replace(
        "import torch\n", "import torch\nfrom torch.utils.tensorboard import SummaryWriter\n"
    ).replace("    opt.step()\n", '    opt.step()\n    writer.add_scalar("loss", loss.item() / 3, epoch)\n')
    noted = noted.replace("for epoch", 'writer = SummaryWriter("tb")\nfor epoch')
    kept = SAMPLES.replace("chains=4", 'chains=4, idata_kwargs={"log_likelihood": True}')
    assert [one for one in changes(program(TRAINS), program(noted)) if one.needs_approval and one.full_only] == []
    assert [one for one in changes(program(SAMPLES), program(kept)) if one.needs_approval and one.full_only] == []
