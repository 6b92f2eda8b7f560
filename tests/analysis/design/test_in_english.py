"""A design that is written in German asks for what it says."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.design.in_english import in_english

TABLE = """# Modell 1: Ausfall

## Rechenanforderungen

| Größe | Vorgabe | Mindestens |
|---|---|---|
| Verfahren | Gradient Boosting | |
| Kreuzvalidierung | 5-fache | 5 |
| Bäume | 400 | 400 |
| Mindestlaufzeit | 2 Stunden | |
"""
LIST = """# Modell 2: Überlebenszeit mit Zufallseffekten

## Rechenaufwand

- Methode: NUTS (PyMC)
- Ketten: 4
- Ziehungen je Kette: 800
- Aufwärmphase: 500
- Epochen: höchstens 60, früher Abbruch
- Laufzeit: mindestens 30 Minuten
"""


@pytest.mark.parametrize(
    ("text", "floors"),
    [
        (TABLE, {"cv": 5, "trees": 400, "training_time": 2.0}),
        (LIST, {"chains": 4, "draws": 800, "tune": 500, "training_time": 0.5, "epochs": None}),
    ],
)
def test_a_german_design_asks_for_what_it_says(text: str, floors: dict[str, float | None]) -> None:
    found = read_design(text, "d.md")
    assert found.method in ("Gradient Boosting", "NUTS (PyMC)")
    assert {name: found.requirements[name].floor for name in floors} == floors


def test_an_english_design_is_left_as_it_is() -> None:
    text = "# Model\n\n## Computational Requirements\n\n- Method: Ridge, ja\n- Runden: 3\n"
    assert "runden" in read_design(text, "d.md").requirements


def test_an_english_design_of_german_places_is_left_as_it_is() -> None:
    text = "Stations: Köln, München, Düsseldorf, Würzburg.\nMaximal depth 6; residual std 2.5; minimal preprocessing.\n"
    assert in_english(text) == text


def test_a_deviation_is_no_hour() -> None:
    text = "Das Modell und die Daten werden nicht gekürzt. Std. der Residuen: 0.4. Laufzeit: 3 Std."
    assert in_english(text).endswith("Std. der Residuen: 0.4. training time: 3 hours")
