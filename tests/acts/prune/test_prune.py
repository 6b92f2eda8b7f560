"""Heavy things go, the record stays; killed anywhere or done by two at once, it comes to the same."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.acts.prune import prune
from watchkeeper.server.acts.prune.plan import Wanted
from watchkeeper.server.acts.verify import consequences
from watchkeeper.server.storage.files import blanking
from watchkeeper.server.storage.record.chain import Kind
from watchkeeper.server.storage.record.records import ReportOpened
from watchkeeper.server.vocabulary.errors import Refused
from watchkeeper.server.vocabulary.runs import ErrorType, Phase

from ...play import Place
from .helpers import LINE, LONG_AGO_S, checkpoint, ended, mark, pruned, state

LINES = 70_000


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


def heavy(place: Place) -> dict[str, str]:
    """Three runs of which the first may go, with a long part of the log; return the snapshots by run."""
    kept = {run: ended(place, run, lines=LINES if run == "1-quick-1" else 3) for run in ("1-quick-1", "1-quick-2")}
    kept["1-full-1"] = ended(place, "1-full-1", code="1-quick-2", verdict="APPROVE")
    checkpoint(place, "1", "full")
    return kept


def left(place: Place) -> dict[str, int]:
    """Return what lies in the state folder and in the logs, by path: the space that it takes."""
    files = [one for one in place.root.rglob("*") if "ledger" not in one.name]
    return {str(one.relative_to(place.root)): one.stat().st_blocks for one in files}


def log_of(place: Place) -> Path:
    desk = place.desk()
    desk.ledger.close()
    return place.root / desk.workspace.log("1", Phase.QUICK)


def test_the_heavy_things_go_and_the_record_stays(place: Place) -> None:
    kept = heavy(place)
    log = log_of(place)
    before, blocks = log.read_bytes(), log.stat().st_blocks
    desk = place.desk()
    events = desk.ledger.head()[0]
    done = prune.prune(desk, Wanted())
    assert {one.run.id: set(one.parts) for one in done.done} == {
        "1-quick-1": {"witness", "log"},
        "1-full-1": {"checkpoints"},
    }
    assert done.left == ()
    folder = state(place, "runs", "1-quick-1")
    assert [one.name for one in folder.iterdir()] == ["spec.json"]
    assert not state(place, "snapshots", kept["1-quick-1"]).exists()
    assert state(place, "snapshots", kept["1-full-1"]).exists()
    assert list(state(place, "checkpoints").iterdir()) == []
    after = log.read_bytes()
    assert len(after) == len(before)
    assert log.stat().st_blocks < blocks // 4
    begin = len(mark("1-quick-1"))
    assert after.startswith(mark("1-quick-1") + b"[watchkeeper prune: the ")
    assert after[begin:].count(b"\n", 0, LINES * len(LINE)) == LINES
    assert after.partition(mark("1-quick-2"))[2] == before.partition(mark("1-quick-2"))[2] != b""
    assert desk.ledger.metric_rows("1-quick-1") == []
    assert desk.ledger.metric_rows("1-quick-2") != []
    assert desk.ledger.broken() == []
    assert desk.ledger.head()[0] == events + 2
    with pytest.raises(Refused, match=r"1-quick-1 was pruned on .* Its verdict on record: none was computed"):
        consequences.conclude(desk, "1-quick-1")
    desk.ledger.close()


def test_doing_it_again_does_nothing_more(place: Place) -> None:
    heavy(place)
    desk = place.desk()
    prune.prune(desk, Wanted())
    then, head = left(place), desk.ledger.head()
    again = prune.prune(desk, Wanted())
    assert (again.done, again.snapshots_bytes, again.left) == ((), 0, ())
    assert (left(place), desk.ledger.head()) == (then, head)
    desk.ledger.close()


def test_killed_at_any_step_it_is_finished_by_the_next_call(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Place(tmp_path_factory.mktemp("whole"))
    heavy(whole)
    desk = whole.desk()
    prune.prune(desk, Wanted())
    desk.ledger.close()
    wanted, step = set(left(whole)), 0
    while True:
        step += 1
        place = Place(tmp_path_factory.mktemp("killed"))
        heavy(place)
        desk = place.desk()
        with monkeypatch.context() as patched:
            killed = _killed_at(patched, step)
            with suppress(Killed):
                prune.prune(desk, Wanted())
        desk.ledger.close()
        desk = place.desk()
        assert desk.ledger.broken() == []
        prune.prune(desk, Wanted())
        assert pruned(desk) == ["1-quick-1", "1-full-1"]
        assert log_of(place).read_bytes() == log_of(whole).read_bytes()
        assert set(left(place)) == wanted
        desk.ledger.close()
        if not killed():
            break
    assert step > 12


def _killed_at(patched: pytest.MonkeyPatch, step: int) -> Callable[[], bool]:
    """Let the `step`-th of the calls that change something be the last one; return whether it came to that."""
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                raise Killed
            return real(*arguments, **named)

        return call

    for name in ("unlink", "rename", "rmdir", "pwrite", "fsync"):
        patched.setattr(os, name, counted(getattr(os, name)))
    patched.setattr(blanking, "punch_hole", counted(blanking.punch_hole))
    return lambda: count >= step


def test_two_at_once_record_each_run_once(place: Place) -> None:
    heavy(place)
    gate = threading.Barrier(4)
    trouble: list[BaseException] = []

    def work() -> None:
        desk = place.desk()
        gate.wait()
        try:
            prune.prune(desk, Wanted())
        except BaseException as error:
            trouble.append(error)
        desk.ledger.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert trouble == []
    desk = place.desk()
    told = [one.subject for one in desk.ledger.events() if one.kind is Kind.PRUNED]
    assert sorted(told) == ["1-full-1", "1-quick-1"]
    assert desk.ledger.broken() == []
    desk.ledger.close()


def test_a_snapshot_that_a_start_has_just_asked_for_stays(place: Place) -> None:
    kept = heavy(place)
    desk = place.desk()
    assert desk.workspace.store_snapshot(b"print('1-quick-1')\n") == kept["1-quick-1"]
    prune.prune(desk, Wanted())
    assert state(place, "snapshots", kept["1-quick-1"]).exists()
    later = place.desk(clock=lambda: time.time() + LONG_AGO_S)
    prune.prune(later, Wanted())
    assert not state(place, "snapshots", kept["1-quick-1"]).exists()
    for one in (desk, later):
        one.ledger.close()


def test_what_became_needed_between_the_look_and_the_record_stays(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    heavy(place)
    desk = place.desk()
    real = prune.plan.make

    def and_then_a_report(*given: Any) -> Any:
        found = real(*given)
        with desk.ledger.transaction() as record:
            opened = ReportOpened(phase=Phase.QUICK, error_type=ErrorType.DATA)
            record.append(opened, "1-r1", run="1-quick-1", model="1")
        return found

    monkeypatch.setattr(prune.plan, "make", and_then_a_report)
    done = prune.prune(desk, Wanted())
    assert [one.run.id for one in done.done] == ["1-full-1"]
    assert state(place, "runs", "1-quick-1", "witness").exists()
    desk.ledger.close()


def test_a_snapshot_that_no_run_ever_named_goes_and_one_that_a_lost_record_may_name_stays(place: Place) -> None:
    heavy(place)
    desk = place.desk()
    never = desk.workspace.store_snapshot(b"a start that was refused\n")
    long_ago = time.time() - LONG_AGO_S
    os.utime(state(place, "snapshots", never), (long_ago, long_ago))
    just = desk.workspace.store_snapshot(b"a start that is being made\n")
    unknown = state(place, "runs", "9-quick-1")
    unknown.mkdir()
    prune.prune(desk, Wanted())
    assert state(place, "snapshots", never).exists()
    unknown.rmdir()
    assert prune.prune(desk, Wanted()).snapshots_bytes > 0
    assert not state(place, "snapshots", never).exists()
    assert state(place, "snapshots", just).exists()
    desk.ledger.close()


def test_what_was_set_aside_from_the_place_of_a_run_goes_with_its_evidence(place: Place) -> None:
    heavy(place)
    aside = [state(place, "runs", f"{run}.foreign-0a1b2c3d") for run in ("1-quick-1", "1-quick-2")]
    for folder in aside:
        folder.mkdir()
        (folder / "spec.json").write_bytes(b"x" * 100_000)
    desk = place.desk()
    (quick,) = [one for one in prune.prune(desk, Wanted()).done if one.run.id == "1-quick-1"]
    assert quick.parts["witness"] > 100_000
    assert [one.exists() for one in aside] == [False, True], "1-quick-2 is still needed"
    desk.ledger.close()
