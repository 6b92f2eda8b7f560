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
