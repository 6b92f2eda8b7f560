"""What the helper wrote of the GPUs (docs/witness.md), read within bounds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from ...analysis.evidence.gpu_use import Board, GpuSample, GpuState, GpuUse, OnBoard, Xid, together, use_of
from ..keeper import records, usage
from ..samples import moment, size

FILE = "gpu.jsonl"
MOST_BYTES = 40 << 20
MOST_BOARDS = 64
MOST_PROCESSES = 1000
MOST_XIDS = 200


def use(run_dir: Path, nonce: str, state: str) -> GpuUse | None:
    """Return what a run did on GPUs; None where its start did not note whether there are any.

    :param state: what the start noted, a word of GpuState; empty for a start of an older release.
    """
    if not state:
        return None
    known = GpuState(state) if state in set(GpuState) else GpuState.FAILED
    if known is not GpuState.SAMPLED:
        return GpuUse(state=known)
    return together([_use(folder, nonce) for folder in _folders(run_dir)])


def _folders(run_dir: Path) -> list[Path]:
    """Return where GPUs were sampled: in the run's directory, or in those of its members, where any has begun."""
    try:
        with os.scandir(run_dir / records.NODES) as entries:
            members = sorted(Path(one) for one in entries if one.is_dir(follow_symlinks=False))
    except OSError:
        members = []
    return members or [run_dir]


def _use(run_dir: Path, nonce: str) -> GpuUse:
    begun: Mapping[str, object] | None = None
    samples: list[GpuSample] = []
    xids: list[Xid] = []
    for line in lines(run_dir):
        if "version" in line:
            begun = line if records.text(line, "nonce") == nonce else None
        elif begun is None:
            continue  # written by nobody whom the start knows
        elif (told := xid(line)) is not None:
            xids = [*xids, told][:MOST_XIDS]
        elif (found := sample(line)) is not None:
            samples.append(found)
    if begun is None or records.text(begun, "failed"):
        why = records.text(begun, "failed") or "the helper that samples it wrote nothing"
        return GpuUse(state=GpuState.FAILED, why=why)
    boards = _parts(begun, "boards", MOST_BOARDS)
    names = [records.text(one, "name")[:80] for one in boards]
    return use_of(samples, names, [size(one, "memory_bytes") for one in boards], xids)


def newest(run_dir: Path) -> GpuSample | None:
    """Return the newest sample of a run that goes on, of several nodes in one; None where there is none."""
    found = [one for folder in _folders(run_dir) if (one := _newest(folder)) is not None]
    if len(found) <= 1:
        return found[0] if found else None
    every = [_numbered(one, node * MOST_BOARDS) for node, one in enumerate(found)]
    boards, ours = ([each for one in every for each in one.boards], [each for one in every for each in one.ours])
    return GpuSample(at=max(one.at for one in every), boards=tuple(boards), ours=tuple(ours))


def _numbered(one: GpuSample, begin: int) -> GpuSample:
    """Return a node's sample with numbers of GPUs that no other node's has."""
    boards = tuple(replace(each, index=begin + each.index) for each in one.boards)
    return replace(one, boards=boards, ours=tuple(replace(each, index=begin + each.index) for each in one.ours))


def _newest(run_dir: Path) -> GpuSample | None:
    try:
        for line in usage.backwards(run_dir / FILE):
            if (found := sample(usage.parsed(line) or {})) is not None:
                return found
    except records.DamagedRecord:
        return None
    return None


def errors(run_dir: Path) -> list[Xid]:
    """Return the errors that the driver told so far."""
    every = (line for folder in _folders(run_dir) for line in lines(folder))
    return [told for line in every if (told := xid(line)) is not None][:MOST_XIDS]


def lines(run_dir: Path) -> Iterator[Mapping[str, object]]:
    """Yield the whole lines of the file; something that is no plain file holds none."""
    try:
        descriptor = records.open_plain(run_dir / FILE, os.O_RDONLY)
    except (FileNotFoundError, records.DamagedRecord):
        return
    with open(descriptor, "rb") as file:
        data = file.read(MOST_BYTES)
    for raw in data.split(b"\n")[:-1]:
        if len(raw) <= usage.LONGEST_LINE_BYTES and (line := usage.parsed(raw)) is not None:
            yield line


def xid(line: Mapping[str, object]) -> Xid | None:
    """Return the error that a line tells, None where it tells none."""
    at, code = moment(line, "at"), size(line, "xid")
    return None if at is None or code is None else Xid(at=at, index=size(line, "gpu") or 0, code=code)


def sample(line: Mapping[str, object]) -> GpuSample | None:
    """Return the look that a line tells, None where it tells none."""
    at = moment(line, "at")
    if at is None or "boards" not in line or "run" not in line:
        return None
    boards = _parts(line, "boards", MOST_BOARDS)
    return GpuSample(
        at=at,
        boards=tuple(_board(number, one) for number, one in enumerate(boards)),
        ours=tuple(_process(one) for one in _parts(line, "run", MOST_PROCESSES)),
        others=tuple(_counts(line.get("others"))),
        unknown=size(line, "unknown") or 0,
    )


def _board(number: int, one: Mapping[str, object]) -> Board:
    return Board(
        index=number,
        percent=_percent(one),
        used_bytes=size(one, "used_bytes"),
        energy_mj=size(one, "energy_mj"),
        power_mw=size(one, "power_mw"),
        lost=one.get("lost") is True,
    )


def _process(one: Mapping[str, object]) -> OnBoard:
    return OnBoard(
        pid=size(one, "pid") or 0,
        index=size(one, "gpu") or 0,
        memory_bytes=size(one, "memory_bytes"),
        percent=_percent(one),
    )


def _percent(one: Mapping[str, object]) -> float | None:
    found = records.number(one, "percent")
    return found if found is not None and 0 <= found <= 100 else None


def _counts(value: object) -> Iterator[int]:
    listed = cast("list[object]", value)[:MOST_BOARDS] if isinstance(value, list) else []
    for one in listed:
        yield one if isinstance(one, int) and not isinstance(one, bool) and one > 0 else 0


def _parts(line: Mapping[str, object], key: str, most: int) -> list[Mapping[str, object]]:
    value = line.get(key)
    listed = cast("list[object]", value)[:most] if isinstance(value, list) else []
    return [cast("Mapping[str, object]", one) if isinstance(one, dict) else {} for one in listed]
