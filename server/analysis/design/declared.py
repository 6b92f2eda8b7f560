"""Was what the design declares seen to be fitted, though it is none of the approved kinds? By the names of classes."""

from __future__ import annotations

import re

from ...vocabulary.estimators import LINEAR
from ..witness import Fit
from ..witness.seen import Seen
from .design import Design

_WORDS_OF_A_CLASS = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z])|[A-Z][a-z]{2,}|[A-Z]{3,}")
_ALSO_CALLED = {
    "UnobservedComponents": r"local (?:level|linear)|structural (?:time|model)|unobserved comp|state[- ]space",
    "ExponentialSmoothing": r"exponential smooth|holt|\bets\b",
    "ETSModel": r"exponential smooth|holt|\bets\b",
    "SARIMAX": r"s?arima",
    "MixedLM": r"mixed|hierarchical|multi-?level|random (?:effect|intercept|slope)",
    "PHReg": r"\bcox\b|proportional hazard",
    "GEE": r"generali[sz]ed estimating",
    "VAR": r"vector auto-?regress|\bvar\b",
    "NMF": r"non-?negative matrix",
    "LatentDirichletAllocation": r"topic model|\blda\b",
    "GaussianProcessRegressor": r"kriging|\bgps?\b",
    "GaussianProcessClassifier": r"\bgps?\b",
    "Prophet": r"prophet",
}
"""By class: words by which people call it, where these are not its own."""
_SAY_NOTHING = frozenset({"regressor", "classifier", "regression", "model", "estimator", "results", "fitter"})
_BY_REWARD = re.compile(
    r"reinforce|policy.?gradient|actor.?critic|q.?(?:learning|network)|reward|episode|bandit|self.?play"
    r"|\b(?:d?dqn|ppo|a[23]c|sac|td3|ddpg|trpo)\b",
    re.IGNORECASE,
)
VARIATIONAL = re.compile(r"variational|advi|svi\b|\bvi\b", re.IGNORECASE)
"""Words for an approximation that is fitted, whose draws are no chain's."""
_WORD = re.compile(r"[a-z]+")
_APPROVED = re.compile(
    r"mcmc|pymc|\bnuts\b|\bstan\b|numpyro|posterior|neural|torch|keras|tensorflow|lstm|\bmlp\b|\bepochs?\b|\bchains?\b"
    r"|forest|boost|xgb|lightgbm|bagging",
    re.IGNORECASE,
)
"""Words for what is trained in chains, epochs or trees: a class that stands beside it in the text is not the method."""
_MOST_OF_A_ROW = 300
"""First letters are read of no longer text: in a whole document any stand side by side."""
_NO_METHOD = re.compile(
    r"Dummy|(?:Scaler|(?<!Auto)Encoder|Imputer|Transformer|Selector|Binarizer|Discretizer|Normalizer|Vectorizer"
    r"|Features|Union)$|^(?:Select|RFE)"
)
"""What stands beside a method: guesses to compare with, and what prepares its columns."""


def declared_fit(design: Design, seen: Seen | None) -> Fit | None:
    """Return the first fit of a class that the design's method names, in words or by their first letters."""
    said = design.method or _in_prose(design)
    if seen is None or not said:
        return None
    every = (one for one in seen.fits if not one.is_search and one.name not in LINEAR and not prepares(one.name))
    return next((one for one in every if is_named(one.name, said)), None)


def _in_prose(design: Design) -> str:
    """Return all that a design says, where no row names a method; nothing where it speaks of an approved kind."""
    return "" if _APPROVED.search(design.prose) else design.prose


def approximates(design: Design, seen: Seen | None) -> bool:
    """Whether a design declares a variational approximation, one was seen to be fitted and nothing sampled."""
    fitted = seen is not None and bool(seen.variational) and not seen.samplings
    return fitted and VARIATIONAL.search(design.method) is not None


def prepares(name: str) -> bool:
    """Whether a class stands beside a method: it guesses without learning, or prepares the columns."""
    return _NO_METHOD.search(name) is not None


def is_for_reward(method: str) -> bool:
    """Whether a design's method speaks of an agent that is trained for a reward."""
    return _BY_REWARD.search(method) is not None


def is_named(name: str, method: str) -> bool:
    """Whether all words of a class stand in a text: `GaussianMixture` in "a Gaussian mixture", SVR in its long form."""
    said = method.lower()
    if name in _ALSO_CALLED and re.search(_ALSO_CALLED[name], said):
        return True
    initials = "".join(word[0] for word in _WORD.findall(said[:_MOST_OF_A_ROW]))
    words = [word for word in _WORDS_OF_A_CLASS.findall(name) if word.lower() not in _SAY_NOTHING]
    return bool(words) and all(word.lower() in said or (word.isupper() and word.lower() in initials) for word in words)
