"""What Ray says of a job is taken in its own words, and amounts to no more than it can know."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime import engine_states
from watchkeeper.server.runtime.engines import ray_look, ray_names, ray_nodes, shared_look
from watchkeeper.server.runtime.engines.ray_job import DIED, OWN_EXIT, START_TIMEOUT, Job, found_in
from watchkeeper.server.runtime.engines.shared_look import Answer, Rows
from watchkeeper.server.runtime.engines.submissions import Unavailable, place
from watchkeeper.server.runtime.engines.words import Kind, Word
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.vocabulary.runs import RunState

from ...limits import HANG_S

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
LOST = (
    "Job supervisor actor died: The actor died unexpectedly before finishing this task.\n\tpid: 7\n"
    "The actor is dead because its worker process has died. Worker exit type:"
)
"""As 2.60.0 begins; the rest stands further behind than what is shown of it."""
KNOWN: dict[str, object] = {"job": "j", "session": "first", "submitted_at": 100.0, "tries": 1}


@given(JSON, st.dictionaries(st.sampled_from(["submission_id", "status", "message", "error_type"]), JSON))
def test_whatever_the_head_says_is_a_job_or_none(said: object, entry: dict[str, object]) -> None:
    for one in (found_in(said), found_in(entry)):
        assert one is None or (one.name and len(one.text) < 400 and "\n" not in one.text)


@given(JSON)
def test_whatever_is_said_of_nodes_is_words_or_nothing(said: Any) -> None:
    for cluster in (said, {"data": {"clusterStatus": said}}):
        assert ray_nodes.never_fits(cluster, {"entrypoint_num_cpus": 9}) == ""
        assert ray_nodes.seen(cluster) == ""


@pytest.mark.parametrize(
    ("entry", "kind", "text"),
    [
        ({"status": "PENDING", "message": "Not started."}, Kind.QUEUED, "PENDING (Not started.)"),
        ({"status": "RUNNING", "message": "Job is currently running."}, Kind.RUNNING, "RUNNING"),
        ({"status": "PAUSED"}, Kind.RUNNING, "PAUSED"),
        ({"status": "STOPPED", "message": "Job was intentionally stopped."}, Kind.ENDED, "STOPPED"),
        (
            {"status": "FAILED", "error_type": OWN_EXIT, "message": "a log", "driver_exit_code": 7},
            Kind.ENDED, "FAILED (exit status 7)",
        ),
        (
            {"status": "FAILED", "error_type": DIED, "message": "it\n\tpid: 7\ndied"},
            Kind.ENDED, f"FAILED ({DIED}: it died)",
        ),
    ],
)  # fmt: skip
def test_a_status_is_told_with_its_reason(entry: dict[str, object], kind: Kind, text: str) -> None:
    job = found_in({"submission_id": "wk-a", **entry})
    assert job is not None
    assert (job.kind, job.text) == (kind, text)


@pytest.mark.parametrize(
    ("job", "interrupted", "again"),
    [
        (Job("a", "FAILED", "node was terminated", DIED, began=True), True, False),
        (Job("a", "FAILED", "node was terminated", DIED), True, True),
        (Job("a", "FAILED", f"{LOST} NODE_OUT_OF_MEMORY Worker exit detail: Task was killed due to the node running "
             "low on memory.", DIED, began=True), False, False),
        (Job("a", "FAILED", f"{LOST} SYSTEM_ERROR Worker exit detail: Worker unexpectedly exits with a connection "
             "error code 2. End of file. Some common causes include: (1) the process was killed by the OOM killer due "
             "to high memory usage, (2) ray stop --force was called", DIED, began=True), True, False),
        (Job("a", "FAILED", "within 900 s", START_TIMEOUT), False, True),
        (Job("a", "FAILED", "", "JOB_ENTRYPOINT_COMMAND_ERROR", began=True, exit_code=-9), False, False),
        (Job("a", "STOPPED", began=True), False, False),
    ],
)  # fmt: skip
def test_what_lost_its_node_was_interrupted_and_what_never_ran_may_be_handed_over_again(
    job: Job, interrupted: bool, again: bool
) -> None:
    told = found_in({"submission_id": "a", "status": job.status, "error_type": job.error, "message": job.message})
    assert told is not None
    assert told.interrupted is interrupted
    assert len(told.text) < 300
    said = ray_look.word(KNOWN, Answer({"j": ray_look.row(job, "")}, 200.0), "j")
    assert (said.kind, said.interrupted, said.again) == (Kind.ENDED, interrupted, again)
    stand = engine_states.before_start(said, now=200.0, stopped=False, claimed=False)
    assert stand.needs_launch is again


def test_a_run_that_no_head_can_place_any_more_is_given_up_after_three_tries() -> None:
    job = Job("a", "FAILED", "node was terminated", DIED)
    said = ray_look.word({**KNOWN, "tries": 3}, Answer({"j": ray_look.row(job, "")}, 200.0), "j")
    stand = engine_states.before_start(said, now=900.0, stopped=False, claimed=False)
    assert (stand.state, stand.needs_closing) == (RunState.NEVER_STARTED, True)


@pytest.mark.parametrize(
    ("session", "failed", "asked_at", "kind", "interrupted"),
    [
        ("second", "", 200.0, Kind.GONE, True),
        ("first", "", 200.0, Kind.GONE, False),  # somebody deleted it
        ("second", "refused", 200.0, Kind.UNKNOWN, False),
        ("second", "", 50.0, Kind.UNKNOWN, False),  # asked before it was submitted
    ],
)
def test_a_job_that_a_new_head_does_not_know_was_interrupted(
    session: str, failed: str, asked_at: float, kind: Kind, interrupted: bool
) -> None:
    said = ray_look.word(KNOWN, Answer({"": {"session": session}}, asked_at, failed), "j")
    assert (said.kind, said.interrupted) == (kind, interrupted)


def test_what_a_head_said_before_it_went_down_is_as_old_as_it_is_and_an_end_waits_for_it_ten_minutes(
    tmp_path: Path,
) -> None:
    def fails() -> Rows:
        raise Unavailable("refused")

    def asked(ask: Callable[[], Rows]) -> Word:
        return ray_look.word(KNOWN, shared_look.shared(tmp_path / "look", 0.0, HANG_S, ask, (Unavailable,)), "j")

    running = asked(lambda: {"j": ray_look.row(Job("a", "RUNNING", began=True), "")})
    down = asked(fails)
    assert (down.kind, down.asked_at) == (Kind.RUNNING, running.asked_at)
    kinds = {Kind.RUNNING: down, Kind.UNKNOWN: Word(engine="Ray", kind=Kind.UNKNOWN, text="refused")}
    for word in kinds.values():
        for ended_s_ago, settled in ((70.0, False), (601.0, True)):
            found = engine_states.after_end(word, RunState.STOPPED, "", ended_s_ago=ended_s_ago, from_outside=True)
            assert (found.state, found.settled) == (RunState.STOPPED, settled)


def cluster(*nodes: dict[str, float], types: dict[str, str] | None = None) -> dict[str, Any]:
    by_node = {str(number): {name: [0.0, most] for name, most in node.items()} for number, node in enumerate(nodes)}
    fixed = {name: f"node_{name}" for name in by_node}
    report = {"nodeTypeMapping": fixed if types is None else types}
    return {"data": {"clusterStatus": {"autoscalerReport": report, "loadMetricsReport": {"usageByNode": by_node}}}}


def test_a_job_waits_in_vain_where_no_single_node_has_what_it_asks_for_and_none_may_come() -> None:
    two = cluster({"CPU": 4, "memory": 8 << 30}, {"CPU": 2, "GPU": 1, "memory": 4 << 30})
    assert ray_nodes.never_fits(two, {"entrypoint_num_cpus": 2, "entrypoint_num_gpus": 1}) == ""
    why = ray_nodes.never_fits(two, {"entrypoint_num_cpus": 4, "entrypoint_num_gpus": 1})
    assert why == "it asks for 4 CPUs and 1 GPUs on one node, and no node has that: at most 4 CPUs and 1 GPUs"
    assert "16 GiB" in ray_nodes.never_fits(two, {"entrypoint_memory": 16 << 30})
    scaled = cluster({"CPU": 4}, types={"0": "worker"})
    assert ray_nodes.never_fits(scaled, {"entrypoint_num_cpus": 64}) == "", "a larger node may come"
    assert ray_nodes.seen(two) == "2 nodes with 6 CPUs, 1 GPUs, 12 GiB"


def test_a_job_is_found_again_by_its_name_whatever_its_turn(tmp_path: Path) -> None:
    run_dir = tmp_path / "runs/1.5-full-2"
    for turn in (1, 2, 30):
        name, found = ray_names.parts(ray_names.named(run_dir, turn))
        assert (found, ray_names.run_of(name)) == (turn, "1.5-full-2")
        assert ray_names.is_of(ray_names.named(run_dir, turn), place(run_dir))


@pytest.mark.parametrize("run", ["a\0b", "../../x", "/etc/x", "\ud800", "", "a" * 99])
def test_a_job_of_somebody_else_that_looks_like_ours_is_none_of_ours(tmp_path: Path, run: str) -> None:
    ours = place(tmp_path / "runs/1-quick-1")
    assert not ray_names.is_of(f"wk-{ours}-{run}-01234567", ours)
    assert not ray_names.is_of("wk-00000000-1-quick-1-01234567", ours)


def test_runs_that_ask_one_head_by_two_tokens_look_apart(tmp_path: Path) -> None:
    files: set[Path] = set()
    for number, more in enumerate([{}, {"token_env": "A"}, {"token_file": "/A"}, {"token_env": "A"}]):
        run_dir = tmp_path / f"runs/1-quick-{number}"
        run_dir.mkdir(parents=True)
        records.write(run_dir / records.SPEC, {"engine": {"kind": "ray", "address": "http://head:8265", **more}})
        files.add(ray_names.look_file(run_dir))
    assert len(files) == 3
