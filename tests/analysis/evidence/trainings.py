"""Real trainings for verdicts, and how they are played."""

from __future__ import annotations

from ...play import Agent, Facts, Place, script

RESULTS = "os.environ['WATCHKEEPER_RESULTS']"
TRAINING = """
import csv, pickle
import numpy as np
PHASE = os.environ["WATCHKEEPER_PHASE"]
def write_results(numbers):
    path = pathlib.Path(os.environ["WATCHKEEPER_RESULTS"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("city", "cases"), *enumerate(numbers, start=1)])
def write_model(model):
    path = pathlib.Path(os.environ["WATCHKEEPER_FINAL_MODEL"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(model))
def train(epochs):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 5))
    y = x @ rng.normal(size=5) + rng.normal(size=200)
    w = np.zeros(5)
    for epoch in range(1, epochs + 1):
        for _ in range(20):
            gradient = x.T @ (x @ w - y) / len(y)
            w -= 0.01 * gradient
        work(0.003)
        print(f"epoch {epoch} loss {np.mean((x @ w - y) ** 2):.6f}", flush=True)
    return w
if PHASE == "quick":
    write_results(train(3))
    sys.exit()
"""
"""The beginning of a script that trains in earnest; its full phase is told by the test."""
HONEST = "w = train(80)\nwrite_results(w)\nwrite_model({'w': w})\n"
LEFT = "write_results(np.arange(5) ** 2)\nwrite_model({'w': 1})\n"
"""Files of the right names, left without training."""


def design(place: Place, rows: str = "| Epochs | 80 | 60 | |\n", model: str = "1") -> None:
    """Write a design that asks for as much as a test can do; the policy asks for 5000 epochs."""
    path = place.root / f"output/model/model_design_{model}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# Design\n\n| Parameter | Value | Min | Max |\n|---|---|---|---|\n" + rows, encoding="utf-8")


async def full(place: Place, trainer: Agent, body: str, model: str = "1") -> Facts:
    """Train both phases, the full one with `body`, and return the verdict on it."""
    place.script(script(TRAINING + body), model)
    if not (place.root / f"output/model/model_design_{model}.md").exists():
        design(place, model=model)
    await trainer.trained(model)
    return await trainer.ask("verify_compute", run=await trainer.trained(model, phase="full"))


def outcomes(verdict: Facts) -> dict[str, str]:
    return {one["check"]: one["outcome"] for one in verdict["checks"]}
