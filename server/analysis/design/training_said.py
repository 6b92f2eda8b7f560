"""What a design says of how a network is trained: loss, optimiser, rate, dropout, trained parts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import markdown
from .model import Said
from .sentences import sentences

LOSSES = {
    "mse": r"mean[\s-]squared?\b|\bmse\b|squared[\s-]error|square[ds]? loss|least[\s-]squares|\bl2[\s-]loss|\brmse\b",
    "mae": r"mean[\s-]absolute|\bmae\b|absolute[\s-]error|\bl1\b",
    "huber": r"huber|smooth[\s-]l1",
    "cross-entropy": r"cross[\s-]?entropy|log[\s-]?loss|\bbce\b|logistic loss|categorical likelihood|bernoulli",
    "poisson": r"poisson",
    "negative binomial": r"negative[\s-]binomial",
    "quantile": r"quantile|pinball",
    "focal": r"focal",
    "tweedie": r"tweedie",
    "gaussian": r"gaussian|heteroscedastic|normal likelihood",
    "student": r"student",
    "dice": r"\bdice\b|jaccard",
    "hinge": r"hinge",
    "crps": r"\bcrps\b|ranked probability",
    "triplet": r"triplet|contrastive|info[\s-]?nce",
    "log-cosh": r"log[\s-]?cosh",
    "expectile": r"expectile|asymmetric",
    "cox": r"partial likelihood|\bcox\b",
}
"""Kinds of losses, by the words for them."""
_KINDS = {name: re.compile(words, re.IGNORECASE) for name, words in LOSSES.items()}
_ROW = re.compile(
    r"^\W*(?:(?:training|objective|cost)\s)?(?:loss|criterion|objective|cost)(?:\sfunction)?\s{0,2}[|:=]", re.IGNORECASE
)
_BEFORE = re.compile(r"[^.,;|]{2,60}?\bloss\b(?!\s*(?:curve|history|of each))", re.IGNORECASE)
_BEHIND = re.compile(
    r"(?:\bloss(?:\sfunction)?(?:\s(?:is|being)|\s?[:=(])|\bminimi[sz]\w{1,5}"
    r"|\bobjective(?:\s(?:is|being)|\s?[:=]))[^.;|,]{0,60}"
    r"|\b(?:trained|fitted)\s(?:with|by|under)[^.;|,]{0,50}?(?:loss|likelihood|error|entropy)",
    re.IGNORECASE,
)
_TERMS = re.compile(
    r"\bloss\b[^.;|]{0,80}?(?:\bplus\b|\+|\band an?\b)[^.;|]{0,40}"
    r"\b(?:penalt\w{1,4}|terms?|regulari\w{1,6}|divergence|residual|l1)\b"
    r"|\bloss\b[^.;|]{0,40}\bsum of (?:two|three|four|several)\b|\bterms? (?:of|in) the loss\b",
    re.IGNORECASE,
)
_OF_DECAY = re.compile(r"\bl2\b|weight[\s-]decay|ridge", re.IGNORECASE)
_WEIGHTED = re.compile(
    r"class[\s-]weight|pos[\s_-]?weight|(?:class|inverse)[\s-]frequenc"
    r"|loss\b[^.;|]{0,40}\bweighted (?:by|with) (?:\S{1,9} )?(?:class|inverse|freq|exposure)"
    r"|weighted (?:binary |categorical )?(?:cross|bce|loss|log)|weights? (?:of|for|by) (?:the |each )?class"
    r"|(?:positives?|rare class\w*|minority)\b[^.;|]{0,40}\b(?:weigh|count)\w*",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"\b(?:none|off|disabled|equal|uniform|all one)\b|[\s|:=]0(?:\.0+)?\s*(?:\||steps|epochs|%|$)", re.IGNORECASE
)
"""Words by which a row says that there is nothing of what it names."""
_SMOOTHED = re.compile(r"label[\s-]smoothing|smoothed labels", re.IGNORECASE)
OPTIMISERS = (
    "adamw",
    "adamax",
    "adam",
    "nadam",
    "radam",
    "sgd",
    "rmsprop",
    "adagrad",
    "adadelta",
    "lbfgs",
    "rprop",
    "adafactor",
)
_OPTIMISER = re.compile(
    rf"\b(?:(?P<name>{'|'.join(OPTIMISERS)}|l-bfgs|rms-prop)|(?P<long>stochastic gradient descent))\b", re.IGNORECASE
)
_RATE = re.compile(r"learning[\s-]rate|\blr\b|schedul|step[\s-]size", re.IGNORECASE)
_SCHEDULE = re.compile(
    r"cosine(?! (?:simil|dist|feat|enc|term))|one[\s-]?cycle|anneal|decay(?:s|ed|ing)?\b|halv|step(?:ped)? down|falls\b"
    r"|drops? (?:by|to|after|every)|divided by|multiplied by|reduced|cyclic(?:al)? (?:learn|lr|rate|sched)"
    r"|(?:learning[\s-]rate|\blr|schedul\w{0,3}|linear)\b[^.;|]{0,30}\bwarm(?:s|ed|ing)?[\s-]?up"
    r"|warm(?:s|ed|ing)?[\s-]?up\b[^.;|]{0,30}\b(?:learning[\s-]rate|lr|schedul)",
    re.IGNORECASE,
)
_PERHAPS = re.compile(r"plateau|patience|stops? improving|no improvement|\bif\b|\bwhen\b|constant", re.IGNORECASE)
_WEIGHT_DECAY = re.compile(r"(?:weight|decoupled|l2)[\s_-]decay", re.IGNORECASE)
_DECAY = re.compile(
    r"(?:weight[\s_-]decay|\bl2[\s-](?:penalty|regulari[sz]ation))\b[^.;|\d]{0,30}[|\s(=:]{0,4}(?:0?\.0*[1-9]\d*|[1-9]\d*(?:\.\d+)?\s?(?:e|[x×]\s?10\^?)\s?[-−]\d+|10\^?-\d)"
    r"|(?:0?\.0*[1-9]\d*|[1-9]e-\d+) weight[\s-]decay",
    re.IGNORECASE,
)
_DROPOUT = re.compile(
    r"drop[\s-]?outs?\b[^.;|\n\d]{0,40}[|\s(=:]{0,4}(?P<behind>0?\.\d{1,3}|\d{1,2}\s?%)|(?P<before>0?\.\d{1,3}|\d{1,2}\s?%)\s*drop[\s-]?out",
    re.IGNORECASE,
)
_SAMPLED_PASSES = re.compile(
    r"monte|\bmc\b|passes|stochastic|uncertain|bayes|test[\s-]time|at (?:prediction|inference)|sampl", re.IGNORECASE
)
_ALL = re.compile(
    r"\b(?:all|every|each)\s(?:\S{1,20}\s){0,3}?(?:layers?|parameters?|weights|parts?|blocks?)\s(?:\S{1,20}\s){0,4}?"
    r"(?:fine[\s-]?tun|train|updat|learn|unfrozen)\w{0,5}"
    r"|(?:whole|entire|full|complete)\s(?:network|model|encoder|backbone)\s(?:\S{1,20}\s){0,4}?(?:fine[\s-]?tun|train|updat)\w{0,4}"
    r"|fine[\s-]?tun\w{1,4}\s(?:\S{1,20}\s){0,3}?(?:all|whole|entire|every|full|complete)\b|end[\s-]to[\s-]end|unfrozen"
    r"|full(?:y)?[\s-]fine[\s-]?tun",
    re.IGNORECASE,
)
_BEST = re.compile(
    r"(?:best|lowest|smallest|minimum|minimal|least)\b[^.;|]{0,60}\bvalid\w*|\bvalid\w*[^.;|]{0,60}\b(?:best|lowest|smallest)",
    re.IGNORECASE,
)
_OF_STATES = re.compile(r"epoch|weights|\bstate|checkpoint|restor|\bkept\b|saved", re.IGNORECASE)
_OF_SCORES = re.compile(r"accura|\bf1|\bauc|score|correl|\br2\b|\bmap\b", re.IGNORECASE)
_EVALUATES = re.compile(
    r"eval(?:uation)?[\s_()-]{0,3}mode|statistics\b[^.;|]{0,30}(?:fixed|frozen)|frozen|freez", re.IGNORECASE
)


_NOTHING = Said()


@dataclass(frozen=True, slots=True)
class TrainingSaid:
    """What stands in the text, each with its line.

    :ivar losses: kinds of losses that are called the loss. :ivar terms: that the loss has several terms.
    :ivar weighted: that classes or rows have weights in it. :ivar smoothed: that its labels are smoothed.
    :ivar optimisers: by name, in small letters. :ivar schedule: how the learning rate changes in any case.
    :ivar decay: a decay of the weights with its number.
    :ivar dropout: the share, and where it is said. :ivar sampled_passes: that dropout may draw in prediction too.
    :ivar all_trained: that all layers are trained. :ivar best_epoch: that the epoch with the least
    validation loss counts. :ivar evaluates: that a network may train in its evaluation mode.
    """

    losses: tuple[tuple[str, Said], ...] = ()
    terms: Said = _NOTHING
    weighted: Said = _NOTHING
    smoothed: Said = _NOTHING
    optimisers: tuple[tuple[str, Said], ...] = ()
    schedule: Said = _NOTHING
    decay: Said = _NOTHING
    dropout: tuple[float, Said] | None = None
    sampled_passes: bool = False
    all_trained: Said = _NOTHING
    best_epoch: Said = _NOTHING
    evaluates: bool = False


def read_training(document: Iterable[markdown.Line]) -> TrainingSaid:
    """Return what the lines of a design say of the training of a network."""
    said = [*sentences(document)]
    whole = "\n".join(text for _, text in said)
    some = [(line, text) for line, text in said if not _NONE.search(text)]
    plain = [(line, _WEIGHT_DECAY.sub(" ", text)) for line, text in some]
    of_rate = [(line, text) for line, text in plain if _RATE.search(text) and not _PERHAPS.search(text)]
    of_states = [(line, text) for line, text in said if _OF_STATES.search(text) and not _OF_SCORES.search(text)]
    of_terms = [(line, text) for line, text in said if not _OF_DECAY.search(text)]
    return TrainingSaid(
        losses=tuple(_losses(said)),
        terms=_first(_TERMS, of_terms),
        weighted=_first(_WEIGHTED, some),
        smoothed=_first(_SMOOTHED, some),
        optimisers=tuple(_optimisers(said)),
        schedule=_first(_SCHEDULE, of_rate),
        decay=_first(_DECAY, said),
        dropout=next(_dropouts(said), None),
        sampled_passes=_SAMPLED_PASSES.search(whole) is not None,
        all_trained=_first(_ALL, said),
        best_epoch=_first(_BEST, of_states),
        evaluates=_EVALUATES.search(whole) is not None,
    )


def _losses(said: Iterable[tuple[int, str]]) -> Iterator[tuple[str, Said]]:
    for line, text in said:
        parts = [text] if _ROW.match(text) else [one[0] for words in (_BEFORE, _BEHIND) for one in words.finditer(text)]
        for name, words in _KINDS.items():
            if found := next((each for one in parts if (each := words.search(one))), None):
                yield name, Said(found[0], line)


def _optimisers(said: Iterable[tuple[int, str]]) -> Iterator[tuple[str, Said]]:
    for line, text in said:
        for found in _OPTIMISER.finditer(text):
            name = (found["name"] or "sgd").lower().replace("-", "")
            yield name, Said(found[0], line)


def _dropouts(said: Iterable[tuple[int, str]]) -> Iterator[tuple[float, Said]]:
    for line, text in said:
        for found in _DROPOUT.finditer(text):
            written = found["behind"] or found["before"]
            share = float(written.strip("% ")) / (100 if "%" in written else 1)
            if 0 < share < 1:
                yield share, Said(found[0].strip(), line)


def _first(words: re.Pattern[str], said: Iterable[tuple[int, str]]) -> Said:
    return next((Said(found[0].strip(), line) for line, text in said if (found := words.search(text))), Said())
