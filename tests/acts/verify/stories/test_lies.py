"""Each cheap way to pass for a training is told by its own reason, in words."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ....play import Place
from .scripts import DESCENT, evidence, in_short, judged

pytestmark = pytest.mark.anyio

FABRICATION = "REJECT_LIKELY_FABRICATION"
INCOMPLETE = "REJECT_INCOMPLETE_TRAINING"


@dataclass(frozen=True)
class Lie:
    """A full phase that is not what it says. `words` must all stand in why the verdict is what it is."""

    claim: str
    body: str
    word: str
    code: str
    words: tuple[str, ...]


CHILD_SPINS = """
import subprocess
busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
print("sampling", flush=True)
time.sleep(0.6)
busy.kill()
leave_numbers([3.1, 2.7, 4.4])
"""
FEW_EPOCHS = "w, rate = 5.0, 0.05\nfor epoch in range(2):\n    gradient = 2 * w\n    w -= rate * gradient\n"
"""The script trains, but by far not as often as it will say."""
HISTORY_WRITTEN_BY_HAND = f"""
{FEW_EPOCHS}
work(0.25)
rows = [(epoch, 1 / epoch, 1.1 / epoch) for epoch in range(1, 101)]
write_table("output/implementation/logs/training_history_1.csv", [("epoch", "train_loss", "val_loss"), *rows])
leave_numbers([3.1, 2.7, 4.4])
"""
LOG_PLAYED_BACK = f"""
{FEW_EPOCHS}
for line in [f"epoch {{epoch}} loss {{1 / epoch:.6f}}" for epoch in range(1, 101)]:
    work(0.003)
    print(line, flush=True)
leave_numbers([3.1, 2.7, 4.4])
"""
LOG_WRITTEN_OVER = f"""
{FEW_EPOCHS}
for _ in range(60):
    work(0.003)
    print("training", flush=True)
log = pathlib.Path("output/implementation/logs/training_1_full.log")
log.write_text("".join(f"epoch {{epoch}} loss {{1 / epoch:.6f}}\\n" for epoch in range(1, 101)))
leave_numbers([3.1, 2.7, 4.4])
"""
LIES = (
    Lie(
        "time passed, so it trained",
        "print('sampling', flush=True)\ntime.sleep(2.0)\nleave_numbers([3.1, 2.7, 4.4])\n",
        FABRICATION,
        "idle",
        ("% idle", "it slept, time passed and no work was done"),
    ),
    Lie(
        "it told its epochs while it slept",
        "for epoch in range(1, 81):\n    time.sleep(0.02)\n    print(f'epoch {epoch} loss {1 / epoch}', flush=True)\n"
        "leave_numbers([3.1, 2.7, 4.4])\n",
        FABRICATION,
        "idle",
        ("it slept",),
    ),
    Lie(
        "the CPU was busy, so it trained",
        "print('sampling', flush=True)\nwork(0.5)\nleave_numbers([3.1, 2.7, 4.4])\n",
        "INVESTIGATE",
        "no_method_found",
        ("no approved method",),
    ),
    Lie(
        "a busy child trained",
        CHILD_SPINS,
        "INVESTIGATE",
        "another_program",
        ("while True: pass", "was started at", "nothing witnessed trains"),
    ),
    Lie(
        "the log says eighty epochs",
        "for epoch in range(1, 81):\n    work(0.003)\n    print(f'epoch {epoch} loss {1 / epoch}', flush=True)\n"
        "leave_numbers([3.1, 2.7, 4.4])\n",
        "INVESTIGATE",
        "no_method_found",
        ("no approved method",),
    ),
    Lie(
        "eighty epochs that learn nothing",
        DESCENT.replace("rate = 5.0, 0.05", "rate = 5.0, 0.0"),
        FABRICATION,
        "epochs_repeated",
        ("80 epochs", "the same digits", "one computation was repeated"),
    ),
    Lie("thirty of eighty epochs", DESCENT.replace("81", "31"), INCOMPLETE, "epochs_short", ("30 epochs", "for 60")),
    Lie(
        "one line names the last epoch",
        "print('epoch 1 loss 3')\n" + DESCENT.replace("    print(", "    print(w)\n    if epoch == 80: print("),
        "INVESTIGATE",
        "epochs_told_sparsely",
        ("2 epochs were told (log), up to number 80", "too few lines to prove the 60"),
    ),
    Lie(
        "a history was written by hand",
        HISTORY_WRITTEN_BY_HAND,
        "INVESTIGATE",
        "epochs_after_the_fact",
        ("100 epochs stand in output/implementation/logs/training_history_1.csv",),
    ),
    Lie(
        "an old log was played back",
        LOG_PLAYED_BACK,
        "INVESTIGATE",
        "epochs_differ_from_script",
        ("100 epochs (log)", "yet the script asks for 2"),
    ),
    Lie(
        "the log was written over",
        LOG_WRITTEN_OVER,
        "INVESTIGATE",
        "epochs_differ_from_script",
        ("yet the script asks for 2",),
    ),
    Lie(
        "the results were copied into the model",
        DESCENT + "import shutil\nshutil.copy(os.environ['WATCHKEEPER_RESULTS'], FINAL_MODEL)\n",
        "INVESTIGATE",
        "model_unrecognised",
        ("is no pickle",),
    ),
    Lie(
        "results of the day before",
        DESCENT + "os.utime(os.environ['WATCHKEEPER_RESULTS'], (time.time() - 86400,) * 2)\n",
        "REJECT_TIMESTAMP_MISMATCH",
        "results_timestamp",
        ("was not written while the run went on",),
    ),
)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.claim)
async def test_a_false_claim_gets_its_own_reason(place: Place, lie: Lie) -> None:
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, lie.body, quick=False)
    assert in_short(verdict) == (lie.word, lie.code, False), verdict["checks"]
    for words in lie.words:
        assert words in verdict["why"]
    assert verdict["why"] in verdict["text"]
    assert verdict["required_actions"]


async def test_the_descent_that_the_lies_imitate_is_approved(place: Place) -> None:
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, DESCENT)
    assert in_short(verdict) == ("APPROVE", "all_passed", True), verdict["checks"]
    assert evidence(verdict, "iterations").startswith("80 epochs (log)")
