"""Reads a program: the script from its first statement, the modules of the workspace where they are imported."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from ...vocabulary.estimators import LINEAR
from .configs import settings_sha256
from .interpreter import Frame, Given
from .program import RUNS_BEFORE, Program, SourceFile, Unit
from .records import Records
from .sources import MAX_FILES, MAX_SOURCE_BYTES, Read, Sources, form_sha256, parsed
from .statements import Statements
from .values import Function, Known, Module, Scope


class Reader(Statements):
    """Reads modules."""

    def load_module(self, path: str, package: str) -> Module:
        """Read a module of the workspace, once; a cycle sees what is bound so far."""
        if path in self.modules:
            return self.modules[path]
        module = Module(path, package, Scope())
        self.modules[path] = module
        module.scope.names["__name__"] = Known(path.removesuffix(".py").replace("/", "."))
        self._run(module)
        return module

    def read_script(self, path: str, package: str) -> None:
        """Read the script as `__main__`."""
        module = Module(path, package, Scope())
        module.scope.names["__name__"] = Known("__main__")
        module.scope.names["__file__"] = Known(path)
        self.modules[path] = module
        self._run(module)

    def _run(self, module: Module) -> None:
        unit = self.sources.unit(module.path)
        if unit is None:
            return
        if unit.tree is None:
            self._run_imports(module, unit)
            return
        self.steps_left += 3 * len(unit.source)
        self.frames.append(Frame(module, module.scope))
        outer_depth: int = self.depth
        self.depth = 0
        try:
            self.block(unit.tree.body)
        except RecursionError:
            self.records.unclear(module.path, 1, "nested too deeply to be read to its end")
        finally:
            self.depth = outer_depth
            self.frames.pop()

    def _run_imports(self, module: Module, unit: Unit) -> None:
        """Read the imports of a file that does not parse, so that its modules are known all the same."""
        if len(unit.source) > MAX_SOURCE_BYTES:
            return
        lines = [one.strip() for one in unit.source.splitlines() if one.strip().startswith((b"import ", b"from "))]
        self.frames.append(Frame(module, module.scope))
        for one in lines[:MAX_FILES]:
            tree, _ = parsed(one)
            for node in tree.body if tree is not None else ():
                if isinstance(node, ast.Import | ast.ImportFrom):
                    self.import_names(node)
        self.frames.pop()

    def read_unused(self) -> Records:
        """Read the functions that nothing calls; return what is found in them, apart."""
        live, self.records = self.records, Records()
        for one in [one for one in self.functions if one.node not in self.entered][:200]:
            self._read_unused(one)
        unused, self.records = self.records, live
        return unused

    def _read_unused(self, function: Function) -> None:
        self.frames.append(Frame(function.module, function.scope))
        try:
            self.call(function, [], {}, function.node, whole=True)
        except RecursionError:
            pass
        finally:
            self.frames.pop()


def read_program(
    script: str,
    read: Read,
    args: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    phase: str | None = "full",
    cpus: int | None = None,
    forbidden: frozenset[str] = LINEAR,
    folders: Sequence[str] = (),
) -> Program:
    """Return what a script does. Nothing is run, and no file is opened but through `read`.

    :param script: path relative to the workspace, with forward slashes.
    :param read: gives the bytes of a file by such a path, None where there is none.
    :param args: words of the command line behind the script; argparse, click, typer and fire are understood.
    :param env: environment of the run; None when nothing is known of it, so that defaults in the script are taken and
        named as unresolved where a figure depends on them.
    :param phase: what WATCHKEEPER_PHASE will be; None to leave it open.
    :param cpus: cores of the machine, for samplers whose number of chains depends on it.
    :param forbidden: names of estimators that may not be used for results.
    :param folders: folders of the workspace that PYTHONPATH names.
    """
    sources = Sources(script, read)
    for one in folders:
        sources.add_folder(one, first=False)
    machine = Reader(sources, Given(tuple(args), env, None if phase is None else str(phase), cpus))
    if sources.unit(script) is None:
        machine.records.unclear(script, 1, "there is no such file")
    else:
        machine.read_script(script, script.rpartition("/")[0])
    records = machine.records
    for one in (f"{folder}/{name}.py" for folder in folders for name in ("sitecustomize", "usercustomize")):
        if sources.unit(one) is not None:
            records.unclear(one, 1, RUNS_BEFORE)
    for one in sources.problems:
        records.unclear(*one)
    if not (records.samplers or records.loops or records.searches or records.estimators):
        _name_unused(machine, records)
    return _program(machine, forbidden)


def _program(machine: Reader, forbidden: frozenset[str]) -> Program:
    sources, records = machine.sources, machine.records
    units = tuple(sources.units[path] for path in sorted(sources.units))
    return Program(
        script=sources.script,
        args=machine.given.args,
        files=sources.files(),
        form_sha256=form_sha256(units),
        samplers=records.finished_samplers(),
        loops=tuple(one for _, one in sorted(records.loops.items())),
        searches=records.finished_searches(),
        bootstraps=tuple(one for _, one in sorted(records.bootstraps.items())),
        estimators=records.finished_estimators(forbidden),
        optimisers=tuple(one for _, one in sorted(records.optimisers.items())),
        unresolved=tuple(sorted(records.unresolved)),
        configs=tuple(
            SourceFile(path, settings_sha256(path, source))
            for path, source in sorted(sources.configs.items())
            if path not in machine.written_paths
        ),
        units=units,
    )


def _name_unused(machine: Reader, records: Records) -> None:
    """Name what would train in functions that nothing calls: it is not what the script does."""
    unused = machine.read_unused()
    for one in (
        *unused.samplers.values(),
        *unused.searches.values(),
        *unused.loops.values(),
        *unused.estimators.values(),
    ):
        what = getattr(one, "library", "") or getattr(one, "kind", "") or getattr(one, "name", "")
        records.unclear(one.file, one.line, f"{what} stands in a function that nothing is seen to call")
