"""What a run is made from: its script and the workspace modules it imports, arguments, policy, design, features.

Everything is kept as a snapshot named by its sha256, so that two attempts can be compared for as long as the record
lasts, whatever became of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from ...analysis.scripts import Program, read_program
from ...storage.policy.policy import Policy, load_policy, policy_text
from ...storage.record import Run
from ...vocabulary.errors import PathRefused, PolicyInvalid
from ...vocabulary.runs import Phase
from .. import launch
from ..desk import Desk
from . import interpreter, named_files

LONGEST_SOURCE_BYTES = 4 << 20
LONGEST_DESIGN_BYTES = 4 << 20
LARGEST_LEFT_BYTES = 1 << 30
"""A start does not wait for the digest of a larger file that lies there from before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a run is made from; digests are hexadecimal sha256.

    :ivar sources: (path in the workspace, digest of the snapshot), the script first.
    :ivar code_sha256: digest over the parsed forms of all sources: comments and formatting change nothing.
    :ivar left_before: (path, digest) of results and models of this model that lay there already.
    :ivar named: (path, digest) of further files that the sources name; None for a run recorded before they were kept.
    :ivar python_sha256: of the program that runs the script; empty for a run recorded before it was kept.
    :ivar command: folder and words, up to the script, where something else is run than the Python that trains with it:
        what that makes of the script nobody compared.
    :ivar design, features: (path, digest); None when there is no such file. The features are not kept, only hashed.
    """

    script: str
    sources: tuple[tuple[str, str], ...]
    code_sha256: str
    args: tuple[str, ...]
    policy_sha256: str
    design: tuple[str, str] | None = None
    features: tuple[str, str] | None = None
    left_before: tuple[tuple[str, str], ...] = ()
    named: tuple[tuple[str, str], ...] | None = None
    python_sha256: str = ""
    command: tuple[str, ...] = ()


def collect(
    desk: Desk, model: str, script: str, args: tuple[str, ...], *, command: tuple[str, ...] = (), python: str = ""
) -> Origin:
    """Read what shall be started and keep snapshots of it.

    :param command: see Origin. :param python: the program that runs it; empty for the Python that trains.
    :raises PathRefused: if the script is not a plain file in the workspace.
    """
    sources: dict[str, str] = {}

    def read(path: str) -> bytes | None:
        try:
            source = desk.workspace.read_bytes(path, LONGEST_SOURCE_BYTES)
        except PathRefused:
            if path == script:
                raise
            return None
        sources[path] = desk.workspace.store_snapshot(source)
        return source

    read(script)
    environment = desk.policy.environment
    folders = python_path(desk, environment)
    program = read_program(script, read, args=args, env=environment, phase=Phase.FULL, folders=folders)
    return Origin(
        script=script,
        sources=tuple(sources.items()),
        code_sha256=program.form_sha256,
        args=args,
        policy_sha256=desk.workspace.store_snapshot(policy_text(desk.policy).encode()),
        design=_document(desk, desk.workspace.design(model)),
        features=_hashed(desk, desk.workspace.features(model)),
        left_before=tuple(_left(desk, model)),
        named=named_files.collect(desk, model, program, _further(desk, command)),
        python_sha256=interpreter.sha256(python or launch.interpreter(desk)),
        command=command,
    )


def _further(desk: Desk, command: tuple[str, ...]) -> tuple[str, ...]:
    """Return words besides the script's and its arguments that may name files: command, templates, environment."""
    return (*command, *desk.policy.run.templates(Phase.FULL), *desk.policy.environment.values())


def of(run: Run) -> Origin:
    """Return what a recorded run was made from."""
    return Origin(
        script=run.script,
        sources=run.sources or ((run.script, run.script_sha256),),
        code_sha256=run.code_sha256,
        args=run.args,
        policy_sha256=run.policy_sha256,
        design=run.design,
        features=run.features,
        left_before=run.left_before,
        named=run.named,
        python_sha256=run.python_sha256,
        command=run.command,
    )


def policy(desk: Desk, origin: Origin) -> Policy | None:
    """Return the policy in force when a run started; None when its snapshot is gone or cannot be read any more."""
    text = snapshot(desk, origin.policy_sha256)
    try:
        return load_policy(text.decode()) if text is not None else None
    except (PolicyInvalid, UnicodeDecodeError):
        return None


def program(desk: Desk, origin: Origin, policy: Policy | None, phase: Phase = Phase.FULL) -> Program:
    """Read a run's sources again from their snapshots, as that phase would run them under a policy."""
    kept = dict(origin.sources)

    def read(path: str) -> bytes | None:
        return snapshot(desk, kept[path]) if path in kept else None

    forbidden = frozenset(desk.policy.method.forbidden)
    environment: Mapping[str, str] = policy.environment if policy else {}
    args = (*(policy.run.templates(phase) if policy else ()), *origin.args)
    return read_program(
        origin.script,
        read,
        args=args,
        env=environment,
        phase=phase,
        forbidden=forbidden,
        folders=python_path(desk, environment),
    )


def python_path(desk: Desk, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders of the workspace that PYTHONPATH names: what lies there goes before every library."""
    found: list[str] = []
    for folder in environment.get("PYTHONPATH", "").split(":"):
        with suppress(PathRefused):
            found += [desk.workspace.relative(folder)] if folder and desk.workspace.has_folder(folder) else []
    return tuple(dict.fromkeys(one for one in found if not one.startswith(".watchkeeper/")))


def snapshot(desk: Desk, digest: str) -> bytes | None:
    """Return what was kept under a digest, None when somebody removed it."""
    try:
        return desk.workspace.snapshot(digest, LONGEST_SOURCE_BYTES)
    except PathRefused:
        return None


def _left(desk: Desk, model: str) -> Iterator[tuple[str, str]]:
    """Yield what lies where the run's files will be: a run that leaves the same content wrote nothing of its own."""
    names = desk.workspace
    for path in (*(names.results(model, phase) for phase in Phase), names.final_model(model)):
        try:
            about = names.about(path)
        except PathRefused:
            continue
        found = _hashed(desk, path) if about is not None and about.size_bytes <= LARGEST_LEFT_BYTES else None
        if found is not None:
            yield found


def _document(desk: Desk, path: str) -> tuple[str, str] | None:
    try:
        return path, desk.workspace.store_snapshot(desk.workspace.read_bytes(path, LONGEST_DESIGN_BYTES))
    except PathRefused:
        return None


def _hashed(desk: Desk, path: str) -> tuple[str, str] | None:
    try:
        return path, desk.workspace.sha256(path)
    except PathRefused:
        return None
