"""Two runs held against each other by what was witnessed: what a domain person calls a change, and only that."""

# ruff: noqa: E501
from __future__ import annotations

from typing import Any

import pytest
from watchkeeper.server.analysis.witness import Compared, Line, Process, compare, gathered

Facts = dict[str, Any]


def array(rows: int = 400, columns: int = 4, sha: str = "a", keys: str = "abcdefgh", mean: float = 1.0) -> Facts:
    return {
        "shape": [rows, columns], "dtype": "float64", "sha": sha, "bag": f"bag {sha}", "mean": mean, "sd": 1.0,
        "min": -3.0, "max": 3.0, "at": [mean, 2.0], "row_keys": list(keys),
    }  # fmt: skip


SAMPLING: Facts = {
    "id": 1, "call": "pymc.sample", "method": "mcmc", "sampler": "pymc", "steps": ["NUTS"], "chains": 4, "draws": 2000, "tune": 1000,
    "arguments": {"draws": 2000, "target_accept": 0.95, "random_seed": 11, "cores": 4, "progressbar": True},
    "wall_s": 10.0, "free": {"beta": {"shape": [4], "prior": "beta ~ Normal(0, 2.5)"}},
    "observed": {"y": {"shape": [400], "data": array(columns=1, sha="y")}},
}  # fmt: skip
FIT: Facts = {
    "id": 2,
    "class": "Ridge",
    "call": "fit",
    "params": {"alpha": 1.0, "n_jobs": 1},
    "x": array(),
    "y": array(columns=1, sha="y"),
    "done": {},
}
STEPS: Facts = {
    "id": 3,
    "class": "Adam",
    "steps": 500,
    "params": {"lr": [0.001], "weight_decay": 0.0},
    "numbers": 4609,
    "begun": array(sha="w"),
}
HONEST: list[tuple[str, Facts]] = [
    ("read", {"path": "data/x.csv", "sha256": "d" * 64}),
    (
        "split",
        {
            "call": "train_test_split",
            "arguments": {"test_size": 0.2, "random_state": 1},
            "parts": [array(320, sha="s")],
        },
    ),
    ("sampling", SAMPLING),
    ("fit", FIT),
    ("predict", {"class": "Ridge", "call": "predict", "x": array(80, sha="t")}),
    ("steps", STEPS),
    ("losses", {"id": 5, "count": 500, "first": 1.25}),
    ("batches", {"id": 6, "batches": 500, "dataset": 400, "batch_size": 64, "shuffle": True}),
]


def run(*lines: tuple[str, Facts], roles: tuple[str, ...] = ("main",)) -> Any:
    """Return what processes with these roles wrote, the lines dealt out to them in turn."""
    every = [list[Line]() for _ in roles]
    for number, (kind, facts) in enumerate(lines):
        place = every[number % len(roles)]
        place.append(
            Line(
                file=f"{number % len(roles)}.jsonl",
                n=len(place) + 1,
                at=float(number),
                pid=1,
                cpu_s=0.0,
                kind=kind,
                where=f"m.py:{number}",
                facts=facts,
            )
        )
    begun = [
        Line(file=f"{n}.jsonl", n=0, at=0.0, pid=1, cpu_s=0.0, kind="begin", where="", facts={"role": role})
        for n, role in enumerate(roles)
    ]
    return gathered(Process(file=f"{n}.jsonl", lines=(begun[n], *every[n])) for n in range(len(roles)))


def changed(kind: str, **facts: Any) -> Compared:
    new = [(name, {**told, **facts} if name == kind else told) for name, told in HONEST]
    return compare(run(*HONEST), run(*new))


def said(found: Compared) -> list[str]:
    return [f"{one.topic}: {one.old or 'nothing'} -> {one.new or 'nothing'}" for one in found.differences]


def test_the_same_work_has_no_differences_and_says_what_was_trained() -> None:
    found = compare(run(*HONEST), run(*HONEST))
    assert (said(found), found.trained, found.drawn_anew) == ([], ("Adam", "Ridge.fit", "pymc.sample"), ())


@pytest.mark.parametrize(
    ("kind", "facts", "entry"),
    [
        ("sampling", {"draws": 200}, "pymc.sample draws: 2000 -> 200"),
        ("sampling", {"chains": 1}, "pymc.sample chains: 4 -> 1"),
        ("sampling", {"arguments": {**SAMPLING["arguments"], "target_accept": 0.8}}, "pymc.sample target_accept: 0.95 -> 0.8"),
        ("sampling", {"arguments": {**SAMPLING["arguments"], "random_seed": 12}}, "pymc.sample random_seed: 11 -> 12"),
        ("sampling", {"free": {"beta": {"prior": "beta ~ Normal(0, 0.1)"}}}, "pymc.sample prior of beta: beta ~ Normal(0, 2.5) -> beta ~ Normal(0, 0.1)"),
        ("sampling", {"observed": {"y": {"data": array(40, 1, "z")}}}, "pymc.sample observed y rows: 400 -> 40"),
        ("sampling", {"method": "vi"}, "pymc.sample method: mcmc -> vi"),
        ("fit", {"params": {"alpha": 5.0}}, "Ridge.fit alpha: 1 -> 5"),
        ("fit", {"x": array(40)}, "Ridge.fit X rows: 400 -> 40"),
        ("fit", {"x": array(columns=3)}, "Ridge.fit X columns: 4 -> 3"),
        ("fit", {"x": array(sha="b", keys="ijklmnop", mean=9.0)}, "Ridge.fit X values: 400 x 4 of mean 1, sd 1, sha a -> 400 x 4 of mean 9, sd 1, sha b"),
        ("split", {"arguments": {"test_size": 0.02, "random_state": 1}}, "train_test_split test_size: 0.2 -> 0.02"),
        ("predict", {"x": array(320, sha="s")}, "Ridge.predict rows: 80 -> 320"),
        ("steps", {"steps": 50}, "Adam steps: 500 -> 50"),
        ("steps", {"class": "SGD"}, "Adam: lr [0.001], weight_decay 0, steps 500, numbers 4609 -> nothing"),
        ("steps", {"params": {"lr": [0.01]}}, "Adam lr: [0.001] -> [0.01]"),
        ("losses", {"first": 0.4}, "loss first value: 1.25 -> 0.4"),
        ("batches", {"batch_size": 8}, "batches batch_size: 64 -> 8"),
        ("read", {"sha256": "e" * 64}, "file data/x.csv: sha256 dddddddddddd -> sha256 eeeeeeeeeeee"),
        ("read", {"path": "data/y.csv", "sha256": "e" * 64}, "file data/y.csv: nothing -> read"),
    ],
)  # fmt: skip
def test_what_a_domain_person_calls_a_change_is_told_from_old_to_new(kind: str, facts: Facts, entry: str) -> None:
    assert entry in said(changed(kind, **facts))


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("sampling", {"wall_s": 99.0}),
        ("sampling", {"arguments": {**SAMPLING["arguments"], "cores": 1, "progressbar": False}}),
        ("sampling", {"observed": {"y": {"data": array(columns=1, sha="other order") | {"bag": "bag y"}}}}),
        ("fit", {"params": {"alpha": 1.0, "n_jobs": -1}}),
        ("fit", {"x": array(sha="rounded", mean=1.000001)}),
        ("read", {"path": "/elsewhere/data/x.csv"}),
        ("read", {"path": "/home/me/.cache/numba/a.nbi", "sha256": "e" * 64}),
    ],
)
def test_jobs_bars_order_rounding_and_another_path_to_the_same_file_are_none(kind: str, facts: Facts) -> None:
    found = changed(kind, **facts)
    wanted = ["file data/x.csv: read -> nothing"] if "numba" in str(facts) else []
    assert (said(found), found.drawn_anew) == (wanted, ())


def test_rows_drawn_anew_from_the_same_table_are_no_difference_and_are_said() -> None:
    found = changed("fit", x=array(sha="b", keys="abcdxyzw", mean=1.2))
    assert (said(found), found.drawn_anew) == ([], ("Ridge.fit X",))


def test_what_follows_from_rows_drawn_anew_is_no_difference_either() -> None:
    drawn = {"parts": [array(320, sha="b", keys="abcdxyzw", mean=1.2)]}
    new = [(name, {**told, **drawn} if name == "split" else told) for name, told in HONEST]
    new = [
        (name, {**told, "x": array(sha="scaled", keys="", mean=0.9)} if name == "fit" else told) for name, told in new
    ]
    found = compare(run(*HONEST), run(*new))
    assert (said(found), found.drawn_anew) == ([], ("train_test_split part 1", "Ridge.fit X values"))


def test_fits_in_other_processes_count_in_any_order_and_fewer_of_them_are_told() -> None:
    fits = [("fit", {**FIT, "x": array(sha=str(number))}) for number in range(6)]
    roles = ("main", "joblib", "joblib")
    assert said(compare(run(*fits, roles=roles), run(*reversed(fits), roles=roles))) == []
    assert said(compare(run(*fits, roles=roles), run(*fits[:3], roles=roles)))[0] == "number of Ridge.fit: 6 -> 3"


def test_the_folds_of_a_search_are_told_once_wherever_they_were_fitted() -> None:
    told = {"class": "GridSearchCV", "call": "fit", "estimator": "Ridge", "candidates": 2, "folds": 3}
    search = ("search", {**told, "x": array(), "y": array(), "wall_s": 9.0})
    first = ("code", {"by": "exec", "text": "pass"})
    spread = run(first, ("fit", FIT), search, roles=("main", "joblib"))
    assert said(compare(run(first, search), spread)) == []
    later = run(search, ("fit", FIT), roles=("main", "joblib"))
    assert said(compare(run(search), later))[0].startswith("Ridge.fit: nothing -> "), "this one is no fold"


def test_what_is_more_than_can_be_listed_is_counted_and_told_apart_by_a_digest() -> None:
    def table(lines: int, last: str) -> Any:
        return run(
            *(("read", {"path": f"d/{n}.csv", "sha256": (last if n == lines - 1 else "e") * 64}) for n in range(lines))
        )

    old = run(*(("read", {"path": f"d/{n}.csv", "sha256": "d" * 64}) for n in range(60)))
    found = [said(compare(old, table(60, last)))[-1] for last in ("e", "f")]
    assert found[0].startswith("more differences: nothing -> 20 of them, sha256 ")
    assert found[0] != found[1]


def test_one_optimiser_more_is_told() -> None:
    more = run(*HONEST, ("steps", {**STEPS, "id": 9}))
    assert "number of Adam: 1 -> 2" in said(compare(run(*HONEST), more))


def pipeline(*steps: tuple[str, str], **params: Any) -> tuple[str, Facts]:
    named = {f"estimator__{name}": kind for name, kind in steps}
    listed = [[name, f"<{kind}>"] for name, kind in steps]
    space = {name: value for name, value in params.items() if name.endswith("depth")}
    every = {
        "estimator__steps": listed,
        **named,
        "param_grid": space,
        **{f"estimator__{k}": v for k, v in params.items()},
    }
    return "search", {"id": 2, "class": "GridSearchCV", "call": "fit", "params": every, "space": space, "x": array()}


MADE = pipeline(("scaler", "Scaler"), ("forest", "Forest"), forest__max_depth=[3, 6], scaler__with_mean=True)


@pytest.mark.parametrize(
    ("other", "topics"),
    [
        (pipeline(("scale", "Scaler"), ("model", "Forest"), model__max_depth=[3, 6], scale__with_mean=True), []),
        (pipeline(("scale", "Scaler"), ("model", "Forest"), model__max_depth=[3], scale__with_mean=True),
         ["GridSearchCV estimator__forest__max_depth", "GridSearchCV param_grid", "GridSearchCV space"]),
        (pipeline(("scale", "Scaler"), ("model", "Forest"), model__max_depth=[3, 6], scale__with_mean=False),
         ["GridSearchCV estimator__scaler__with_mean"]),
    ],
    ids=["other names alone", "a smaller grid", "a scaler that does not centre"],
)  # fmt: skip
def test_the_names_of_the_parts_of_a_pipeline_are_no_change(other: tuple[str, Facts], topics: list[str]) -> None:
    assert sorted(one.topic for one in compare(run(MADE), run(other)).differences) == topics


def test_two_parts_of_one_class_that_changed_places_are_a_change() -> None:
    one, two = (pipeline((a, "Scaler"), (b, "Scaler"), first__with_mean=True, second__with_mean=False)
                for a, b in (("first", "second"), ("second", "first")))  # fmt: skip
    assert compare(run(one), run(two)).differences


def test_a_temporary_file_that_only_one_of_both_runs_reads_is_a_change() -> None:
    read = ("read", {"path": "/tmp/tmpanswers_.csv", "sha256": "a" * 64})
    (one,) = compare(run(MADE), run(MADE, read)).differences
    assert one.topic == "file a temporary file.csv"


@pytest.mark.parametrize(("folder", "topics"), [("/tmp/", set[str]()), ("data/", {"file"})])
def test_a_temporary_file_of_another_name_is_no_change(folder: str, topics: set[str]) -> None:
    old, new = (run(("read", {"path": f"{folder}tmpw_7df68{end}.json", "sha256": end * 64})) for end in ("a", "b"))
    assert {one.topic.partition(" ")[0] for one in compare(old, new).differences} == topics
