"""A keeper's orders: spec.json, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping

from . import records

MARKER = "WATCHKEEPER_RUN"
LONGEST_PAUSE_S = 86_400.0


class Spec:
    """One run, as its server wrote it down before the launch. Unknown keys are ignored.

    :raises records.DamagedRecord: if something that the keeper needs is missing or of the wrong kind.
    """

    __slots__ = (
        "adopted", "argv", "attempt", "bounds", "cwd", "env", "grace_s", "guarded", "in_job", "limit_s", "marker",
        "member", "model", "mounts", "nodes", "nonce", "outside_grace_s", "phase", "run", "sample_s", "sources",
        "writable",
    )  # fmt: skip

    def __init__(self, record: Mapping[str, object]) -> None:
        self.run = _required(record, "run")
        self.marker = marker(record)
        self.model = _required(record, "model")
        self.phase = _required(record, "phase")
        self.attempt = records.whole(record, "attempt") or 1
        self.nonce = records.text(record, "nonce")
        self.guarded = records.text(record, "guarded") or None
        """The folder that the training may not write to."""
        self.writable = _texts(record["writable"], "writable") if record.get("writable") else []
        """What in it is the training's own."""
        self.sources = _sources(record)
        """(absolute path, sha256 at the start) of the script and its modules; empty where the start names none."""
        self.mounts = [_mount(one) for one in _list(record.get("mounts"))]
        """What stands in the place of what for the training: (source, target, whether read-only), in this order."""
        self.bounds = records.part(record, "bounds") or {}
        """What all its processes may take together; see bounds.py."""
        engine = records.part(record, "engine") or {}
        self.in_job = bool(engine)
        """Whether an engine runs it, whose job has an environment of its own."""
        self.member = records.part(record, "member")
        """{"node", "rank", "of"} of a keeper that has one node of a run on several; see nodes.py."""
        self.nodes = (records.whole(engine, "nodes") or 1) if self.member is None else 1
        """How many nodes this keeper starts members on."""
        self.adopted = _numbers(record.get("adopted"))
        """(pid, start_ticks, byte of the log) of a process that runs already; empty where one is to be started."""
        self.argv = [*map(str, _list(engine.get("wrapper"))), *_texts(record.get("argv"), "argv")]
        self.cwd = _required(record, "cwd")
        self.env = self._environment(record)
        self.limit_s = records.number(record, "limit_s")
        self.sample_s = min(max(records.number(record, "sample_s") or 5.0, 0.05), LONGEST_PAUSE_S)
        grace_s = records.number(record, "grace_s")
        self.grace_s = 10.0 if grace_s is None else min(max(grace_s, 0.0), LONGEST_PAUSE_S)
        self.outside_grace_s = min(self.grace_s, _outside_grace_s(records.text(engine, "kind"), os.environ))
        """What the training has after a stop that did not come from us."""

    def _environment(self, record: Mapping[str, object]) -> dict[str, str]:
        """Return the child's environment. Without these two a log says nothing for minutes, a segfault nothing ever."""
        given = records.part(record, "env")
        if given is None:
            raise records.DamagedRecord(f"{records.SPEC} names no env")
        _texts(list(given.values()) or [""], "env")
        said = {name: str(value) for name, value in given.items()}
        passed = passed_through(_list((records.part(record, "engine") or {}).get("pass_through")), os.environ)
        name, _, value = self.marker.partition("=")
        return {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **said, **passed, name: value}

    def head_of(self, argv: list[str], env: Mapping[str, str]) -> None:
        """Start members by this command, in the job's own environment: theirs is made on each node, mark included."""
        self.argv, self.env = argv, dict(env)
        self.bounds = {}

    @property
    def marker_bytes(self) -> bytes:
        """The marker as it stands in /proc/PID/environ."""
        return self.marker.encode("utf-8", "surrogateescape")


def passed_through(names: list[object], environment: Mapping[str, str]) -> dict[str, str]:
    """Return what of a job's own environment reaches the training: by name, or by a beginning with * behind it."""
    exact = [str(one) for one in names]
    begins = tuple(one[:-1] for one in exact if one.endswith("*"))
    return {
        name: value
        for name, value in environment.items()
        if (name in exact or name.startswith(begins)) and not name.startswith("WATCHKEEPER_")
    }


def _outside_grace_s(engine: str, environment: Mapping[str, str]) -> float:
    """Return how long a training may take to end when its engine ends the job.

    Three seconds after SIGTERM, unless its nodes are told otherwise, Ray sends SIGKILL to the whole tree, the keeper
    too: by then the end has to be on record.
    """
    if engine != "ray":
        return LONGEST_PAUSE_S
    given = environment.get("RAY_JOB_STOP_WAIT_TIME_S", "")
    return max(0.5, (int(given) if given.isdecimal() else 3) - 1.5)


def _sources(record: Mapping[str, object]) -> list[tuple[str, str]]:
    root = _required(record, "workspace")
    script = [records.text(record, "script"), records.text(record, "script_sha256")]
    given = [_texts(one, "sources") for one in _list(record.get("sources"))] or ([script] if all(script) else [])
    return [(f"{root}/{path}", digest) for path, digest, *_ in given]


def marker(record: Mapping[str, object]) -> str:
    """Return `WATCHKEEPER_RUN=<workspace>/<run>`, which marks every process that belongs to the run."""
    return f"{MARKER}={_required(record, 'workspace')}/{_required(record, 'run')}"


def _numbers(value: object) -> tuple[int, ...]:
    found = [one for one in _list(value) if isinstance(one, int)]
    if value is not None and len(found) != 3:
        raise records.DamagedRecord(f"in {records.SPEC} adopted is not pid, ticks and byte")
    return tuple(found)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON


def _mount(value: object) -> tuple[str, str, bool]:
    words = _texts(value, "mounts")
    if len(words) != 3:
        raise records.DamagedRecord(f"in {records.SPEC} one of mounts is not source, target, ro or rw")
    return words[0], words[1], words[2] != "rw"


def _required(record: Mapping[str, object], key: str) -> str:
    value = records.text(record, key)
    if not value:
        raise records.DamagedRecord(f"{records.SPEC} names no {key}")
    return value


def _texts(value: object, key: str) -> list[str]:
    if not isinstance(value, list) or not value:
        raise records.DamagedRecord(f"{records.SPEC} names no {key}")
    texts = [word for word in value if isinstance(word, str)]  # pyright: ignore[reportUnknownVariableType] # JSON
    if len(texts) != len(value):  # pyright: ignore[reportUnknownArgumentType] # JSON
        raise records.DamagedRecord(f"in {records.SPEC} something in {key} is no text")
    return texts
