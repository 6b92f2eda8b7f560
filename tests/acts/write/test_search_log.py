"""The hyper-parameter search log: complete or refused, readable by others, written once."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.documents import search_log
from watchkeeper.server.documents.search_log import Search, Trial
from watchkeeper.server.interfaces.commands.cli import main

from ...play import WAITS, Agent, Facts, Place, script

pytestmark = pytest.mark.anyio

PATH = "output/docs/insights/hyperparameter_search_1.md"
SEARCH: Facts = {
    "model": "1",
    "space": {"LR": [0.001, 0.01, 0.1], "units": [32, 64]},
    "trials": [
        {"LR": 0.1, "units": 64, "score": None, "note": "Diverged"},
        {"LR": 0.01, "units": 64, "score": 4.2},
        {"LR": 0.001, "units": 64, "score": 5.1, "note": "Underfit (too slow)"},
    ],
    "selected": {"LR": 0.01, "units": 64},
    "reasons": {"LR": "balanced: converges without divergence", "units": "sufficient capacity, fast training"},
    "insight": "Learning rate must be below 0.05 because hub cities create gradient imbalance.",
    "metric": "Val RMSE",
}


async def test_a_search_has_the_form_that_others_parse(place: Place) -> None:
    async with place.trainer() as trainer:
        logged = await trainer.ask("log_search", **SEARCH)
    assert logged == {
        "search": 1,
        "path": PATH,
        "best": "trial 2: LR=0.01, units=64, Val RMSE 4.2",
        "advice": [
            "Trial 1 failed and no diary entry was found that tells of it: write_diary_entry, then name it in the "
            "trial, for example 'diary': 3."
        ],
        "next": "poll_training() shows where everything stands",
    }
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "WHEN", place.read(PATH)) == (
        "# Hyperparameter Search: Model 1\n\n"
        "## Hyperparameter Search Log\n\n"
        "**Date**: WHEN\n**Model**: 1\n**Trials**: 3 as told by @model_trainer\n\n"
        "### Search Space\n\n- LR: [0.001, 0.01, 0.1]\n- units: [32, 64]\n\n"
        "### Results\n\n3 trials; lower is better.\n\n"
        "| LR | units | Val RMSE | Notes |\n| --- | --- | --- | --- |\n"
        "| 0.1 | 64 | NaN | Diverged |\n"
        "| **0.01** | **64** | **4.2** | **✅ Best** |\n"
        "| 0.001 | 64 | 5.1 | Underfit (too slow) |\n\n"
        "### Selected Configuration\n\n"
        "- LR = 0.01 (balanced: converges without divergence)\n"
        "- units = 64 (sufficient capacity, fast training)\n\n"
        f"### Insight for Paper\n\n{SEARCH['insight']}\n"
    )


@pytest.mark.parametrize("name", ["parameters", "params", "config"])
async def test_a_trial_may_hold_its_parameters_in_an_object_of_their_own(place: Place, name: str) -> None:
    trials = [{name: {"LR": one["LR"], "units": one["units"]}, "score": one["score"]} for one in SEARCH["trials"]]
    async with place.trainer() as trainer:
        logged = await trainer.ask("log_search", **{**SEARCH, "trials": trials})
    assert logged["best"] == "trial 2: LR=0.01, units=64, Val RMSE 4.2"
    assert "| **0.01** | **64** | **4.2** |" in place.read(PATH)


async def test_the_same_search_twice_is_one_and_another_gets_a_number(place: Place) -> None:
    async with place.trainer() as trainer:
        await trainer.ask("log_search", **SEARCH)
        once = place.read(PATH)
        again = await trainer.ask("log_search", **SEARCH)
        second = await trainer.ask("log_search", **{**SEARCH, "insight": "Depth matters more than width."})
    assert (again["search"], again["existing"], second["search"]) == (1, True, 2)
    assert place.read(PATH).startswith(f"{once}\n## Hyperparameter Search Log #2\n\n**Date**")
    assert place.read(PATH).count("## Hyperparameter Search Log") == 2


async def test_a_search_is_the_same_whatever_became_of_its_run(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        await trainer.ask("log_search", **SEARCH, run=run)
        place.go()
        await trainer.watch(run)
        assert (await trainer.ask("log_search", **SEARCH, run=run))["existing"]
    assert f"**Run**: {run} (active)" in place.read(PATH)


async def test_two_writers_at_once_get_two_numbers(place: Place) -> None:
    numbers: list[int] = []
    async with place.trainer() as one, place.trainer() as other, anyio.create_task_group() as group:
        for agent, insight in ((one, "first insight"), (other, "second insight")):

            async def log(agent: Agent = agent, insight: str = insight) -> None:
                numbers.append((await agent.ask("log_search", **{**SEARCH, "insight": insight}))["search"])

            group.start_soon(log)
    assert sorted(numbers) == [1, 2]
    assert all(word in place.read(PATH) for word in ("first insight", "second insight"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reasons": {"LR": "balanced"}}, "No reason is given for the selected units."),
        ({"reasons": {"LR": "balanced", "units": "TODO"}}, "No reason is given for the selected units."),
        ({"reasons": {"LR": 3, "units": "x"}}, "The reason for LR is no text."),
        ({"space": {}}, "nothing under space"),
        ({"selected": {}}, "nothing under selected"),
        ({"insight": " ... "}, "nothing under insight"),
        ({"trials": []}, "nothing under trials"),
        ({"trials": [{"LR": 0.1}]}, "No trial has a score."),
        ({"trials": [{"score": 1}]}, "Trial 1 names no parameter."),
        ({"trials": [{"LR": 0.1, "score": [1]}]}, "The score of trial 1 is no number."),
        ({"trials": "LR 0.1: 4.2"}, "trials takes a list of JSON objects, not 'LR 0.1: 4.2'. For example ["),
        ({"space": ["LR"]}, 'space takes a JSON object, not a list. For example {"lr"'),
        ({"run": "1-quick-9"}, "There is no run"),
        ({"model": "../1"}, "is no model id"),
    ],
)
async def test_what_a_reader_would_miss_is_refused_and_nothing_is_written(
    place: Place, change: Facts, said: str
) -> None:
    async with place.trainer() as trainer:
        assert said in await trainer.refused("log_search", **{**SEARCH, **change})
    assert not (place.root / PATH).exists()
    assert place.searches("1") == []


@pytest.mark.parametrize(
    ("selected", "advice"),
    [
        ({"LR": 0.01}, None),
        ({"LR": "0.010", "units": 64.0}, None),
        ({"LR": 0.001}, "The selected configuration (5.1) is not the best (trial 1: 4.2)"),
        ({"LR": 0.05}, "The selected configuration is not among the trials"),
        ({"momentum": 0.9}, "The selected configuration is not among the trials"),
    ],
)
async def test_a_selection_that_the_trials_do_not_carry_gets_advice(
    place: Place, selected: Facts, advice: str | None
) -> None:
    trials = SEARCH["trials"][1:]
    reasons = dict.fromkeys(selected, "because it is so")
    async with place.trainer() as trainer:
        logged = await trainer.ask(
            "log_search", **{**SEARCH, "trials": trials, "selected": selected, "reasons": reasons}
        )
    assert [one[: len(advice or "")] for one in logged.get("advice", [])] == ([advice] if advice else [])


async def test_objects_may_come_as_json_text(place: Place) -> None:
    as_text = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in SEARCH.items()}
    async with place.trainer() as trainer:
        await trainer.ask("log_search", **SEARCH)
        assert (await trainer.ask("log_search", **as_text))["existing"]


async def test_a_diverged_trial_links_to_the_entry_that_tells_of_its_run(place: Place) -> None:
    entry = {"model": "1", "struggle": "s", "investigation": ["i"], "fix": "f", "why": "w"}
    place.script(script("raise ValueError('x')"))
    async with place.trainer() as trainer:
        run = await trainer.trained()
        await trainer.ask("write_diary_entry", **{**entry, "struggle": "another"})
        await trainer.ask("write_diary_entry", **entry, run=run)
        trials = [{**SEARCH["trials"][0], "run": run}, {"LR": 0.2, "units": 32, "score": "NaN", "diary": 1}]
        trials += [{"LR": 0.3, "units": 32, "score": "inf", "diary": 9}, *SEARCH["trials"][1:]]
        logged = await trainer.ask("log_search", **{**SEARCH, "trials": trials}, run=run)
    text = place.read(PATH)
    assert "| 0.1 | 64 | NaN | Diverged (see diary #2) |" in text
    assert "| 0.2 | 32 | NaN | Diverged (see diary #1) |" in text
    assert "| 0.3 | 32 | NaN | Diverged |" in text
    assert f"**Run**: {run} (failed)" in text
    assert logged["advice"][0].startswith("Trial 3 failed and no diary entry was found")


async def test_a_divergence_links_to_the_only_entry_about_one(place: Place) -> None:
    place.script(script('print("epoch 1 loss 0.5")\nprint("epoch 2 loss nan")\nleave_what_the_phase_asks_for()\n'))
    async with place.trainer() as trainer:
        run = await trainer.trained()
        await trainer.ask("write_diary_entry", model="1", struggle="s", investigation=["i"], fix="f", why="w", run=run)
        await trainer.ask("log_search", **SEARCH)
    assert "| Diverged (see diary #1) |" in place.read(PATH)


async def test_names_and_values_cannot_break_the_document(place: Place) -> None:
    bad = "a|b\n## Hyperparameter Search Log\n```\n**4.2** ### Results <script>"
    trials = [{bad: bad, "score": 1.0, "note": bad}, {bad: "x", "score": 2.0}]
    async with place.trainer() as trainer:
        await trainer.ask(
            "log_search", model="1", space={bad: [bad]}, trials=trials, selected={bad: "x"}, reasons={bad: bad},
            insight=bad, metric=bad,
        )  # fmt: skip
        second = await trainer.ask("log_search", **SEARCH)
    first = place.read(PATH).split("## Hyperparameter Search Log #2")[0]
    assert second["search"] == 2
    assert re.findall(r"^#+ .*", first, re.MULTILINE) == [
        "# Hyperparameter Search: Model 1", "## Hyperparameter Search Log", "### Search Space", "### Results",
        "### Selected Configuration", "### Insight for Paper",
    ]  # fmt: skip
    rows = [line for line in first.split("\n") if line.startswith("|")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [4, 4, 4, 4]
    assert first.count("```") % 2 == 0


async def test_secrets_do_not_come_through(place: Place) -> None:
    key = "sk-abcdefghijklmnopqrstuvwx"
    async with place.trainer() as trainer:
        await trainer.ask("log_search", **{**SEARCH, "insight": f"used {key}", "reasons": {"LR": key, "units": key}})
    assert key not in place.read(PATH)


async def test_a_search_log_that_was_recorded_but_not_written_is_made_good(place: Place) -> None:
    async with place.trainer() as trainer:
        await trainer.ask("log_search", **SEARCH)
        before = place.read(PATH)
        (place.root / PATH).unlink()
        await trainer.ask("log_search", **SEARCH)
    assert place.read(PATH) == before


def test_the_command_line_takes_json_text_and_files(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.root / "trials.json").write_text(json.dumps(SEARCH["trials"]), encoding="utf-8")
    outside = Path(f"{place.root}-outside.json")
    outside.write_text("{}", encoding="utf-8")
    front = ["--workspace", str(place.root), "search", "1", "--insight", SEARCH["insight"], "--metric", "Val RMSE"]
    chosen = [f"--{name}={json.dumps(SEARCH[name])}" for name in ("selected", "reasons")]
    trials = f"--trials=@{place.root}/trials.json"
    assert main([*front, *chosen, trials, f"--space={json.dumps(SEARCH['space'])}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"] == "trial 2: LR=0.01, units=64, Val RMSE 4.2"
    assert main([*front, *chosen, trials, f"--space=@{outside}"]) == 1
    assert "outside" in capsys.readouterr().err
    assert main([*front, *chosen, trials, "--space", "LR=0.1"]) == 2
    assert "space takes a JSON object, not 'LR=0.1'. For example {" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("metric", "lower"),
    [
        ("Val RMSE", True), ("val_loss", True), ("log loss", True), ("negative log likelihood", True), ("BIC", True),
        ("neg_mean_squared_error", False), ("accuracy", False), ("ROC AUC", False), ("R2", False), ("ELBO", False),
        ("evidence lower bound", None), ("cost (lower)", True), ("minimise cost", True), ("maximise loss", False),
        ("mean_test_score", False), ("quality", None),
    ],
)  # fmt: skip
def test_the_direction_follows_from_the_metrics_name(metric: str, lower: bool | None) -> None:
    search = Search(space={}, trials=(), selected={}, reasons={}, insight="", metric=metric)
    assert search_log.lower_is_better(search) is lower


trials = st.lists(
    st.builds(
        Trial,
        parameters=st.fixed_dictionaries({"lr": st.sampled_from([0.1, 0.01, "x"])}),
        score=st.none() | st.floats(-9, 9),
        note=st.sampled_from(["", "diverged", "pruned"]),
    ),
    max_size=8,
)


@given(trials, st.sampled_from([True, False, None]), st.sampled_from([0.1, 0.5]))
def test_no_trial_is_better_than_the_best(found: list[Trial], lower: bool | None, chosen: float) -> None:
    search = Search(
        space={"lr": []}, trials=found, selected={"lr": chosen}, reasons={"lr": "so"}, insight="i", lower=lower
    )
    place = search_log.best(search)
    scores = [one.score for one in found if one.score is not None]
    if place is not None:
        way = search_log.lower_is_better(search)
        assert found[place].score == (min(scores) if way else max(scores))
    else:
        assert lower is None or not scores
    text = search_log.render(1, 0.0, search, {})
    assert text.count("✅ Best") == (place is not None)


def test_of_many_trials_the_best_are_shown() -> None:
    many = [Trial(parameters={"n": place}, score=float(-place)) for place in range(500)]
    search = Search(space={"n": []}, trials=many, selected={"n": 499}, reasons={"n": "so"}, insight="i", lower=True)
    text = search_log.render(1, 0.0, search, {})
    assert "| **499** | **-499** | **✅ Best** |" in text
    assert text.count("\n| ") == search_log.MOST_ROWS + 2
    assert "400 more trials are left out; the best 100 are shown." in text
    assert search_log.render(1, 0.0, replace(search, trials=many[:100]), {}).count("left out") == 0
