"""The forms of `forms.toml` as files: the same few curves, written as each library writes them."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROWS = 40
TURN = 25
EXPECTED = {
    "learns": [],
    "overfits": ["overfitting"],
    "diverges": ["divergence"],
    "breaks": ["non_finite"],
    "zeroes": ["non_finite"],
    "stuck": ["not_learning"],
}
"""What a curve of this name shows where its level means something."""


@dataclass(frozen=True)
class Form:
    """One file: its text, what is right for it, whether both losses stand in it, and of which kind they are."""

    text: str
    expect: list[str]
    both: bool
    kind: str


def _values(curve: str, row: int) -> dict[str, float]:
    loss = 0.3 + 2.0 * math.exp(-row / 8) + 0.004 * (row % 3)
    val = loss + 0.05
    if curve == "overfits" and row > ROWS // 3:
        val += 0.06 * (row - ROWS // 3)
    broken = row >= TURN
    losses = {
        "diverges": 9.0 if broken else loss,
        "breaks": math.nan if broken else loss,
        "zeroes": 0.0 if broken else loss,
        "stuck": 0.6931 + 0.0001 * (row % 3),
    }
    grad = math.nan if curve == "zeroes" and broken else 1.2
    return {"t": losses.get(curve, loss), "v": val, "g": grad, "a": 1 - 0.7 * math.exp(-row / 9)}


def _form(about: dict[str, Any]) -> Form:
    curve, kind = about["curve"], about.get("kind", "")
    rows = (
        about["row"].removeprefix("\n").format(n=row, n1=row + 1, k=100 * row, **_values(curve, row))
        for row in range(ROWS)
    )
    of_kind = [] if kind == "adversarial" and curve != "breaks" else EXPECTED[curve]
    return Form(
        text=about.get("head", "").removeprefix("\n") + "".join(rows),
        expect=about.get("expect", of_kind),
        both=about.get("both", not kind),
        kind=kind,
    )


FORMS = {
    name: _form(about)
    for name, about in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()
}
"""By the name of the file."""
