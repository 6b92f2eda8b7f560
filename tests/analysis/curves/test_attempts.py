"""Which attempt is best, by how much, and whether that is more than noise."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.analysis.curves import noise
from watchkeeper.server.analysis.curves.attempts import Attempt, compare, since_best
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.documents.comparison import conclusion

from ...limits import examples


def attempt(run: str, level: float, *, settings: str = "", wobble: float = 0.01, column: str = "val_loss") -> Attempt:
    chance = random.Random(run)
    values = [level + 1 / (1 + epoch) ** 2 + chance.gauss(0, wobble) for epoch in range(60)]
    history = History(epochs=[float(one) for one in range(60)], val_loss=list[float | None](values))
    if column != "val_loss":
        history = replace(history, **{column: history.val_loss, "val_loss": []})
    return Attempt(run, history, settings or run)


def test_the_lower_validation_loss_is_better_and_the_gap_is_more_than_the_curves_noise() -> None:
    found = compare([attempt("a", 0.5), attempt("b", 0.3), attempt("c", 0.7)])
    assert [one.run for one in found.ranked] == ["b", "a", "c"]
    assert (found.column, found.rises, found.rival, found.noise) == ("val_loss", False, "a", "epochs")
    assert found.gap == pytest.approx(0.2, abs=0.02)
    assert found.low < found.gap < found.high
    assert found.is_more_than_noise


def test_a_gap_inside_the_wobble_is_no_more_than_noise() -> None:
    found = compare([attempt("a", 0.5, wobble=0.2), attempt("b", 0.501, wobble=0.2)])
    assert found.noise == "epochs"
    assert not found.is_more_than_noise


def test_equal_levels_are_called_equal() -> None:
    values = {"val_loss": [0.5, 0.6, 0.5, 0.4, 0.5, 0.3]}
    assert conclusion(compare([Attempt(one, values, one) for one in "ab"])) == "best: a, as good as b"


def test_where_seeds_were_run_their_spread_is_the_noise() -> None:
    apart = [attempt(f"a{n}", 0.5 + n / 10, settings="a", wobble=0.001) for n in range(4)]
    apart += [attempt(f"b{n}", 0.49 + n / 10, settings="b", wobble=0.001) for n in range(4)]
    found = compare(apart)
    assert found.noise == "seeds"
    assert found.ranked[0].run == "b0"
    assert not found.is_more_than_noise  # though the best curve alone is far below its rival's


def test_the_best_attempt_of_settings_that_are_worse_over_their_seeds_does_not_lead_by_less_than_nothing() -> None:
    lucky = [attempt("a0", 0.1, settings="a"), attempt("a1", 0.9, settings="a"), attempt("a2", 0.9, settings="a")]
    steady = [attempt(f"b{n}", 0.2, settings="b") for n in range(3)]
    found = compare([*lucky, *steady])
    assert found.ranked[0].run == "a0"
    assert (found.ahead[0], found.rival, found.noise) == ("b", "a0", "seeds")
    assert found.gap == pytest.approx(0.43, abs=0.05)
    assert conclusion(found).startswith(f"best: a0; over seeds {found.ahead}'s settings are 0.4")


def wobbling(run: str, settings: str, chance: random.Random, *, alike: float = 0.0, spread: float = 0.0) -> Attempt:
    """Return an attempt of 20 values around a level of its own; its neighbours are alike."""
    level, told = chance.gauss(0, spread), [chance.gauss(0, 1)]
    for _ in range(19):
        told.append(alike * told[-1] + (1 - alike**2) ** 0.5 * chance.gauss(0, 1))
    return Attempt(run, {"val_loss": [level + 0.1 * one for one in told]}, settings)


@pytest.mark.parametrize("alike", [0.0, 0.8])
def test_equal_curves_are_seldom_told_apart(alike: float) -> None:
    chance = random.Random(7)
    pairs = [[wobbling(one, one, chance, alike=alike) for one in "ab"] for _ in range(60)]
    assert sum(compare(one).is_more_than_noise for one in pairs) <= 6


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_equal_settings_are_seldom_told_apart_by_few_seeds(seeds: int) -> None:
    chance = random.Random(7)
    groups = [[wobbling(f"{one}{n}", one, chance, spread=1) for one in "ab" for n in range(seeds)] for _ in range(60)]
    assert sum(compare(one).is_more_than_noise for one in groups) <= 6
    apart = [
        attempt(f"{one}{n}", level + n / 100, settings=one) for one, level in (("a", 1), ("b", 2)) for n in range(seeds)
    ]
    assert compare(apart).is_more_than_noise


def test_what_rises_is_better_where_only_that_was_told() -> None:
    found = compare([attempt("a", 0.8, column="val_gain"), attempt("b", 0.9, column="val_gain")])
    assert (found.ranked[0].run, found.rises) == ("b", True)
    assert found.gap > 0


def test_attempts_without_the_column_are_named_and_one_alone_has_no_rival() -> None:
    found = compare([attempt("a", 0.5), attempt("b", 0.5, column="train_loss"), attempt("c", 0.6)])
    assert found.left_out == ("b",)
    assert compare([attempt("a", 0.5)]).rival == ""
    assert compare([]).ranked == ()


def test_three_values_are_too_few_to_tell_noise() -> None:
    few = [
        Attempt(run, History(epochs=[0.0, 1.0], val_loss=[level, level]), run) for run, level in (("a", 1), ("b", 2))
    ]
    found = compare(few)
    assert (found.noise, found.is_more_than_noise, found.gap) == ("", False, 1)


def test_curves_that_stand_still_do_not_tell_what_noise_is() -> None:
    still = [Attempt(run, {"val_loss": [level] * 9}, run) for run, level in (("a", 0.3), ("b", 0.3001))]
    assert (compare(still).noise, compare(still).is_more_than_noise) == ("", False)
    assert conclusion(compare(still)).endswith("too few independent values to tell that from noise")


@pytest.mark.parametrize(
    ("one", "other", "away"),
    [
        ([0.0, 2.0], [0.0, 2.0], 4.303 * 2**0.5),  # two degrees of freedom
        ([0.0, 2.0], [5.0, 5.0], 12.706),  # one: all that is known is of the first
        ([0.0, 1.0], [0.0, 3.0], 8.394 * 2.5**0.5),  # 1.22
    ],
)
def test_the_interval_over_seeds_is_welchs(one: list[float], other: list[float], away: float) -> None:
    found = noise.of_seeds(one, other)
    assert found.high - found.gap == pytest.approx(away, rel=0.03)


def test_attempts_since_the_best_one_are_counted() -> None:
    assert since_best([attempt("a", 0.5), attempt("b", 0.3), attempt("c", 0.7), attempt("d", 0.6)]) == 2
    assert since_best([]) == 0


@given(st.lists(st.lists(st.none() | st.floats(), min_size=1, max_size=30), max_size=5))
@settings(max_examples=examples(30))
def test_any_numbers_are_compared_and_twice_the_same(columns: list[list[float | None]]) -> None:
    made = [
        Attempt(str(n), History(epochs=[float(one) for one in range(len(values))], val_loss=values), str(n % 2))
        for n, values in enumerate(columns)
    ]
    found = compare(made)
    assert found == compare(made)
    assert {*found.left_out, *(one.run for one in found.ranked)} == {one.run for one in made}
