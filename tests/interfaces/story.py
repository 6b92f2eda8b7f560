"""The story that the pages are tested and photographed with: trainings that really run, by way of the command line.

Model 1 broke by an exception, was reported, answered and mended; model 2 goes on; the full run of model 3 broke, was
judged, and its next attempt wants fewer draws than before, which waits for approval.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from watchkeeper.server.interfaces.commands import cli

from ..play import Place, script

BROKEN = script("""
for number in range(1, 21):
    print(f"loading school {number}: {number * 37} rows", flush=True)
print("epoch 1/30 loss=2.41 val_loss=2.52 grad_norm=3.1", flush=True)
print("epoch 2/30 loss=2.02 val_loss=2.31 grad_norm=2.4", flush=True)
rows = {"score": [1.0, float("nan")]}
raise ValueError("Input X contains NaN: column score, row 1. <script>alert('no')</script>")
""")
CURVES = """
import math, random
chance = random.Random(1)
def epoch(number, of):
    loss = 2.4 * math.exp(-number / 14) + 0.31 + chance.uniform(-0.03, 0.03)
    held_out = 2.5 * math.exp(-number / 15) + 0.42 + chance.uniform(-0.04, 0.04)
    norm = 3.2 * math.exp(-number / 20) + 0.2 + chance.uniform(0, 0.2)
    print(f"epoch {number}/{of} loss={loss:.4f} val_loss={held_out:.4f} grad_norm={norm:.3f}", flush=True)
"""
MENDED = script(f"""{CURVES}
epochs = 30
for number in range(1, epochs + 1):
    epoch(number, epochs)
    work(0.01)
leave_what_the_phase_asks_for()
print("done")
""")
GOES_ON = script(f"""{CURVES}
print("reading 8 schools, 4,812 pupils", flush=True)
for number in range(1, 44):
    epoch(number, 120)
    time.sleep(0.02)
while not pathlib.Path("go").exists():
    time.sleep(0.5)  # it goes on until all pages are tested: who looks every 10 ms takes a percent of a core meanwhile
leave_what_the_phase_asks_for()
""")


def sampled(draws: int, *, mended: bool) -> str:
    """Return the training of model 3; in the full phase it ends by an exception until it is mended."""
    name = "count" if mended else "cuont"
    return script(f"""{CURVES}
DRAWS = {draws}
def chains():
    # a trace of four chains, one of which stood still for a while
    import h5py, numpy
    dice = numpy.random.default_rng(3)
    steps = dice.normal(size=(4, 1000, 2))
    for draw in range(1, 1000):
        steps[:, draw] = 0.6 * steps[:, draw - 1] + 0.8 * steps[:, draw]
    steps[3, 300:480, 0] = steps[3, 300, 0] + 2.2
    path = pathlib.Path(os.environ["WATCHKEEPER_FINAL_MODEL"]).with_suffix(".nc")
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["posterior/tau"], file["posterior/mu"] = steps[:, :, 0], 4.4 + 3 * steps[:, :, 1]
def sample(draws):
    return [chance.random() for _ in range(draws)]
values = sample(draws=DRAWS)
for number in range(1, 26):
    epoch(number, 25)
if os.environ["WATCHKEEPER_PHASE"] == "full":
    work(0.6)
    chains()
    print("above a half:", values.{name}(0.5))
leave_what_the_phase_asks_for()
""")


def run(place: Place, *words: str) -> None:
    """Give a command that must succeed; in a thread, as the test's own may have an event loop already."""
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(cli.main, ["--workspace", str(place.root), *words]).result() == 0, words


def ended(place: Place, name: str) -> None:
    """Wait for a run's end and have it recorded."""
    place.ends(name)
    run(place, "poll", name)


def failing(place: Place) -> None:
    """Let model 1 break, and report it."""
    place.script(BROKEN)
    run(place, "start", "1", "quick")
    ended(place, "1-quick-1")
    run(
        place, "report", "The scores of one school are not numbers; training stops at the third epoch.",
        "--run", "1-quick-1", "--hypothesis", "The merge leaves blanks where a pupil has one test only.",
        "--recommended-action", "Drop pupils without a score, or impute them; say which in the design.",
    )  # fmt: skip


def mended(place: Place) -> None:
    """Answer the report of model 1 and let its next attempt pass."""
    run(
        place,
        "answer",
        "1-r1",
        "RESTART",
        "--instructions",
        "Drop the 14 pupils without a score; leave the rest as it is.",
    )
    place.script(MENDED)
    run(place, "start", "1", "quick", "--follows", "1-quick-1")
    ended(place, "1-quick-2")
    run(place, "verify", "1-quick-2")


def rejected(place: Place) -> None:
    """Let the full run of model 3 break and be judged."""
    place.script(sampled(20_000, mended=False), model="3")
    run(place, "start", "3", "quick")
    ended(place, "3-quick-1")
    run(place, "start", "3", "full")
    ended(place, "3-full-1")
    run(place, "report", "The full run ends by an AttributeError.", "--run", "3-full-1")
    run(place, "verify", "3-full-1")


def waiting(place: Place) -> None:
    """Answer, and let the next attempt of model 3 ask for fewer draws than before."""
    run(place, "answer", "3-r1", "RESTART", "--instructions", "It is called count.")
    place.script(sampled(1_000, mended=True), model="3")
    run(place, "start", "3", "quick", "--follows", "3-quick-1")
    ended(place, "3-quick-2")
    written(place)
    run(place, "start", "3", "full", "--follows", "3-full-1")


def written(place: Place) -> None:
    """Write into the diary of model 3, and log the search for its step."""
    run(
        place, "diary", "3", "--report", "3-r1",
        "--struggle", "The full run ends by an AttributeError after all of its draws: an hour for nothing.",
        "--investigation", "The quick run never reaches that line: it stands behind the phase.",
        "--investigation", "A list has no `cuont`; `count` is what was meant.",
        "--fix", "Before: `values.cuont(0.5)`. After: `values.count(0.5)`, in both phases.",
        "--why", "A line that only one phase runs is tried by nobody before it costs the most.",
    )  # fmt: skip
    tried = ((0.01, 60, 0.912), (0.03, 60, 0.871), (0.1, 60, None), (0.01, 120, 0.853), (0.03, 120, 0.824))
    trials = [{"parameters": {"step": step, "warm_up": warm_up}, "score": score} for step, warm_up, score in tried]
    run(
        place, "search", "3", "--trials", json.dumps(trials), "--metric", "Val RMSE",
        "--space", '{"step": [0.01, 0.03, 0.1], "warm_up": [60, 120]}',
        "--selected", '{"step": 0.03, "warm_up": 120}',
        "--reasons", '{"step": "0.1 diverges, 0.01 is slow", "warm_up": "60 leaves the step size unsettled"}',
        "--insight", "A longer warm-up is worth more than a finer step.",
    )  # fmt: skip


def going_on(place: Place) -> None:
    """Let model 2 run until the place says go."""
    place.script(GOES_ON, model="2")
    run(place, "start", "2", "quick")
    place.says("output/implementation/logs/training_quick_2.log", "epoch 43/120")
    run(place, "poll", "2-quick-1", "--wait", "0")
