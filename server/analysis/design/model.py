"""What a design says of a statistical model and its data, anywhere: likelihood, groups, priors, hold-out. Pure.

Nothing here is required: it is held against what was witnessed, and what differs is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from . import markdown

FAMILIES = {
    "studentt": r"(?<!half)(?<!half[\s_-])student(?:'?s)?[\s_-]?t\b(?! (?:\w{2,12} )?priors?\b)|\bt[\s-]distributed"
    r"(?! (?:\w{2,12} )?priors?\b)|\bt[\s-](?:likelihood|errors?|residuals|noise)\b",
    "negativebinomial": r"negative[\s_-]?binomial|neg[\s_-]?bin(?:omial)?\b|\bnb2?[\s-]likelihood",
    "zeroinflated": r"zero[\s_-]?inflat|\bzi[pn]b?\b|hurdle",
    "laplace": r"(?<!asymmetric )\blaplace(?:'s)?[\s(]{0,2}(?:likelihood|errors?|noise|residuals|distribut|\()",
    "skewnormal": r"skew[\s_-]?(?:ed )?normal",
    "poisson": r"\bpoisson\b",
    "bernoulli": r"\bbernoulli|\blogistic\b|\blogit\b|\bprobit\b",
    "binomial": r"(?<!negative)(?<!negative[\s_-])(?<!beta[\s_-])\bbinomial",
    "normal": r"(?<!half)(?<!half[\s-])(?<!log)(?<!log[\s-])(?<!skew)(?<!skew[\s-])(?:\bnormal\b|gaussian)",
}
"""Families of distributions that a likelihood may be of, in words."""

# What may repeat has a bound everywhere: a line of 4,000 characters is read in one go.
_FAMILIES = {name: re.compile(words, re.IGNORECASE) for name, words in FAMILIES.items()}
_OF_OUTCOMES = re.compile(
    r"likelihood|\berrors?\b|\bnoise\b|residual|observation (?:model|distribution)|outcome|response"
    r"|heavy[\s-]tail|robust|\by(?:_?\w{1,8})?\s?(?:\[\w{1,8}\]\s?)?~",
    re.IGNORECASE,
)
_PLAIN_PRIOR = re.compile(r"[A-Za-z]{1,30} ?\((?:\w{1,10} ?= ?)?[-+0-9.][^()|]{0,60}\)")
"""A distribution of plain numbers is a prior, and no likelihood."""
_GROUPED = re.compile(
    r"hierarch|multi[\s-]?level|partial(?:ly)?[\s-]pool|(?:random|varying|group[\s-]level|group[\s-]specific) "
    r"(?:intercept|slope|effect|coefficient)s?|mixed[\s-]effects?",
    re.IGNORECASE,
)
_INTEGRATED = re.compile(r"marginali[sz]|integrat\w{1,4} out|collapsed|closed form|analytical", re.IGNORECASE)
_SLOPES = re.compile(
    r"(?:random|varying|group[\s-]specific|group[\s-]level|hierarchical) slopes?"
    r"|slopes? (?:that )?(?:var(?:y|ies|ying)|differs?) (?:by|across|between|with|from)\b"
    r"|slopes? (?:per|by|for each|of each) "
    r"(?!(?:\w{2,20} )?(?:predictor|covariate|feature|variable|regressor|column|input))",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"weakly[\s-]informative|weak priors?|non[\s-]?informative|uninformative|vague|diffuse priors?|flat priors?"
    r"|(?:wide|broad) priors?|data decide",
    re.IGNORECASE,
)
_HELD_OUT = re.compile(
    r"hold[\s-]?out|held[\s-]?out|test[\s-](?:set|part|rows?|period|days?|weeks?|months?|years?|data|sample)|unseen"
    r"|out[\s-]of[\s-](?:sample|time)|never (?:sees?|seen)|not (?:seen|in the likelihood)|only the training"
    r"|train(?:ed|s|ing)? (?:only )?on (?:the )?(?:first|training)|back[\s-]?test",
    re.IGNORECASE,
)
_WEIGHTED = re.compile(
    r"weight|temper|power (?:posterior|likelihood|prior)|pseudo|discount|sub[\s-]?sampl|mini[\s-]?batch"
    r"|scaled likelihood",
    re.IGNORECASE,
)
_ONCE_EACH = re.compile(
    r"\b(?:full|equal|same|unit|whole)(?:ly)?[\s-](?:weight|temper)\w{0,6}|\bunweighted|\buntempered"
    r"|\bweights? (?:of )?(?:1|one)\b(?!\.\d)",
    re.IGNORECASE,
)
"""That nothing is weighted, told as a weight."""
_NOT = re.compile(
    r"\b(?:no|without|not|instead of|rather than|than a|unlike)\b"
    r"(?:\s{1,3}(?:an?|the|any|using)\b)?(?:\s{1,3}[\w-]{1,20}){1,2}",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(
    r"future (?:work|version|extension)s?|next version|out of scope|for later|could (?:later )?be (?:extend|replac)"
    r"|alternatives? (?:that (?:was|were) )?(?:considered|rejected)|(?:considered|tried) (?:and|but) (?:rejected|drop)",
    re.IGNORECASE,
)
"""What such a line names is no part of the model."""
_NO_PART = re.compile(r"\b(?:no|without)\b(?:\s{1,3}(?:an?|the|any)\b)?(?:\s{1,3}[\w-]{1,20}){1,2}", re.IGNORECASE)
_FROM_DRAWS = re.compile(
    r"(?:quantile|percentile|\bhdi\b|highest[\s-]density|draws?\b|samples of the posterior|posterior samples"
    r"|predictive samples|bootstrap)",
    re.IGNORECASE,
)
_PREDICTIVE = re.compile(r"(?:posterior[\s-])?predictive", re.IGNORECASE)
_INTERVALS = re.compile(r"interval|\bband|\blower\b|\bupper\b|quantile|percentile|uncertaint|\bhdi\b", re.IGNORECASE)
_BY_FORMULA = re.compile(
    r"±|\+/-|\+-|normal approximation|asymptotic|\bwald\b|1[.,](?:96|64|645|28)|standard (?:error|deviation)s?"
    r"|\bs\.?d\.?\b|conformal|residual|half[\s-]?width|symmetric|delta method",
    re.IGNORECASE,
)
NUMBERS = {
    word: number
    for number, word in enumerate(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=2
    )
}
_SEVERAL = re.compile(
    rf"\b(\d{{1,3}}|{'|'.join(NUMBERS)})(?:[\s-](?!(?:or|to|and)\b)[A-Za-z]{{2,20}}){{0,2}}?[\s-]"
    r"(?:models?|samplings|refits|folds?|sites|regions|groups|stations|origins|windows|simulations|variants"
    r"|trends|candidates|specifications)\b",
    re.IGNORECASE,
)
_EACH_SAMPLED = re.compile(
    r"(?:models?|variants|trends|candidates|specifications) (?:(?:are|were) )?(?:\w{2,20} )?(?:sampled|fitted|compared)"
    r"|samplings\b|candidate models\b"
    r"|own (?:model|regression|sampling|posterior|fit)\b|(?:regression|model|sampling|posterior) of its own"
    r"|(?:sampled|fitted|estimated) (?:separately|independently|anew)|separate(?:ly)? (?:model|fit|sampl)\w*"
    r"|refit(?:ted|s)?\b|re-fit|sampled again",
    re.IGNORECASE,
)
_ALL_ROWS = re.compile(
    r"\b(?:all|every one of(?: the)?)(?: the)? (\d{1,3}(?:[,. ]\d{3})+|\d{2,7})\b(?:\s[A-Za-z]{2,20}){0,2}?\s"
    r"(?:rows?|observations?|records|days|weeks|months|cases|patients|measurements|data points)\b",
    re.IGNORECASE,
)
_MISSING = re.compile(r"missing|imput|unobserved|\bnans?\b|\bgaps?\b", re.IGNORECASE)
_FEW_MISSING = re.compile(r"\b(?:a few|few|some|occasional|rare|single)\b", re.IGNORECASE)
_AHEAD = re.compile(
    r"forecast|predict(?!or|ive check)|project(?:ed|ion)|interpolat|smooth|latent|sparse|\bhalf\b", re.IGNORECASE
)
_AGGREGATED = re.compile(
    r"aggregat|sufficient statistic|summar(?:y|ised|ized) (?:data|statistic)|binned|complete cases|drop"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What stands there, and in which line; an empty text where nothing does."""

    words: str = ""
    line: int = 0

    def __bool__(self) -> bool:
        return bool(self.words)


@dataclass(frozen=True, slots=True)
class ModelSaid:
    """What a design says of its model.

    :ivar families: which families it names where it speaks of the likelihood, the errors, the noise.
    :ivar grouped: that groups have parameters of their own (hierarchical, random effects), which are sampled.
    :ivar slopes: that slopes differ between groups. :ivar vague: that priors are weak.
    :ivar held_out: that rows are kept from the training. :ivar weighted: that observations do not count once each.
    :ivar from_draws: that intervals are taken from draws, quantiles, bootstraps, and by no formula.
    :ivar predictive_intervals: that intervals are those of predictive draws.
    :ivar samplings: how many models, groups or folds are sampled, each on its own.
    :ivar all_rows: how many rows there are that all enter.
    :ivar mostly_missing: that outcomes may be unknown in most rows: missing ones, those of a forecast, between others.
    """

    families: tuple[tuple[str, Said], ...] = ()
    grouped: Said = Said()
    slopes: Said = Said()
    vague: Said = Said()
    held_out: Said = Said()
    weighted: bool = False
    from_draws: Said = Said()
    predictive_intervals: Said = Said()
    samplings: tuple[int, Said] | None = None
    all_rows: tuple[int, Said] | None = None
    mostly_missing: bool = False


def read_model(document: Iterable[markdown.Line]) -> ModelSaid:
    """Return what the lines of a design say of its model."""
    plain = [(line.number, markdown.bare(line.text)) for line in document]
    lines = [(number, without_denials(text)) for number, text in plain if not _NOT_DONE.search(text)]
    whole = "\n".join(text for _, text in plain)
    formula = _BY_FORMULA.search(whole) is not None
    drawn = tuple((number, text) for number, text in plain if _INTERVALS.search(text))
    return ModelSaid(
        families=tuple(_families(lines)),
        grouped=Said() if _INTEGRATED.search(whole) else _first(_GROUPED, lines),
        slopes=Said() if _INTEGRATED.search(whole) else _first(_SLOPES, lines),
        vague=_first(_VAGUE, lines),
        held_out=_first(_HELD_OUT, ((number, _NO_PART.sub(" ", text)) for number, text in plain)),
        weighted=any(_WEIGHTED.search(_ONCE_EACH.sub(" ", text)) for _, text in lines),
        from_draws=Said() if formula else _first(_FROM_DRAWS, drawn),
        predictive_intervals=Said() if formula else _first(_PREDICTIVE, drawn),
        samplings=_counted(_SEVERAL, ((number, text) for number, text in lines if _EACH_SAMPLED.search(text))),
        all_rows=None if _AGGREGATED.search(whole) else _counted(_ALL_ROWS, lines),
        mostly_missing=any(map(_says_of_missing, (text for _, text in lines))),
    )


def _says_of_missing(text: str) -> bool:
    missing = _MISSING.search(text) is not None and not _FEW_MISSING.search(text)
    return missing or _AHEAD.search(text) is not None


def _counted(words: re.Pattern[str], lines: Iterable[tuple[int, str]]) -> tuple[int, Said] | None:
    for line, text in lines:
        if found := words.search(text):
            figure = found[1].lower()
            return NUMBERS.get(figure) or int(re.sub(r"\D", "", figure)), Said(found[0].strip(), line)
    return None


def without_denials(text: str) -> str:
    """Return a text without what it says is not so: `no hold-out`, `instead of an LSTM`."""
    return _NOT.sub(" ", text)


def _families(lines: Iterable[tuple[int, str]]) -> Iterable[tuple[str, Said]]:
    for number, text in lines:
        if not _OF_OUTCOMES.search(text):
            continue
        rest = _PLAIN_PRIOR.sub(" ", text)
        for name, words in _FAMILIES.items():
            if found := words.search(rest):
                yield name, Said(found[0].strip(" ("), number)


def _first(words: re.Pattern[str], lines: Iterable[tuple[int, str]]) -> Said:
    for number, text in lines:
        if found := words.search(text):
            return Said(found[0].strip(), number)
    return Said()
