"""What changed between two programs, and what of it somebody must approve.

Two looks are taken. What the programs do is compared (draws, epochs, estimators …), which sees through moved, renamed
and split constants. And what they are made of is compared (`ingredients`), which sees through code that moved or is
written in another way. Of what was witnessed of two quick runs only what a quick run does not show is left to this
(`full_only`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .change import Change
from .facts_diff import fact_changes
from .ingredients_diff import ingredient_changes
from .program import Program

_QUIET_ARGUMENTS = frozenset(
    {"verbose", "v", "quiet", "q", "resume", "checkpoint", "progress", "log-level", "log", "output", "out"}
)


def changes(before: Program, after: Program, broken: Collection[str] = ()) -> tuple[Change, ...]:
    """Return what changed, in the order of files and lines; nothing for programs that are equal in parsed form.

    :param broken: names that the failure of the earlier attempt said are not there (`broken_names`): a call that uses
        one of them may be repaired without approval.
    """
    found = fact_changes(before, after)
    if before.form_sha256 != after.form_sha256:
        structure = ingredient_changes(before, after, frozenset(broken))
        if not structure:
            found = [one for one in found if one.before]  # a call that was repaired is seen only now
        found += _untold(structure, [one for one in found if one.needs_approval])
    found += [*_arguments(before, after), *_configs(before, after)]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.file, one.line, one.kind, one.name)))


def _untold(structure: Sequence[Change], told: Sequence[Change]) -> list[Change]:
    """Return the changes that are not told already, one for one: what stands at the same place first."""
    left = list(structure)
    for one in told:
        same = [each for each in left if (each.before, each.after) == (one.before, one.after)]
        if same:
            left.remove(min(same, key=lambda each: (each.file, each.line) != (one.file, one.line)))
    return left


# arguments of the command line


def _arguments(before: Program, after: Program) -> list[Change]:
    old, new = _options(before.args), _options(after.args)
    found: list[Change] = []
    for name in dict.fromkeys([*old, *new]):
        first, second = old.get(name, ""), new.get(name, "")
        if first != second:
            found.append(
                Change(
                    kind="argument",
                    name=name,
                    before=first,
                    after=second,
                    file=after.script,
                    line=1,
                    lowered=_lowered(first, second),
                    needs_approval=name.lstrip("-") not in _QUIET_ARGUMENTS,
                    full_only=True,
                )
            )
    return found


def _configs(before: Program, after: Program) -> list[Change]:
    """Return settings that say something else, or are new; one that is read in another way now is no change."""
    old = dict(before.configs)
    return [
        Change(
            kind="parameter",
            name=path,
            before=f"sha256 {old[path][:12]}" if path in old else "",
            after=f"sha256 {digest[:12]}",
            file=path,
            line=1,
            full_only=True,
        )
        for path, digest in after.configs
        if old.get(path) != digest
    ]


def _options(args: Sequence[str]) -> dict[str, str]:
    """Return words of a command line by their option; what stands alone by its place."""
    found: dict[str, str] = {}
    waiting = ""
    for place, word in enumerate(args):
        name, equals, value = word.partition("=")
        if word.startswith("-") and not word[1:2].isdigit():
            found[name] = value if equals else "given"
            waiting = "" if equals else name
        else:
            found[waiting or f"argument {place + 1}"] = word
            waiting = ""
    return found


def _lowered(before: str, after: str) -> bool:
    try:
        return float(after) < float(before)
    except ValueError:
        return False
