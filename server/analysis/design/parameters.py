"""What the parameters of a design are called: one identifier for the many ways in which people write each of them."""

from __future__ import annotations

import re

TIME = "training_time"
METHOD = "method"
ALSO_METHOD = ("inference", "model_family", "model_class", "model_type")
"""What the method is called where no row is called one; `inference` is also what comes after the training."""
SAMPLER = "sampler"

_EXPECTED = re.compile(
    r"\b(?:expected|estimated|typical(?:ly)?|approx(?:imate|imately|\.)?|anticipated|projected|average|usual(?:ly)?"
    r"|actual|measured|observed|indicative)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:~|≈|∼)\s?\d|(?:about|around|roughly|some|circa|ca\.?|approx\w*\.?|nearly|etwa|rund)\s+\d", re.IGNORECASE
)
_PUNCTUATION = re.compile(r"[_()\[\]{}#/,;–—-]|(?<!\d)\.|\.(?!\d)")
_QUALIFIERS = re.compile(
    r"\b(?:required|mandatory|planned|specified|designed|approved|number of|numbers of|no of|num|n|count|counts"
    r"|per chain|each chain|per model|mcmc|posterior|bayesian|nuts|hmc|train(?:ing)?|of|the|used|kept"
    r"|independent|parallel)\b"
)
_MAY_BE_BLANK = re.compile(
    r"(?:(?:results?|output)_)?columns?_(?:that_|which_)?(?:may|can)_(?:be|have|hold|contain)"
    r"_(?:blanks?|empty|missing|nans?)(?:_(?:cells?|values?|or_\w+))?"
    r"|(?:blanks?|nans?|missing_values|empty_cells)_(?:are_)?(?:allowed|permitted)(?:_in)?|may_be_blank"
)
_ALL_CHAINS = re.compile(r"\b(?:total|overall|in total|all chains|across chains|over all chains)\b")

# Tried in this order on the whole name: names in which a word that is otherwise a qualifier has its own meaning.
_WHOLE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (TIME, r"(?:total |required )?(?:training|compute|computation|computing|run|wall|sampling)"
               r" ?(?:clock )?(?:time|duration)(?: per model| required)?(?: in)?"
               r"(?: (?:s|secs?|seconds|min|minutes|h|hrs?|hours))?"
               r"|runtime|walltime|wall clock|(?:training )?hours|training (?:minutes|seconds)"),
        (SAMPLER, r"(?:mcmc |posterior |bayesian )?(?:sampler|sampling (?:method|algorithm|scheme)|step method|kernel)"
                  r"(?: type| name)?|mcmc algorithm"),
        (METHOD, r"(?:training |approved |estimation |inference |required |modelling |modeling )?"
                 r"(?:method|algorithm|approach)"),
        ("training_rows", r"(?:number of )?train(?:ing)?(?: set)? (?:samples|examples|cases|points|size)"),
        ("test_rows", r"(?:number of )?(?:test(?:ing)?|hold ?out|held out)(?: set)?"
                      r" (?:samples|examples|cases|points|size)"),
        ("target_accept", r"target accept(?:ance)?(?: (?:rate|prob|probability|stat(?:istic)?))?|adapt delta"
                          r"|accept(?:ance)? (?:rate|prob|probability)"),
    )
)  # fmt: skip
# Tried on what is left without qualifiers.
_BARE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("tune", r"iter warmup|tun(?:e|ing)(?: (?:steps|samples|draws|iterations|phase))?"
                 r"|(?:warm ?up|burn ?in|adaptation)(?: (?:steps|samples|draws|iterations|period|phase))?"),
        ("draws", r"iter sampling|draws?|samples|draw samples|sample draws"
                  r"|sampl(?:e|ing) (?:draws|steps|iterations)|post warm ?up (?:draws|samples|iterations)"
                  r"|(?:draws|samples|iterations|steps) after (?:warm ?up|tuning|burn ?in|adaptation)"
                  r"|production(?: (?:draws|steps|iterations|run|phase))?"),
        ("chains", r"chains?|walkers"),
        ("epochs", r"(?:(?:max(?:imum)?|train|nb|total|pre|pretrain(?:ing)?|fine ?tun(?:e|ing)"
                   r"|(?:stage|phase) [\dab]) )*"
                   r"(?:epochs?|episodes?)(?: (?:per|in each|for each) \w+)?"
                   r"|passes(?: over the data)?"),
        ("updates", r"(?:(?:optimi[sz]ation|optimi[sz]er|gradient|optimi[sz]ing|update|parameter|weight|adam|sgd|s?vi"
                    r"|advi|variational|guide|map|mini ?batch) )+(?:n?steps|updates|iterations)"),
        ("iterations", r"iterations?|n?steps|updates"),
        ("cv", r"(?:inner )?cv|(?:(?:cv|cross validation|k) )?folds?|cross validation|cv splits|splits"),
        ("bootstraps", r"bootstraps?|resamples|replicates"
                       r"|bootstrap (?:iterations|samples|models|replicates|replications|resamples|draws|runs|refits"
                       r"|fits|repeats|repetitions|rounds|resamplings|estimates|sets)"),
        ("candidates", r"(?:grid |search |hyper ?parameter )?(?:candidates|combinations|settings)|grid (?:size|points)"
                       r"|(?:random(?:i[sz]ed)? )?search (?:trials|iterations|draws)|trials"),
        ("rhat", r"(?:rank normali[sz]ed |split )*(?:max(?:imum)? )?r ?hat|r̂|gelman rubin(?: statistic)?"
                 r"|psrf|potential scale reduction(?: factor)?"),
        ("ess", r"(?:min(?:imum)? )?(?:bulk |tail )?(?:ess|effective sample size|n ?eff)(?: (?:bulk|tail))?|eff"),
        ("features", r"(?:input |model )?(?:features?|predictors?|covariates?|regressors?)"
                     r"(?: (?:set|set size|columns))?"),
    )
)  # fmt: skip
_OF_ALL_CHAINS = {"draws": "total_draws", "iterations": "total_iterations"}


def name_of(words: str) -> str:
    """Return the identifier of a parameter as people write it: `Total features` is `features`."""
    written = " ".join(_PUNCTUATION.sub(" ", words.lower()).split())
    for name, pattern in _WHOLE:
        if pattern.fullmatch(written):
            return name
    in_all = _ALL_CHAINS.search(written) is not None
    bare = " ".join(_QUALIFIERS.sub(" ", _ALL_CHAINS.sub(" ", written)).split()) or written
    for name, pattern in _BARE:
        if pattern.fullmatch(bare):
            return _OF_ALL_CHAINS.get(name, name) if in_all else name
    return re.sub(r"\W+", "_", written).strip("_")[:60] or "unnamed"


def is_expected_time(words: str) -> bool:
    """Whether a name speaks of the time that a training will take or took, which is no limit to anything."""
    without = _EXPECTED.sub(" ", words)
    return without != words and name_of(without) == TIME


def is_expectation(said: str) -> bool:
    """Whether a sentence begins as an expectation: `expected 3-5 hours`, `~20 s`."""
    bare = said.lstrip(" *_(")
    return _EXPECTED.match(bare.lstrip("~≈ ")) is not None or _ABOUT.match(bare) is not None


def names_blanks(name: str) -> bool:
    """Whether a row or line names the columns that may be blank; it requires nothing, and may stand anywhere."""
    return _MAY_BE_BLANK.fullmatch(name) is not None
