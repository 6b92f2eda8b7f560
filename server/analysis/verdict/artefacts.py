"""Are the files there, of this run, nobody else's, and sane inside?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...vocabulary.runs import Phase
from ..artefacts.facts import (
    ArraysFacts,
    ColumnFacts,
    JsonFacts,
    NotInspected,
    PickleFacts,
    Placeholder,
    TableFacts,
    TraceFacts,
    UnknownFacts,
)
from ..design.design import COUNTS, Design
from ..design.parameters import name_of
from ..design.quantities import plain
from ..evidence.checks import Check, failed, passed, unknown
from ..evidence.evidence import Artefact, Evidence, Known
from ..evidence.rules import Rules
from ..evidence.words import Word
from ..results.blanks import Blanks, asked, blanks, may_be_blank
from ..results.predicted import matches
from ..results.summaries import summarises
from ..witness.values import text
from .did_more import did_more, made_again, saved_numbers
from .outside import reads_of_quick

_BINARY = (".pkl", ".joblib", ".pt", ".pth", ".nc", ".zarr", ".safetensors", ".npz", ".npy", ".h5", ".keras")


_LEARNED = re.compile(r"_?(?:coefs?|intercepts?|weights?|bias(?:es)?|[wWbB]\d*|params|theta|beta|kernel)_?(?:\[\d+\])?")
_QUALITY = re.compile(
    r"(?:^|_)(?:rhat|ess|mcse|divergences?|rmse|mse|mae|mape|smape|r2|auc|roc|accuracy|f1|precision|recall|brier|crps"
    r"|log_?loss|loss|deviance|coverage|score|error|acceptance|autocorrelation)(?:_|$)"
)
"""Names of how good results are, as `name_of` writes them."""
_OF_A_RESULT = re.compile(r"pred|forecast|estimat|score|result|label|class|hat\b|prob|mean|value", re.IGNORECASE)
_KEY = re.compile(r"(?:\[\d+\])+$")
_SAID = (
    " say so before the next start: a line `Columns that may be blank: NAMES` in the design, or may_be_blank in"
    " [compute] of watchkeeper.toml; or the director answers CONTINUE."
)
_MEANT: dict[type, str] = {
    TableFacts: f" Where the blank cells are meant,{_SAID}",
    JsonFacts: f" A figure that there is none of is written as null; where NaN is meant,{_SAID}",
}
"""What else settles a number that is missing or not finite, by what holds it."""


@dataclass(frozen=True, slots=True)
class _Problem:
    what: str
    word: Word
    code: str


def artefact(evidence: Evidence, one: Artefact, rules: Rules) -> Check:
    """Is this file there, written while the run went on, not a copy, and sane inside?"""
    name = f"artefact {one.role}"
    problem = min(_problems(evidence, one, rules), key=_rank, default=None)
    if problem is not None:
        meant = _MEANT.get(type(one.inside), "") if problem.code == "nan" else ""
        action = f"Let the script write {one.path} itself, whole, in this phase.{meant}"
        return failed(name, f"{one.path} {problem.what}", problem.word, f"{one.role}_{problem.code}", action)
    about = f"{one.path}, {one.size_bytes} bytes, sha256 {(one.sha256 or '')[:16]}"
    if isinstance(one.inside, NotInspected):
        code = f"{one.role}_{one.inside.cause.replace(' ', '_')}" if one.role != "log" else ""
        action = one.inside.reason if one.inside.cause == "library missing" else "Write it again, whole."
        return unknown(name, f"{about}; its inside was not read: {one.inside.reason}", code, action)
    if one.sha256 is None and one.role != "log":
        what = f"{one.path}, {one.size_bytes} bytes, could not be read to its end in time, so nobody knows whose it is"
        return unknown(name, what, f"{one.role}_not_hashed", "Write it smaller, or raise [compute] read_s.")
    same = [twin.owner for twin in _twins(evidence, one) if twin.same_inputs]
    again = f"; the same as in {same[0]}, from the same inputs" if same else ""
    best = ((twin, _same_best(evidence, one, twin)) for twin in _twins(evidence, one))
    again += next((f"; the same as in {twin.owner}, after {more}" for twin, more in best if more), "")
    return passed(name, f"{about}{_shape(one)}{again}")


def insane(one: Artefact, rules: Rules, design: Design) -> list[str]:
    """Return what makes the inside of a quick run's file useless: placeholders, NaN, values out of range."""
    found = _content(one, rules, _of_values(design), Blanks())
    return [problem.what for problem in found if problem.word.rejects]


def _of_values(design: Design) -> Design:
    """Leave out how good a design wants its results (R-hat, an error): that is for the full run, which has all data.

    What a value may be at all binds a quick run too.
    """
    kept = {name: one for name, one in design.requirements.items() if not _QUALITY.search(name)}
    return replace(design, requirements=kept)


def _rank(problem: _Problem) -> int:
    """A false file before an unfinished one before a doubtful one; `min` keeps the first of equals."""
    return 0 if problem.word is Word.LIKELY_FABRICATION else 1 if problem.word.rejects else 2


def _listed(blank: list[str]) -> str:
    return f" ({', '.join(blank[:3])})" if blank else ""


def _shape(one: Artefact) -> str:
    match one.inside:
        case TableFacts() as table:
            blank = [f"{column.name} blank in {column.missing}" for column in table.columns if column.missing]
            rows = f"{table.rows} rows" if table.complete else f"at least {table.rows} rows"
            unread = f"; {table.notes[-1]}" if table.notes and not table.complete else ""
            return f", {rows} of {table.column_count or len(table.columns)} columns{_listed(blank)}{unread}"
        case TraceFacts() as trace:
            return f", {trace.chains} chains of {trace.draws} draws"
        case PickleFacts() as pickle:
            return f", pickle of {pickle.root or 'unknown'} (not unpickled)"
        case UnknownFacts(model=model) if model:
            return f", {model}"
        case _:
            return ""


def _problems(evidence: Evidence, one: Artefact, rules: Rules) -> Iterator[_Problem]:
    if one.size_bytes is None and one.refused:
        yield _Problem(one.refused, Word.INCOMPLETE_TRAINING, "no_file")
    elif one.size_bytes is None:
        yield _Problem("is missing", Word.INCOMPLETE_TRAINING, "missing")
    elif one.size_bytes == 0 and one.role != "log":  # a training may print nothing
        yield _Problem("is empty", Word.INCOMPLETE_TRAINING, "empty")
    elif one.role != "log":  # attempts share a log
        if one.link:
            what = f"is a link to {one.link}: whoever writes there later changes it, and it may be older than the run"
            yield _Problem(what, Word.INVESTIGATE, "link")
        yield from _foreign(evidence, one)
        yield from _altered(evidence, one)
        if not _inside(evidence, one.modified_at):
            yield _Problem("was not written while the run went on", Word.TIMESTAMP_MISMATCH, "timestamp")
        if (one.path, one.sha256) in evidence.left_before and not made_again(evidence, one):
            what = "was there before the run, with the same content: its time is new, the rest is not"
            yield _Problem(what, Word.INVESTIGATE, "touched")
        table = one.inside if isinstance(one.inside, TableFacts) else TableFacts(format="", size_bytes=0, rows=0)
        design = _of_values(evidence.design) if evidence.phase is Phase.QUICK else evidence.design
        found = _content(one, rules, design, blanks(evidence, table))
        yield from (each for each in found if not (_is_told(evidence, one, each) or _is_known(evidence, one, each)))


def _is_told(evidence: Evidence, one: Artefact, problem: _Problem) -> bool:
    """Whether a constant column is that of a summary of the trace: parameters may have one mean, and one deviation."""
    if problem.code != "constant" or evidence.trace is None or not isinstance(one.inside, TableFacts):
        return False
    return summarises(one.inside, evidence.trace)


def _is_known(evidence: Evidence, one: Artefact, problem: _Problem) -> bool:
    """Whether a file of a form that its name does not say was seen to be saved by a library: the name is ours."""
    seen = evidence.seen
    return problem.code == "unrecognised" and seen is not None and any(each.path == one.path for each in seen.saves)


def _altered(evidence: Evidence, one: Artefact) -> Iterator[_Problem]:
    """A file's time can be set back, what an earlier verdict saw in it cannot."""
    for seen in evidence.judged:
        if seen.path == one.path and one.sha256 and seen.sha256 != one.sha256:
            yield _Problem(f"was changed after {seen.owner} had looked at it", Word.TIMESTAMP_MISMATCH, "altered")


def _inside(evidence: Evidence, modified_at: float | None) -> bool:
    # A file's time has the resolution of the kernel's tick and may stand before the exact start by that much.
    if modified_at is None or evidence.begun_at is None:
        return False
    return evidence.begun_at - 0.05 <= modified_at <= (evidence.ended_at or modified_at) + 1.0


def _foreign(evidence: Evidence, one: Artefact) -> Iterator[_Problem]:
    for twin in _twins(evidence, one):
        if twin.same_inputs:
            continue
        if twin.same_work:
            what = f"is identical to that of {twin.owner}, though the code, the arguments or the features changed"
            yield _Problem(what, Word.INVESTIGATE, "unchanged")
            continue
        linked = one.inode is not None and one.inode == twin.inode
        if not linked and (made := _how_made(evidence, one, twin)):
            if not _same_best(evidence, one, twin):
                what = f"is identical to {twin.path} of {twin.owner}, though this run was seen to {made}"
                yield _Problem(what, Word.INVESTIGATE, "unchanged")
            continue
        how = "is the same file (a hard link) as" if linked else "is identical to"
        what = f"{how} {twin.path}, {twin.role} of {twin.owner}"
        yield _Problem(what, Word.LIKELY_FABRICATION, "linked" if linked else "copied")


def _how_made(evidence: Evidence, one: Artefact, twin: Known) -> str:
    """Return how a run was seen to make a file that is another one's too, in words; empty where it was not."""
    if one.role == "results" and _was_predicted(evidence, one):
        return "predict its numbers"
    return "train and to write it itself" if _was_made(evidence, one, twin) else ""


def _same_best(evidence: Evidence, one: Artefact, twin: Known) -> str:
    """Return by how much more work a run came to what its quick run had already; empty where it did no more.

    Only where it wrote the file itself and read neither the other one nor a state that the quick run had left.
    """
    quick = (evidence.quick_run, f"{evidence.model}-{Phase.QUICK}")
    if twin.owner not in quick or not _was_made(evidence, one, twin) or reads_of_quick(evidence):
        return ""
    return did_more(evidence.seen, evidence.quick_seen, saved_numbers(evidence))


def _was_predicted(evidence: Evidence, one: Artefact) -> bool:
    """Whether the run made these numbers itself: a quick phase may differ in what stands in other tables only."""
    if evidence.seen is None or not isinstance(one.inside, TableFacts):
        return False
    return any(match.exact for match in matches(one.inside, evidence.seen.predictions))


def _was_made(evidence: Evidence, one: Artefact, twin: Known) -> bool:
    """Whether a run trained and wrote a file itself, without reading the other: both may have the same best epoch.

    What a program beside it copies, it was not seen to write.
    """
    seen = evidence.seen
    if seen is None or not seen.kinds or not twin.owner.startswith(f"{evidence.model}-"):
        return False
    read = seen.witnessed.of("read")
    copied = any(text(line.facts, "path") == twin.path or text(line.facts, "sha256") == one.sha256 for line in read)
    wrote = one.path in seen.written or any(each.path == one.path for each in seen.saves)
    return wrote and not copied


def _twins(evidence: Evidence, one: Artefact) -> list[Known]:
    fingerprint = one.inside.fingerprint if isinstance(one.inside, TraceFacts) else ""
    return [
        known
        for known in evidence.known
        if (one.inode is not None and one.inode == known.inode)
        or (one.sha256 and one.sha256 == known.sha256)
        or (fingerprint and fingerprint == known.fingerprint)
    ]


def _content(one: Artefact, rules: Rules, design: Design, known: Blanks) -> Iterator[_Problem]:
    incomplete, doubtful = Word.INCOMPLETE_TRAINING, Word.INVESTIGATE
    match one.inside:
        case TableFacts() as table:
            yield from _table(table, rules, design, known)
        case JsonFacts() as document:
            yield from _placeholder(document.placeholders)
            yield from _not_finite(document, rules, known)
            for path, value in document.numbers:
                yield from _out_of_range(path.rpartition(".")[2], value, value, rules, design)
        case TraceFacts(non_finite=count) if count:
            yield _Problem(f"holds {count} values that are not finite", incomplete, "nan")
        case PickleFacts(truncated=True):
            yield _Problem("ends before its end: it was not written whole", incomplete, "truncated")
        case PickleFacts(malformed=True, notes=notes):
            yield _Problem(f"is no pickle: {' '.join(notes)}", doubtful, "unrecognised")
        case PickleFacts() | ArraysFacts() as container:
            yield from _arrays(container)
        case UnknownFacts() as found:
            yield from _placeholder(found.placeholders)
            if one.path.endswith(_BINARY) and not found.model:
                kind = "text" if found.text else "of an unknown kind"
                yield _Problem(f"is {kind}, not what its name says", doubtful, "unrecognised")
        case _:
            pass


def _arrays(container: PickleFacts | ArraysFacts) -> Iterator[_Problem]:
    whole = [one for one in container.arrays if one.shape] or container.arrays  # "best score so far" begins as infinite
    bad = [
        one.name for one in whole if one.non_finite and (isinstance(container, ArraysFacts) or _is_learned(one.name))
    ]
    if bad:
        yield _Problem(f"holds values that are not finite, in {bad[0]}", Word.INCOMPLETE_TRAINING, "nan")
    if isinstance(container, ArraysFacts) and not container.consistent:
        yield _Problem("does not hold what its header says", Word.INCOMPLETE_TRAINING, "truncated")


def _is_learned(name: str) -> bool:
    """Whether an array of a pickled object is what was learned: at its top, or called so, or part of what is.

    Deeper inside libraries keep NaN for what is missing or not estimated (imputers, searches, state space models).
    """
    *above, last = name.split(".")
    theirs = not any(one.startswith("_") for one in (*above, last))  # what a library keeps for itself may be missing
    named = any(_LEARNED.fullmatch(one) for one in above)
    return (theirs and (not above or named)) or _LEARNED.fullmatch(last) is not None


def _placeholder(found: tuple[Placeholder, ...]) -> Iterator[_Problem]:
    for one in found[:1]:
        row = f" in row {one.row}" if one.row is not None else ""
        where = f" of {one.where}" if one.where else ""
        yield _Problem(f"holds the placeholder {one.text!r}{row}{where}", Word.INCOMPLETE_TRAINING, "placeholder")


def _not_finite(document: JsonFacts, rules: Rules, known: Blanks) -> Iterator[_Problem]:
    """Yield what is wrong with numbers that are not finite: a figure beside finite ones may mean that there is none."""
    # A blank cell may mean that nothing is there; NaN in JSON is a number that went wrong, unless it is named.
    named = replace(rules, may_be_blank=rules.may_be_blank - {"*"})
    odd = [one for one in document.non_finite if not may_be_blank(_KEY.sub("", one).rpartition(".")[2], named, known)]
    if odd or document.non_finite_count > len(document.non_finite):
        word = Word.INVESTIGATE if document.numbers else Word.INCOMPLETE_TRAINING
        yield _Problem(f"holds a number that is not finite ({(odd or document.non_finite)[0]})", word, "nan")


def _table(table: TableFacts, rules: Rules, design: Design, known: Blanks) -> Iterator[_Problem]:
    yield from _placeholder(table.placeholders)
    if table.rows == 0:
        yield _Problem("has a header and no row", Word.INCOMPLETE_TRAINING, "empty")
    if missing := asked(table, rules, known):
        what = f"has NaN, infinite or empty cells in {', '.join(missing[:3])}"
        word = Word.INVESTIGATE if _meant(table, missing) else Word.INCOMPLETE_TRAINING
        yield _Problem(f"{what}, which neither design nor policy lets be blank", word, "nan")
    for column in table.columns:
        if column.minimum is not None and column.maximum is not None:
            yield from _out_of_range(column.name, column.minimum, column.maximum, rules, design)
    numeric = {one.name for one in table.columns if one.numbers}
    settings = {one.name for one in table.columns if _is_setting(one, table)}
    constant = [one for one in table.constant_columns
                if one in numeric and one not in settings and not rules.may_repeat(one)]  # fmt: skip
    if constant:
        yield _Problem(f"has the same number in every row of {', '.join(constant[:3])}", Word.INVESTIGATE, "constant")


def _is_setting(column: ColumnFacts, table: TableFacts) -> bool:
    """Whether one number in every row is a count or a setting: a whole one, beside others that vary."""
    whole = column.minimum is not None and float(column.minimum).is_integer() and not _OF_A_RESULT.search(column.name)
    return whole and any(one.numbers and one.distinct > 1 and not float(one.minimum or 0).is_integer()
                         for one in table.columns)  # fmt: skip


def _meant(table: TableFacts, blank: list[str]) -> bool:
    """Whether blank cells may be meant: none is infinite, each column has values too, and another one is whole."""
    odd = [one for one in table.columns if one.name in blank]
    whole = any(one.numbers and not one.missing and not one.infinite for one in table.columns)
    return whole and not any(one.infinite or not (one.numbers or one.texts) for one in odd)


def _out_of_range(name: str, low: float, high: float, rules: Rules, design: Design) -> Iterator[_Problem]:
    row = design.requirements.get(name_of(name))
    bounds, source = rules.ranges.get(name), "watchkeeper.toml [compute] ranges"
    if bounds is None and row is not None and name_of(name) not in COUNTS:
        bounds, source = (row.minimum, row.maximum), design.source(name_of(name))
    least, most = bounds or (None, None)
    wrong = low if least is not None and low < least else high if most is not None and high > most else None
    if wrong is not None:
        allowed = f"{'' if least is None else plain(least)}..{'' if most is None else plain(most)}"
        what = f"has {plain(wrong)} in {name}, outside {allowed} ({source})"
        yield _Problem(what, Word.INCOMPLETE_TRAINING, "out_of_range")
