"""What the policy says of a start: folder, arguments, names of folders and files, phases without a quick run."""

from __future__ import annotations

import json

import pytest
from watchkeeper.server.storage.policy.policy import load_policy
from watchkeeper.server.storage.record import Event, Record, Transaction
from watchkeeper.server.storage.record.records import Happening, RunEnded
from watchkeeper.server.vocabulary.errors import PolicyInvalid

from ...play import GOOD, Place, script

pytestmark = pytest.mark.anyio

TELLS = "import json\nprint(json.dumps([os.getcwd(), sys.argv[1:]]), flush=True)\n"
CODE = "output/implementation/code"


def told(place: Place, phase: str = "quick") -> tuple[str, list[str]]:
    """Return the working folder and the arguments as the script saw them."""
    log = "training_quick_1.log" if phase == "quick" else "training_1_full.log"
    first = place.read(f"output/implementation/logs/{log}").split("\n")[0]
    folder, arguments = json.loads(first)
    return folder, arguments


async def test_a_script_runs_in_the_folder_and_with_the_arguments_that_the_policy_gives(place: Place) -> None:
    place.policy(
        '[run]\ncwd = "{script}"\nargs = ["--mode=train", "--output={results}"]\nargs_full = ["--all"]\n'
    ).script(script(TELLS + "leave_what_the_phase_asks_for()"))
    async with place.trainer() as trainer:
        await trainer.trained(args=["--seed=1"])
        quick = told(place)
        await trainer.trained(phase="full", args=["--seed=1"])
    results = place.root / "output/implementation/data"
    assert quick == (str(place.root / CODE), ["--mode=train", f"--output={results}/results_quick_1.csv", "--seed=1"])
    assert told(place, "full") == (
        str(place.root / CODE),
        ["--mode=train", f"--output={results}/results_1.csv", "--all", "--seed=1"],
    )


async def test_a_working_folder_that_is_not_there_is_refused_before_anything_starts(place: Place) -> None:
    place.policy('[run]\ncwd = "models/{i}"\n').script(GOOD)
    async with place.trainer() as trainer:
        text = await trainer.refused("start_training", model="1", phase="quick")
    assert "does not exist" in text
    assert place.runs() == []


async def test_arguments_that_the_policy_gives_later_wait_for_the_director(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        await trainer.trained()
        place.policy('[run]\nargs = ["--draws=10"]\n')
        waiting = await trainer.ask("start_training", model="1", phase="full")
    assert waiting["state"] == "awaiting_approval"
    assert any("run.args" in one for one in waiting["changes"])


async def test_a_phase_without_a_quick_run_is_a_matter_of_the_policy(place: Place) -> None:
    place.policy(instead_of="[quick]\n", by="[quick]\nrequired = false\n").script(GOOD)
    async with place.trainer() as trainer:
        assert await trainer.trained(phase="full") == "1-full-1"


async def test_reports_verdicts_checkpoints_and_timing_lie_where_the_names_say(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    timing_path = place.root / "output/implementation/logs/phase_5A_timing.json"
    there: list[bool] = []
    add = Transaction.add

    def added(transaction: Transaction, about: Record, happening: Happening) -> Event:
        there.extend([timing_path.exists()] if isinstance(happening, RunEnded) else [])
        return add(transaction, about, happening)

    monkeypatch.setattr(Transaction, "add", added)
    place.policy(
        '[names]\nreports = "output/reports"\nverdicts = "output/verdicts_{i}"\ncheckpoints = "output/ckpt_{i}"\n'
        'timing = "output/implementation/logs/phase_{X}_timing.json"\n'
    ).script(script('print(os.environ["WATCHKEEPER_CHECKPOINT_DIR"], flush=True)\nsys.exit(3)'))
    async with place.trainer() as trainer:
        run = await trainer.trained()
        await trainer.ask("report_error", run=run, what_happened="it broke")
        verified = await trainer.ask("verify_compute", run=run)
    assert (place.root / "output/reports/1-r1.md").exists()
    assert verified["path"] == "output/verdicts_1/1-quick-1-v1.md"
    assert (place.root / verified["path"]).exists()
    assert place.read("output/implementation/logs/training_quick_1.log").split("\n")[0] == str(
        place.root / "output/ckpt_1/quick"
    )
    assert there == [True], "a server killed behind the end's record leaves no run without its times"
    timing = json.loads(timing_path.read_text())
    assert (timing["run"], timing["status"], timing["exit_code"]) == ("1-quick-1", "failed", 3)
    assert timing["duration_seconds"] == pytest.approx(timing["end_unix"] - timing["start_unix"], abs=0.1)


@pytest.mark.parametrize(
    "names",
    [
        'diary = "output/docs/insights/dev_diary.md"',
        'history = "output/implementation/logs/training_history.csv"',
        'final_model = ["output/implementation/models/model_final.pkl"]',
        'results_full = "output/results.csv"',
        'summary = "output/summary.json"',
        'search_log = "output/search.md"',
        'timing = "output/phase_{X}_timing.json"',
    ],
)
async def test_a_name_without_the_models_id_is_refused_where_two_models_would_share_the_file(
    place: Place, names: str
) -> None:
    place.policy(f"[names]\n{names}\n").script(GOOD).script(GOOD, model="2")
    async with place.trainer() as trainer:
        await trainer.trained()
        text = await trainer.refused("start_training", model="2", phase="quick")
    assert "which belongs to model 1" in text
    assert "put {i} into that name" in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[run]\ncwd = "../elsewhere"', "without . or .."),
        ('[run]\nargs = ["--out={nonsense}"]', "may stand in braces"),
        ('[names]\ntiming = "timing.json"', "{X} (the phase's label) must stand in it"),
        ('[names]\nreports = ".watchkeeper/x"', "outside watchkeeper's own files"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_was_expected(text: str, problem: str) -> None:
    with pytest.raises(PolicyInvalid, match=r"expected|braces|must stand") as refused:
        load_policy(text)
    assert problem in str(refused.value)
