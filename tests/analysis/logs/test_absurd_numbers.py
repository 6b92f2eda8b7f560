"""Absurd numbers, wherever a script may write them, are taken or left out: nothing raises, nothing becomes a NaN."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

from hypothesis import example, given, settings
from hypothesis import strategies as st
from watchkeeper.server.analysis.curves.curves import judge_history
from watchkeeper.server.analysis.curves.mcmc import judge_mcmc
from watchkeeper.server.analysis.curves.mcmc_tables import read_mcmc
from watchkeeper.server.analysis.curves.pace import pace, will_miss_its_limit
from watchkeeper.server.analysis.curves.readers import read_history
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.curves.writer import history_csv
from watchkeeper.server.analysis.design.design import Design, lowered, read_design
from watchkeeper.server.analysis.logs.guarded import KEY, GuardedRecogniser
from watchkeeper.server.analysis.logs.metrics import COUNTERS, TOTALS, read_metrics
from watchkeeper.server.analysis.logs.rules import DEFAULT_RULES
from watchkeeper.server.documents.error_report import clock_time
from watchkeeper.server.runtime.probe.reading import read_probe
from watchkeeper.server.vocabulary.errors import InvalidArgument
from watchkeeper.server.vocabulary.runs import Ended

from .absurd import lines, numbers, texts, words


@example("accuracy: nan/5")
@example("acc inf/5")
@settings(deadline=None)  # the first lines of a process compile the patterns
@given(texts)
def test_the_recogniser_takes_any_of_them_and_its_findings_hold_finite_numbers(text: str) -> None:
    reader = GuardedRecogniser(DEFAULT_RULES)
    changes = [*reader.feed(f"{text}\n".encode()), *reader.quiet(), *reader.end(Ended(exit_code=1))]
    reader.take_rows()
    json.loads(reader.state())
    assert all(one.key != KEY for one in changes), [one.finding.message for one in changes]
    for change in changes:
        json.dumps(asdict(change.finding), allow_nan=False)
        assert "nan%" not in change.finding.message
        assert "inf%" not in change.finding.message


@given(lines())
def test_a_counter_is_finite_and_another_number_only_what_was_written_in_words(line: str) -> None:
    values = read_metrics(line)
    for name, value in values.items():
        if name in COUNTERS or name in TOTALS or name == "divergences":
            assert math.isfinite(value)
        elif not math.isfinite(value):
            assert "nan" in line.lower() or "inf" in line.lower()


@given(st.lists(st.dictionaries(words | st.sampled_from(["at", "pid", "kind", "chain", "draw"]), numbers), max_size=6))
def test_the_probe_reader_takes_any_of_them(rows: list[dict[str, str]]) -> None:
    written = ("{" + ", ".join(f'"{name}": {number or 0}' for name, number in row.items()) + "}" for row in rows)
    told = read_probe("".join(f"{line}\n" for line in written).encode())
    assert all(math.isfinite(one.draw) and math.isfinite(one.at) for one in told.chains.values())
    assert all(math.isfinite(at) and math.isfinite(step) for at, step in told.marks)
    assert told.total is None or math.isfinite(told.total)
    _is_judged(told.history)
    if told.total and (found := pace(told.marks, told.total)):
        _is_told(found.eta_s, found.eta_low_s, found.eta_high_s)


@example([("1", "2", "3", "4")], ",", "9" * 5000)
@given(
    st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=12), st.sampled_from(",;\t|"), numbers
)
def test_a_history_of_them_is_judged_and_written(rows: list[tuple[str, ...]], mark: str, number: str) -> None:
    names = ("Epoch", "Train Loss", f"Val{number} Loss", "Gradient Norm")
    text = "\n".join(mark.join(row) for row in [names, *rows])
    try:
        history = read_history(f"{text}\n".encode())
    except InvalidArgument:
        return
    _is_judged(history)
    assert history_csv(history).count("\n") == 1 + len(history.epochs)


@example([("8e307", "1e200", "3")] * 6 + [("8e307", "-1e200", "3")] * 6, "")
@example([("0", "1", "3")], f"max_depth = {'9' * 5000}")
@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=12), texts)
def test_a_sampler_s_table_of_them_is_judged(rows: list[tuple[str, ...]], comment: str) -> None:
    for header in (("r_hat", "ess_bulk", "divergences"), ("diverging", "energy", "tree_depth")):
        head = comment.replace("\n", "\n# ")
        text = "\n".join(",".join(row) for row in [header, *rows])
        summary = read_mcmc(f"{text}\n# {head}\n".encode())
        if summary is not None:
            assert all(value is None or math.isfinite(value) for value in asdict(summary).values())
            json.dumps([asdict(flag.to_finding()) for flag in judge_mcmc(summary)], allow_nan=False)


@given(texts, texts)
def test_a_design_of_them_requires_what_is_finite_or_nothing(before: str, after: str) -> None:
    old, new = (read_design(f"# Computational Requirements\n\n{_table()}{text}\n", "d.md") for text in (before, after))
    for requirement in (*old.requirements.values(), *new.requirements.values()):
        shown = (requirement.value, requirement.minimum, requirement.maximum)
        assert all(one is None or math.isfinite(one) for one in shown)
    for changes in (lowered(old, new), lowered(old, Design()), lowered(new, old)):
        assert all(" -> " in str(one) for one in changes)


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=8), st.floats(), st.floats(min_value=0, max_value=1e6))
def test_a_pace_of_any_marks_is_a_time_that_can_be_told(
    marks: list[tuple[float, float]], total: float, limit_s: float
) -> None:
    found = pace(marks, total)
    if found is not None:
        _is_told(found.eta_s, found.eta_low_s, found.eta_high_s)
        assert 0 <= found.done_share <= 1
        flag = will_miss_its_limit(found, started_at=0.0, limit_s=limit_s)
        assert flag is None or json.dumps(asdict(flag.to_finding()), allow_nan=False)


def _table() -> str:
    names = (
        "Parameter",
        "Design Specification",
        "Minimum Acceptable",
        "Maximum Acceptable",
        "Unit",
        "Must Not Simplify",
    )
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}\n"


def _is_judged(history: History) -> None:
    flags = judge_history(history)
    json.dumps([asdict(flag.to_finding()) for flag in flags], allow_nan=False)
    json.dumps([flag.to_json() for flag in flags], allow_nan=False)


def _is_told(*seconds: float) -> None:
    assert all(clock_time(one) for one in seconds)
