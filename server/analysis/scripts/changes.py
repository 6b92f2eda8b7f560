"""What changed between two programs, and what of it somebody must approve.

Two looks are taken. What the programs do is compared (draws, epochs, estimators …), which sees through moved, renamed
and split constants. And every difference of the parsed forms is walked; one that is not known to be harmless needs
approval. When unsure the answer is a change of structure that does.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Collection, Sequence

from . import harmless
from .change import Change
from .expressions_diff import Where
from .facts_diff import fact_changes
from .names import BUILTINS, names_of
from .normal_form import normal
from .program import Program, Unit
from .statements_diff import StatementDiff
from .texts_diff import first_difference

_QUIET_ARGUMENTS = frozenset(
    {"verbose", "v", "quiet", "q", "resume", "checkpoint", "progress", "log-level", "log", "output", "out"}
)


def changes(before: Program, after: Program, broken: Collection[str] = ()) -> tuple[Change, ...]:
    """Return what changed, in the order of files and lines; nothing for programs that are equal in parsed form.

    :param broken: names that the failure of the earlier attempt said are not there (`broken_names`): a call that uses
        one of them may be repaired without approval.
    """
    facts = fact_changes(before, after)
    if before.form_sha256 != after.form_sha256:
        structure = _least(before, after, frozenset(broken))
        if not any(one.needs_approval for one in structure):
            facts = _seen_now(facts)
        facts = _without_repetitions(facts, structure)
    facts += [*_arguments(before, after), *_configs(before, after)]
    return tuple(sorted(dict.fromkeys(facts), key=lambda one: (one.file, one.line, one.kind, one.name)))


def _least(before: Program, after: Program, broken: frozenset[str]) -> list[Change]:
    """Return the changes of structure, seen through code that only moved or is only written in another way."""
    written = _structure(before, after, broken)
    if not any(one.needs_approval for one in written):
        return written
    old, new = normal(before), normal(after)
    if old is None or new is None:
        return written
    joined = _structure(old, new, broken)
    count, fewer = (sum(one.needs_approval for one in found) for found in (written, joined))
    return joined if fewer < count else written


def _structure(before: Program, after: Program, broken: frozenset[str]) -> list[Change]:
    old, new = names_of(before.units), names_of(after.units)
    diff = StatementDiff(old, new, broken)
    diff.script = after.script
    for first, second in _paired_units(before, after):
        unit = second or first
        if unit is None:
            continue
        if (first is not None and first.tree is None) or (second is not None and second.tree is None):
            _compare_texts(diff, before, first, second)
            continue
        bodies = [each.tree.body if each is not None and each.tree is not None else [] for each in (first, second)]
        try:
            diff.block(bodies[0], bodies[1], Where(unit.path, 1, ""))
        except RecursionError:
            diff.add(Where(unit.path, 1, unit.path), "structure", "nested too deeply", "nested too deeply")
    return [*diff.found, *_imports(diff, after)]


def _compare_texts(diff: StatementDiff, before: Program, old: Unit | None, new: Unit | None) -> None:
    """Compare files of which one does not parse: word by word."""
    path = new.path if new is not None else old.path if old is not None else ""
    problems = [one.what for one in before.unresolved if one.file == path and "does not parse" in one.what]
    if old is None or new is None:
        diff.add(Where(path, 1, path), "structure", _state(old), _state(new))
        return
    indented = not any("indent" in one for one in problems)
    found = first_difference(old.source, new.source, indented)
    if found is not None:
        diff.add(Where(path, found[0], "text"), "structure", found[1].strip() or "indent", found[2].strip() or "indent")


def _state(unit: Unit | None) -> str:
    return "" if unit is None else "does not parse" if unit.tree is None else "parses"


def _paired_units(before: Program, after: Program) -> list[tuple[Unit | None, Unit | None]]:
    old, new = ({one.path: one for one in program.units} for program in (before, after))
    pairs: list[tuple[Unit | None, Unit | None]] = [(old.pop(before.script, None), new.pop(after.script, None))]
    pairs += [(old.get(path), new.get(path)) for path in sorted({*old, *new})]
    return pairs


def _imports(diff: StatementDiff, after: Program) -> list[Change]:
    """Return imports that make a name stand for something else than before."""
    found: list[Change] = []
    own = {one.path for one in after.units}
    lines = {
        (unit.path, name): node.lineno
        for unit in after.units
        for node in (ast.walk(unit.tree) if unit.tree else ())
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [one.asname or one.name.split(".")[0] for one in node.names]
    }
    for (path, name), targets in diff.after.imports.items():
        was = diff.before.imports.get((path, name), sorted(diff.before.imported.get(name, ())))
        for target in targets:
            unmoved = target in was and (len({*targets, *was}) == 1 or targets == was)
            if unmoved or _import_is_harmless(name, was[0] if was else None, target, diff, own):
                continue
            line = lines.get((path, name), 1)
            found.append(
                Change(
                    kind="structure",
                    name=f"import {name}",
                    before=", ".join(was),
                    after=target,
                    file=path,
                    line=line,
                )
            )
    return found


def _import_is_harmless(name: str, was: str | None, target: str, diff: StatementDiff, own: Collection[str]) -> bool:  # noqa: PLR0911 (one for each sort)
    last = target.rpartition(".")[2]
    if last == "*":
        return False
    if was is not None:
        tops = was.split(".")[0], target.split(".", maxsplit=1)[0]
        if (was, target) in harmless.MOVED_LIBRARIES:
            return not _is_own(target, own)
        same = was.rpartition(".")[2] == last or harmless.repaired(was.rpartition(".")[2], last, diff.broken)
        return same and not _is_own(target, own) and (tops[0] == tops[1] or tops in harmless.MOVED_LIBRARIES)
    if diff.kept(name):
        return True
    if name in BUILTINS or name in diff.before.bound:
        return False
    if name in diff.renames.values() or name not in diff.before.used:
        return True
    return not _is_own(target, own) and (last == name or harmless.ALIASES.get(name) == target)


def _is_own(target: str, own: Collection[str]) -> bool:
    """Whether an import may lead into the workspace."""
    parts = [one for one in target.split(".") if one]
    return target.startswith(".") or any(
        one in {"/".join(parts[:-1]) + ".py", "/".join(parts) + ".py"}
        or one.endswith((f"/{parts[0]}.py", f"/{parts[0]}/__init__.py"))
        or one in {f"{parts[0]}.py", f"{parts[0]}/__init__.py"}
        for one in own
        if parts
    )


def _seen_now(facts: Sequence[Change]) -> list[Change]:
    """Let pass what is only found because a call was repaired; figures that differ need approval all the same."""
    added = {(one.file, one.line) for one in facts if not one.before and one.name != "unresolved"}
    return [
        dataclasses.replace(one, needs_approval=False) if not one.before and (one.file, one.line) in added else one
        for one in facts
    ]


def _without_repetitions(facts: list[Change], structure: Sequence[Change]) -> list[Change]:
    """Return both, leaving out of the second what the first says of the same figure."""
    kept = list(facts)
    for one in structure:
        told = any(
            (each.before, each.after) == (one.before, one.after)
            and each.kind == one.kind
            and (each.name in one.name.lower() or (each.file, each.line) == (one.file, one.line))
            for each in facts
        )
        if not told:
            kept.append(one)
    return kept


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
                )
            )
    return found


def _configs(before: Program, after: Program) -> list[Change]:
    old, new = dict(before.configs), dict(after.configs)
    return [
        Change(
            kind="parameter",
            name=path,
            before=f"sha256 {old[path][:12]}" if path in old else "",
            after=f"sha256 {new[path][:12]}" if path in new else "",
            file=path,
            line=1,
        )
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
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
