"""A quick run's results may take minutes to look into; the poll that sees its end answers before that."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import replace

import pytest
from watchkeeper.server.acts.poll import next_step
from watchkeeper.server.acts.start import gate
from watchkeeper.server.acts.start.provenance import Origin
from watchkeeper.server.acts.watch import artefact_files, results_look, standing
from watchkeeper.server.analysis.evidence.evidence import Artefact
from watchkeeper.server.vocabulary.errors import Refused
from watchkeeper.server.vocabulary.runs import Phase, RunState

from ...limits import HANG_S, LONG_S
from ...play import Place
from ...runtime.keeper.helpers import until
from ..prune.helpers import ended


def test_a_look_that_goes_on_is_waited_for_by_the_next_call_and_done_once() -> None:
    go, looks, notes = threading.Event(), list[int](), list[list[str]]()

    def look() -> list[str]:
        looks.append(1)
        assert go.wait(HANG_S)
        return ["empty"]

    assert results_look.waited_for("k", look, notes.append, 0.0) is None
    assert results_look.waited_for("k", look, notes.append, 0.01) is None
    go.set()
    assert results_look.waited_for("k", look, notes.append, LONG_S) == ["empty"]
    until(lambda: notes == [["empty"]], "what it found is noted")
    assert looks == [1]


def test_a_look_that_ends_when_the_patience_does_has_been_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(Future[list[str]]):
        """Is over at the very moment at which whoever waits gives up."""

        def result(self, timeout: float | None = None) -> list[str]:
            if timeout is None:
                return super().result(0)
            self.set_result(["empty"])
            raise TimeoutError

    going = results_look._going  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setitem(going, "late", Late())
    assert results_look.waited_for("late", list, lambda _: None, LONG_S) == ["empty"]


def test_what_a_look_raises_is_raised_and_a_note_that_fails_costs_nothing() -> None:
    def fails() -> list[str]:
        raise TimeoutError("mine")

    def no_room(_: list[str]) -> None:
        raise OSError("full")

    with pytest.raises(TimeoutError, match="mine"):
        results_look.waited_for("a", fails, no_room, LONG_S)
    assert results_look.waited_for("b", lambda: ["x"], no_room, LONG_S) == ["x"]
    until(lambda: results_look.waited_for("b", lambda: ["y"], no_room, LONG_S) == ["y"], "it is looked into again")


def test_poll_and_start_say_that_large_results_are_still_looked_into(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(place, "1-quick-1", code="a")
    same = Origin(script="s.py", sources=(("s.py", "a"),), code_sha256="a", args=(), policy_sha256="p")
    desk = replace(place.desk(), results_within_s=0.0)
    run = desk.ledger.runs()[0]
    results = place.root / run.results
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text("draw,mu\n1,4.4\n2,4.5\n")
    go, real = threading.Event(), artefact_files.artefact

    def slowly(*given: object, **named: object) -> Artefact:
        assert go.wait(HANG_S)
        return real(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(artefact_files, "artefact", slowly)
    here = next_step.standing(desk, run, RunState.COMPLETED, 1.0)
    assert not here.quick_passed
    assert next_step.next_call(desk, here, "") == (
        "poll_training(run='1-quick-1'): its results are large, and still being looked into"
    )
    with pytest.raises(Refused, match=r"1-quick-1 has not passed yet: its results .*: large, and still being looked"):
        gate.check(desk, "1", Phase.FULL, same)
    go.set()
    assert standing.quick_problems(desk.patient(None), run) == []
    gate.check(desk, "1", Phase.FULL, same)
    desk.ledger.close()
