"""Gather the evidence for a verdict: what the keeper measured, what lies on disk, what is on record. No judgement."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...analysis.design.design import Design
from ...analysis.evidence.evidence import Adopted, Artefact, Attempt, Evidence, Handover, Input, PolicyKept, Told
from ...analysis.evidence.usage import usage_of
from ...analysis.logs.blocks import FEED_BYTES
from ...analysis.scripts import Program, read_program
from ...analysis.verdict.invented import says_invented
from ...analysis.witness.seen import Seen
from ...runtime import samples
from ...runtime.keeper import records
from ...runtime.probe.reading import ProbeData, read_probe
from ...runtime.run_directory import RunStatus
from ...storage.policy.policy import POLICY_FILE, read_policy
from ...storage.record import Run, head_copy
from ...vocabulary.errors import PathRefused, PolicyInvalid, Refused
from ...vocabulary.runs import Phase, RunState
from ...vocabulary.sanitize import one_line
from ..desk import Desk
from ..report.silent import described, silent_failures
from ..start import gate, provenance
from ..start.provenance import Origin
from ..watch import artefact_files, bars, gpu_files, histories, standing, verdict_rules, witness_files, written_files
from ..watch.look import Look, look_at
from . import late_epochs, rerun, search

READ_WITHIN_S = 30.0
"""How long a verdict reads a log on, where nobody has read it yet; many clients give a call up after 60 s."""
RULE_TABLES = ("profile", "judge", "quick", "full", "mcmc", "compute", "method", "convergence", "names", "run")
"""Tables of the policy that a verdict goes by, and the profile that they start from."""
_MOST_LOG_BYTES = 8 << 20
_HISTORY = re.compile(
    r"(?:histor|metrics|losses|curve|progress|training_?log)[^/]*\.(?:csv|tsv|jsonl?)$", re.IGNORECASE
)
_MOST_HISTORIES = 20


def gather(desk: Desk, run_id: str) -> Evidence:
    """Collect everything that the verdict on a run is computed from.

    :raises NotFound: if there is no such run.
    :raises Refused: if its log is so long that it is not read to its end yet.
    """
    look = _read_through(desk, run_id)
    if look.behind_bytes > FEED_BYTES:
        raise Refused(
            f"{look.behind_bytes >> 20} MiB of the log of {run_id} are not read yet, and a verdict looks at all of it.",
            f"Call verify_compute(run={run_id!r}) again; it reads on from there.",
        )
    desk = replace(desk, read_until_s=time.monotonic() + 2 * desk.policy.compute.read_s)
    run, status = look.run, look.status
    origin = provenance.of(run)
    told = _read_probe(desk, run)
    ended = status.state.final and status.state is not RunState.NEVER_STARTED
    found = _measured(desk, run, status, origin)
    found = _with_files(found, desk, run, status, origin, ended)
    found = _with_numbers(found, desk, run, status, told)
    return _with_record(found, desk, run)


def _read_through(desk: Desk, run: str) -> Look:
    """Read a log to its end, or for as long as a client waits; beside other servers a look leaves much to them."""
    deadline = time.monotonic() + READ_WITHIN_S
    look = look_at(desk, run, READ_WITHIN_S)
    while look.behind_bytes > FEED_BYTES and not look.awaited and (left_s := deadline - time.monotonic()) > 0:
        look = look_at(desk, run, left_s)
    return look


def _measured(desk: Desk, run: Run, status: RunStatus, origin: Origin) -> Evidence:
    """Return what the keeper measured, and what the run was made from."""
    return Evidence(
        run=run.id,
        model=run.model,
        phase=run.phase,
        state=status.state,
        reason=status.reason,
        exit_code=status.exit_code,
        started_at=status.started_at,
        ended_at=status.ended_at,
        wall_s=status.elapsed_s,
        cpu_s=status.cpu_s,
        cpu_is_lower_bound=status.cpu_is_lower_bound,
        usage=usage_of(samples.usage(desk.workspace.run_dir(run.id), None), desk.policy.compute.idle_below_cores),
        inputs=tuple(_inputs(desk, run, origin)),
        design=verdict_rules.design_of(desk, origin.design),
        program=_program(desk, run, origin),
        policy=_policy(desk, origin),
        script=origin.script,
        guard=run.end.guard if run.end is not None else "",
        nodes=witness_files.nodes(run),
        foreign=run.foreign,
        command=run.command,
        adopted=_adopted(desk, run, status),
    )


def _adopted(desk: Desk, run: Run, status: RunStatus) -> Adopted | None:
    if run.adopted is None:
        return None
    before_s = max(0.0, run.at - (status.started_at or run.at))
    return Adopted(pid=run.adopted[0], before_s=before_s, ungated=gate.missed(desk, run))


def _with_files(found: Evidence, desk: Desk, run: Run, status: RunStatus, origin: Origin, ended: bool) -> Evidence:
    """Add what the run left; a run that goes on is not looked into."""
    artefacts = artefact_files.of_run(desk, run, read=ended)
    found = replace(
        found,
        artefacts=artefacts,
        judged=artefact_files.judged(desk, run),
        left_before=artefact_files.left_before(desk, run, origin.left_before),
        handover=_handover(desk, run, status, artefacts),
    )
    if not ended:
        return found
    extras, seen = artefact_files.beside_results(desk, run, status), witness_files.seen(desk, run)
    observed, observed_in = search.observed(desk, seen, artefacts)
    return replace(
        found,
        extras=extras,
        features=_features(desk, origin, found.design),
        known=artefact_files.known(desk, run, artefacts),
        seen=seen,
        drawn=search.drawn(desk, (*artefacts, *extras)),
        observed=observed,
        observed_in=observed_in,
        blank_inputs=search.blank_inputs(desk, artefacts, seen),
        seal=witness_files.seal(desk, run),
        again=rerun.told(desk, run),
        invented=_invented(desk, run, status),
        late_epochs=late_epochs.told(desk, run, seen),
        gpu=gpu_files.used(desk, run),
        written=written_files.told(desk, run),
    )


def _with_numbers(found: Evidence, desk: Desk, run: Run, status: RunStatus, told: ProbeData | None) -> Evidence:
    """Add what the run counted: by its log, its probe and its history."""
    return replace(
        found,
        told=_told(told),
        **_curves(desk, run, status, found),
        history=histories.gathered(desk, run, status.started_at, told, _may_be_histories(found.seen)),
        epochs=_epochs(desk, run, status, told),
        epochs_total={name: max(totals) for name, totals in _numbers(desk, run, told, "epoch_total").items()},
        steps=_numbers(desk, run, told, "step"),
        steps_total={name: max(totals) for name, totals in _numbers(desk, run, told, "step_total").items()},
    )


def _with_record(found: Evidence, desk: Desk, run: Run) -> Evidence:
    """Add what is on record: attempts, failures, the chain, what was witnessed of the quick run."""
    failures, broken = standing.failures(desk, run.id), desk.ledger.broken()
    return replace(
        found,
        attempts=_attempts(desk, run),
        open_failures=tuple((one.id, str(one.type or "")) for one in failures if one.status != "accepted"),
        accepted_failures=tuple(one.id for one in failures if one.status == "accepted"),
        chain_head=desk.ledger.head()[1],
        chain_problem=f"event {broken[0].seq}: {broken[0].why}" if broken else _lost(desk, run),
        head_copy=head_copy.compare(desk.ledger, desk.policy.integrity.head_copy),
        **_quick(desk, run),
    )


def _lost(desk: Desk, run: Run) -> str:
    """Say of a run that is older than a loss of events that some about it may be among them."""
    lost = next((one for one in desk.ledger.rebuildings() if not one.whole and one.first_seq > run.first_seq), None)
    return f"at least {lost.lost} events were lost before it was made anew (event {lost.first_seq})" if lost else ""


def _quick(desk: Desk, run: Run) -> dict[str, Any]:
    """Return what was witnessed of the quick run that a full one follows: the newest of the same code, else at all."""
    if run.phase is Phase.QUICK:
        return {}
    every = desk.ledger.runs(model=run.model)
    quick = [one for one in every if one.phase is Phase.QUICK and one.first_seq < run.first_seq]
    same = [one for one in quick if one.code_sha256 == run.code_sha256]
    chosen = (same or quick)[-1:]
    return {"quick_seen": witness_files.seen(desk, chosen[0]), "quick_run": chosen[0].id} if chosen else {}


def _invented(desk: Desk, run: Run, status: RunStatus) -> tuple[tuple[int, str], ...]:
    """Return the lines of the run's part of the log that say that invented data took the place of missing ones."""
    try:
        descriptor = desk.workspace.open_beneath(run.log, os.O_RDONLY)
    except PathRefused:
        return ()
    with open(descriptor, "rb") as file:
        file.seek(status.log_begin or 0)
        text = file.read(_MOST_LOG_BYTES)
    lines = enumerate(text.decode("utf-8", "replace").splitlines(), start=1)
    found = ((number, one_line(line, 160)) for number, line in lines if says_invented(line))
    return tuple(itertools.islice(found, 3))


def _inputs(desk: Desk, run: Run, origin: Origin) -> Iterator[Input]:
    """Yield what the run was made from. A design or features that came only later are named too."""
    for number, (path, digest) in enumerate(origin.sources):
        yield Input("module" if number else "script", path, digest, artefact_files.sha256(desk, path))
    documents = (
        ("design", origin.design, desk.workspace.design(run.model)),
        ("features", origin.features, desk.workspace.features(run.model)),
    )
    for role, then, path in documents:
        now = artefact_files.sha256(desk, then[0] if then else path)
        if then or now:
            yield Input(role, then[0] if then else path, then[1] if then else None, now)


def _attempts(desk: Desk, run: Run) -> tuple[Attempt, ...]:
    """Return the earlier attempts of the phase, oldest first; those count whose work the run went on with."""
    runs = desk.ledger.runs(model=run.model)
    earlier = [one for one in runs if one.phase is run.phase and one.first_seq < run.first_seq]
    continued: set[str] = set()
    by_id = {one.id: one for one in earlier}
    here: Run | None = run
    while here is not None and here.env.get("WATCHKEEPER_RESUME") == "checkpoint":
        here = by_id.get(here.follows or "")
        if here is not None:
            continued.add(here.id)
    return tuple(_attempt(one, one.id in continued) for one in earlier)


def _attempt(run: Run, continued: bool) -> Attempt:
    end = run.end
    if end is None:
        return Attempt(
            run=run.id, state="active", wall_s=0.0, counts=False, cpu_s=None, started_at=None, continued=continued
        )
    by_itself = end.state in (RunState.COMPLETED, RunState.FAILED) and end.signal is None
    killed = end.state is RunState.FAILED and not by_itself
    return Attempt(
        run=run.id,
        state=f"{end.state} (killed)" if killed else str(end.state),
        wall_s=end.wall_s,
        counts=continued and by_itself,
        cpu_s=None if end.cpu_is_lower_bound else end.cpu_s,
        started_at=end.started_at,
        continued=continued,
    )


def _read_probe(desk: Desk, run: Run) -> ProbeData | None:
    path = desk.workspace.relative(str(desk.workspace.run_dir(run.id) / records.METRICS))
    try:
        return read_probe(desk.workspace.read_bytes(path, histories.LARGEST_PROBE_BYTES))
    except PathRefused:  # it told nothing, or something that nobody can read
        return None


def _told(found: ProbeData | None) -> Told | None:
    if found is None or not found.chains:
        return None
    tunes = [one.arguments["tune"] for one in found.calls if isinstance(one.arguments.get("tune"), int | float)]
    tune = int(float(str(tunes[-1]))) if tunes else None
    after = [max(0, one.draw - (tune or 0)) for one in found.chains.values() if not one.tuning]
    return Told(
        draws=min(after, default=0),
        tune=tune,
        chains=len(after),
        divergences=found.divergences,
        gradients=found.gradients,
    )


def _epochs(desk: Desk, run: Run, status: RunStatus, told: ProbeData | None) -> Mapping[str, Sequence[float]]:
    """Return the epochs that each source names; a library's file counts where neither log nor probe names steps."""
    named = _numbers(desk, run, told, "epoch")
    if named or _numbers(desk, run, told, "step"):
        return named
    history = histories.gathered(desk, run, status.started_at, told)
    return {"history": history.epochs} if history is not None else {}


def _may_be_histories(seen: Seen | None) -> list[str]:
    """Return the tables that a run was seen to write under a name that a history may have."""
    every = sorted(seen.written) if seen is not None else []
    return [one for one in every if _HISTORY.search(one) and not one.startswith("/")][:_MOST_HISTORIES]


def _curves(desk: Desk, run: Run, status: RunStatus, found: Evidence) -> dict[str, Any]:
    """Return the histories that the run left and printed; none where earlier attempts have a part in them.

    All attempts write to one file: one that a later attempt wrote is not this run's.
    """
    if run.env.get("WATCHKEEPER_RESUME") == "checkpoint" or not status.state.final:
        return {}
    sealed = found.seal.files if found.seal is not None else dict[str, str]()
    every = dict(histories.written(desk, run, status.started_at, _may_be_histories(found.seen)))
    now = {path: artefact_files.sha256(desk, path) for path in every if path in sealed}
    other = [path for path, digest in now.items() if digest != sealed[path]]
    ended = (status.ended_at or 0.0) + 1.0
    late = [path for path in every if path not in sealed and not _older(desk, path, ended)]
    overtaken = any(one.first_seq > run.first_seq for one in desk.ledger.runs(model=run.model))
    return {
        "curves": tuple((path, one) for path, one in every.items() if path not in (*other, *late)),
        "curves_changed": () if overtaken else tuple(path for path in other if now[path]),  # not: could not be hashed
        "log_curve": histories.printed(desk, run),
    }


def _older(desk: Desk, path: str, than: float) -> bool:
    try:
        about = desk.workspace.about(path)
    except PathRefused:
        return False
    return about is not None and about.modified_at <= than


def _numbers(desk: Desk, run: Run, told: ProbeData | None, place: str) -> Mapping[str, Sequence[float]]:
    """Return the epochs or steps that log and probe name."""
    rows = bars.rows(desk, run, [values for _, values in desk.ledger.metric_rows(run.id)])
    found = {
        "log": [values[place] for values in rows if place in values],
        "probe": [row[place] for row in told.rows if place in row] if told is not None else [],
    }
    return {source: numbers for source, numbers in found.items() if numbers}


def _features(desk: Desk, origin: Origin, design: Design) -> Artefact | None:
    """Look into the features where the design says how many there are, if the file is still that of the start."""
    if origin.features is None or "features" not in design.requirements:
        return None
    path, digest = origin.features
    found = artefact_files.artefact(desk, "features", path, read=True)
    return found if found.sha256 == digest else None


def _policy(desk: Desk, origin: Origin) -> PolicyKept:
    """Say whether the policy of the start is still there, and which tables of it the file words otherwise by now."""
    started = provenance.policy(desk, origin)
    if started is None:
        return PolicyKept(there=False)
    try:
        now = read_policy(desk.workspace)
    except (PathRefused, PolicyInvalid):
        return PolicyKept(there=True, changed=(POLICY_FILE,))
    changed = (one for one in RULE_TABLES if getattr(now, one) != getattr(started, one))
    return PolicyKept(there=True, changed=tuple(f"[{one}]" for one in changed))


def _program(desk: Desk, run: Run, origin: Origin) -> Program | None:
    """Read the script as it was started, as that phase ran it; None where its snapshot is gone."""
    kept = {path: provenance.snapshot(desk, digest) for path, digest in origin.sources}
    if kept.get(origin.script) is None:
        return None
    return read_program(
        origin.script,
        kept.get,
        args=(*desk.policy.run.templates(run.phase), *origin.args),
        env=run.env,
        phase=run.phase,
        forbidden=frozenset(desk.policy.method.forbidden),
        folders=provenance.python_path(desk, run.env),
    )


def _handover(desk: Desk, run: Run, status: RunStatus, artefacts: Sequence[Artefact]) -> Handover:
    names = desk.workspace
    attempts = {one.id for one in desk.ledger.runs(model=run.model) if one.first_seq <= run.first_seq}
    about_failures = [
        one for one in desk.ledger.reports(model=run.model) if one.run in attempts and not one.kind and not one.verdict
    ]
    undocumented = [one.id for one in about_failures if one.status != "closed"]
    log = next((one for one in artefacts if one.role == "log"), None)
    files = (names.log(run.model, Phase.FULL), names.summary(run.model))
    return Handover(
        history=names.history(run.model),
        history_is_there=names.is_there(names.history(run.model)),
        undocumented=tuple(undocumented),
        documented=len(about_failures) - len(undocumented),
        silent=tuple(
            one_line(described(one), 120) for one in silent_failures(desk, run.model, run) if one.run != run.id
        ),
        log_bytes=log.size_bytes if log is not None else None,
        log_end=status.log_end,
        files=tuple((path, names.is_there(path)) for path in files),
    )
