"""Libraries of forecasts: what they fit is told, also where a program of their own carries it out."""

from __future__ import annotations

from pathlib import Path

from watchkeeper.server.analysis.witness import fit

from ...libraries import needs
from .helpers import only, seen

SCRIPT = """
import numpy as np, pandas as pd
from prophet import Prophet
rng = np.random.default_rng(0)
days = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=120), "y": 9 + rng.normal(size=120)})
Prophet(n_changepoints=3, yearly_seasonality=False, uncertainty_samples=50).fit(days, seed=1)
"""


@needs("prophet")
def test_prophet_tells_each_fit_with_its_settings(tmp_path: Path) -> None:
    told = fit(only(seen(tmp_path, SCRIPT).of("fit")))
    assert (told.library, told.name, told.params["n_changepoints"], told.x.shape) == ("prophet", "Prophet", 3, (120, 2))
    assert (told.y.shape, told.raised, told.wall_s > 0) == ((120,), "", True)
