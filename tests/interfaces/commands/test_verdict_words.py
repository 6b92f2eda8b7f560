"""A verdict as the command prints it to a person."""

from __future__ import annotations

import argparse
from typing import Any

from watchkeeper.server.interfaces.commands.verdict_words import asked

CONTENT: dict[str, Any] = {
    "verdict": "INVESTIGATE",
    "met": False,
    "reason_code": "seed_unknown",
    "why": "nobody set a seed",
    "run": "m 1-full-1",
    "wall_s": 3.0,
    "intensity": "Low",
    "checks": [
        {"check": "ending", "outcome": "passed", "evidence": "exit status 0"},
        {"check": "draws", "outcome": "failed", "evidence": "nobody set a seed"},
        {"check": "method", "outcome": "failed", "evidence": "none found (told only: no_method_found)"},
        {"check": "gpu", "outcome": "not inspected", "evidence": "no driver"},
        {"check": "artefact results", "outcome": "failed", "evidence": "a (told only: b).csv holds no number"},
    ],
    "required_actions": ["Set one."],
    "path": "verdicts/1.md",
    "text": "a page",
    "next": "train again",
}


def options(**given: object) -> argparse.Namespace:
    return argparse.Namespace(**{"workspace": None, "all": False, **given})


def test_a_person_reads_what_decided_what_to_do_and_where_the_rest_is() -> None:
    assert list(asked(CONTENT, options(workspace="my place")).items()) == [
        ("verdict", "INVESTIGATE"),
        ("met", False),
        ("reason_code", "seed_unknown"),
        ("why", "nobody set a seed"),
        ("run", "m 1-full-1"),
        ("failed", ["draws: nobody set a seed", "artefact results: a (told only: b).csv holds no number"]),
        ("not inspected", ["gpu: no driver"]),
        ("told, and decide nothing", ["method: none found (told only: no_method_found)"]),
        ("passed", "1 of 5 checks: ending"),
        ("required_actions", ["Set one."]),
        ("next", "train again"),
        ("all", "watchkeeper --workspace 'my place' verify 'm 1-full-1' --all, or --json; kept as verdicts/1.md"),
    ]


def test_the_whole_and_other_results_are_printed_as_they_are() -> None:
    assert asked(CONTENT, options(all=True)) is CONTENT
    assert asked({"run": "1-quick-1"}, argparse.Namespace()) == {"run": "1-quick-1"}


def test_a_verdict_that_is_not_there_yet_names_no_checks_and_no_file() -> None:
    running: dict[str, Any] = {**CONTENT, "verdict": "IN_PROGRESS", "checks": [], "required_actions": None, "path": ""}
    shown = asked(running, options())
    assert list(shown) == ["verdict", "met", "reason_code", "why", "run", "next", "all"]
    assert shown["all"].endswith("--all, or --json")
