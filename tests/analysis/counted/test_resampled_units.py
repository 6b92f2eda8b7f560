"""Rows drawn one by one are asked about where a design draws clusters; clusters and plain bootstraps are not."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.counted.resampled_units import rows_for_units
from watchkeeper.server.analysis.design.design import read_design

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, fit, fp, seen

ROWS = 1200
CLUSTERS = "cluster bootstrap: 40 clinics drawn with replacement, each with all its patients"


def drawn(together: int, replicates: int = 150) -> list[Kind]:
    """Return a fit to all rows, and one to each replicate of units of so many rows."""
    draw, units = random.Random(3), ROWS // together
    different = [len({draw.randrange(units) for _ in range(units)}) * together for _ in range(replicates)]
    lines = [fit(1, "MixedLM", x=fp("x", size=ROWS, rows=ROWS))]
    for number, rows in enumerate(different, 2):
        lines.append({**fit(number, "MixedLM", x=fp(f"x{number}", size=ROWS, rows=rows)), "where": "m.py:9"})
    return lines


def codes(said: str, lines: list[Kind]) -> list[str]:
    design = read_design(f"## Computational requirements\n- **Bootstraps**: 150, {said}\n", "d.md")
    return [one.code for one in rows_for_units(replace(TRAINED, design=design), seen(*lines))]


@pytest.mark.parametrize("said", [CLUSTERS, "block bootstrap with blocks of 30 days", "resampling whole clusters"])
def test_rows_drawn_one_by_one_are_asked_about_where_the_design_draws_clusters_or_blocks(said: str) -> None:
    assert codes(said, drawn(1)) == ["rows_drawn_for_clusters"]


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        (CLUSTERS, drawn(30)),
        (CLUSTERS, drawn(4)),
        ("of patients, drawn with replacement", drawn(1)),
        ("rows drawn within each cluster", drawn(1)),
        ("stratified by group", drawn(1)),
        (CLUSTERS, drawn(1, replicates=30)),
        (CLUSTERS, drawn(1)[1:]),
    ],
    ids=["clusters of 30", "clusters of 4", "rows", "within", "stratified", "few", "rows that may be alike"],
)
def test_clusters_and_bootstraps_of_rows_are_not_asked_about(said: str, lines: list[Kind]) -> None:
    assert not codes(said, lines)
