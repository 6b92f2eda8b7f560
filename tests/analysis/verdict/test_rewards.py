"""An agent that is trained for a reward is judged by its episodes and its reward; its losses say nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.curves.series import History, from_records
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.words import Outcome, Word
from watchkeeper.server.analysis.scripts.program import EpochLoop
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RULES, TORCH, TRAINED, check, designed
from ..evidence.witnessed import Kind, seen, steps

DESIGN = "Method | Reinforcement learning (REINFORCE) | | | | YES\nEpisodes | 600 | 600 | | | YES\n"
WALK = [math.sin(37.0 * one * one) for one in range(601)]
"""What a reward of single episodes varies by."""


def told(name: str, episodes: Iterable[int], noise: float = 0.4) -> History:
    rows = [
        {"epoch": float(one), name: 5.0 - 8.0 * math.exp(-one / 80) + noise * WALK[one], "loss": 0.1 * WALK[one]}
        for one in episodes
    ]
    return from_records(rows, rows[0])


def agent(history: History, *lines: Kind, design: str = DESIGN, **changes: Any) -> Evidence:
    loop = replace(TORCH, loops=(EpochLoop(library="torch", file="model_1.py", line=7, count=600),))
    evidence = replace(designed(design, TRAINED), program=loop, history=history, seen=seen(*lines))
    return replace(evidence, epochs={"log": history.epochs}, handover=TRAINED.handover, **changes)


EVERY, TWENTIETH = range(1, 601), range(20, 601, 20)


@pytest.mark.parametrize("name", ["reward", "mean_reward", "episode_return"])
@pytest.mark.parametrize(("episodes", "noise"), [(EVERY, 0.4), (EVERY, 2.0), (TWENTIETH, 0.4)])
def test_an_agent_that_played_its_episodes_is_approved(name: str, episodes: Iterable[int], noise: float) -> None:
    verdict = decide(agent(told(name, episodes, noise), steps(steps=600)), RULES)
    assert verdict.word is Word.APPROVE, verdict
    assert "600 epochs (log)" in check(verdict, "iterations").evidence


def test_an_agent_may_play_several_episodes_between_two_steps() -> None:
    assert decide(agent(told("reward", EVERY), steps(steps=60)), RULES).word is Word.APPROVE
    losses = told("loss_of_train", EVERY)
    assert "fewer_steps_than_epochs" in {one.code for one in decide(agent(losses, steps(steps=60)), RULES).checks}


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (agent(told("reward", range(1, 301)), steps(steps=300)), "epochs_simplified"),
        (agent(told("train_loss", EVERY), steps(steps=600)), "design_not_inspected"),
        (agent(told("reward", EVERY)), "design_not_inspected"),
        (
            agent(
                told("reward", EVERY),
                steps(steps=600),
                design=DESIGN.replace("REINFORCE", "x").replace("Reinforcement", "Adaptive"),
            ),
            "design_not_inspected",
        ),
    ],
    ids=["half of the episodes", "no reward was told", "no step was witnessed", "another method"],
)
def test_what_shows_no_agent_is_not_approved(evidence: Evidence, code: str) -> None:
    assert code in {one.code for one in decide(evidence, RULES).checks}


def test_a_reward_that_still_rises_is_told_and_decides_nothing() -> None:
    rising = from_records([{"epoch": float(one), "reward": math.exp(one / 60)} for one in EVERY], ["epoch", "reward"])
    found = check(decide(agent(rising, steps(steps=600)), RULES), "convergence")
    assert (found.outcome, found.word) == (Outcome.NOT_INSPECTED, None)
    assert "reward changed by" in found.evidence


def test_a_reward_says_nothing_of_a_design_that_trains_for_none() -> None:
    rising = from_records([{"epoch": float(one), "reward": math.exp(one / 60)} for one in EVERY], ["epoch", "reward"])
    forecast = agent(rising, steps(steps=600), design="Method | Deep learning (LSTM) | | | | YES\n")
    assert check(decide(forecast, RULES), "convergence").code == "not_stable"
