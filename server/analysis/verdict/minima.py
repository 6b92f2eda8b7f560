"""Which of the policy's minima a design leaves open: what it says of its own iterations is asked as it says it.

Pure. A project that writes a minimum into its own watchkeeper.toml is bound by it whatever the design says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..counted.counts import WITNESSED, Counts, is_ensemble
from ..design.design import COUNTED, Requirement
from ..design.length import STOPS
from ..design.rows import answered, counts_trees, trees_asked, trees_kept
from ..evidence.evidence import Evidence
from ..evidence.rules import Rules
from ..results.counting_fits import fits_of_results

_FOLDS = "cv"
_ROUNDS = "iterations"
_ONE_WORD_FOR_ANOTHER: Mapping[str, frozenset[str]] = {
    "Ensemble": frozenset({_FOLDS, "candidates", "bootstraps", "epochs", "iterations", "updates"}),
}
"""By kind: figures of which a method has the one or the other. Draws, tuning steps and chains go together."""
_STEPS = frozenset({"epochs", "iterations", "updates", STOPS})
_SAID_BY: Mapping[str, frozenset[str]] = {
    "epochs": _STEPS,
    "draws": frozenset({"draws", "iterations"}),
    "tune": frozenset({"tune"}),
    "chains": frozenset({"chains"}),
    "cv": frozenset({"cv"}),
    "bootstraps": frozenset({"bootstraps"}),
}
"""By figure: the words for what a design says of it, however it does."""
_OF_A_KIND: Mapping[str, frozenset[str]] = {
    "Bayesian MCMC": frozenset({"draws", "tune", "chains", "iterations"}),
    "Deep Learning": _STEPS | {_FOLDS},
    "Ensemble": frozenset({"cv", "bootstraps", "rounds", "iterations", STOPS}),
}
"""By kind: all words for its length."""


def open_minima(evidence: Evidence, rules: Rules, counts: Counts, kind: str) -> Mapping[str, int]:
    """Return the policy's minima that bind beside the design, by name; what the design says of a figure comes first.

    It says it by a number, or in any words that a default of the policy does not overrule.
    """
    design = evidence.design
    named = {name for name, one in design.requirements.items() if one.floor is not None}  # 0: none are wanted
    needed = {name: least for name, least in rules.minima.get(kind, {}).items() if least and name not in named}
    own = bool(needed) and (bool(own_iterations(evidence, counts, kind)) or _says_how(evidence, kind))
    return {
        name: least
        for name, least in needed.items()
        if name in rules.minima_set or not (own or design.length.speaks_of(_SAID_BY.get(name, frozenset({name}))))
    }


def _says_how(evidence: Evidence, kind: str) -> bool:
    """Whether the design says in any words how its ensemble is trained or tried, and its trees were not seen otherwise.

    Who names folds, trees or origins of a forecast wants these: 1,000 bootstraps that nobody chose are none of theirs.
    """
    design = evidence.design
    calls_rounds = {_ROUNDS} if is_ensemble(evidence) else set[str]()  # what CatBoost calls iterations
    rows = design.requirements.items()
    trees = [one for name, one in rows if one.value and (counts_trees(name) or name in calls_rounds)]
    if kind not in _ONE_WORD_FOR_ANOTHER or not (trees or design.length.speaks_of(_OF_A_KIND[kind])):
        return False
    seen = evidence.seen
    return seen is None or trees_kept(trees, seen, fits_of_results(evidence, seen))


def only_asks(name: str, evidence: Evidence, rules: Rules, kind: str) -> bool:
    """Whether one of the policy's minima asks at most: nobody chose it, and the design says its length in other words.

    Or nothing of the design could be read.
    """
    design = evidence.design
    if name in rules.minima_set or not design.path:
        return False
    return not design.requirements or bool(design.length.speaks_of(_OF_A_KIND.get(kind, frozenset())))


def own_iterations(evidence: Evidence, counts: Counts, kind: str) -> str:
    """Say which iterations the design names itself, where all of them were witnessed as it names them; else nothing.

    Folds alone say how a method is tried, not how often it is trained. What nobody saw, or saw otherwise, leaves the
    policy's minima as they are.
    """
    seen = evidence.seen
    if seen is None or not seen.whole or kind not in _ONE_WORD_FOR_ANOTHER:
        return ""
    rows = {name: one for name, one in evidence.design.requirements.items() if one.value}
    counted = {name: one for name, one in rows.items() if name in _ONE_WORD_FOR_ANOTHER[kind]}
    trees = {name: one for name, one in rows.items() if name not in COUNTED and counts_trees(name)}
    if _ROUNDS in counted and is_ensemble(evidence) and trees_asked(seen):
        trees[_ROUNDS] = counted.pop(_ROUNDS)  # what CatBoost calls iterations
    if not trees and not counted.keys() - {_FOLDS}:
        return ""
    if not all(_witnessed(name, one, counts) for name, one in counted.items()) or not trees_kept(trees.values(), seen):
        return ""
    return "; ".join(_words(counted, counts, (answered(name, one, seen).seen for name, one in trees.items())))


def _witnessed(name: str, one: Requirement, counts: Counts) -> bool:
    count = counts.get(name)
    return count is not None and count.source.startswith(WITNESSED) and count.value >= (one.floor or 0)


def _words(counted: Iterable[str], counts: Counts, trees: Iterable[str]) -> Iterable[str]:
    yield from (f"{counts[name].value:g} {name}" for name in counted)
    yield from (one for one in trees if one)
