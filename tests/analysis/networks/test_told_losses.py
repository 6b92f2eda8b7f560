"""A history that was edited contradicts the losses that were seen; one that is computed another way does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.evidence.checks import Check
from watchkeeper.server.analysis.evidence.words import Outcome, Word
from watchkeeper.server.analysis.networks.told_losses import history
from watchkeeper.server.analysis.witness.seen import Seen

from ..evidence.facts import HONEST
from ..evidence.witnessed import seen

EPOCHS, CALLS = 40, 25
MEANS = {n: 1.3 * math.exp(-n / 12) + 0.2 + 0.02 * math.sin(7.3 * n) for n in range(1, EPOCHS + 1)}
LASTS = {n: value * (1 + 0.11 * math.cos(5.1 * n)) for n, value in MEANS.items()}
PATH = "output/implementation/logs/training_history_1.csv"
Values = Mapping[int, float]


def witnessed(library: str = "torch") -> Seen:
    facts = {"library": library, "id": 1, "count": EPOCHS * CALLS, "first": 1.6, "last": 0.2}
    of_epochs = {"epochs": [[n, CALLS, MEANS[n], LASTS[n]] for n in MEANS]}
    at = {"at": [[n, value] for n, value in MEANS.items()]}
    return seen({"kind": "losses", "where": "m.py:9", "facts": {**facts, **(of_epochs if library == "torch" else at)}})


def curve(values: Values, counts: str = "epoch") -> History:
    return History(epochs=[float(n) for n in values], train_loss=[*values.values()], counts=counts)


def judged(file: Values | None, log: Values | None = None, by: Seen | None = None) -> Check | None:
    files = () if file is None else ((PATH, curve(file)),)
    evidence = replace(HONEST, curves=files, log_curve=None if log is None else curve(log))
    return history(evidence, by or witnessed())


def changed(by: Callable[[int, float], float]) -> Values:
    return {n: by(n, value) for n, value in MEANS.items()}


HONEST_WAYS: dict[str, Values] = {
    "the mean of each epoch": MEANS,
    "rounded to three digits": changed(lambda _, value: round(value, 3)),
    "the last loss of each epoch": LASTS,
    "the sum of each epoch": changed(lambda _, value: value * CALLS),
    "in another unit": changed(lambda _, value: 100 * value),
    "every fourth epoch": {n: value for n, value in MEANS.items() if n % 4 == 0},
    "counted from 0": {n - 1: value for n, value in MEANS.items()},
    "with a row from before the first epoch": {0: 1.9, **MEANS},
    "a gradient scaler that was halved": changed(lambda n, value: value * (1 if n < 30 else 0.5)),
}


@pytest.mark.parametrize("told", HONEST_WAYS.values(), ids=HONEST_WAYS)
def test_a_history_that_is_computed_from_the_losses_passes_however_it_is_written(told: Values) -> None:
    check = judged(told)
    assert check is not None
    assert check.outcome is Outcome.PASSED, check.evidence
    assert PATH in check.evidence
    assert "m.py:9 at " in check.evidence


OTHER_KINDS: dict[str, Values] = {
    "computed elsewhere": changed(lambda n, value: value * 0.8 + 0.05 + 0.01 * math.cos(3.7 * n)),
    "a mean that weighs the last batch less": changed(lambda n, value: value * (1 + 0.004 * math.cos(2.9 * n))),
    "a running mean": changed(lambda n, _: sum(MEANS[k] for k in range(max(1, n - 4), n + 1)) / min(n, 5)),
    "counted on after a pause": {n + (1 if n > 25 else 0): value for n, value in MEANS.items()},
}


@pytest.mark.parametrize("told", OTHER_KINDS.values(), ids=OTHER_KINDS)
def test_a_history_of_another_kind_is_only_not_matched(told: Values) -> None:
    check = judged(told)
    assert check is not None
    assert check.outcome is not Outcome.FAILED, check.evidence
    assert not check.code


EDITS: dict[str, Values] = {
    "late rows made better": changed(lambda n, value: value * 0.6 if 30 <= n < 37 else value),
    "one spike taken out": changed(lambda n, value: value if n != 17 else value * 0.7),
    "rows invented in between": changed(lambda n, value: value if n % 4 else 0.9 - n / 80),
}


@pytest.mark.parametrize("told", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("by", ["torch", "keras", "log"])
def test_rows_that_were_edited_contradict_the_others_and_are_named(told: Values, by: str) -> None:
    unseen = seen()
    check = judged(told, MEANS, unseen) if by == "log" else judged(told, by=witnessed(by))
    assert check is not None
    edited = sum(told[n] != MEANS[n] for n in MEANS)
    word = Word.LIKELY_FABRICATION if edited > 1 else Word.INVESTIGATE
    assert (check.word, check.code) == (word, "history_edited"), check.evidence
    first = next(n for n in MEANS if abs(told[n] - MEANS[n]) > 0.05 * MEANS[n])
    assert f"row {first} of {PATH} is {told[first]:.6g} instead of {MEANS[first]:.6g}" in check.evidence
    assert ("what the log printed" if by == "log" else "m.py:9 at ") in check.evidence


@pytest.mark.parametrize("late", [True, False])
def test_a_term_that_is_added_from_an_epoch_on_is_asked_about_and_never_called_false(late: bool) -> None:
    check = judged(changed(lambda n, value: value - 0.1 if (n > 28 if late else n < 12) else value))
    assert check is not None
    assert (check.word, check.code) == (Word.INVESTIGATE, "history_edited"), check.evidence


def test_epochs_and_losses_without_an_end_are_left_out() -> None:
    endless = History(epochs=[*map(float, MEANS), math.inf], train_loss=[*MEANS.values(), 0.1])
    evidence = replace(HONEST, curves=((PATH, endless),), log_curve=None)
    check = history(evidence, witnessed())
    assert check is not None
    assert check.outcome is Outcome.PASSED, check.evidence
    blown = {"at": [[n, math.inf if n == 20 else value] for n, value in MEANS.items()]}
    losses = {"kind": "losses", "where": "m.py:9", "facts": {"library": "keras", "id": 1, "count": 40, **blown}}
    again = judged(MEANS, by=seen(losses))
    assert again is not None
    assert again.outcome is Outcome.PASSED, again.evidence


def test_a_smoothed_history_beside_a_log_that_tells_the_losses_is_asked_about() -> None:
    smoothed = changed(lambda n, _: 1.1 * math.exp(-n / 8) + 0.05)
    check = judged(smoothed, MEANS)
    assert check is not None
    assert (check.word, check.code) == (Word.INVESTIGATE, "history_not_of_log"), check.evidence
    assert "the log says" in check.evidence


def test_a_history_that_falls_while_the_losses_rise_is_asked_about() -> None:
    check = judged({n: 1.5 - n / 40 + 0.01 * math.sin(n) for n in MEANS}, dict.fromkeys(MEANS, 1.0), rising())
    assert check is not None
    assert check.code == "history_against_losses", check.evidence


def rising() -> Seen:
    of_epochs = [[n, CALLS, 0.3 + n / 9, 0.3 + n / 9] for n in MEANS]
    facts = {"library": "torch", "id": 1, "count": EPOCHS * CALLS, "epochs": of_epochs}
    return seen({"kind": "losses", "where": "m.py:9", "facts": facts})


def test_a_log_rounded_to_two_digits_is_no_contradiction_of_a_file_that_is_not() -> None:
    falls = {n: 0.9 * math.exp(-n / 6) for n in MEANS}
    check = judged(falls, {n: round(value, 2) for n, value in falls.items()}, seen())
    assert check is not None
    assert check.outcome is not Outcome.FAILED, check.evidence


def test_without_a_history_or_with_few_rows_there_is_nothing_to_ask() -> None:
    assert judged(None) is None
    assert judged({n: MEANS[n] for n in range(1, 6)}) is None
