"""What lies where the run's files should lie, and is not the run's: copies, links, files of yesterday, damaged ones."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from ....play import Place, script
from .scripts import BEGINNING, DESCENT, design, evidence, in_short, judged, outcomes, without_quick

pytestmark = pytest.mark.anyio

FABRICATION = "REJECT_LIKELY_FABRICATION"
RESULTS = "output/implementation/data/results_{}.csv"
MODEL = "output/implementation/models/model_{}_full.pkl"
ENORMOUS_BYTES = 1 << 40


@pytest.mark.parametrize("how", ["shutil.copyfile", "shutil.copy2", "os.link"])
@pytest.mark.parametrize("what", ["results", "model"])
async def test_what_was_taken_from_another_model_is_named_with_its_owner(place: Place, how: str, what: str) -> None:
    theirs = (RESULTS if what == "results" else MODEL).format("other")
    ours = "os.environ['WATCHKEEPER_RESULTS']" if what == "results" else "FINAL_MODEL"
    taken = f"import shutil\nw = 7.5\n{DESCENT}os.remove({ours})\n{how}({theirs!r}, {ours})\nos.utime({ours})\n"
    without_quick(place)
    design(place, model="other")
    place.script(script(BEGINNING + DESCENT.replace("w, rate = 5.0", "w, rate = 6.0")), "other")
    async with place.trainer() as trainer:
        await trainer.trained("other", phase="full")
        verdict = await judged(place, trainer, taken, quick=False)
    code = f"{what}_{'linked' if how == 'os.link' else 'copied'}"
    assert in_short(verdict) == (FABRICATION, code, False), verdict["checks"]
    assert f"{theirs}, {what} of other-full" in verdict["why"]
    assert ("a hard link" in verdict["why"]) == (how == "os.link")


async def test_the_model_of_the_attempt_before_is_not_that_of_a_changed_script(place: Place) -> None:
    """The first attempt's files stay on record by their digests, though its paths are written anew."""
    async with place.trainer() as trainer, place.director() as director:
        first = await judged(place, trainer, f"{DESCENT}import shutil\nshutil.copy(FINAL_MODEL, 'kept')\n")
        changed = DESCENT.replace("+ 0.1", "+ 0.2") + "import shutil\nshutil.copy('kept', FINAL_MODEL)\n"
        place.script(script(BEGINNING + changed))
        await trainer.trained(follows="1-quick-1")
        waits = await trainer.ask("start_training", model="1", phase="full", follows="1-full-1")
        answer = {"action": "CONTINUE", "instructions": "another gradient", "approve": waits["changes"]}
        await director.ask("answer_report", report=waits["report"], **answer)
        started = await trainer.ask("start_training", model="1", phase="full", follows="1-full-1")
        await trainer.watch(started["run"])
        verdict = await trainer.ask("verify_compute", run=started["run"])
    assert first["verdict"] == "APPROVE"
    assert in_short(verdict) == ("INVESTIGATE", "model_unchanged", False), verdict["checks"]
    assert "is identical to that of 1-full-1, though the code" in verdict["why"]


@pytest.mark.parametrize("end", ["touched", "left as they were"])
async def test_files_that_were_there_before_the_run_are_not_its_own(place: Place, end: str) -> None:
    """A training that writes nothing finds what somebody left for it; touching it makes it young, not its own."""
    for path in (RESULTS.format(1), MODEL.format(1)):
        (place.root / path).parent.mkdir(parents=True, exist_ok=True)
        (place.root / path).write_bytes(b"city,cases\n1,2\n2,4\n" if path.endswith("csv") else b"\x80\x04K\x07.")
        os.utime(place.root / path, (1, 1))
    young = "os.utime(os.environ['WATCHKEEPER_RESULTS'])\nos.utime(FINAL_MODEL)\n" if end == "touched" else ""
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, DESCENT.replace("leave_numbers([w, w + 1, w + 2])", "") + young)
    if end == "touched":
        assert in_short(verdict) == ("INVESTIGATE", "results_touched", False), verdict["checks"]
        assert "was there before the run, with the same content" in verdict["why"]
    else:
        assert in_short(verdict) == ("REJECT_TIMESTAMP_MISMATCH", "results_timestamp", False)


async def test_results_that_were_edited_after_the_run_are_seen_though_their_time_was_set_back(place: Place) -> None:
    async with place.trainer() as trainer:
        first = await judged(place, trainer, DESCENT)
        path = place.root / RESULTS.format(1)
        kept = path.stat()
        path.write_text(path.read_text().replace("1,", "1,9"))
        os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
        verdict = await trainer.ask("verify_compute", run=first["run"])
    assert first["verdict"] == "APPROVE"
    assert in_short(verdict) == ("REJECT_TIMESTAMP_MISMATCH", "results_altered", False), verdict["checks"]
    assert "was changed after 1-full-1-v1 had looked at it" in verdict["why"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("FINAL_MODEL.write_bytes(HEAD + os.urandom(3000))", id="corrupted"),
        pytest.param("FINAL_MODEL.write_bytes(HEAD[:4])", id="truncated"),
        pytest.param("FINAL_MODEL.write_bytes(HEAD)\nos.truncate(FINAL_MODEL, 1 << 40)", id="a terabyte of holes"),
    ],
)
async def test_a_trace_that_cannot_be_read_is_called_not_inspected_and_soon(place: Place, damage: str) -> None:
    place.policy('[names]\nfinal_model = "output/model_{i}.nc"\n[compute]\nread_s = 5.0\n')
    body = f"{DESCENT}HEAD = b'\\x89HDF\\r\\n\\x1a\\n'\n{damage}\n"
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, body, quick=False)
    assert (verdict["verdict"], outcomes(verdict)["artefact model"]) == ("INVESTIGATE", "not inspected"), verdict
    assert verdict["reason_code"].startswith("model_")
    assert "its inside was not read" in verdict["why"]


async def test_enormous_results_are_answered_soon_and_not_approved(place: Place) -> None:
    place.policy("[compute]\nread_s = 1.0\n")
    body = f"{DESCENT}os.truncate(os.environ['WATCHKEEPER_RESULTS'], {ENORMOUS_BYTES})\n"
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, body, quick=False)
    assert not verdict["met"]
    assert "results" in verdict["reason_code"]


async def test_a_pickle_is_never_unpickled_whatever_it_would_do(place: Place) -> None:
    body = (
        "class Evil:\n    def __reduce__(self):\n        return os.system, ('touch side_effect',)\n"
        f"{DESCENT}write_model({{'weights': [w], 'evil': Evil()}})\n"
    )
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, body, quick=False)
    assert not list(place.root.rglob("side_effect"))
    assert outcomes(verdict)["artefact model"] == "passed"
    assert "not unpickled" in evidence(verdict, "artefact model")


async def test_an_edited_row_of_the_record_is_named_and_never_approved(place: Place) -> None:
    async with place.trainer() as trainer:
        first = await judged(place, trainer, DESCENT)
        with closing(sqlite3.connect(place.root / ".watchkeeper/ledger.sqlite3")) as ledger, ledger:
            ledger.execute(
                "UPDATE chain SET body = replace(body, '\"wall_s\":', '\"wall_s\":9') WHERE kind = 'run.ended'"
            )
        verdict = await trainer.ask("verify_compute", run=first["run"])
    assert first["verdict"] == "APPROVE"
    assert in_short(verdict) == ("INVESTIGATE", "record_altered", False), verdict["checks"]
    assert "The record was altered: event " in verdict["why"]


async def test_a_log_that_was_cut_is_named_with_what_is_missing(place: Place) -> None:
    async with place.trainer() as trainer:
        first = await judged(place, trainer, DESCENT)
        log = place.root / "output/implementation/logs/training_1_full.log"
        size = log.stat().st_size
        os.truncate(log, size - 30)
        verdict = await trainer.ask("verify_compute", run=first["run"])
    assert in_short(verdict) == (FABRICATION, "log_truncated", False), verdict["checks"]
    assert f"the log has {size - 30} bytes, at the run's end it had {size}: it was cut" in verdict["why"]
