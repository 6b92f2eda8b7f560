"""What a later attempt changed waits for the director: found whatever the caller says, approved by name."""

from __future__ import annotations

import sys

import pytest

from ...play import Agent, Facts, Place, script

pytestmark = pytest.mark.anyio

FULL = {"model": "1", "phase": "full"}


def training(body: str = "", draws: str = "20000") -> str:
    """Return a training that uses its numbers, and in the full phase fails unless `body` says otherwise."""
    return script(f"""
import random
DRAWS = {draws}
def sample(draws, target_accept=0.95):
    return [random.random() for _ in range(draws)]
values = sample(draws=DRAWS)
print("mean", sum(values) / len(values))
leave_what_the_phase_asks_for()
{body}
""")


CRASHES = 'if os.environ["WATCHKEEPER_PHASE"] == "full":\n    print(values.cuont(0.5))'
MENDED = CRASHES.replace("cuont", "count")


async def failed_full(place: Place, trainer: Agent, director: Agent) -> None:
    """Bring model 1 to a failed full run whose report was answered with RESTART."""
    place.script(training(CRASHES))
    await trainer.trained()
    run = await trainer.trained(phase="full")
    report = await trainer.ask("report_error", run=run, what_happened="no such attribute")
    await director.ask("answer_report", report=report["report"], action="RESTART", instructions="mend the attribute")


async def mended(place: Place, trainer: Agent, text: str, follows: str = "1-quick-1", **arguments: object) -> Facts:
    """Change the script, pass the quick phase again and ask for the next full attempt."""
    place.script(text)
    await trainer.trained(follows=follows)
    return await trainer.ask("start_training", **FULL, follows="1-full-1", **arguments)


async def test_a_fix_of_the_failing_call_alone_starts_at_once(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        started = await mended(place, trainer, training(MENDED))
        await trainer.watch(started["run"])
    assert started["run"] == "1-full-2"
    assert "changes" not in started


async def test_draws_cut_in_the_same_edit_wait_for_the_director(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        waits = await mended(place, trainer, training(MENDED, draws="1000"))
        seen = await director.poll()
    assert {name: waits[name] for name in ("state", "phase", "report")} == {
        "state": "awaiting_approval", "phase": "full", "report": "1-r2",
    }  # fmt: skip
    assert [one for one in waits["changes"] if "20000 -> 1000" in one]
    assert "run" not in waits
    assert len(place.runs()) == 3
    (shown,) = [one for one in seen["reports"] if one["report"] == "1-r2"]
    assert (shown["status"], shown["changes"]) == ("changes_pending", waits["changes"])
    text = (place.root / shown["path"]).read_text()
    assert any(one.startswith("output/implementation/code/model_1.py:") for one in shown["places"])
    assert "(output/implementation/code/model_1.py:" in text
    assert "### Difference" in text
    assert any(one.startswith("+") and "1000" in one for one in text.splitlines())


async def test_the_same_call_starts_after_each_change_was_approved_by_name(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        waits = await mended(place, trainer, training(MENDED, draws="1000"))
        again = await trainer.ask("start_training", **FULL, follows="1-full-1")
        assert (again["report"], again["changes"]) == (waits["report"], waits["changes"])
        answer = {"action": "CONTINUE", "instructions": "enough for this posterior", "approve": waits["changes"]}
        await director.ask("answer_report", report=waits["report"], **answer)
        told = await trainer.poll("1-full-1")
        assert told["answer"]["report"] == waits["report"]
        assert told["next"] == "the same start_training call again"
        started = await trainer.ask("start_training", **FULL, follows="1-full-1")
        await trainer.watch(started["run"])
    assert started["run"] == "1-full-2"
    (report,) = [one for one in place.reports() if one.id == waits["report"]]
    assert report.status == "closed"


async def test_an_answer_that_names_no_change_approves_none(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        waits = await mended(place, trainer, training(MENDED, draws="1000"))
        await director.ask("answer_report", report=waits["report"], action="CONTINUE", instructions="go on")
        again = await trainer.ask("start_training", **FULL, follows="1-full-1")
    assert again["state"] == "awaiting_approval"
    assert "take them back" in again["next"]


async def test_an_approval_of_what_nobody_asked_for_is_refused_with_the_names_there_are(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        waits = await mended(place, trainer, training(MENDED, draws="1000"))
        answer = {"action": "CONTINUE", "instructions": "go on"}
        for wrong in ("all", "something else", "*", "dr"):
            text = await director.refused("answer_report", report=waits["report"], **answer, approve=[wrong])
            other = await director.refused("answer_report", report="1-r1", **answer, approve=[wrong])
            assert f"has no change called {wrong}" in text
            assert "asks for no approval" in other
        names = text.partition("Approve by name: ")[2].partition(". Each")[0].split(", ")
        await director.ask("answer_report", report=waits["report"], **answer, approve=names)
        started = await trainer.ask("start_training", **FULL, follows="1-full-1")
        await trainer.watch(started["run"])
    assert started["run"] == "1-full-2"


async def test_a_number_that_was_cut_before_is_told_with_the_attempt_that_had_it(place: Place) -> None:
    place.script(training())
    async with place.trainer() as trainer:
        await trainer.trained()
        place.script(training(draws="1000"))
        await trainer.trained(follows="1-quick-1")
        waits = await trainer.ask("start_training", **FULL)
    assert waits["changes"] == ["DRAWS 20000 -> 1000 (since 1-quick-1)"]
    text = place.read(f".watchkeeper/reports/{waits['report']}.md")
    assert "1 thing since 1-quick-2: DRAWS 20000 -> 1000 (since 1-quick-1)" in text
    assert "- **Features changed**: NO" in text


async def test_dropped_features_are_called_a_change_of_features(place: Place) -> None:
    features = 'FEATURES = ["age", "height", "weight"]\nrows = {one: 1 for one in ["age", "height", "weight"]}\n'
    used = features + "used = [rows[name] for name in FEATURES]\nprint(len(used))\n"
    place.script(training(used))
    async with place.trainer() as trainer:
        await trainer.trained()
        run = await trainer.trained(phase="full")
        place.script(training(used.replace('FEATURES = ["age", "height", "weight"]', 'FEATURES = ["age"]')))
        await trainer.trained(follows="1-quick-1")
        waits = await trainer.ask("start_training", **FULL, follows=run)
    assert waits["state"] == "awaiting_approval"
    assert "- **Features changed**: YES" in place.read(f".watchkeeper/reports/{waits['report']}.md")


async def test_an_approval_does_not_cover_what_was_changed_afterwards(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        waits = await mended(place, trainer, training(MENDED, draws="10000"))
        answer = {"action": "CONTINUE", "instructions": "half is enough", "approve": waits["changes"]}
        await director.ask("answer_report", report=waits["report"], **answer)
        again = await mended(place, trainer, training(MENDED, draws="10"), follows="1-quick-2")
    assert again["state"] == "awaiting_approval"
    assert [one for one in again["changes"] if "20000 -> 10" in one]


async def test_an_answer_approves_what_was_read_and_not_what_took_its_place(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        seen = await mended(place, trainer, training(MENDED, draws="10000"))
        now = await mended(place, trainer, training(MENDED, draws="10"), follows="1-quick-2")
        answer = {"action": "CONTINUE", "instructions": "half is enough", "approve": seen["changes"]}
        refused = await director.refused("answer_report", report=seen["report"], **answer)
        again = await trainer.ask("start_training", **FULL, follows="1-full-1")
    assert now["report"] != seen["report"]
    assert now["report"] in refused
    assert again["state"] == "awaiting_approval"


async def test_a_change_that_was_taken_back_needs_nobody(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        await mended(place, trainer, training(MENDED, draws="1000"))
        started = await mended(place, trainer, training(MENDED), follows="1-quick-2")
        await trainer.watch(started["run"])
    assert started["run"] == "1-full-2"
    assert [one.status for one in place.reports() if one.about_changes] == ["closed"]


async def test_other_arguments_are_a_change(place: Place) -> None:
    place.script(training())
    async with place.trainer() as trainer:
        await trainer.trained(args=["--draws", "2000"])
        waits = await trainer.ask("start_training", **FULL, args=["--draws", "100"])
    assert waits["changes"] == ["--draws 2000 -> 100"]


@pytest.mark.parametrize(
    ("old", "new", "entry"),
    [
        ("", "[environment]\nDRAWS = 100\n", "policy environment.DRAWS unset -> 100"),
        ("", "[compute]\nmax_idle_share = 0.99\n", "policy compute.max_idle_share 0.5 -> 0.99"),
    ],
)
async def test_a_relaxed_policy_is_a_change(place: Place, old: str, new: str, entry: str) -> None:
    place.policy(old).script(training())
    async with place.trainer() as trainer:
        await trainer.trained()
        place.policy(new)
        waits = await trainer.ask("start_training", **FULL)
    assert waits["changes"] == [entry]


async def test_a_stricter_limit_and_another_way_of_watching_are_none(place: Place) -> None:
    place.script(training())
    async with place.trainer() as trainer:
        await trainer.trained()
        place.policy("[compute]\nmax_idle_share = 0.1\n[watch]\ngap_minutes = 5.0\n")
        started = await trainer.ask("start_training", **FULL)
        await trainer.watch(started["run"])
    assert started["run"] == "1-full-1"


DESIGN = """# Design
| Parameter | Design Specification | Min | Max | Unit |
|---|---|---|---|---|
| Draws | {draws} | {draws} | 40000 | draws |
"""


async def test_a_lowered_design_limit_is_a_change(place: Place) -> None:
    place.script(training())
    design = place.root / "model_design.md"
    design.write_text(DESIGN.format(draws=20000))
    async with place.trainer() as trainer:
        await trainer.trained()
        design.write_text(f"{DESIGN.format(draws=1000)}| Chains | 1 | 1 | 8 | chains |\n")
        waits = await trainer.ask("start_training", **FULL)
    assert waits["state"] == "awaiting_approval"
    assert [one for one in waits["changes"] if one.startswith("design draws") and "1000" in one]
    assert "design chains 4 (policy) -> 1 chains" in waits["changes"]  # silent before, so the policy's number bound


async def test_changed_features_are_a_change(place: Place) -> None:
    place.script(training())
    features = place.root / "output/implementation/data/features_1.csv"
    features.parent.mkdir(parents=True)
    features.write_text("a,b\n1,2\n")
    async with place.trainer() as trainer:
        await trainer.trained()
        features.write_text("a\n1\n")
        waits = await trainer.ask("start_training", **FULL)
    assert [one for one in waits["changes"] if one.startswith("features ")]


async def test_a_number_cut_between_quick_attempts_is_shown_before_the_first_full_run(place: Place) -> None:
    place.script(training("assert os.environ['WATCHKEEPER_ATTEMPT'] != '1'"))
    async with place.trainer() as trainer, place.director() as director:
        first = await trainer.trained()
        report = await trainer.ask("report_error", run=first, what_happened="it fails")
        await director.ask("answer_report", report=report["report"], action="RESTART", instructions="mend it")
        place.script(training(MENDED, draws="1000"))
        await trainer.trained(follows=first)
        waits = await trainer.ask("start_training", **FULL)
    assert [one for one in waits["changes"] if "20000 -> 1000" in one]


async def test_a_quick_run_never_waits(place: Place) -> None:
    place.script(training())
    async with place.trainer() as trainer:
        await trainer.trained()
        place.script(training(MENDED, draws="10"))
        assert await trainer.trained(follows="1-quick-1") == "1-quick-2"


async def test_terminate_ends_the_matter(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        waits = await mended(place, trainer, training(MENDED, draws="1000"))
        answer = {"action": "TERMINATE", "instructions": "no such shortcuts"}
        await director.ask("answer_report", report=waits["report"], **answer)
        text = await trainer.refused("start_training", **FULL, follows="1-full-1")
    assert "TERMINATE: no such shortcuts" in text


async def test_a_changed_helper_module_needs_a_quick_run_again(place: Place) -> None:
    place.script("import helper\n" + training())
    helper = place.root / "output/implementation/code/helper.py"
    helper.write_text("ALPHA = 1\n")
    async with place.trainer() as trainer:
        await trainer.trained()
        helper.write_text("ALPHA = 2\n")
        text = await trainer.refused("start_training", **FULL)
    assert "the script was changed after 1-quick-1" in text


NAMES = """
import json, subprocess
settings = json.loads((pathlib.Path(__file__).parent / "settings.json").read_text())
rows = open("data/rows.csv").read()
subprocess.run(["sh", "native/run.sh"])
"""
FILES = {
    "output/implementation/code/settings.json": '{"draws": 2000}',
    "data/rows.csv": "a\n1\n2\n3\n",
    "native/run.sh": "echo draws=2000\n",
}


@pytest.mark.parametrize(
    ("path", "text", "entry"),
    [
        ("output/implementation/code/settings.json", '{"draws": 300}', '{"draws": 2000} -> {"draws": 300}'),
        ("data/rows.csv", "a\n1\n", "data/rows.csv 2 -> nothing (4 -> 2 lines)"),
        ("native/run.sh", "echo draws=100\n", "native/run.sh echo draws=2000 -> echo draws=100"),
    ],
)
async def test_a_file_that_the_script_names_is_a_change_when_it_changes(
    place: Place, path: str, text: str, entry: str
) -> None:
    for name, content in FILES.items():
        (place.root / name).parent.mkdir(parents=True, exist_ok=True)
        (place.root / name).write_text(content)
    async with place.trainer() as trainer, place.director() as director:
        place.script(training(NAMES + CRASHES))
        await trainer.trained()
        run = await trainer.trained(phase="full")
        report = await trainer.ask("report_error", run=run, what_happened="no such attribute")
        await director.ask("answer_report", report=report["report"], action="RESTART", instructions="again")
        (place.root / path).write_text(text)
        waits = await trainer.ask("start_training", **FULL, follows=run)
    assert any(entry in one for one in waits["changes"]), waits
    assert len(waits["changes"]) == 1, "nothing else changed"


@pytest.mark.parametrize("by", ["somebody else", "the run"])
async def test_data_that_changed_while_the_quick_run_went_on_is_a_change_unless_the_run_wrote_it(
    place: Place, by: str
) -> None:
    rows = place.root / "data/rows.csv"
    rows.parent.mkdir()
    rows.write_text("a\n" * 5000)
    own = "open('data/rows.csv', 'w').write('a\\n' * 10)\n" if by == "the run" else ""
    reads = "print(len(open('data/rows.csv').read()), flush=True)\nprint('ready', flush=True)\nwait_for('go')\n"
    place.script(script(f"{reads}{own}leave_what_the_phase_asks_for()"))
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        place.says(started["log"], "ready")
        if by == "somebody else":
            rows.write_text("a\n" * 10)
        place.go()
        await trainer.watch(started["run"])
        full = await trainer.ask("start_training", **FULL)
        if by == "the run":
            await trainer.watch(full["run"])
    assert full["state"] == ("awaiting_approval" if by == "somebody else" else "starting"), full
    assert by == "the run" or any("data/rows.csv" in one for one in full["changes"])


async def test_another_program_in_the_place_of_python_is_a_change(place: Place) -> None:
    place.script(training())
    async with place.trainer() as trainer:
        await trainer.trained()
        python = place.root / "output/venv/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'print(1)'\n")
        python.chmod(0o755)
        waits = await trainer.ask("start_training", **FULL)
    assert [one.partition(" sha256")[0] for one in waits["changes"]] == ["the Python that trains"]
