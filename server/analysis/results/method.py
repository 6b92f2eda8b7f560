"""Was the method one that counts, and the one that was declared? From the parsed script and what it left behind."""

from __future__ import annotations

import re

from ...vocabulary.estimators import LINEAR
from ...vocabulary.runs import Phase
from ..artefacts.facts import TableFacts
from ..counted.counts import Counts, shown
from ..design.declared import approximates, declared_fit
from ..design.design import Design
from ..design.quantities import plain
from ..evidence.checks import Check, failed, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.words import Word
from ..scripts.program import EstimatorUse, Program
from ..witness.seen import Seen, place
from .predicted import matches

_DECLARED = (
    ("Bayesian MCMC", re.compile(r"bayes|mcmc|pymc|\bnuts\b|\bstan\b|numpyro|posterior", re.IGNORECASE)),
    ("Deep Learning", re.compile(r"deep\b|neural|torch|keras|tensorflow|lstm|transformer|\bmlp\b", re.IGNORECASE)),
    ("Ensemble", re.compile(r"ensemble|forest|boost|xgb|lightgbm|grid.?search|bagging", re.IGNORECASE)),
    ("Linear model", re.compile(r"ridge|lasso|linear|\bols\b|elastic", re.IGNORECASE)),
)
_NOT_LINEAR = re.compile(r"mixed|generali[sz]ed|\bglmm?\b|non-?linear|hierarchical", re.IGNORECASE)
"""Words that make of a linear model one that is fitted by likelihood, in steps."""
_OTHERWISE = re.compile(
    r"bayes(?:ian)?[ -]?(?:optimi[sz]\w*|search|hyper\w*|(?=ridge)|information|(?:gaussian )?mixtures?)"
    r"|naive bayes|\w*nb\b|posterior (?:mean|mode|variance|draws? of (?:the )?imput\w*)"
    r"|\b(?:column|power|quantile|feature|target|function|box.?cox|data)[ -]?transformers?\b"
    r"|(?:local|piece.?wise|log)[ -]?linear"
    r"|linear (?:trend|growth|interpolat\w*|discriminant|kernel|svm|sv[cr]|programm\w*)",
    re.IGNORECASE,
)
"""Words in which those of a kind mean something else: a search for settings, a classifier, a trend."""
_CURVE = re.compile(
    r"non-?\s?linear (?:least[- ]squares|regression|curve|fit)|curve[- ]fit|least[- ]squares fit of|levenberg"
    r"|(?:growth|dose|response|decay|saturation|logistic|sigmoid\w*|binding|power)\b.{0,20}\bcurves?\b",
    re.IGNORECASE,
)
_SOLVERS = frozenset({"lstsq", "normal equations", "polyfit", "lsq_linear", "nnls"})
_LEFT_BY = {"Bayesian MCMC": ("draws",), "Deep Learning": ("epochs",), "Ensemble": ("cv", "bootstraps", "epochs")}
"""By approved method: what its iterations are called where they were counted."""
_REDESIGN = "Redesign by @modeler with an approved method, re-implementation by @code_translator, then train again."

_TELL = "Print a line for each iteration with its number and what it lowers (`epoch 3 loss 0.41`), so that they count."
_BY_HAND = (
    "Name the lines of its loop for a person to read and say so. Without one it is settled by a descent written as"
    " `w -= learning_rate * gradient` in the loop itself, which reading recognises, or by the fit of a library's class"
    " that the row of the method names, which is witnessed."
)
"""What helps where a design declares a method that the script itself carries out."""


def nothing_trains(program: Program | None) -> bool:
    """Whether the script was read as a whole and holds nothing that samples, trains, searches or fits."""
    return (
        program is not None
        and not program.unresolved
        and program.kind == "Unknown"
        and not any(one.fitted for one in program.estimators)
    )


def method(evidence: Evidence, counts: Counts) -> Check:
    """Is the method of the results an approved one, and the one that the design declares?"""
    program = evidence.program
    if program is None:
        code = "" if evidence.phase is Phase.QUICK else "method_not_inspected"
        return unknown("method", "what ran is not kept any more", code, "Train again; the start keeps the script.")
    text = _described(evidence, program)
    if evidence.phase is Phase.QUICK:
        return unknown("method", f"{text}; not judged in the quick phase")
    if evidence.seen is not None and evidence.seen.kinds:
        return _witnessed(evidence, evidence.seen)
    if fitted := _as_declared(evidence):
        return passed("method", f"{text}; {fitted} (witnessed)")
    if _is_the_declared_curve(evidence, program):
        return passed("method", text)
    return _judged(evidence, program, counts, text)


def _as_declared(evidence: Evidence) -> str:
    """Say that an approximation that the design declares was fitted, or a class that it names; else nothing."""
    design, seen = evidence.design, evidence.seen
    if seen is not None and approximates(design, seen):
        return f"{seen.variational[0].call}, which it declares, was fitted at {place(seen.variational[0].line)}"
    fit = None if declared_kinds(design.method) else declared_fit(design, seen)
    return f"{fit.name}, which it names, was fitted at {place(fit.line)}" if fit is not None else ""


def _witnessed(evidence: Evidence, seen: Seen) -> Check:
    """Hold what was witnessed against what is declared. What the witness cannot know may have run beside it."""
    declared = declared_kinds(evidence.design.method)
    text = f"declared {evidence.design.method!r}, witnessed {seen.describe()}" if declared else seen.describe()
    if declared and not set(declared) & set(seen.kinds):
        what = f"{text}: {declared[0]} ({evidence.design.source('method')}) was not witnessed"
        action = "Say where the declared method runs; the witness knows libraries, no loops written by hand."
        return failed("method", what, Word.INVESTIGATE, "declared_method_not_witnessed", action)
    if seen.kinds[0] in _LEFT_BY or seen.kinds[0] in declared:
        return passed("method", f"{seen.kinds[0]}: {text} (witnessed)")
    return failed("method", f"{text}: no approved method", Word.INVESTIGATE, "method_not_approved", _REDESIGN)


def _judged(evidence: Evidence, program: Program, counts: Counts, text: str) -> Check:
    proven = shown(counts, _LEFT_BY.get(program.kind, ()))
    forbidden = forbidden_in_results(program)
    declared = declared_kinds(evidence.design.method)
    linear = program.kind == "Linear model" and program.kind in declared
    if forbidden and not proven and not linear and not _is_a_step_of_a_sampler(evidence, forbidden):
        what = f"{text}: the results come from {_where(forbidden[0])}, and nothing shows that an approved method ran"
        # A linear algebra step of a method that nobody knows contradicts nothing: Newton's solves its own equations.
        word = Word.LIKELY_FABRICATION if declared or not evidence.design.method else Word.INVESTIGATE
        return failed("method", what, word, "forbidden_method", _REDESIGN)
    if mismatch := _mismatch(evidence, program):
        action = "Have a person read whether the script does what the design declares; reading did not recognise it."
        return unknown("method", f"{text} (read): {mismatch}", "declared_method_not_recognised", action)
    if program.unresolved:
        return _unresolved(text, program, proven)
    if program.kind in _LEFT_BY or linear or (evidence.design.method and program.kind == "Optimisation"):
        return passed("method", text)
    if program.kind != "Unknown":
        return failed("method", f"{text}: no approved method", Word.INVESTIGATE, "method_not_approved", _REDESIGN)
    return _nothing_found(evidence, counts, text)


def _is_a_step_of_a_sampler(evidence: Evidence, forbidden: list[EstimatorUse]) -> bool:
    """Whether equations are solved where the declared MCMC left chains: Gibbs by hand solves some in each sweep."""
    chains = evidence.trace.chains if evidence.trace is not None else 0
    declared = "Bayesian MCMC" in declared_kinds(evidence.design.method)
    return declared and chains > 1 and all(one.name in _SOLVERS for one in forbidden)


def _is_the_declared_curve(evidence: Evidence, program: Program) -> bool:
    """Whether the design itself declares a curve that is fitted by least squares: `curve_fit` is then no stand-in."""
    said, forbidden = evidence.design.method, forbidden_in_results(program)
    curve = _CURVE.search(said) is not None and not declared_kinds(said)
    return curve and not program.unresolved and bool(forbidden) and all(one.name == "curve_fit" for one in forbidden)


def _nothing_found(evidence: Evidence, counts: Counts, text: str) -> Check:
    """What nobody recognised: a declared method whose iterations are told may be carried out by the script itself."""
    told = [f"{plain(one.value)} {name} ({one.source})" for name, one in counts.items() if not one.only_read]
    if not evidence.design.method:
        text = f"{text}, and no row of the design names its method" if evidence.design.path else text
        return failed("method", f"{text}: no approved method", Word.INVESTIGATE, "no_method_found", _REDESIGN)
    if evidence.seen is not None:
        text = f"{text}: not witnessed, as no library that the witness knows carried it out, which is no lie"
    what = f"{text}; told {', '.join(told)}, and nobody saw by what they were computed" if told else text
    action = _BY_HAND if told else f"{_TELL} {_BY_HAND}"
    return failed("method", f"{what}; no approved method was read", Word.INVESTIGATE, "no_method_found", action)


def forbidden_in_results(program: Program) -> list[EstimatorUse]:
    """Return the forbidden estimators that were fitted and whose outcome is written."""
    return [one for one in program.estimators if one.forbidden and one.fitted and one.used_for_results]


def forbidden_words(evidence: Evidence, counts: Counts) -> str:
    """Return what the verification block says of forbidden methods: by what the results are, else by the script."""
    table = next((one.inside for one in evidence.artefacts if one.role == "results"), None)
    if evidence.seen is None or not isinstance(table, TableFacts):
        return _forbidden_as_read(evidence.program, counts)
    found = [one for one in matches(table, evidence.seen.predictions) if one.prediction.name in LINEAR]
    if found:
        return f"{found[0].prediction.name} at {place(found[0].prediction.line)} is column {found[0].column}"
    fitted = [one for one in evidence.seen.fits if one.name in LINEAR]
    if fitted:
        return f"None used ({fitted[0].name} at {place(fitted[0].line)} is a baseline: no column of the results is its)"
    return _forbidden_as_read(evidence.program, counts)


def _forbidden_as_read(program: Program | None, counts: Counts) -> str:
    """Return what reading the script tells of forbidden methods.

    A baseline beside an approved method that left its iterations behind is good practice and no forbidden method.
    """
    if program is None:
        return "Not inspected"
    used = forbidden_in_results(program)
    proven = shown(counts, _LEFT_BY.get(program.kind, ()))
    if used and not proven:
        return ", ".join(_where(one) for one in used[:3])
    if program.unresolved:
        return "None found (parts of the script could not be read)"
    return f"None shown ({_where(used[0])} is written too; nobody saw what for)" if used else "None used"


def _where(one: EstimatorUse) -> str:
    return f"{one.name} at {one.file}:{one.line}"


def _described(evidence: Evidence, program: Program) -> str:
    declared = evidence.design.method
    return f"declared {declared!r}, found {program.describe()}" if declared else f"found {program.describe()}"


def _mismatch(evidence: Evidence, program: Program) -> str:
    """Return what is wrong when the design declares a method that is not in the script; empty when nothing is."""
    return declared_missing(evidence.design, program)


def declared_kinds(text: str) -> list[str]:
    """Return the kinds of training that a design's words for its method speak of."""
    said = _OTHERWISE.sub(" ", text)
    found = [kind for kind, words in _DECLARED if words.search(said)]
    return [kind for kind in found if kind != "Linear model" or not _NOT_LINEAR.search(said)]


def declared_missing(design: Design, program: Program) -> str:
    """Return that a design declares a method which a script does not hold; empty when it does or nobody can tell."""
    declared = declared_kinds(design.method)
    if not declared or program.kind in declared or program.unresolved:
        return ""
    return f"the design declares {declared[0]} ({design.source('method')}), which was not recognised in the script"


def _unresolved(text: str, program: Program, proven: bool) -> Check:
    places = "; ".join(f"{one.file}:{one.line} {one.what}" for one in program.unresolved[:3])
    code = "" if proven else "method_unresolved"
    return unknown("method", f"{text}; could not be settled by reading: {places}", code, "Write these values out.")
