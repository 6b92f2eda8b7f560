"""What changed between two attempts, as entries that a director can approve by name.

Each entry reads `name before -> after`. The witnessed facts of the quick runs before them are compared (`quick_facts`);
reading adds what only the full phase does, and decides alone where nothing was witnessed. A relaxed policy, a lowered
requirement of the design, other files that the script names are listed besides.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...analysis.design import design as designs
from ...analysis.scripts import Program, broken_names
from ...analysis.scripts import changes as code_changes
from ...analysis.scripts.configs import settings_sha256
from ...analysis.witness import Difference
from ...storage.policy.policy import Policy, load_policy, of_profile
from ...storage.policy.profiles import CONTEST, PLAIN, RESEARCH
from ...vocabulary.errors import PolicyInvalid
from ...vocabulary.sanitize import mask_secrets, one_line
from ..desk import Desk
from . import provenance, quick_facts
from .provenance import Origin
from .quick_facts import Pair

_HOW_IT_IS_WATCHED = frozenset({"watch", "keeper", "report"})
"""Tables of the policy that change neither the training nor how it is judged."""
_STRICT_LAST = (PLAIN, RESEARCH, CONTEST)
_LIMIT = ("min_", "max_")
_NOTHING = "nothing"
LONGEST_ENTRY = 160
MOST_DIFF_LINES = 160
_EMPTY = hashlib.sha256(b"").hexdigest()
"""An empty file holds no parameter: a mark that a script asks for, such as `go`."""
_SHA256_SIGNS = 64
_LONGEST_COMPARED_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, shown with its secrets masked.

    :ivar lowered: whether a number that stands for work became smaller, or a rule is another one.
    :ivar features: whether it changes which features the model sees.
    :ivar since: the attempt that it was compared with, where that is not the one that the whole list is about.
    :ivar where: file:line of the workspace where it stands, empty where it has no place in a file.
    """

    name: str
    before: str
    after: str
    lowered: bool = False
    features: bool = False
    since: str = ""
    where: str = ""

    def __str__(self) -> str:
        since = f" (since {self.since})" if self.since else ""
        change = f"{self.name} {self._shown(self.before)} -> {self._shown(self.after)}"
        return one_line(change, LONGEST_ENTRY - len(since)) + since

    def _shown(self, value: str) -> str:
        """Return a value as it may leave: what its name says may make it a secret."""
        return mask_secrets(f"{self.name}={value}").removeprefix(f"{self.name}=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What comparing two attempts came to.

    :ivar said: in one line what was compared; empty where both are of one script and one quick run.
    :ivar facts: (topic, old, new) of every witnessed difference, for the digest that an approval is bound to.
    """

    entries: tuple[Entry, ...]
    said: str = ""
    facts: tuple[tuple[str, str, str], ...] = ()


def compare(desk: Desk, before: Origin, after: Origin, runs: Pair, failed: str = "") -> Comparison:
    """Return what changed from one origin to another and needs approval, each once, in a stable order.

    :param runs: the quick runs before both.
    :param failed: what the earlier attempt's failures said; a call that they call broken may be mended.
    """
    policy = desk.policy
    old_policy = _policy(desk, before)
    programs = provenance.program(desk, before, old_policy), provenance.program(desk, after, policy)
    seen = quick_facts.facts(desk, runs, programs, _compared_elsewhere(before, after))
    witnessed = seen.compared.differences if seen.compared is not None else ()
    found: list[Entry] = [
        *_script(before, after, programs, failed, full_only=seen.equal),
        *(_policy_entries(old_policy, policy) if old_policy else ()),
        *_design(desk, before, after, policy),
        *_features(before, after),
        *_python(before, after),
        *_command(before, after),
    ]
    found += untold(witnessed, found)
    found += _named(desk, before, after, {one.name for one in found})
    if old_policy is None:
        found.append(
            Entry(
                "policy",
                before.policy_sha256[:12],
                f"{after.policy_sha256[:12]} (the old one is not kept)",
                lowered=True,
            )
        )
    facts = tuple((one.topic, one.old, one.new) for one in witnessed)
    return Comparison(entries=tuple({str(one): one for one in found}.values()), said=seen.said, facts=facts)


def _compared_elsewhere(before: Origin, after: Origin) -> set[str]:
    """Return the files that are compared by their text or digest: sources, documents, what the sources name."""
    named = [path for one in (before, after) for path, _ in (*one.sources, *(one.named or ()))]
    return {*named, *(path for one in (before, after) for path, _ in filter(None, (one.design, one.features)))}


def untold(differences: Iterable[Difference], told: Sequence[Entry]) -> Iterator[Entry]:
    """Yield witnessed differences that reading has not told from the same to the same, one for one."""
    known = Counter((one.before, one.after) for one in told)
    for one in differences:
        change = one.old or _NOTHING, one.new or _NOTHING
        known[change] -= 1
        if known[change] < 0:
            yield Entry(one.topic, *change, one.lowered, features=one.features, where=one.where)


def _policy(desk: Desk, origin: Origin) -> Policy | None:
    text = provenance.snapshot(desk, origin.policy_sha256)
    try:
        return load_policy(text.decode()) if text is not None else None
    except (PolicyInvalid, UnicodeDecodeError):  # written by a version with other keys
        return None


def _script(
    before: Origin, after: Origin, programs: tuple[Program, Program], failed: str, full_only: bool
) -> Iterator[Entry]:
    """Yield what reading finds; only what no quick run shows where the facts of two quick runs are equal."""
    if before.script != after.script:
        yield Entry("script", before.script, after.script)
    for change in code_changes(*programs, broken_names(failed)):
        if change.needs_approval and (change.full_only or not full_only):
            yield Entry(
                change.name,
                change.before or _NOTHING,
                change.after or _NOTHING,
                change.lowered,
                features=change.kind == "feature",
                where=f"{change.file}:{change.line}",
            )


def difference(desk: Desk, before: Origin, after: Origin) -> str:
    """Return what changed in the sources as a unified diff, cut to what a person reads at once."""
    old, new = dict(before.sources), dict(after.sources)
    lines: list[str] = []
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            was, now = (_lines(desk, digests.get(path)) for digests in (old, new))
            lines += difflib.unified_diff(was, now, f"before/{path}", f"after/{path}", n=2, lineterm="")
    more = [f"… ({len(lines) - MOST_DIFF_LINES} more lines)"] if len(lines) > MOST_DIFF_LINES else []
    return "\n".join([*lines[:MOST_DIFF_LINES], *more])


def _lines(desk: Desk, digest: str | None) -> list[str]:
    source = provenance.snapshot(desk, digest) if digest else None
    if source is None or len(source) > _LONGEST_COMPARED_BYTES:
        return ["(not shown)"] if digest else []
    return source.decode("utf-8", "replace").splitlines()


def _policy_entries(before: Policy, after: Policy) -> Iterator[Entry]:
    """Yield what the policy relaxed; of another profile only its name, not all the values that it stands for."""
    old, new, own = before.model_dump(), after.model_dump(), of_profile(after.profile).model_dump()
    moved = before.profile != after.profile
    if moved and _STRICT_LAST.index(before.profile) > _STRICT_LAST.index(after.profile):
        yield Entry("policy profile", before.profile, after.profile, lowered=True)
    for table in sorted(old.keys() - _HOW_IT_IS_WATCHED - {"profile"}):
        for key in sorted({*old[table], *new[table]}):
            was, now = old[table].get(key), new[table].get(key)
            told = moved and now == own[table].get(key)
            if was != now and not told and not _tightened(key, was, now):
                yield Entry(f"policy {table}.{key}", _shown(was), _shown(now), lowered=True)


def _is_limit(key: str, *values: object) -> bool:
    return key.startswith(_LIMIT) and all(isinstance(one, int | float) for one in values)


def _tightened(key: str, was: Any, now: Any) -> bool:  # noqa: ANN401 (values of a policy)
    """Whether a limit became stricter: that needs nobody's approval."""
    if not _is_limit(key, was, now):
        return False
    return now > was if key.startswith("min_") else now < was


def _shown(value: object) -> str:
    return "unset" if value is None else one_line(str(value), 60)


def _asked_at_least(policy: Policy) -> dict[str, float]:
    """Return what the policy asks for where a design is silent."""
    counts = (one for each in policy.method.minima().values() for one in each.items())
    asked = {**dict[str, float](counts), designs.TIME: policy.full.min_hours}
    return {name: least for name, least in asked.items() if least > 0}


def _design(desk: Desk, before: Origin, after: Origin, policy: Policy) -> Iterator[Entry]:
    if before.design is None or before.design == after.design:
        return
    if after.design is None:
        yield Entry("design", before.design[0], "gone", lowered=True)
        return
    was, now = (provenance.snapshot(desk, one[1]) for one in (before.design, after.design))
    if was is None or now is None:
        yield Entry("design", before.design[1][:12], f"{after.design[1][:12]} (one of them is not kept)")
        return
    old = designs.read_design(was.decode("utf-8", "replace"), before.design[0])
    new = designs.read_design(now.decode("utf-8", "replace"), after.design[0])
    blank = sorted({*designs.blank_columns(new)} - {*designs.blank_columns(old)})
    if blank:
        yield Entry("design columns that may be blank", _NOTHING, ", ".join(blank))
    for change in designs.lowered(old, new, _asked_at_least(policy)):
        yield Entry(f"design {change.name}", change.before, change.after, lowered=True)


def _named(desk: Desk, before: Origin, after: Origin, told: Container[str]) -> Iterator[Entry]:
    """Yield the files that the script names and that are not what they were: data, settings, notebooks, scripts."""
    if before.named is None or after.named is None:
        return
    old, new = dict(before.named), dict(after.named)
    sources = {path for path, _ in (*before.sources, *after.sources)}
    for path in sorted({*old, *new} - sources):
        was, now = old.get(path), new.get(path)
        if path not in told and not _needs_nobody(desk, path, was, now):
            yield Entry(path, *_difference_of(desk, was, now), where=path)


def _needs_nobody(desk: Desk, path: str, was: str | None, now: str | None) -> bool:
    """Whether what became of a named file changes nothing that the training works with."""
    if was == now or {was, now} == {None, _EMPTY}:  # the same bytes, or a mark that came or went
        return True
    if now is None and desk.workspace.is_there(path):  # only its name went from the script: reading tells that change
        return True
    return _says_the_same(desk, path, was, now)


def _says_the_same(desk: Desk, path: str, was: str | None, now: str | None) -> bool:
    """Whether a file of settings, or a notebook, was only written in another way."""
    if not path.endswith((".toml", ".json", ".ipynb")):
        return False
    texts = [provenance.snapshot(desk, one) if one and len(one) == _SHA256_SIGNS else None for one in (was, now)]
    said = [settings_sha256(path, one) for one in texts if one is not None]
    return len(said) == len(texts) and said[0] == said[1]


def _difference_of(desk: Desk, was: str | None, now: str | None) -> tuple[str, str]:
    """Return what a file said and says: the first line that differs, else its digests."""
    shown = [_NOTHING if one is None else f"sha256 {one[:12]}" for one in (was, now)]
    texts = [provenance.snapshot(desk, one) if one and len(one) == _SHA256_SIGNS else None for one in (was, now)]
    if texts[0] is None or texts[1] is None or b"\0" in texts[0] + texts[1]:
        return shown[0], shown[1]
    lines = [text.decode("utf-8", "replace").splitlines() for text in texts if text is not None]
    pairs = itertools.zip_longest(*lines, fillvalue="")
    first = next(((old, new) for old, new in pairs if old != new), ("", ""))
    more = f" ({len(lines[0])} -> {len(lines[1])} lines)" if len(lines[0]) != len(lines[1]) else ""
    return one_line(first[0], 50) or _NOTHING, (one_line(first[1], 50) or _NOTHING) + more


def _python(before: Origin, after: Origin) -> Iterator[Entry]:
    """Yield that another program runs the script: what it makes of the same script nobody compared."""
    was, now = before.python_sha256, after.python_sha256
    if was and now and was != now:
        yield Entry("the Python that trains", f"sha256 {was[:12]}", f"sha256 {now[:12]}")


def _command(before: Origin, after: Origin) -> Iterator[Entry]:
    """Yield that the script is started in another way: another program, options before it, another folder."""
    if before.command != after.command:
        was, now = (" ".join(one.command[1:]) or "the Python that trains" for one in (before, after))
        places = [f" (in {one.command[0]})" if one.command[:1] > (".",) else "" for one in (before, after)]
        yield Entry("command", one_line(was, 60) + places[0], one_line(now, 60) + places[1], lowered=True)


def _features(before: Origin, after: Origin) -> Iterator[Entry]:
    if before.features is None or before.features == after.features:
        return
    was, now = (f"{one[0]} sha256 {one[1][:12]}" if one else "gone" for one in (before.features, after.features))
    yield Entry("features", was, now, features=True)
