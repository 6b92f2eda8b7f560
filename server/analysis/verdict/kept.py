"""Was what the design asks for kept? Its rows that no other check judges: features, sampler, what nobody understands.

What a document marks as not to be simplified and nobody could look at is "not inspected": the verdict's block says so
by name, and nothing else follows from it, unless it is the method itself (docs/decisions/0060), or the rows of data
of a training by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...vocabulary.runs import Phase
from ..artefacts.facts import ArraysFacts, JsonFacts, PickleFacts, TableFacts, TraceFacts
from ..design.answer import Answer
from ..design.declared import declared_fit, is_for_reward
from ..design.design import COUNTED, Requirement
from ..design.parameters import METHOD, SAMPLER, TIME, name_of, names_blanks
from ..design.quantities import plain
from ..design.rows import answered, is_rows
from ..evidence.checks import Check, failed, flat, passed, unknown
from ..evidence.evidence import Artefact, Evidence
from ..evidence.words import Word
from ..results.counting_fits import fits_of_results
from ..results.method import declared_kinds
from ..witness.seen import Seen, place

_FOLLOWS_GRADIENTS = re.compile(r"nuts|no.?u.?turn|hmc|hamilton", re.IGNORECASE)
_LIBRARIES = ("pymc", "numpyro", "blackjax", "nutpie", "cmdstanpy", "pystan", "emcee", "pyro")
_SAMPLERS = {
    kind: re.compile(words, re.IGNORECASE)
    for kind, words in {
        "hmc": r"nuts|no.?u.?turn|hmc|hamilton",
        "metropolis": r"metropolis",
        "smc": r"\bsmc\b|sequential monte",
        "slice": r"\bslice\b",
        "ensemble": r"ensemble|emcee|stretch|affine",
    }.items()
}
"""What samplers are called, in a design and in the steps that the witness names."""
_ALWAYS_NUTS = frozenset({"nutpie", "cmdstan"})
_OF_FEATURES = re.compile(r"(feature|predictor|covariate|regressor)s?([ _]?names?)?", re.IGNORECASE)
_HOW_MANY = re.compile(r"(n_?|num_?)(features?|predictors?|covariates?)(_in_|_used)?|n_features_", re.IGNORECASE)
_MOST_NAMED = 6
_METHOD = (
    "Name in the row of the method a class that is fitted, or have a person say that the script carries out what the"
    " design declares: nothing that was witnessed or read has its name."
)
_ROWS = (
    "Have a person say that the script trains on as many different rows as the design says: its loop is written by"
    " hand, and no library was seen to be given them."
)
_AS_A_TABLE = "as CSV or Parquet (to_csv, to_parquet) they are counted"


@dataclass(frozen=True, slots=True)
class Features:
    """How many features something tells of.

    :ivar at_most: it tells how many there can be at most, not how many the model used: a table of features may hold
        identifiers and the target too.
    """

    value: float
    source: str
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """What became of one row of the design: a problem, how it was looked at, or neither."""

    problem: str = ""
    code: str = ""
    seen: str = ""
    word: Word = Word.INCOMPLETE_TRAINING


def kept(evidence: Evidence) -> Check | None:
    """Were the rows of the design kept that no other check judges? None where a design has none of these."""
    if evidence.phase is Phase.QUICK:
        return None
    left = {name: one for name, one in evidence.design.requirements.items() if not _elsewhere(name, one, evidence)}
    if not left:
        return None
    looked = {name: _row(name, one, evidence) for name, one in left.items()}
    against = [(name, row) for name, row in looked.items() if row.problem]
    if against:
        name, row = min(against, key=lambda each: not each[1].word.rejects)  # the first of equals
        what = f"{row.problem}; {evidence.design.source(name)} asks for {left[name].text or name}"
        action = f"Train again with what the design asks for ({name.replace('_', ' ')}), or change the design."
        return failed("design", what, row.word, row.code, action)
    return _not_looked_at(evidence, left, looked)


def _not_looked_at(evidence: Evidence, left: dict[str, Requirement], looked: dict[str, _Row]) -> Check:
    seen = "; ".join(row.seen for row in looked.values() if row.seen)
    unseen = [name for name, row in looked.items() if not row.seen]
    if not unseen:
        return passed("design", seen)
    binding = [name for name in unseen if left[name].must_not_simplify]
    named = ", ".join(_written(evidence, name, left[name]) for name in (binding or unseen)[:_MOST_NAMED])
    more = f" and {len(binding) - _MOST_NAMED} more" if len(binding) > _MOST_NAMED else ""
    packed = _packed_features(evidence) if "features" in unseen else ""
    marked = " (must not be simplified)" if binding else ""
    kept_ones = f"seen to be kept: {seen}" if seen else ""
    parts = (f"nobody looked whether these were kept{marked}: {named}{more}", packed, kept_ones)
    action = _settles(evidence, binding)
    code = "design_not_inspected" if action else ""
    check = unknown("design", "; ".join(part for part in parts if part), code, action)
    return replace(check, note=flat(f"{named}{more}: must not be simplified, and nobody looked")) if binding else check


def _settles(evidence: Evidence, binding: Sequence[str]) -> str:
    """Return what settles binding rows that nobody looked at and that make a verdict doubtful; empty where none does.

    The method is one; the rows of data are another where a training by hand is all there is: then not even its loss is
    told by anybody but the script.
    """
    if METHOD in binding:
        return _METHOD
    by_hand = evidence.seen is not None and not evidence.seen.kinds
    return _ROWS if by_hand and any(is_rows(one) for one in binding) else ""


def _packed_features(evidence: Evidence) -> str:
    """Say why the columns of the features were not counted, where only unpickling could open them."""
    one = evidence.features
    if one is None or not isinstance(one.inside, PickleFacts) or _columns(one):
        return ""
    kind = one.inside.root.rpartition(".")[2] or "an object"
    return f"the columns of {one.path} were not counted: it is a pickle ({kind}), nothing is unpickled; {_AS_A_TABLE}"


def _written(evidence: Evidence, name: str, one: Requirement) -> str:
    return f"{name.replace('_', ' ')} {one.text[:60]} ({evidence.design.source(name)})".replace("  ", " ")


def _elsewhere(name: str, one: Requirement, evidence: Evidence) -> bool:
    """Whether another check judges a row: the time, what is counted, convergence, the method, ranges of results."""
    if names_blanks(name):
        return True  # it allows something and asks for nothing
    if name == TIME or name in COUNTED:
        return one.value is not None
    if name == METHOD:
        return bool(declared_kinds(one.text))
    if name in ("rhat", "ess"):
        return one.value is not None and (evidence.trace is not None or not one.must_not_simplify)
    return name != "features" and _is_result(name, evidence)


def _is_result(name: str, evidence: Evidence) -> bool:
    """Whether a row speaks of a column of the results, whose range the check of the file has judged."""
    for artefact in evidence.artefacts:
        match artefact.inside:
            case TableFacts(columns=columns):
                found = any(name_of(one.name) == name for one in columns if one.numbers)
            case JsonFacts(numbers=numbers):
                found = any(name_of(path.rpartition(".")[2]) == name for path, _ in numbers)
            case _:
                found = False
        if found:
            return True
    return False


def _row(name: str, one: Requirement, evidence: Evidence) -> _Row:
    match name:
        case "features":
            return _features(one, evidence)
        case "target_accept":
            return _target_accept(one, evidence)
        case _ if name == SAMPLER:
            return _sampler(one, evidence)
        case _ if name == METHOD:
            return _method(one, evidence)
        case _:
            return _witnessed(name, one, evidence)


def _witnessed(name: str, one: Requirement, evidence: Evidence) -> _Row:
    """A row of another kind: does the witness say whether it was kept?"""
    answer = Answer() if evidence.seen is None else _answered(name, one, evidence, evidence.seen)
    code = f"{name}_{'simplified' if one.must_not_simplify else 'short'}"
    if answer.doubt and (one.must_not_simplify or answer.too_few):
        return _Row(answer.doubt, f"{name}_doubtful", word=Word.INVESTIGATE)
    return _Row(answer.problem, code if answer.problem else "", answer.seen)


def _answered(name: str, one: Requirement, evidence: Evidence, seen: Seen) -> Answer:
    table = next((each.inside for each in evidence.artefacts if each.role == "results"), None)
    rows = table.rows if isinstance(table, TableFacts) and table.complete else None
    return answered(name, one, seen, fits_of_results(evidence, seen), rows)


def _features(one: Requirement, evidence: Evidence) -> _Row:
    found, witnessed = features(evidence), _witnessed("features", one, evidence)
    if one.floor is None or not found or witnessed.seen:
        return witnessed
    short = next((each for each in found if each.value < one.floor), None)
    if short is not None:
        code = f"features_{'simplified' if one.must_not_simplify else 'short'}"
        bound = "at most " if short.at_most else ""
        return _Row(f"{bound}{plain(short.value)} features ({short.source})", code)
    return _Row(seen=", ".join(f"{'at most ' if each.at_most else ''}{plain(each.value)} features ({each.source})"
                               for each in found))  # fmt: skip


def features(evidence: Evidence) -> list[Features]:
    """Return what tells how many features there were: the results, the model, the file of features itself."""
    found = [each for one in evidence.artefacts for each in _told_by(one)]
    if evidence.features is not None:
        found += _columns(evidence.features)
    return found


def _told_by(one: Artefact) -> Iterator[Features]:
    match one.inside:
        case TableFacts(columns=columns):
            for column in columns:
                if _OF_FEATURES.fullmatch(column.name) and column.texts and not column.distinct_is_lower_bound:
                    yield Features(column.distinct, f"{one.path}, column {column.name}")
                elif _HOW_MANY.fullmatch(column.name) and column.minimum is not None:
                    yield Features(column.minimum, f"{one.path}, column {column.name}")
        case JsonFacts(numbers=numbers):
            yield from _numbered(numbers, one.path)
        case PickleFacts(numbers=numbers) | ArraysFacts(pickle=PickleFacts(numbers=numbers)):
            yield from _numbered([each for each in numbers if "." not in each[0]], one.path)
        case _:
            pass


def _numbered(numbers: Sequence[tuple[str, float]], path: str) -> Iterator[Features]:
    for where, value in numbers:
        if _HOW_MANY.fullmatch(where.rpartition(".")[2]):
            yield Features(value, f"{path}, {where}")


def _columns(one: Artefact) -> list[Features]:
    match one.inside:
        case TableFacts(column_count=count) if count:
            return [Features(count, f"{one.path}, all columns", at_most=True)]
        case PickleFacts(arrays=(array,), root=root) if len(array.shape) == 2 and "numpy" in root:
            return [Features(array.shape[1], f"{one.path}, all columns", at_most=True)]
        case ArraysFacts(arrays=(array,)) if len(array.shape) == 2:
            return [Features(array.shape[1], f"{one.path}, all columns", at_most=True)]
        case _:
            return []


def _target_accept(one: Requirement, evidence: Evidence) -> _Row:
    asked = [call.target_accept for call in evidence.program.samplers] if evidence.program is not None else []
    known = [each for each in asked if each is not None]
    if one.floor is None or not 0 < one.floor < 1 or not known or len(known) < len(asked):
        return _Row()  # `Acceptance: R-hat below 1.02` says when a result is accepted
    if min(known) < one.floor:
        return _Row(f"the script asks for a target acceptance of {plain(min(known))}", "target_accept_simplified")
    return _Row(seen=f"target acceptance {plain(min(known))} (script)")


def _sampler(one: Requirement, evidence: Evidence) -> _Row:
    if row := _witnessed_sampler(one, evidence):
        return row
    trace = evidence.trace
    if trace is not None and _FOLLOWS_GRADIENTS.search(one.text):
        return _Row(seen="the trace counts the steps of a sampler that follows gradients" if _gradients(trace) else "")
    named = [name for name in _LIBRARIES if name in one.text.lower()]
    used = {call.library for call in evidence.program.samplers} if evidence.program is not None else set[str]()
    return _Row(seen=f"sampled by {', '.join(sorted(used))}" if named and used and used <= set(named) else "")


def _witnessed_sampler(one: Requirement, evidence: Evidence) -> _Row | None:
    """Hold a sampler that is called by its name against the steps that were seen; None where one of both is unknown."""
    said = {kind for kind, words in _SAMPLERS.items() if words.search(one.text)}
    every = [*evidence.seen.samplings] if evidence.seen is not None else []
    made = [" ".join((*each.steps, each.method, "hmc" if each.sampler in _ALWAYS_NUTS else "")) for each in every]
    ran = [{kind for kind, words in _SAMPLERS.items() if words.search(steps)} for steps in made]
    if not said or not ran or not all(ran):
        return None
    at = f"{' '.join(every[0].steps) or every[0].sampler} at {place(every[0].line)} (witnessed)"
    if any(said & each for each in ran):
        return _Row(seen=f"sampled by {at}")
    doubt = f"sampled by {at}" if one.must_not_simplify else ""
    return _Row(doubt, "sampler_doubtful" if doubt else "", word=Word.INVESTIGATE)


def _method(one: Requirement, evidence: Evidence) -> _Row:
    """A method that is none of the approved kinds: was a class fitted that has its name, or an agent trained?"""
    fit = declared_fit(evidence.design, evidence.seen)
    if fit is not None:
        return _Row(seen=f"{fit.name} was fitted at {place(fit.line)}")
    stepped = [each for each in evidence.seen.steps if each.steps] if evidence.seen is not None else []
    if stepped and is_for_reward(one.text) and evidence.history is not None and evidence.history.by_reward:
        steps = f"{stepped[0].steps} steps of {stepped[0].name} at {place(stepped[0].line)}"
        return _Row(seen=f"{steps} (witnessed) and a curve of rewards")
    return _Row()


def _gradients(trace: TraceFacts) -> bool:
    return trace.n_steps_total is not None or trace.tree_depth_max is not None
