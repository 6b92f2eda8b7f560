"""Time that is passed beside a training; folds of another kind than the design names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.splits.folds_asked import folds_asked
from watchkeeper.server.analysis.verdict.beside import beside
from watchkeeper.server.analysis.verdict.outside import outside
from watchkeeper.server.analysis.witness import gathered
from watchkeeper.server.analysis.witness.lines import Line, Process
from watchkeeper.server.analysis.witness.seen import Seen

from ..evidence.facts import BEGUN, HOUR, RULES, TRAINED, designed
from ..evidence.witnessed import Kind, fit, fp, sampling, seen

HALF, WHOLE = fit(1, "SVR", wall_s=1.2 * HOUR), fit(1, "SVR", wall_s=2.5 * HOUR)


def child(role: str, lived_s: float, *kinds: str) -> Process:
    told: list[tuple[str, float, dict[str, object]]] = [
        ("begin", BEGUN, {"role": role}),
        *((kind, BEGUN + 1, {}) for kind in kinds),
    ]
    told.append(("end", BEGUN + lived_s, {}))
    lines = [
        Line(file="2.jsonl", n=n, at=at, pid=9, cpu_s=1.0, kind=kind, where="", facts=facts)
        for n, (kind, at, facts) in enumerate(told)
    ]
    return Process(file="2.jsonl", lines=tuple(lines))


def codes(*lines: Kind, other: Process | None = None) -> list[str]:
    one = seen(*lines)
    if other is not None:
        one = Seen(gathered([*one.witnessed.processes, other]))
    return [each.code for each in beside(replace(TRAINED, seen=one), RULES, one)]


def program(*words: str, **more: Any) -> Kind:
    return {"kind": "program", "facts": {"by": "subprocess.Popen", "argv": list(words), **more}}


def test_a_child_that_does_nothing_beside_a_short_training_is_asked_about() -> None:
    assert codes(HALF, other=child("fork", 2.9 * HOUR)) == ["work_beside_the_method"]
    assert codes(HALF, other=child("program", 2.9 * HOUR, "hooked", "import")) == ["work_beside_the_method"]
    assert codes(HALF, program("yes")) == ["work_beside_the_method"]
    assert codes(HALF, program("cat", "/dev/zero")) == ["work_beside_the_method"]


@pytest.mark.parametrize(
    ("lines", "other"),
    [
        ([WHOLE], child("fork", 2.9 * HOUR)),  # the method alone takes what is asked for
        ([HALF], child("fork", 0.5 * HOUR)),
        ([HALF], child("fork", 2.9 * HOUR, "read")),
        ([HALF], child("fork", 2.9 * HOUR, "fit")),
        ([HALF], child("joblib", 2.9 * HOUR)),
        ([HALF], child("fork", 1.3 * HOUR)),  # no longer than the method that it feeds
        ([HALF, program("/usr/bin/nproc")], None),
        ([HALF, program("pip", "freeze")], None),
        ([sampling(wall_s=HOUR)], child("fork", 2.9 * HOUR)),  # its chains
        ([HALF, program("Rscript", "code/fit.R", files=[{"path": "code/fit.R"}])], None),
        ([HALF, program("git", "rev-parse", "HEAD")], None),
        ([HALF, program("python", "-c", "pass", python=True)], None),
    ],
)
def test_children_that_work_and_those_of_a_library_are_not_asked_about(
    lines: list[Kind], other: Process | None
) -> None:
    assert codes(*lines, other=other) == []


def crossed(cv: str) -> Kind:
    return {"kind": "search", "facts": {"class": "cross_val_predict", "library": "sklearn", "cv": cv, "folds": 5}}


def inner(rows: int) -> Kind:
    search = crossed("KFold")
    return {"kind": "search", "where": "m.py:9", "facts": {**search["facts"], "x": fp(f"x{rows}", size=rows)}}


def split(kind: str) -> Kind:
    return {"kind": "split", "facts": {"call": f"{kind}.split"}}


@pytest.mark.parametrize(
    ("lines", "row", "asked"),
    [
        ([crossed("KFold")], "GroupKFold by patient, 5 folds", True),
        ([split("StratifiedKFold")], "GroupKFold by patient, 5 folds", True),
        ([split("KFold")], "TimeSeriesSplit, 5 folds", True),
        ([crossed("GroupKFold")], "GroupKFold by patient, 5 folds", False),
        ([split("StratifiedGroupKFold"), crossed("KFold")], "GroupKFold, 5 folds", False),  # tuned inside
        ([crossed("")], "GroupKFold by patient, 5 folds", False),  # a list of pairs
        ([crossed("PurgedTimeSeriesSplit")], "TimeSeriesSplit, 5 folds", False),  # one of the person's own
        ([fit(1, "SVR")], "GroupKFold by patient, 5 folds", False),  # a loop by hand
        ([crossed("KFold")], "5 folds", False),
        ([inner(200), inner(300)], "TimeSeriesSplit, 5 folds", False),  # inside a walk forward by hand
        ([inner(300), inner(300)], "TimeSeriesSplit, 5 folds", True),  # of the same rows twice
    ],
)
def test_folds_of_another_kind_than_the_design_names_are_asked_about(lines: list[Kind], row: str, asked: bool) -> None:
    evidence = designed(f"Cross-validation | {row} | 5 | | | YES\n", TRAINED)
    found = [one.code for one in folds_asked(evidence, seen(*lines))]
    assert found == (["folds_of_another_kind"] if asked else [])


BINARY = "/venv/lib/python3.11/site-packages/prophet/stan_model/prophet_model.bin"


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        (program(BINARY, "method=optimize"), False),
        (program("bin/solver", "method=optimize"), True),
        (program(BINARY, "data/ready.json", files=[{"path": "data/ready.json"}]), True),
        (program("/venv/lib/python3.11/site-packages/other/python", python=True), True),
    ],
    ids=["of a wheel", "of the workspace", "given a file of ours", "another Python"],
)
def test_a_program_of_a_librarys_own_folder_is_the_library(line: Kind, asked: bool) -> None:
    line = {**line, "where": "model_1.py:9"}
    found = outside(replace(TRAINED, seen=(one := seen(line))), one)
    assert (found.code == "another_program") == asked
    assert codes(HALF, {**line, "facts": {**line["facts"], "python": None}}) == (
        ["work_beside_the_method"] if line["facts"]["argv"][0] == "bin/solver" else []
    )
