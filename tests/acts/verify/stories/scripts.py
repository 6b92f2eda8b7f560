"""Trainings to be judged, and how they are played: what a test adds to this beginning is the full phase."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ....analysis.evidence.trainings import design, outcomes
from ....play import Agent, Facts, Place, script

EXAMPLES = Path(__file__).parents[4] / "examples/approved_methods"

BEGINNING = """
import csv, pickle
FULL = os.environ["WATCHKEEPER_PHASE"] == "full"
FINAL_MODEL = pathlib.Path(os.environ["WATCHKEEPER_FINAL_MODEL"])
def write_table(path, rows):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
def write_results(numbers):
    made = [1.7 * one + 0.013 if type(one) in (int, float) else one for one in numbers]  # not typed; draws as they are
    rows = [(number, round(one, 6)) for number, one in enumerate(made, start=1)]
    write_table(os.environ["WATCHKEEPER_RESULTS"], [("city", "cases"), *rows])
def write_model(model):
    FINAL_MODEL.parent.mkdir(parents=True, exist_ok=True)
    FINAL_MODEL.write_bytes(pickle.dumps(model))
def leave_numbers(numbers):
    write_results(numbers)
    write_model({"numbers": list(numbers)})
if not FULL:
    print("quick")
    write_results([1, 2])
    sys.exit()
"""
"""Writes files without training: a full phase behind it in which nothing trains holds nothing that trains at all."""
DESCENT = """
w, rate = 5.0, 0.05
for epoch in range(1, 81):
    gradient = 2 * w + 0.1
    w -= rate * gradient
    work(0.0025)
    print(f"epoch {epoch} loss {1 + (w + 0.05) ** 2:.6f}", flush=True)
leave_numbers([w, w + 1, w + 2])
"""
"""Eighty epochs of gradient descent, each told in the log."""
SAMPLER_POLICY = """
[names]
final_model = "output/model_{i}.nc"
[environment]
PYTENSOR_FLAGS = "mode=NUMBA,cxx="
PYTHONWARNINGS = "ignore"
"""
"""For PyMC: a trace as the final model, and no C compiler needed."""


def sampler_policy(place: Place) -> None:
    """Set the policy for PyMC, without quick runs: they would sample as much again, and are told of elsewhere."""
    place.policy(SAMPLER_POLICY)
    without_quick(place)


def without_quick(place: Place) -> None:
    """Let the policy allow full runs without quick ones before them."""
    path = place.root / "watchkeeper.toml"
    text = path.read_text(encoding="utf-8")
    assert "[quick]\n" in text
    if "required = false" not in text:
        path.write_text(text.replace("[quick]\n", "[quick]\nrequired = false\n"), encoding="utf-8")


async def judged(
    place: Place, trainer: Agent, body: str, rows: str = "| Epochs | 80 | 60 | |\n", *, quick: bool = True
) -> Facts:
    """Train with `body` under a design with `rows` and return the verdict on the full run.

    :param quick: whether a quick run comes first; without one the policy is told to ask for none.
    """
    design(place, rows)
    place.script(script(BEGINNING + body))
    if quick:
        await trainer.trained()
    else:
        without_quick(place)
    return await trainer.ask("verify_compute", run=await trainer.trained(phase="full"))


def evidence(verdict: Facts, check: str) -> str:
    """Return what one check of a verdict says; it must be there once."""
    (one,) = [each for each in verdict["checks"] if each["check"] == check]
    return str(one["evidence"])


def in_short(verdict: Facts) -> tuple[str, str, bool]:
    """Return the word, the reason and whether the requirement is met."""
    return verdict["verdict"], verdict["reason_code"], verdict["met"]


def python_with_torch() -> str:
    """Return a Python that has torch: the one that WATCHKEEPER_TEST_TORCH_PYTHON names, else our own; else skip."""
    python = os.environ.get("WATCHKEEPER_TEST_TORCH_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import torch"], capture_output=True, check=False).returncode:
        pytest.skip("torch is not installed here; WATCHKEEPER_TEST_TORCH_PYTHON names a Python that has it")
    return python


__all__ = ["design", "outcomes"]
