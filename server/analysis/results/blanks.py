"""Which blank cells of results are asked about: those of what was estimated, predicted or scored. Pure.

What came along from the data, what nothing was set to and what a window has none of yet is blank by its nature: it is
told with the file and asks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.evidence import Evidence
from ..evidence.rules import Rules
from ..witness.seen import Seen
from .predicted import matches

_STEMS = ("pred", "forecast", "estimat", "proba", "fitted", "posterior", "score")
_NAMES = frozenset(
    {"prob", "probs", "yhat", "hat", "lower", "upper", "coef", "coefs", "coefficient", "coefficients", "beta"}
    | {"effect", "importance", "ess", "pvalue"}
    | {"rmse", "mae", "mse", "mape", "auc", "r2", "accuracy", "f1", "precision", "recall", "loss", "logloss", "rhat"}
)
_ALONE = frozenset({"mean", "median", "value", "estimate"})
"""Alone they are a summary's; as a part of a name also what was computed of the data: `rolling_mean_7`."""
_SETTING = re.compile(r"(?:param|params|config|hp|hyperparameter|setting)[_./ ].+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Blanks:
    """What a run's facts say of blank cells.

    :ivar carried: columns that are blank in a table that the run read too, in lower case.
    :ivar settings: parameters of what was fitted, in lower case: `max_depth` may be None.
    :ivar predicted: columns of the results that are what was predicted, or made from it.
    """

    carried: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    predicted: frozenset[str] = frozenset()


def blanks(evidence: Evidence, table: TableFacts) -> Blanks:
    """Return what is known of a table's blank cells."""
    seen = evidence.seen
    if seen is None or not table.nan_columns:
        return Blanks(carried=evidence.blank_inputs)
    found = frozenset(one.column for one in matches(table, seen.predictions))
    return Blanks(evidence.blank_inputs, frozenset(_settings(seen)), found)


def asked(table: TableFacts, rules: Rules, known: Blanks) -> list[str]:
    """Return the columns whose blank cells are asked about, and those that hold an infinite number."""
    whole = [one for one in table.columns if one.numbers and not one.missing and not one.infinite]
    told = any(one.name in known.predicted or is_estimate(one.name) for one in whole)
    return [one.name for one in table.columns if one.infinite or _asks(one, rules, known, beside_whole=told)]


def may_be_blank(name: str, rules: Rules, known: Blanks) -> bool:
    """Whether a column, or a figure of this name in a document, is blank by its nature or by what was announced."""
    plain = name.strip().lower()
    carried = plain in known.carried and name not in known.predicted  # a template of the results is blank there too
    return rules.may_miss(name) or carried or plain in known.settings or bool(_SETTING.match(plain))


def is_estimate(name: str) -> bool:
    """Whether a column is one of estimates, predictions or scores, by its name."""
    words = re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()).lower())
    alone = len(words) == 1 and words[0] in _ALONE
    return alone or any(one in _NAMES or one.startswith(_STEMS) for one in words)


def _asks(one: ColumnFacts, rules: Rules, known: Blanks, *, beside_whole: bool) -> bool:
    """Whether blank cells of a column are asked about.

    :param beside_whole: whether a column of estimates stands in the table and is whole: then only another one asks.
    """
    blank = one.missing - one.words if one.texts else one.missing  # among texts "none" is a category
    if not blank or may_be_blank(one.name, rules, known):
        return False
    if is_estimate(one.name):
        return True
    return not one.texts and not beside_whole


def _settings(seen: Seen) -> Iterable[str]:
    for one in seen.fits:
        for key in (*one.params, *one.best):
            yield key.lower()
            yield key.rpartition("__")[2].lower()
