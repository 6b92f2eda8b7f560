"""Lines that name R-hat or divergences: read as what they are, left out where their numbers cannot be."""

from __future__ import annotations

import io

import pytest
from watchkeeper.server.analysis.logs.scan import ScanResult, scan
from watchkeeper.server.vocabulary.runs import Level


def read(text: str) -> ScanResult:
    return scan(io.BytesIO(f"{text}\n".encode()), exit_code=0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("max r_hat: 1.2", "R-hat 1.2"),
        ("R_hat: 1.2", "R-hat 1.2"),
        ("R-hat: 1.2", "R-hat 1.2"),
        ("r_hat = 1.2", "R-hat 1.2"),
        ("r_hat 1.2", "R-hat 1.2"),
        ("largest r_hat: 1.2", "R-hat 1.2"),
        ("convergence: max_r_hat=1.2 ess=900", "R-hat 1.2"),
        ('{"draws": 1000, "r_hat": 1.2}', "R-hat 1.2"),
        ("         mean  r_hat\nmu        4.4    1.2", "R-hat 1.2 of mu"),
        ("r_hat, ess_bulk\nmu, 1.2, 400", "R-hat 1.2 of mu"),
        ("parameter,mean,r_hat\nmu,4.4,1.2", "R-hat 1.2 of mu"),
        ("| parameter | mean | R_hat |\n|---|---|---|\n", ""),
        ("          Mean  MCSE  5%  95%  ESS_bulk  R_hat\nmu  4.4  0.1  1.0  8.0  412  1.2", "R-hat 1.2 of mu"),
    ],
)
def test_an_r_hat_is_read_from_a_value_or_from_the_column_of_a_table(line: str, message: str) -> None:
    assert [one.message for one in read(line).findings] == ([message] if message else [])


@pytest.mark.parametrize(
    "line",
    [
        "max r_hat: 1.001",
        "r_hat, ess_bulk",
        "r_hat",
        "R_hat:",
        "the r_hat of all parameters is fine",
        "r_hat: nan",
        "r_hat: inf",
        "r_hat: 1e309",
        f"r_hat: {'9' * 100}",
        "divergences=nan draws=nan",
        f"divergences={'9' * 100} draws=10",
        f"There were {'9' * 100} divergences after tuning.",
        "The rhat statistic is larger than 1.0.0.1.2 for some parameters.",
        "mean r_hat\nmu nan nan",
    ],
)
def test_a_name_without_a_value_that_can_be_one_is_no_finding(line: str) -> None:
    assert not read(line).findings


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("divergences=300 draws=nan", "300 divergences"),
        ("divergences=300 draws=inf", "300 divergences"),
        (f"divergences=300 draws={'9' * 400}", "300 divergences"),
        ("draws=0 divergences=5 of 0", "5 divergences"),
        (f"300 of {'9' * 60} transitions ended with a divergence.", "300 divergences"),
    ],
)
def test_divergences_count_where_the_draws_beside_them_cannot_be_true(line: str, message: str) -> None:
    (found,) = read(line).findings
    assert (found.message, found.level) == (message, Level.FAILURE)
