"""Is a network or are boosted trees a linear model by one of their settings? By what the fits were given. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..design.model import without_denials
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fit
from ..witness.seen import Seen, place

_NETWORK = re.compile(r"neural|\bdeep\b|\bmlps?\b|perceptron|hidden[\s_-]layers?|\brelu\b|\btanh\b", re.IGNORECASE)
_TREES = re.compile(r"\btrees?\b|\bgbdts?\b|max[\s_-]depth", re.IGNORECASE)
_SAID_LINEAR = re.compile(
    r"\bidentity\b|gb[\s_-]?linear|(?<!non)(?<!non[\s-])(?<!rectified\s)\blinear\b(?!\s(?:units?|outputs?)\b)",
    re.IGNORECASE,
)
"""Words by which a design may mean a linear one itself. Whoever speaks of a linear model anywhere is not asked."""
_GROWS = re.compile(r"Tree|Forest|Boost|XGB|LGBM|xgboost|lightgbm|catboost", re.IGNORECASE)
_LEARNS = re.compile(r"MLP|Perceptron|keras|torch|Sequential|Functional", re.IGNORECASE)


def linear_by_setting(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that all networks, or all boosted trees, that were fitted are linear by the settings they were given.

    One that a search chose among others, one beside those that are not linear, and one that the design names pass.
    """
    said = f"{evidence.design.method}\n{evidence.design.prose}"
    if not evidence.design.method or _SAID_LINEAR.search(said) or seen.steps or any(one.own for one in seen.fits):
        return
    declared = without_denials(said)
    for asked, classes, key in ((_NETWORK, _LEARNS, "activation"), (_TREES, _GROWS, "booster")):
        of_kind = [one for one in seen.fits if _is_of(one, classes)]
        settings = [_linear(one, key) for one in of_kind]
        searched = any(
            name.rpartition("__")[2] in (key, "hidden_layer_sizes") for one in seen.fits for name in one.best
        )
        if not asked.search(declared) or not settings or not all(settings) or searched or _elsewhere(seen, of_kind):
            continue
        what = f"{evidence.design.source('method')} declares {evidence.design.method[:60]!r}, and {of_kind[0].name} at"
        what = f"{what} {place(of_kind[0].line)} was fitted with {settings[0]}: that is a linear model"
        action = "Fit it without that setting, or name a linear model in the design."
        yield Suspicion(what, Word.INVESTIGATE, "linear_by_setting", action)


def _is_of(one: Fit, classes: re.Pattern[str]) -> bool:
    values = (str(value) for value in (*one.params.values(), *one.best.values()) if type(value) in (str, list))
    return any(
        classes.search(name) for name in (one.library, one.name, one.called, one.estimator, *one.inside, *values)
    )


def _linear(one: Fit, key: str) -> str:
    """Return the setting by which all parts of a kind in a fit are linear; empty where one is not, or nobody knows."""
    found = [_of_part(one.params, name, key) for name in one.params if name.rpartition("__")[2] == key]
    return found[0] if found and all(found) else ""


def _of_part(params: Mapping[str, object], name: str, key: str) -> str:
    if key == "booster":
        return "booster='gblinear'" if params[name] == "gblinear" else ""
    sizes = f"{name.removesuffix(key)}hidden_layer_sizes"
    if sizes not in params:
        return ""
    if params[sizes] == []:
        return "no hidden layer"
    return "activation='identity'" if params[name] == "identity" else ""


def _elsewhere(seen: Seen, fits: list[Fit]) -> bool:
    """Whether fits of which only their number is known were made at another place than those."""
    return not {one.where for one in seen.more_fits} <= {one.line.where for one in fits}
