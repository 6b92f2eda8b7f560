"""Did something that was seen to do nothing pass the time beside a training that took less than is asked for? Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..evidence.checks import span
from ..evidence.evidence import Evidence
from ..evidence.rules import Rules
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line, Process
from ..witness.seen import Seen, place
from .outside import command_words, is_of_a_library, is_tool

_NO_WORK = frozenset({"begin", "end", "hooked", "import", "limit"})
"""Lines that a process writes which only runs."""
_OWN_CHILDREN = frozenset({"fork", "spawn", "program"})
_LONG = 0.4
"""Share of the run that a child lived for, in which it could have worked."""
_LONGER = 1.25
"""A child that lives hardly longer than the method may feed it: a loader of batches, a pool that makes features."""
_BRIEF = frozenset({
    *("cat", "date", "dpkg", "du", "env", "id", "ls", "lsmem", "lspci", "nproc", "pip", "pip3", "printenv", "ps"),
    *("rpm", "stat", "uptime", "uv", "wc", "which"),
})  # fmt: skip
"""Programs that say something of the machine, and end at once unless they are given a device."""


def beside(evidence: Evidence, rules: Rules, seen: Seen) -> Iterator[Suspicion]:
    """Yield a child or a program that ran on and touched nothing, where the method alone is shorter than is asked for.

    Workers of samplers and of loaders that feed a training work for what was seen: the method takes their time too.
    """
    asked_s = rules.limits.min_s - (evidence.counted_wall_s - evidence.wall_s)
    untimed = seen.samplings or seen.variational or seen.untimed
    if not seen.whole or untimed or not seen.fits + seen.steps or seen.method_s + seen.loading_s >= asked_s:
        return
    for what in (*_programs(seen), *_children(evidence, seen)):
        took = f"{span(seen.method_s)} of {span(evidence.wall_s)} were spent in what was witnessed"
        said = f"{what} and was seen to read, write and train nothing; {took}, {rules.limits.source} asks for"
        action = "Say what it computes, or leave it out: the time asked for is the method's."
        yield Suspicion(f"{said} {rules.limits}", Word.INVESTIGATE, "work_beside_the_method", action)
        return


def _programs(seen: Seen) -> Iterator[str]:
    """Yield programs of another kind that the person's code started, and that are given no file of the workspace."""
    for line in seen.witnessed.of("program"):
        named = line.facts.get("python") is True or line.facts.get("files") or is_tool(line) or is_of_a_library(line)
        if line.where and not named and not _is_brief(line):
            yield f"{' '.join(command_words(line))[:80]!r} was started at {place(line)}"


def _is_brief(line: Line) -> bool:
    words = command_words(line) or [""]
    return words[0].rpartition("/")[2] in _BRIEF and not any(one.startswith(("/dev/", "-f")) for one in words)


def _children(evidence: Evidence, seen: Seen) -> Iterator[str]:
    ended = evidence.ended_at or max((one.at for one in seen.witnessed.lines), default=0.0)
    for one in (each for each in seen.witnessed.processes if each.role in _OWN_CHILDREN and _does_nothing(each)):
        first, last = one.lines[0], one.lines[-1]
        lived_s = (last.at if one.end is not None else ended) - first.at
        if lived_s >= _LONG * evidence.wall_s > 0 and lived_s > _LONGER * seen.method_s:
            yield f"a child ({one.role}) ran for {span(lived_s)} from {place(first)} on"


def _does_nothing(one: Process) -> bool:
    return bool(one.begin) and all(map(_says_nothing, one.lines))


def _says_nothing(line: Line) -> bool:
    return line.kind in _NO_WORK
