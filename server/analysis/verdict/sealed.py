"""Is what lies there what the run left? Digests of the keeper's seal against those of today. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..evidence.checks import Check, failed, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.words import Word


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not any more what was sealed."""

    path: str
    how: str


def seal(evidence: Evidence) -> Check | None:
    """Do the run's files still have the digests of its end? None where the keeper sealed nothing."""
    sealed = evidence.seal
    if sealed is None:
        return None
    if sealed.failed:
        return unknown("seal", f"the keeper could not seal what was left: {sealed.failed}")
    changed = [*_changed(evidence, sealed.files)]
    if changed:
        what = ", ".join(f"{one.path} {one.how}" for one in changed[:4])
        action = "Put back what the run left, or train again; what is worked on afterwards belongs under another name."
        return failed("seal", f"after the run: {what} (sealed)", Word.TIMESTAMP_MISMATCH, "changed_after_run", action)
    return passed("seal", f"{len(sealed.files)} files as the run left them (sealed)")


def _changed(evidence: Evidence, files: Mapping[str, str]) -> Iterator[Difference]:
    for one in (*evidence.artefacts, *evidence.extras):
        then = files.get(one.path)
        if one.role == "log" or not then:
            continue
        if one.size_bytes is None:
            yield Difference(one.path, "is gone")
        elif one.sha256 and one.sha256 != then:
            yield Difference(one.path, "was changed")
    for path in evidence.curves_changed:
        yield Difference(path, "was changed")
