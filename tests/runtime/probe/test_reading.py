"""What the server reads of what a script told: a growing file, torn lines, several processes, foreign text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.curves.pace import pace
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.curves.writer import HEADER, history_csv
from watchkeeper.server.runtime.probe.reading import Call, Chain, ProbeData, read_probe


def text(*records: Mapping[str, object]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def draws(pid: int, chain: int, draw: int, **more: object) -> dict[str, object]:
    usual: dict[str, object] = {"at": draw * 1.0, "pid": pid, "kind": "draws", "sampling": 1, "draws": 500}
    return {**usual, "chain": chain, "draw": draw, "tuning": 0, "draws_total": 1000, **more}


def test_an_empty_file_says_nothing() -> None:
    data = read_probe(b"")
    assert data == ProbeData()
    assert (data.history, data.marks, data.total, data.draws_done, data.draws_total) == (
        History(epochs=[]),
        (),
        None,
        0,
        None,
    )


def test_calls_for_one_epoch_become_one_row_with_the_newest_values() -> None:
    data = read_probe(
        text(
            {"at": 1, "pid": 7, "epoch": 1, "train_loss": 9.0, "epochs_total": 4},
            {"at": 2, "pid": 7, "epoch": 1, "train_loss": 3.0, "epochs_total": 4},
            {"at": 3, "pid": 7, "epoch": 1, "val_loss": "nan", "rmse": 0.5, "time_s": 3},
            {"at": 4, "pid": 7, "epoch": 2, "train_loss": "-inf"},
            {"at": 4, "pid": 7, "step": 1000, "lr": 0.1},
        )
    )
    assert data.history == replace(
        History(epochs=[1, 2], train_loss=[3.0, -math.inf], metric=[0.5, None], time_s=[3.0, None]),
        val_loss=data.history.val_loss,
    )
    first, second = data.history.val_loss
    assert first is not None
    assert math.isnan(first)
    assert second is None
    assert history_csv(data.history) == f"{HEADER}\n1,3,nan,0.5,,3\n2,-inf,,,,\n"
    assert (data.marks, data.total) == (((3.0, 1.0), (4.0, 2.0)), 4.0)


def test_steps_are_the_history_of_a_script_without_epochs() -> None:
    data = read_probe(
        text(*({"at": at, "pid": 1, "step": at * 10, "loss": 1.0, "steps_total": 50} for at in (1, 2, 3)))
    )
    assert data.history == History(epochs=[10, 20, 30], train_loss=[1.0, 1.0, 1.0])
    found = pace(data.marks, data.total or 0)
    assert found is not None
    assert found.eta_s == 2.0


def test_epochs_that_begin_anew_stand_behind_the_others() -> None:
    data = read_probe(text(*({"at": 1, "pid": 1, "epoch": epoch, "loss": epoch} for epoch in (1, 2, 1, 2))))
    assert data.history.epochs == [1, 2, 1, 2]


def test_workers_that_train_beside_it_do_not_mix_into_the_history() -> None:
    data = read_probe(
        text(*({"at": 1, "pid": pid, "epoch": epoch, "loss": pid} for epoch in (1, 2) for pid in (5, 6, 7)))
    )
    assert data.history == History(epochs=[1, 2], train_loss=[5.0, 5.0])
    assert data.other_pids == {6, 7}


def test_the_newest_line_of_each_chain_counts() -> None:
    data = read_probe(
        text(
            draws(1, 0, 100, tuning=1, gradients=700),
            draws(1, 1, 90, tuning=1),
            draws(1, 0, 300, divergences=2, gradients=2000, step_size=0.5),
            draws(1, 1, 310, divergences=1, gradients=2100),
        )
    )
    assert data.chains == {
        (1, 0): Chain(chain=0, draw=300, draws=500, divergences=2, gradients=2000, step_size=0.5, at=300.0),
        (1, 1): Chain(chain=1, draw=310, draws=500, divergences=1, gradients=2100, at=310.0),
    }
    assert (data.draws_done, data.draws_total, data.divergences, data.gradients) == (610, 1000, 3, 4100)
    assert data.marks == ((100.0, 100.0), (90.0, 190.0), (300.0, 390.0), (310.0, 610.0))
    assert data.total == 1000


def test_a_second_sampling_takes_the_place_of_the_first() -> None:
    data = read_probe(text(draws(1, 0, 500, divergences=9), draws(1, 1, 500), draws(1, 0, 20, sampling=2)))
    assert (data.draws_done, data.divergences, list(data.chains)) == (20, 0, [(1, 0)])
    assert data.marks == ((20.0, 20.0),)


def test_the_total_is_unknown_while_the_number_of_chains_is() -> None:
    data = read_probe(text(draws(1, 0, 500, draws_total=None)))
    assert (data.draws_done, data.draws_total, data.total) == (500, None, None)


def test_arguments_are_completed_by_what_they_became() -> None:
    given_: dict[str, object] = {"draws": 1000, "chains": None, "random_seed": 3}
    became: dict[str, object] = {"chains": 4, "cores": 2, "target_accept": 0.8, "max_treedepth": None}
    data = read_probe(
        text(
            {"at": 1, "pid": 1, "kind": "arguments", "call": "pymc.sample", "resolves": False, "values": given_},
            {"at": 2, "pid": 1, "kind": "arguments", "call": "pymc._mp_sample", "resolves": True, "values": became},
            {"at": 3, "pid": 1, "kind": "arguments", "call": "pymc.sample", "resolves": False, "values": {}},
        )
    )
    arguments = {"draws": 1000, "chains": 4, "random_seed": 3, "cores": 2, "target_accept": 0.8}
    assert data.calls == (
        Call(call="pymc.sample", at=1.0, arguments=arguments),
        Call(call="pymc.sample", at=3.0, arguments={}),
    )


def test_remarks_and_the_hook_are_kept() -> None:
    data = read_probe(
        text(
            {"at": 1, "pid": 1, "kind": "hook", "library": "pymc", "version": "5.28.5"},
            {"at": 1, "pid": 1, "kind": "note", "text": "3 lines were lost"},
            {"at": 1, "pid": 1, "kind": "of a later version", "text": "x"},
        )
    )
    assert (data.hooked, data.notes, data.rows) == ({"pymc": "5.28.5"}, ("3 lines were lost",), ())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b"nonsense",
        b"\xff\xfe",
        b'{"at": 1}',
        b"[" * 100_000,
        b'{"at":1,"loss":[1]}',
        b"9" * 5000,
    ],
)
def test_a_line_that_says_nothing_is_passed_over(line: bytes) -> None:
    around = text({"at": 1, "pid": 1, "epoch": 1, "loss": 1.0}), text({"at": 2, "pid": 1, "epoch": 2, "loss": 0.5})
    data = read_probe(around[0] + line + b"\n" + around[1])
    assert data.history == History(epochs=[1, 2], train_loss=[1.0, 0.5])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
field_names = st.sampled_from(
    ["at", "pid", "kind", "epoch", "step", "loss", "chain", "draw", "draws", "sampling", "values", "resolves", "text"]
)
kinds = st.sampled_from(["draws", "arguments", "note", "hook"])


@st.composite
def foreign(draw: st.DrawFn) -> dict[str, object]:
    kind = draw(st.none() | kinds)
    return {**draw(st.dictionaries(field_names, json_values, max_size=8)), **({"kind": kind} if kind else {})}


@st.composite
def epochs(draw: st.DrawFn) -> dict[str, object]:
    name, value = draw(st.sampled_from(["train_loss", "val_loss"])), draw(st.floats(allow_nan=False))
    return {"at": draw(st.integers(1, 99)), "pid": 1, "epoch": draw(st.integers(0, 4)), name: value}


@st.composite
def chains(draw: st.DrawFn) -> dict[str, object]:
    pid, chain, done = draw(st.integers(1, 2)), draw(st.integers(0, 3)), draw(st.integers(1, 500))
    return draws(pid, chain, done, sampling=draw(st.integers(1, 2)))


@given(st.lists(foreign() | epochs(), max_size=8))
def test_no_record_whatever_it_holds_stops_the_reading(records: list[dict[str, object]]) -> None:
    data = read_probe(text(*records))
    assert len(data.history.epochs) <= len(records)
    assert data.draws_done == sum(chain.draw for chain in data.chains.values())
    assert (data.marks == ()) or data.marks[-1][1] is not None


@given(st.lists(epochs() | chains(), max_size=12), st.data())
def test_reading_a_growing_file_piece_by_piece_gives_what_reading_it_whole_gives(
    records: list[dict[str, object]], choose: st.DataObject
) -> None:
    whole = text(*records)
    data = ProbeData()
    for cut in sorted(choose.draw(st.lists(st.integers(0, len(whole)), max_size=5))):
        data = read_probe(whole[data.offset : cut], data) if cut > data.offset else data
    assert read_probe(whole[data.offset :], data) == read_probe(whole)
