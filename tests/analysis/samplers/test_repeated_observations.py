"""A model that is told its observations several times is asked about; a file that holds them as often is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.search_facts import Found
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.results.observed import repeated_observations
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import HONEST, RULES
from ..evidence.witnessed import Kind, fp, mcmc, sampling, seen

PATH = "data/plots.csv"


def model(library: str = "pymc", **observed: Kind) -> Kind:
    told = {name: {"shape": one["shape"], "data": one} for name, one in observed.items()}
    return sampling(library=library, observed=told)


def regression(target: Kind, number: int = 1) -> Kind:
    facts = {"id": number, "library": "statsmodels", "class": "OLS", "x": fp("x"), "y": target}
    return {"kind": "fit", "where": "model_1.py:4", "facts": facts}


def data(size: int, repeats: int = 1, sha: str = "data", at: tuple[float, ...] = (0.5, 1.5, 2.5)) -> Kind:
    more: dict[str, Any] = {"repeats": repeats} if repeats > 1 else {}
    return fp(sha, size=size, at=at, **more)


def column(rows: int, name: str = "y", hits: int = 32, path: str = PATH) -> tuple[str, Found]:
    return path, Found(name=name, source="mass", hits=hits, by_chance=0, asked=32, size=rows)


WHOLE = (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("line", "files"),
    [
        (model(y=data(4000, 10)), ()),
        (model(y=data(4000, 10)), (column(400),)),
        (model(y=data(900)), (column(400),)),
        (model(y=data(300, 3, at=WHOLE)), ()),
        (model("numpyro", x=data(4000, 10, "x"), y=data(4000, 10), group=data(4000, 40, at=WHOLE)), ()),
        (model(y=data(400), y_again=data(400)), ()),
        (regression(data(4000, 10)), ()),
    ],
    ids=[
        "each ten times",
        "more often than in the file",
        "some of them more often",
        "whole numbers",
        "all that a model is given",
        "under two names",
        "a regression",
    ],
)
def test_observations_that_count_several_times_are_asked_about(
    line: Kind, files: tuple[tuple[str, Found], ...]
) -> None:
    verdict = decide(mcmc(sampling(), line, observed=files), RULES)
    assert (verdict.word, verdict.code) == (Word.INVESTIGATE, "observations_repeated"), verdict
    assert "each observation once" in verdict.actions[0]


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ([model(y=data(400))], (column(400),)),
        ([model(y=data(4000, 10))], (column(4000),)),
        ([model(y=data(400))], (column(120, hits=9),)),
        ([model(y=data(420))], (column(400),)),
        ([model(y=data(800))], (column(400), column(400, path="data/second.csv"))),
        ([model(y=data(400)), model(y=data(4000, sha="other"))], (column(400),)),
        ([model("numpyro", dose=data(400, 20, "dose"), y=data(400))], ()),
        ([model("numpyro", group=data(400, 20, at=WHOLE), y=data(400))], ()),
        ([model(y=data(400), z=data(400, sha="other"))], ()),
        ([regression(data(400, sha=f"y{one}"), one) for one in range(30)], (column(100, "the target of OLS"),)),
        ([regression(data(400, 2))], (column(400, "the target of OLS"),)),
    ],
    ids=[
        "as many as the file",
        "as often as in the file",
        "not matched",
        "a few of another file",
        "of two files",
        "two models of other data",
        "doses that a plan repeats",
        "groups",
        "two outcomes",
        "targets drawn anew",
        "repeated in the file too",
    ],
)
def test_what_was_measured_so_often_is_not_asked_about(lines: list[Kind], files: tuple[tuple[str, Found], ...]) -> None:
    assert list(repeated_observations(replace(HONEST, observed=files), seen(*lines))) == []
