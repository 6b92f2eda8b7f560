"""Was a model of the family fitted that the design's method names, or only models of others? By their classes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..design.declared import prepares
from ..design.model import without_denials
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fit
from ..witness import fit as read_fit
from ..witness.seen import Seen, names, place
from ..witness.values import text

_BOOSTED = r"Boost|XGB|LGBM|xgboost|lightgbm|catboost"
_FAMILIES = tuple(
    (name, re.compile(said, re.IGNORECASE), re.compile(classes))
    for name, said, classes in (
        ("a mixed model", r"\bmixed[- ](?:effects?|linear|models?)\b|linear mixed|mixedlm|\bglmms?\b|\blmms?\b"
                          r"|random[- ](?:intercepts?|slopes?|effects?)\b(?!\Wmeta)", r"Mixed|Lmer|GPBoost|MERF"),
        ("estimating equations", r"\bgee\b|generali[sz]ed estimating", r"GEE|GEE$"),
        ("a zero-inflated model", r"zero[- ]inflat", r"ZeroInflated"),
        ("a negative binomial model", r"negative[- ]binomial", r"NegativeBinomial|GLM|ZeroInflated|GEE|HurdleCount"),
        ("an ARIMA model", r"\bs?arimax?\b", r"ARIMA|SARIMAX|Arima"),
        ("exponential smoothing", r"exponential smoothing|holt[- ]?winters|\bets\b",
         r"ETS|ExponentialSmoothing|Holt|SimpleExpSmoothing|HoltWinters"),
        ("a vector autoregression", r"(?-i:\bVARM?A?X?\b)(?= ?(?:model|\(|\d))|vector auto-?regress", r"VAR|VECM"),
        ("a proportional hazards model", r"(?<!box)(?<!box\W)\bcox\b(?!\Wbox)|proportional hazards", r"PHReg|Cox"),
        ("a Gaussian process", r"gaussian process|\bkriging\b", r"GaussianProcess|GP"),
        ("a support vector machine", r"support vector|\bsvms?\b|\bsvr\b|\bsvc\b", r"SV[RCM]|SGD"),
        ("nearest neighbours", r"nearest[- ]neighbou?r|\bk-?nn\b", r"Neighbors|KNN"),
        ("kernel ridge", r"kernel ridge", r"KernelRidge"),
        ("a random forest", r"random forest", r"[Ff]orest|RF|\brf\b|ExtraTrees"),
        ("extremely randomised trees", r"extra[- ]?trees|extremely randomi[sz]ed", r"ExtraTree"),
        ("XGBoost", r"xg-?boost", r"XGB|xgboost"),
        ("LightGBM", r"light-?gbm", r"LGBM|lightgbm|Lightgbm"),
        ("CatBoost", r"cat-?boost", r"CatBoost"),
        ("boosted trees", r"boosted|gradient[- ]boost|\bgbms?\b|\bgbdts?\b|boosting", _BOOSTED),
    )
)  # fmt: skip
"""What a family is called in a design, and in the names of classes that fit it."""
_LEAST_FAILED, _MOSTLY, _NEXT = 0.2, 0.8, 3
_MOST_BESIDE = 0.5
"""Share of the fits that did not fail which another one follows: more often it is a baseline, fitted every time."""
_FALLS_BACK = re.compile(r"fall(?:s|en|ing)?[\s-]{0,2}back|fail(?:s|ed|ure)? to converge|not converge", re.IGNORECASE)
_KNOWN = frozenset({"sklearn", "statsmodels", "xgboost", "lightgbm", "catboost"})


def other_family(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that the method names families of models, and all that was fitted is of others, or was none.

    Asked where everything that trained is a class of a library whose names are known; a class of the person's may be
    any model, and so may what samples or follows gradients.
    """
    method = evidence.design.method
    asked = [(name, classes) for name, said, classes in _FAMILIES if said.search(without_denials(method))]
    fits = [one for one in seen.fits if not _stands_beside(one)]
    elsewhere = seen.steps or seen.samplings or seen.variational or seen.witnessed.of("program", "solve")
    if not asked or not fits or not seen.whole or elsewhere or any(one.own for one in seen.fits):
        return
    if any(one.library not in _KNOWN and not one.is_search for one in fits):
        return
    written = {name for one in seen.fits for name in _written(one)} | {
        text(one.facts, "class") for one in seen.more_fits
    }
    missing = [name for name, classes in asked if not any(classes.search(each) for each in written)]
    if len(missing) < len(asked):
        yield from _fell_back(evidence, seen, [classes for _, classes in asked])
        return
    fitted = ", ".join(sorted({one.name for one in fits})[:4])
    what = f"{evidence.design.source('method')} declares {missing[0]} ({method[:60]!r}), and what was fitted is"
    what = f"{what} {fitted}, the first at {place(fits[0].line)}{_failed(seen)}"
    action = "Fit the model that the design declares, let its errors end the run, or name the other one in the design."
    yield Suspicion(what, Word.INVESTIGATE, "declared_model_not_fitted", action)


def _fell_back(evidence: Evidence, seen: Seen, declared: Sequence[re.Pattern[str]]) -> Iterator[Suspicion]:
    """Yield that fits of the declared family failed, and as many of another one came in their place."""
    tried = [one for one in map(read_fit, seen.witnessed.of("fit")) if any(each.search(one.name) for each in declared)]
    failed = [one for one in tried if one.raised or one.done.get("converged") is False]
    others = [one for one in seen.fits if not _is_of(one, declared) and not _stands_beside(one) and not one.is_search]
    after = _followed(failed, others)
    if not failed or len(failed) < _LEAST_FAILED * len(tried) or after < _MOSTLY * len(failed):
        return
    well = [one for one in tried if one not in failed]
    if (well and _followed(well, others) >= _MOST_BESIDE * len(well)) or _FALLS_BACK.search(evidence.design.prose):
        return
    what = f"{len(failed)} of {len(tried)} fits of {failed[0].name}, which {evidence.design.source('method')} declares,"
    what = f"{what} raised or did not converge, the first at {place(failed[0].line)}; {others[0].name} was fitted"
    what = f"{what} {len(others)} times beside them, at {others[0].line.where}: whose numbers are the results?"
    action = "Give the declared model what it needs to converge, and leave out (and count) fits that do not."
    yield Suspicion(what, Word.INVESTIGATE, "declared_model_fell_back", action)


def _is_of(one: Fit, declared: Sequence[re.Pattern[str]]) -> bool:
    return any(each.search(name) for each in declared for name in _written(one))


def _followed(fits: Sequence[Fit], others: Sequence[Fit]) -> int:
    """Return how many fits another one came right after, to as many rows."""
    there = {(one.line.file, one.line.n, one.y.shape) for one in others}
    after = range(1, _NEXT + 1)
    return sum(any((one.line.file, one.line.n + by, one.y.shape) in there for by in after) for one in fits)


def _stands_beside(one: Fit) -> bool:
    return prepares(one.name) or one.name.endswith(("PCA", "KMeans", "Isotonic", "IsotonicRegression"))


def _written(one: Fit) -> Iterator[str]:
    """Yield the names of all classes that a fit speaks of: its own, those inside it, those among its parameters."""
    yield from (one.name, one.called, one.estimator, text(one.done, "of"), text(one.line.facts, "module"))
    yield from one.inside
    values: list[object] = [*one.params.values(), *one.best.values()]
    yield from (str(value) for value in values if type(value) in (str, list))


def _failed(seen: Seen) -> str:
    """Say that others were tried and raised: what comes after an exception that was caught."""
    raised = [one for one in seen.witnessed.of("fit") if text(one.facts, "raised")]
    if not raised:
        return ""
    what = f"{len(raised)} fits of {text(raised[0].facts, 'class')} raised {text(raised[0].facts, 'raised')}"
    return f"; {what} at {names(raised)}"
